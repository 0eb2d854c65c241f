"""Turns the measurements that gpu.sh left in a folder into a table and a list of aims, and puts both into a document.

    python gpu_table.py --results DIR [--report FILE]
    python gpu_table.py --pair OURS.json PEER.json

DIR holds ours-SIZE-DTYPE-ROUND.json and PEER-SIZE-DTYPE-ROUND.json. Each number is the median over the rounds, each ratio the
median of the ratios taken round by round. GFLOP/s are those of our count of operations, for the peers as well. GB are 1e9
bytes: "driver" as nvidia-smi counts them, the context of CUDA included, "own" as the program's allocator does. What is
printed replaces what the document has between the marks ``<!-- gpu -->`` and ``<!-- /gpu -->``. ``--pair`` prints one line.
"""
import argparse
import statistics
import sys
from pathlib import Path

from ratios import read
from table import NAMES, ORDER, gather, put

BEGIN, END = "<!-- gpu -->", "<!-- /gpu -->"
WALL, DRIVER, OWN = "wall_seconds", "driver_device_bytes", "peak_device_bytes"
# Of float16: seconds and bytes at most, by size; and at most these parts of PyTorch eager's.
AIMS = {512: {WALL: 0.20, DRIVER: 3.5e9}, 1024: {WALL: 0.80, DRIVER: 8.5e9}}
PARTS = {WALL: 0.6, DRIVER: 0.5}
WORDS = {WALL: "wall time", DRIVER: "driver memory"}


def place(value, size, dtype):
    """Where a measurement belongs; None if it is not what its file's name says."""
    details = value.get("details", {})
    if details.get("redone-in-float32"):
        sys.exit(f"{size} pixels, {dtype}: {details['redone-in-float32']} decodes were done again in float32, and their time counts twice")
    measured = value["size"], value.get("dtype") or details.get("dtype", dtype), value["steps"]
    return (int(size), dtype) if measured == (int(size), dtype, 2) else None


def collect(folder):
    """{(size, dtype): {peer: {round: measurement}}}"""
    return gather(folder, r"(\w+)-(\d+)-(float\d+)-(\d+)\.json", "PEER-SIZE-DTYPE-ROUND.json", place,
                  "*-float*-*.json")


def median(values):
    """Of those that are known; None if none is."""
    known = [v for v in values if v is not None]
    return statistics.median(known) if known else None


def middle(peers, peer, key):
    return median(m.get(key) for m in peers.get(peer, {}).values())


def ratio(ours, theirs, key):
    a, b = ours.get(key), theirs.get(key)
    return a / b if a is not None and b else None


def ratios(peers, peer, key):
    """The median over the rounds in which both were measured."""
    ours = peers.get("ours", {})
    return median(ratio(ours[r], m, key) for r, m in peers.get(peer, {}).items() if r in ours)


def show(value, digits, unit=1):
    return "" if value is None else f"{value / unit:.{digits}f}"


def rows(found):
    for (size, dtype), peers in sorted(found.items()):
        tflop = middle(peers, "ours", "tflop")
        for peer, rounds in sorted(peers.items(), key=lambda item: ORDER[item[0]]):
            wall = middle(peers, peer, WALL)
            both = ["", ""] if peer == "ours" else [show(ratios(peers, peer, key), 3) for key in (WALL, DRIVER)]
            yield (f"{size}x{size}", dtype, NAMES[peer], len(rounds), show(wall, 3), show(tflop and tflop * 1e3 / wall, 0),
                   show(middle(peers, peer, DRIVER), 2, 1e9), show(middle(peers, peer, OWN), 2, 1e9), *both)


def aims(found):
    """(what, at most, measured, verdict) in float16."""
    for size, most in AIMS.items():
        peers = found.get((size, "float16"), {})
        for key, unit, name in ((WALL, 1, "s"), (DRIVER, 1e9, "GB")):
            yield judged(f"{size}x{size}, {WORDS[key]}", middle(peers, "ours", key), most[key], unit, " " + name)
        for key, part in PARTS.items():
            yield judged(f"{size}x{size}, {WORDS[key]} / PyTorch eager's", ratios(peers, "eager", key), part, 1, "")


def judged(what, value, most, unit, name):
    verdict = "no measurement" if value is None else "met" if value <= most else "missed"
    return what, f"{most / unit:.2f}{name}", "" if value is None else f"{value / unit:.3f}{name}", verdict


def lines(head, alignment, body):
    return ["| " + " | ".join(head) + " |", alignment] + ["| " + " | ".join(map(str, row)) + " |" for row in body]


def sources(found):
    """What measured and was measured, so that no row is taken for another's."""
    every = [m for peers in found.values() for rounds in peers.values() for m in rounds.values()]
    yield "Machine: " + "; ".join(sorted({m.get("machine", "unknown") for m in every})) + "."
    yield ""
    yield "Ours: " + "; ".join(sorted({f"{m.get('software', 'unknown')} on {m.get('device', 'unknown')}"
                                       for m in every if "peer" not in m})) + "."
    yield "Peers: " + "; ".join(sorted({f"{m['peer']} {m['version']} ({m['through']}) on {m.get('device', 'cpu')}"
                                        for m in every if "peer" in m})) + "."


def text_of(found):
    machine, _, *versions = sources(found)
    head = ("pixels", "type", "", "rounds", "wall s", "GFLOP/s", "driver GB", "own GB", "our wall / theirs", "our driver memory / theirs")
    table = lines(head, "|---|---|---|--:|--:|--:|--:|--:|--:|--:|", rows(found))
    wanted = lines(("aim, float16", "at most", "measured", ""), "|---|--:|--:|---|", aims(found))
    return "\n".join([machine, "", *table, "", *versions, "", *wanted])


def pair(ours, theirs):
    def said(m):
        memory = m.get(DRIVER)
        return f"{m[WALL]:.3f} s, " + ("unknown memory" if memory is None else f"{memory / 1e9:.2f} GB")

    both = ", ".join(f"{WORDS[key]} {show(ratio(ours, theirs, key), 3) or 'unknown'}" for key in (WALL, DRIVER))
    return f"{theirs['size']}x{theirs['size']}: ours {said(ours)} | {theirs['peer']} {said(theirs)} | ratio {both}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--results", type=Path)
    given.add_argument("--pair", nargs=2, metavar=("OURS", "PEER"))
    parser.add_argument("--report", default="-")
    args = parser.parse_args()
    if args.pair:
        ours, theirs = Path(args.pair[0]), Path(args.pair[1])
        print(f"{theirs.stem}, {pair(read(ours), read(theirs))}")
        return
    text = text_of(collect(args.results))
    print(text)
    put(args.report, BEGIN, END, text)


if __name__ == "__main__":
    main()
