#!/usr/bin/env bash
# Ours and PyTorch eager in turn (A B A B) on the same model file, and the ratio of each pair.
#
#   MODEL=DIR benchmarks/peers/run.sh
#
# MODEL   folder in the diffusers layout (make_full_weights.py --out DIR writes one at the published width)
# SIZE    image side in pixels (128)          PAIRS   how often each is run (2)
# REPEAT  decodes a run measures (1)          CPUS    processors both may use, for taskset (0,1)
# PYTHON  interpreter with torch and safetensors (python3)
# DECODER the command to measure (./consistency-decoder at the repository root)
# OUT     folder for the JSON of every run (a temporary one, removed at the end)
set -euo pipefail

# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=processors.sh
source "$here/processors.sh"
SIZE=${SIZE:-128}
PAIRS=${PAIRS:-2}
REPEAT=${REPEAT:-1}
files=()
for ((pair = 1; pair <= PAIRS; pair++)); do
  echo "pair $pair of $PAIRS: ours, then PyTorch, ${SIZE}x${SIZE}, $threads threads" >&2
  quiet
  taskset -c "$CPUS" "$DECODER" bench --model "$MODEL" --size "$SIZE" --repeat "$REPEAT" --json >"$OUT/ours-$pair.json"
  quiet
  OMP_NUM_THREADS=$threads taskset -c "$CPUS" "$PYTHON" "$here/peers.py" --model "$MODEL" --size "$SIZE" \
    --repeat "$REPEAT" --threads "$threads" --json >"$OUT/pytorch-$pair.json"
  files+=("$OUT/ours-$pair.json" "$OUT/pytorch-$pair.json")
done
"$PYTHON" "$here/ratios.py" "${files[@]}"
