# The machine, PyTorch's side, the weights.
. benchmarks/gpu/common.sh
say machine
nvidia-smi; nproc; free -g | head -2; df -h . | tail -1; env | grep -E 'LD_LIBRARY|CUDA'
ldconfig -p | grep -E 'libcuda.so|libz.so.1|libnvrtc'
python3 -m pip list 2>/dev/null | grep -iE '^(torch|nvidia|safetensors|numpy)'
unpack "$ARCHIVES/a.tar.xz" &
python3 benchmarks/peers/make_full_weights.py --out "$MODEL"
wait
"$WORK/runtime/bin/java" -version
peer() {
  say "$1 $2"
  timeout 60 python3 benchmarks/peers/peers.py --model "$MODEL" --device cuda --dtype float16 --size "$2" --repeat "$3" --json $4 | tee "$OUT/$1-$2-float16-1.json"
}
peer eager 512 5
peer channels_last 512 5 --channels-last
peer eager 1024 3
peer channels_last 1024 3 --channels-last
say done
