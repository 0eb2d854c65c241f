"""Turns the measurements that all.sh left in a folder into a table, and puts it into a document.

    python table.py --results DIR [--report docs/benchmarks.md]

DIR holds ours-SIZE-ROUND.json and PEER-SIZE-ROUND.json. For every size and peer there is one row: medians over the rounds, and
the median of the ratios taken round by round, since a machine's speed drifts. The table replaces what the document has
between the two marks ``<!-- peers -->`` and ``<!-- /peers -->``; without ``--report``, or with ``-``, it is printed only.
"""
import argparse
import re
import statistics
import sys
from pathlib import Path

from ratios import KEYS, read

BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
ORDER = {"ours": 0, "eager": 1, "channels_last": 2, "compile": 3, "onnxruntime": 4}
NAMES = {"ours": "ours", "eager": "PyTorch eager", "channels_last": "PyTorch eager, channels last", "compile": "torch.compile", "onnxruntime": "ONNX Runtime, plain export"}


def gather(folder, pattern, form, key, glob="*.json"):
    """{key: {peer: {round: measurement}}} of the files in a folder.

    ``pattern`` finds the peer, what is told apart, and the round in a file's name, ``form`` says so to a person;
    ``key(value, *parts)`` is where a measurement belongs, or None if it is not what the name says.
    """
    found = {}
    for path in sorted(folder.glob(glob)):
        match = re.fullmatch(pattern, path.name)
        if not match or match[1] not in ORDER:
            sys.exit(f"{path.name}: not {form} with one of {', '.join(ORDER)}")
        peer, *parts, number = match.groups()
        value = read(path)
        place = key(value, *parts)
        if place is None:
            sys.exit(f"{path.name}: measured at {value['size']}, {value.get('dtype', '')} in {value['steps']} steps")
        found.setdefault(place, {}).setdefault(peer, {})[int(number)] = value
    if not found:
        sys.exit(f"{folder}: no measurements")
    return found


def collect(folder):
    """{size: {peer: {round: measurement}}}"""
    return gather(folder, r"(\w+)-(\d+)-(\d+)\.json", "PEER-SIZE-ROUND.json",
                  lambda value, size: int(size) if value["size"] == int(size) else None)


def rows(found):
    for size, peers in sorted(found.items()):
        for peer, rounds in sorted(peers.items(), key=lambda item: ORDER[item[0]]):
            cpu, wall, memory = (statistics.median(m[k] for m in rounds.values()) for k in KEYS)
            ratios = ["", ""]
            if peer != "ours":
                pairs = [(peers["ours"][r], m) for r, m in rounds.items() if r in peers.get("ours", {})]
                if not pairs:
                    sys.exit(f"{size} pixels: {peer} has no round together with ours")
                ratios = [f"{statistics.median(a[k] / b[k] for a, b in pairs):.3f}" for k in ("cpu_seconds", "peak_rss_bytes")]
            yield (f"{size}x{size}", NAMES[peer], len(rounds), f"{cpu:.2f}", f"{wall:.2f}", f"{memory / 1e9:.2f}", *ratios)


def table(found):
    head = ("pixels", "", "rounds", "CPU-s", "wall s", "peak GB", "our CPU-s / theirs", "our memory / theirs")
    lines = ["| " + " | ".join(head) + " |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows(found)]
    versions = sorted({f"{m['peer']} {m['version']} ({m['through']})"
                       for peers in found.values() for rounds in peers.values() for m in rounds.values() if "peer" in m})
    return "\n".join(lines + ["", "Peers: " + ", ".join(versions) + "."])


def put(report, begin, end, text):
    """Replaces what the document has between two marks; "-" is no document."""
    if report == "-":
        return
    path = Path(report)
    document = path.read_text()
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
        sys.exit(f"{path}: needs the marks {begin} and {end}, once each and in this order")
    before, after = document.split(begin)[0], document.split(end)[1]
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--report", default="-")
    args = parser.parse_args()
    text = table(collect(args.results))
    print(text)
    put(args.report, BEGIN, END, text)


if __name__ == "__main__":
    main()
