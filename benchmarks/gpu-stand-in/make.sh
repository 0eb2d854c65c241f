#!/usr/bin/env bash
# Libraries in the place of CUDA 13's, with which ONNX Runtime opens sessions and runs them on a machine without a GPU, computing nothing.
#
#   benchmarks/gpu-stand-in/make.sh DIR
#   LD_LIBRARY_PATH=DIR CONSISTENCY_DECODER_MAVEN_OPTS=-Pcuda13 ./consistency-decoder bench --provider cuda --model MODEL --size 512
#
# INCLUDE   options that name the folders of cuda_runtime_api.h (13) and cudnn.h (9): "-I... -I..."; the Python packages
#           nvidia-cuda-runtime and nvidia-cudnn-cu13 have them
# PROVIDER  ONNX Runtime's libonnxruntime_providers_cuda.so (cli/target/cuda13/...)
#
# Every function that PROVIDER asks for and that is not written here exists, does nothing and succeeds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -eq 1 ]] || { echo "make.sh: the folder for the libraries is needed" >&2; exit 2; }
INCLUDE=${INCLUDE:?"set INCLUDE to the -I options for the headers of CUDA 13 and cuDNN 9"}
PROVIDER=${PROVIDER:-$here/../../cli/target/cuda13/libonnxruntime_providers_cuda.so}
[[ -f $PROVIDER ]] || { echo "make.sh: no $PROVIDER; -Pcuda13 brings it" >&2; exit 1; }
mkdir -p "$1"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
nm -D --undefined-only "$PROVIDER" | awk '{sub(/@.*/, "", $2); print $2}' | sort -u >"$work/wanted"

# library NAME PATTERN [FILE..]: from the files, and empty functions for what else matches and is wanted
library() {
  local name=$1 pattern=$2
  shift 2
  printf '%s { global: *; };\n' "$name" >"$work/map"
  local objects=()
  for file in "$@"; do
    # shellcheck disable=SC2086
    gcc -c -fPIC -O1 -w $INCLUDE -o "$work/$(basename "$file").o" "$file"
    objects+=("$work/$(basename "$file").o")
  done
  { if [[ $# -gt 0 ]]; then nm --defined-only "${objects[@]}" | awk 'NF == 3 {print $3}'; fi; } | sort -u >"$work/written"
  {
    echo 'static char handle[4096];'
    { grep -E "$pattern" "$work/wanted" || true; } | comm -23 - "$work/written" | while read -r function; do
      if [[ $function =~ ^(cublas|cublasLt|cudnn)[A-Za-z]*(Create|CreateDescriptor|Create[A-Za-z]+Descriptor|Create_v2)(_v2)?$ ]]; then
        echo "int $function(void **created) { *created = handle; return 0; }"
      elif [[ $function == cublasLtMatmulAlgoGetHeuristic ]]; then
        echo "int $function(void *a, void *b, void *c, void *d, void *e, void *f, void *g, int h, void *i, int *found) { *found = 1; return 0; }"
      else
        echo "long $function() { return 0; }"
      fi
    done
  } >"$work/rest.c"
  gcc -shared -fPIC -O1 -w -Wl,-soname,"$name" -Wl,--version-script,"$work/map" -o "$OUT/$name" "$work/rest.c" "${objects[@]}" -lpthread
}

OUT=$1
library libcudart.so.13 '^(__)?cuda' "$here/cudart.c"
library libcudnn.so.9 '^cudnn' "$here/cudnn.c"
library libcublasLt.so.13 '^cublasLt'
library libcublas.so.13 '^cublas[A-KM-Z]'
library libcufft.so.12 '^cufft'
echo "stand-in: $OUT"
