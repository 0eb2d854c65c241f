"""Prints the ratio of ours to the peer for each pair of measurements.

    python ratios.py OURS.json PEER.json [OURS.json PEER.json ...]

Each file holds one JSON object with cpu_seconds and wall_seconds of one decode, peak_rss_bytes, size and steps. Exits with 1
when the two of a pair did not decode the same size in the same number of steps.
"""
import json
import statistics
import sys

KEYS = ("cpu_seconds", "wall_seconds", "peak_rss_bytes")


def read(path):
    with open(path) as file:
        text = file.read()
    try:
        value = json.loads(text)
    except ValueError as e:
        sys.exit(f"{path}: not a JSON object ({e}): {text[:200]!r}")
    missing = [k for k in (*KEYS, "size", "steps") if k not in value]
    if missing:
        sys.exit(f"{path}: has no {', '.join(missing)}; found {', '.join(sorted(value))}")
    # One number for a square picture, [height, width] or one number in the file.
    if isinstance(value["size"], list) and len(set(value["size"])) == 1:
        value["size"] = value["size"][0]
    return value


def main(paths):
    if not paths or len(paths) % 2:
        sys.exit(f"{len(paths)} files: one of ours and one of the peer's are needed for each pair")
    ratios = []
    for ours, peer in zip(map(read, paths[::2]), map(read, paths[1::2])):
        if (ours["size"], ours["steps"]) != (peer["size"], peer["steps"]):
            sys.exit(f"a pair differs: {ours['size']} pixels in {ours['steps']} steps against "
                     f"{peer['size']} in {peer['steps']}")
        ratios.append([ours[k] / peer[k] for k in KEYS])
        print(f"pair {len(ratios)}, {ours['size']} pixels: ours {show(ours)} | peer {show(peer)} | "
              f"ratio CPU {ratios[-1][0]:.3f}, wall {ratios[-1][1]:.3f}, peak memory {ratios[-1][2]:.3f}")
    cpu, wall, memory = (statistics.median(column) for column in zip(*ratios))
    print(f"median of {len(ratios)}: CPU {cpu:.3f}, wall {wall:.3f}, peak memory {memory:.3f}")


def show(value):
    return (f"{value['cpu_seconds']:.2f} CPU-s, {value['wall_seconds']:.2f} s, "
            f"{value['peak_rss_bytes'] / 1e9:.2f} GB")


if __name__ == "__main__":
    main(sys.argv[1:])
