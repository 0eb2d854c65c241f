"""Writes the pictures that ResamplingTest compares with: noise, scaled by Pillow's bicubic filter.

Usage: python make_scaling_goldens.py FOLDER     (needs Pillow and NumPy)
"""

import pathlib
import sys

import numpy
from PIL import Image

SIZES = [(16, 8), (64, 40), (23, 9), (5, 17), (1, 1)]


def main(folder: pathlib.Path) -> None:
    noise = numpy.random.default_rng(7).integers(0, 256, (17, 23, 3), dtype=numpy.uint8)
    source = Image.fromarray(noise, "RGB")
    source.save(folder / "source.png")
    for size in SIZES:
        source.resize(size, Image.Resampling.BICUBIC).save(folder / f"{size[0]}x{size[1]}.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
