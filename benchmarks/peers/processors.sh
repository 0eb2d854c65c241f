# Sourced by run.sh and all.sh, after common.sh: which processors are used, and how quiet the machine is.

CPUS=${CPUS:-0,1}
threads=$(taskset -c "$CPUS" nproc)

# Processors that other programs keep busy, over two seconds: spinning threads that are pushed aside burn CPU-seconds too.
others() {
  { sed -n 1p /proc/stat; sleep 2; sed -n 1p /proc/stat; } |
    awk -v hz="$(getconf CLK_TCK)" '{b = $2 + $3 + $4 + $7 + $8 + $9} NR == 1 {a = b} END {printf "%.2f", (b - a) / hz / 2}'
}

quiet() {
  local busy
  busy=$(others)
  if awk -v b="$busy" 'BEGIN {exit !(b > 0.1)}'; then
    echo "warning: other programs keep $busy processors busy; the CPU-seconds of this run are not to be trusted" >&2
  fi
}
