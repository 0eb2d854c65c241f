#!/usr/bin/env bash
# Ours and every peer in turn, at several sizes, on the same model file; writes the table into docs/benchmarks.md.
#
#   MODEL=DIR benchmarks/peers/all.sh
#
# MODEL   folder in the diffusers layout (make_full_weights.py --out DIR writes one at the published width)
# SIZES   image sides in pixels (64 128 256)  ROUNDS  how often each is run at each size (2)
# PEERS   of eager, compile, onnxruntime (all three)
# THROUGH diffusers or network: whose PyTorch code (diffusers where it can be imported, otherwise network)
# CPUS    processors all may use, for taskset (0,1)
# PYTHON  interpreter with torch, safetensors, onnx, onnxscript and onnxruntime (python3)
# DECODER the command to measure (./consistency-decoder at the repository root)
# OUT     folder for the JSON of every run and the exported network (2.5 GB; a temporary one, removed at the end)
# REPORT  file whose table is replaced (docs/benchmarks.md); "-" prints the table only
set -euo pipefail

# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=processors.sh
source "$here/processors.sh"
SIZES=${SIZES:-64 128 256}
ROUNDS=${ROUNDS:-2}
PEERS=${PEERS:-eager compile onnxruntime}
REPORT=${REPORT:-$root/docs/benchmarks.md}
choose_through
export OMP_NUM_THREADS=$threads
# What an earlier run measured with other settings does not belong into this table.
rm -f "$OUT"/{ours,eager,compile,onnxruntime}-*.json
if [[ " $PEERS " == *" onnxruntime "* && $(cat "$OUT/peer.from" 2>/dev/null) != "$THROUGH $MODEL" ]]; then
  echo "exporting the network for ONNX Runtime" >&2
  "$PYTHON" "$here/peers.py" --model "$MODEL" --through "$THROUGH" --export-to "$OUT/peer.onnx" >&2
  echo "$THROUGH $MODEL" >"$OUT/peer.from"
fi

for size in $SIZES; do
  for ((round = 1; round <= ROUNDS; round++)); do
    echo "${size}x${size}, round $round of $ROUNDS, $threads threads: ours, $PEERS" >&2
    quiet
    taskset -c "$CPUS" "$DECODER" bench --model "$MODEL" --size "$size" --json >"$OUT/ours-$size-$round.json"
    for peer in $PEERS; do
      quiet
      onnx=()
      if [[ $peer == onnxruntime ]]; then onnx=(--onnx "$OUT/peer.onnx"); fi
      taskset -c "$CPUS" "$PYTHON" "$here/peers.py" --model "$MODEL" --size "$size" --peer "$peer" --through "$THROUGH" "${onnx[@]}" \
        --threads "$threads" --json >"$OUT/$peer-$size-$round.json"
    done
  done
done
"$PYTHON" "$here/table.py" --results "$OUT" --report "$REPORT"
