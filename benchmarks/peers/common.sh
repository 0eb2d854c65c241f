# Sourced by run.sh, all.sh and gpu.sh: what all are told by the environment.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
MODEL=${MODEL:?"set MODEL to a model folder; make_full_weights.py --out DIR writes one"}
PYTHON=${PYTHON:-python3}
DECODER=${DECODER:-$root/consistency-decoder}
export ORT_DISABLE_TELEMETRY=1
temporary=
leave() {
  if [[ -n $temporary ]]; then rm -r "$temporary"; fi
}
trap leave EXIT
if [[ -z ${OUT:-} ]]; then
  temporary=$(mktemp -d)
  OUT=$temporary
fi
mkdir -p "$OUT"

# Whose PyTorch code runs: diffusers where it can be imported, unless THROUGH says so already.
choose_through() {
  if [[ -z ${THROUGH:-} ]]; then
    if "$PYTHON" -c 'import diffusers' 2>/dev/null; then THROUGH=diffusers; else THROUGH=network; fi
  fi
}
