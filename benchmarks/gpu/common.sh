# Sourced by the calls; they run in the root of a checkout.
ARCHIVES=${ARCHIVES:-.gpu}
WORK=${WORK:-$HOME/consistency-decoder-gpu}
OUT=${OUT:-$WORK/out}
MODEL=$WORK/model
mkdir -p "$WORK" "$OUT"
say() { echo "== $(date +%T) $*"; }
unpack() { python3 -c 'import lzma, sys, tarfile; tarfile.open(fileobj=lzma.open(sys.argv[1])).extractall(sys.argv[2])' "$1" "$WORK"; }
# The folders of NVIDIA's Python packages, after what is there already.
packages=$(python3 -c 'import nvidia; print(list(nvidia.__path__)[0])')
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$packages/cu13/lib:$packages/cudnn/lib
export CONSISTENCY_DECODER_HOME=$WORK/home
decoder() { "$WORK/bin/consistency-decoder" "$@"; }
sizes() { "$WORK/runtime/bin/java" -XX:+UseSerialGC "-Donnxruntime.native.path=$WORK/native" -cp "$WORK/lib/*" Sizes "$MODEL" "$@"; }
