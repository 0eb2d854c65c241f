# Where the time goes, float32, two at once, cancelling.
. benchmarks/gpu/common.sh
say kernels
timeout 110 ncu --clock-control none --metrics gpu__time_duration.sum --csv --page raw --target-processes all --log-file "$WORK/kernels.csv" \
  "$WORK/runtime/bin/java" -XX:+UseSerialGC "-Donnxruntime.native.path=$WORK/native" -cp "$WORK/lib/*" Sizes "$MODEL" float16 "" 512x512 | tail -3
python3 - "$WORK/kernels.csv" "$OUT/kernels.txt" <<'P'
import collections, csv, sys
rows = list(csv.reader(line for line in open(sys.argv[1]) if line.startswith('"')))
name, time = rows[0].index("Kernel Name"), next(i for i, n in enumerate(rows[0]) if "gpu__time_duration" in n)
spent, count = collections.Counter(), collections.Counter()
for row in rows[2:]:
    kernel = row[name].split("(")[0][-110:]
    spent[kernel] += float(row[time].replace(",", "") or 0)
    count[kernel] += 1
all_ = sum(spent.values())
lines = [f"{100 * t / all_:5.1f} % {t:10.0f} {rows[1][time]} {count[k]:5d} {k}" for k, t in spent.most_common(60)]
open(sys.argv[2], "w").write("\n".join(lines) + "\n")
print("\n".join(lines[:20]))
P
say float32
sizes float32 "" 256x256,512x512,512x512
say "two at once"
sizes float16 "" 512x512 512x512+512x512,512x512+512x768
say done
