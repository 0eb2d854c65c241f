# Ours: what works, how long it takes, changing sizes, options.
. benchmarks/gpu/common.sh
[ -x "$WORK/runtime/bin/java" ] || { echo "call1.sh comes first" >&2; exit 3; }
unpack "$ARCHIVES/b.tar.xz" || exit 1
say libraries
LD_LIBRARY_PATH=$WORK/native:$LD_LIBRARY_PATH ldd "$WORK/native/libonnxruntime_providers_cuda.so" | grep -E 'not found|cudart|cudnn|cublas|cufft'
say doctor
timeout 40 "$WORK/bin/consistency-decoder" doctor | head -8
for layout in nhwc nchw; do
  for dtype in float16 float32; do
    say "self-test $layout $dtype"
    timeout 40 "$WORK/bin/consistency-decoder" doctor --selftest tiny --provider cuda --dtype $dtype --layout $layout | grep -E '^(ok|FAILED)'
  done
done
for size in 512 1024; do
  say "full width $size"
  timeout 60 "$WORK/bin/consistency-decoder" bench --model "$MODEL" --provider cuda --dtype float16 --size $size --warmup 2 --repeat 5 --json | tee "$OUT/ours-$size-float16-1.json"
  nvidia-smi --query-gpu=memory.used,clocks.sm --format=csv,noheader
done
say sizes
sizes float16 "" 256x256,512x512,512x512,512x768,512x512,512x768,512x512,512x768
for option in fuse_conv_bias=1 cudnn_conv_algo_search=EXHAUSTIVE; do
  say $option
  sizes float16 $option 512x512,512x512,512x512,512x512
done
say done
