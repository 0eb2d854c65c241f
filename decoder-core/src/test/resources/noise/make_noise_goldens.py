"""Writes torch-cpu-generator.tsv beside this file: what PyTorch's CPU generator draws, as checksums.

    python make_noise_goldens.py

Needs PyTorch on an x86 CPU with AVX2 (its other kernels round differently). A line is: seed, dtype, the sizes of the
successive torch.randn calls on one generator, CRC-32 of the little-endian bits of all values drawn.
"""
import pathlib
import random
import zlib

import torch

SEEDS = [0, 1, 2, 5, 42, 1234, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 7, 2**63 - 1, -1, -42]
SIZES = [1, 2, 5, 15, 16, 17, 31, 32, 33, 48, 100, 623, 624, 625, 640, 1248, 4096, 12288]


def spanning_edge(first, what):
    """A seed whose first 12288 uniforms hold a 0 where `what` says, so that log(1) or the angle 0 occurs."""
    for seed in range(first, first + 100000):
        u = torch.rand(12288, generator=torch.Generator("cpu").manual_seed(seed)).view(-1, 2, 8)
        if (u[:, what] == 0).any():
            return seed
    raise SystemExit("no such seed")


def draw(seed, dtype, sizes):
    g = torch.Generator("cpu").manual_seed(seed)
    crc = 0
    for n in sizes:
        crc = zlib.crc32(torch.randn(n, generator=g, dtype=dtype).numpy().tobytes(), crc)
    return f"{seed}\t{str(dtype)[6:]}\t{','.join(map(str, sizes))}\t{crc:08x}"


def main():
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        raise SystemExit("an x86 CPU with AVX2 is needed")
    torch.set_num_threads(1)
    rows = [draw(s, torch.float32, [n]) for s in SEEDS for n in SIZES]
    mix = random.Random(7)
    for _ in range(40):
        sizes = [mix.choice([1, 2, 3, 7, 15, 16, 17, 20, 33, 192, 1000]) for _ in range(mix.randint(2, 9))]
        rows.append(draw(mix.randrange(2**40), torch.float32, sizes))
    for first in (0, 50000):
        rows += [draw(spanning_edge(first, k), torch.float32, [12288]) for k in (0, 1)]
    for seed in (0, 42):
        rows.append(draw(seed, torch.float32, [3 * 512 * 512, 3 * 512 * 512]))
    rows += [draw(s, torch.float16, [n]) for s in SEEDS[:6] for n in (1, 5, 15, 16, 17, 33, 100, 12288)]
    rows += [draw(9, torch.float16, [17, 3, 40, 2, 16]), draw(9, torch.float16, [3, 20, 1, 33])]
    text = f"# seed\tdtype\tsizes\tcrc32; PyTorch {torch.__version__.split('+')[0]}, made by make_noise_goldens.py\n"
    pathlib.Path(__file__).with_name("torch-cpu-generator.tsv").write_text(text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
