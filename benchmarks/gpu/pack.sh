#!/usr/bin/env bash
# Two archives of at most 60 MB for a machine with a GPU: pack.sh BUNDLE DIR (README.md). ARCH: the GPU's architecture (90).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -eq 2 && -d $1/native ]] || { echo "pack.sh: an unpacked bundle with CUDA and a folder are needed" >&2; exit 2; }
bundle=$1
mkdir -p "$2"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cp -r "$bundle/lib" "$bundle/bin" "$bundle/runtime" "$work/"
rm -f "$work"/lib/{netty,jetty,prometheus,micrometer}-*.jar "$work"/runtime/lib/server/*.jsa
mkdir "$work/classes"
javac -nowarn --release 17 -cp "$work/lib/*" -d "$work/classes" "$here/Sizes.java"
jar cf "$work/lib/sizes.jar" -C "$work/classes" .
tar -C "$work" -cf - runtime lib bin | xz -9 -T0 >"$2/a.tar.xz"

mkdir "$work/native"
cp "$bundle"/native/*.so "$work/native/"
python3 "$here/keep_architecture.py" "$bundle/native/libonnxruntime_providers_cuda.so" "$work/native/libonnxruntime_providers_cuda.so" "${ARCH:-90}"
strip --strip-unneeded "$work"/native/libonnxruntime{,_providers_cuda}.so
tar -C "$work" -cf - native | xz -9 -T0 >"$2/b.tar.xz"

for archive in "$2"/{a,b}.tar.xz; do
  bytes=$(stat -c %s "$archive")
  echo "$archive: $bytes bytes"
  [[ $bytes -le 60000000 ]] || { echo "pack.sh: $archive is larger than 60 MB" >&2; exit 1; }
done
