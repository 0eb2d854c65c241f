"""Adds to a measurement what the driver counted of the device's memory while it ran.

    python gpu_memory.py --answer FILE --samples FILE --before MIB --machine TEXT --out FILE

The answer holds one JSON object, the samples one number of MiB a line. ``driver_device_bytes`` is the largest of them less
what was used before the start, the context of CUDA included; null where the driver gave no numbers.
"""
import argparse
import json
import sys
from pathlib import Path

MIB = 1 << 20


def number(text):
    try:
        return int(text)
    except ValueError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("answer", "samples", "out"):
        parser.add_argument("--" + name, type=Path, required=True)
    parser.add_argument("--before", required=True)
    parser.add_argument("--machine", required=True)
    args = parser.parse_args()
    text = args.answer.read_text()
    try:
        value = json.loads(text)
    except ValueError as e:
        sys.exit(f"not a JSON object ({e}): {text[:200]!r}")
    before = number(args.before)
    # The sampler is stopped in the middle of whatever it does: its last line counts only if it is whole.
    used = [n for n in map(number, args.samples.read_text().rpartition("\n")[0].splitlines()) if n is not None]
    if before is None or not used:
        print(f"warning: the driver gave no numbers ({args.before!r} before, {len(used)} samples)", file=sys.stderr)
    value["driver_device_bytes"] = None if before is None or not used else (max(used) - before) * MIB
    value["driver_samples"] = len(used)
    value["machine"] = args.machine
    args.out.write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
