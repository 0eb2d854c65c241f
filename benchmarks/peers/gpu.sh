#!/usr/bin/env bash
# Ours and PyTorch in turn on an NVIDIA GPU, on the same model file; prints a table and which aims are met.
#
#   MODEL=DIR benchmarks/peers/gpu.sh
#   MODEL=DIR SIZES=512 DTYPES=float16 ROUNDS=1 benchmarks/peers/gpu.sh    what fits four minutes
#
# MODEL   folder in the diffusers layout (make_full_weights.py --out DIR writes one at the published width)
# SIZES   image sides in pixels (512 1024)    DTYPES  of float16, float32 (both)
# ROUNDS  how often each is run (3)           PEERS   of eager, channels_last, compile (the first two)
# THROUGH diffusers or network: whose PyTorch code (diffusers where it can be imported, otherwise network)
# PYTHON  interpreter with torch and safetensors (python3)
# DECODER the command to measure (./consistency-decoder at the repository root); the launcher of an unpacked bundle will do
# OUT     folder for the JSON of every run (a temporary one, removed at the end); only what is measured again is replaced in it
# REPORT  file whose table between the marks is replaced; "-" prints only (-)
# GPU     which one, by number or name as nvidia-smi has it (the first of CUDA_VISIBLE_DEVICES, otherwise 0)
# DEVICE  cuda; cpu, to try the script
# NVIDIA_SMI  the command that counts the device's memory (nvidia-smi)
#
# No setting of the GPU is changed. A run that fails is left out, and the script then ends with 1.
set -euo pipefail

# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
SIZES=${SIZES:-512 1024}
DTYPES=${DTYPES:-float16 float32}
ROUNDS=${ROUNDS:-3}
PEERS=${PEERS:-eager channels_last}
REPORT=${REPORT:--}
DEVICE=${DEVICE:-cuda}
NVIDIA_SMI=${NVIDIA_SMI:-nvidia-smi}
GPU=${GPU:-${CUDA_VISIBLE_DEVICES:-0}}
GPU=${GPU%%,*}
# The device that is watched is the one that is used: CUDA numbers them by speed unless told otherwise, nvidia-smi by their place.
export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=$GPU
choose_through

sampler=
measured=
stop() {
  if [[ -n $1 ]]; then
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
  fi
}
trap 'stop "$measured"; stop "$sampler"; leave' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ask() {
  "$NVIDIA_SMI" --query-gpu="$1" --format=csv,noheader,nounits --id="$GPU" "${@:2}"
}

# What the driver counts before a start. What ended may take a moment to be gone.
before() {
  local now
  for _ in 1 2 3 4 5; do
    now=$(ask memory.used) || now=unknown
    [[ $now =~ ^[0-9]+$ && $now -gt $((idle + 16)) ]] || break
    sleep 1
  done
  if [[ $now =~ ^[0-9]+$ && $now -gt $((idle + 16)) ]]; then
    echo "warning: $now MiB of the device are used before the start, $idle at first; another program may be using it" >&2
  fi
  echo "$now"
}

# measure NAME COMMAND..: what it answers goes to $OUT/NAME.json, with what the driver counted at most meanwhile.
failures=0
measure() {
  local name=$1 used rc=0
  shift
  used=$(before)
  # Line by line, or what was counted last would be lost with the end of the sampler.
  sample >"$OUT/$name.samples" &
  sampler=$!
  # Waited for, not called: a signal then ends both at once.
  "$@" >"$OUT/$name.answer" &
  measured=$!
  wait "$measured" || rc=$?
  measured=
  if ! kill -0 "$sampler" 2>/dev/null; then
    echo "warning: $name: $NVIDIA_SMI ended before the run did; what it counted is left out" >&2
    used=unknown
  fi
  stop "$sampler"
  sampler=
  if [[ $rc == 0 ]]; then
    "$PYTHON" "$here/gpu_memory.py" --answer "$OUT/$name.answer" --samples "$OUT/$name.samples" --before "$used" \
      --machine "$machine" --out "$OUT/$name.json" || rc=$?
  fi
  rm -f "$OUT/$name.answer" "$OUT/$name.samples"
  if [[ $rc != 0 ]]; then
    echo "error: $name failed ($rc); it is left out" >&2
    failures=$((failures + 1))
  fi
}

sample() {
  exec stdbuf -oL "$NVIDIA_SMI" --query-gpu=memory.used --format=csv,noheader,nounits --id="$GPU" -lms 50
}

machine=$(ask name,driver_version,memory.total) || { echo "error: $NVIDIA_SMI does not answer for GPU $GPU" >&2; exit 1; }
machine="${machine%%, *}, driver $(ask driver_version), ${machine##*, } MiB"
idle=$(ask memory.used)
[[ $idle =~ ^[0-9]+$ ]] || idle=0
echo "$machine; $idle MiB used before the start" >&2

for size in $SIZES; do
  for dtype in $DTYPES; do
    rm -f "$OUT"/{ours,eager,channels_last,compile}-"$size-$dtype"-*.json
    for ((round = 1; round <= ROUNDS; round++)); do
      ours=ours-$size-$dtype-$round
      measure "$ours" "$DECODER" bench --model "$MODEL" --provider "$DEVICE" --dtype "$dtype" --size "$size" --warmup 2 --repeat 5 --json
      for peer in $PEERS; do
        name=$peer-$size-$dtype-$round
        how=(--peer "$peer")
        if [[ $peer == channels_last ]]; then how=(--peer eager --channels-last); fi
        measure "$name" "$PYTHON" "$here/peers.py" --model "$MODEL" --device "$DEVICE" --dtype "$dtype" --size "$size" "${how[@]}" \
          --through "$THROUGH" --repeat 5 --json
        if [[ -f $OUT/$ours.json && -f $OUT/$name.json ]]; then
          "$PYTHON" "$here/gpu_table.py" --pair "$OUT/$ours.json" "$OUT/$name.json" >&2 || failures=$((failures + 1))
        fi
      done
    done
  done
done
"$PYTHON" "$here/gpu_table.py" --results "$OUT" --report "$REPORT"
[[ $failures == 0 ]]
