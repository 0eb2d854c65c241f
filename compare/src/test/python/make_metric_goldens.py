"""Writes metrics/goldens.tsv: every measure on distorted pictures, computed with scikit-image.

usage: make_metric_goldens.py KODAK_FOLDER OUTPUT.tsv

The pictures are either synthetic or crops of Kodak photographs; the distortions are integer arithmetic that
DistortedPictures.java repeats, so that no picture need be stored. MS-SSIM is put together from
structural_similarity itself: with a huge K1 its luminance part is 1, what is left is contrast and structure.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import color, filters, metrics

SSIM = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
EXPONENTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def hashed(seed, n):
    """splitmix64 of seed + i, the upper 8 bits."""
    with np.errstate(over="ignore"):
        z = np.arange(n, dtype=np.uint64) + np.uint64(seed)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(56)).astype(np.int64)


def synthetic(width, height, seed):
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([(3 * x + 5 * y) % 256, (x * y // 7) % 256, 255 - (2 * x + y) % 256], -1)
    disc = ((x - width // 2) ** 2 + (y - height // 2) ** 2) * 9 < min(width, height) ** 2
    base[disc] = [200, 90, 40]
    noise = hashed(seed, width * height * 3).reshape(height, width, 3) % 15 - 7
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def distorted(image, kind, seed):
    v = image.astype(np.int64)
    if kind == "noise":
        v = v + hashed(seed, v.size).reshape(v.shape) % 41 - 20
    elif kind == "blur":
        p = np.pad(v, ((1, 1), (1, 1), (0, 0)), mode="edge")
        v = sum(p[i:i + v.shape[0], j:j + v.shape[1]] for i in range(3) for j in range(3))
        v = (v + 4) // 9
    elif kind == "cast":
        v = v + np.array([6, -4, 9])
    elif kind == "posterise":
        v = v // 32 * 32 + 16
    elif kind == "contrast":
        v = (v - 128) * 5 // 4 + 128
    else:
        raise ValueError(kind)
    return np.clip(v, 0, 255).astype(np.uint8)


def halved(v):
    v = np.pad(v, ((0, v.shape[0] % 2), (0, v.shape[1] % 2)), mode="edge")
    return (v[0::2, 0::2] + v[1::2, 0::2] + v[0::2, 1::2] + v[1::2, 1::2]) / 4


def multi_scale(a, b):
    result = []
    for c in range(3):
        p, q = a[..., c].astype(float), b[..., c].astype(float)
        product = 1
        for scale, exponent in enumerate(EXPONENTS):
            k1 = 0.01 if scale == len(EXPONENTS) - 1 else 1e7
            factor = metrics.structural_similarity(p, q, K1=k1, **SSIM)
            product *= max(factor, 0) ** exponent
            p, q = halved(p), halved(q)
        result.append(product)
    return np.mean(result)


def inside(v):
    return v[1:-1, 1:-1]


def measures(a, b):
    """a the picture, b the truth"""
    side = min(a.shape[:2])
    luma = [color.rgb2gray(v) * 255 for v in (a, b)]
    sharp = [np.var(inside(filters.laplace(v))) for v in luma]
    edge = [inside(filters.sobel(v)) for v in luma]
    shift = (a.astype(float) - b).mean((0, 1))
    return {
        "psnr": metrics.peak_signal_noise_ratio(b, a, data_range=255),
        "ssim": metrics.structural_similarity(a, b, channel_axis=-1, **SSIM) if side >= 11 else None,
        "ms_ssim": multi_scale(a, b) if side >= 161 else None,
        "mae": np.abs(a.astype(float) - b).mean(),
        "max": np.abs(a.astype(float) - b).max(),
        "delta_e": color.deltaE_ciede2000(color.rgb2lab(b), color.rgb2lab(a)).mean(),
        "shift_r": shift[0],
        "shift_g": shift[1],
        "shift_b": shift[2],
        "edge": np.abs(edge[0] - edge[1]).mean(),
        "sharpness": sharp[0],
        "sharpness_ratio": sharp[0] / sharp[1] if sharp[1] else None,
    }


def main(kodak, output):
    rows = []
    kinds = ["noise", "blur", "cast", "posterise", "contrast"]
    sizes = [(3, 3), (11, 11), (40, 27), (96, 64), (161, 161), (176, 203)]
    for i, (width, height) in enumerate(sizes):
        for kind in kinds:
            rows.append(("synthetic", 0, 0, width, height, kind, 1000 + i))
    for n in range(1, 13):
        path = Path(kodak) / f"kodim{n:02d}.png"
        w, h = Image.open(path).size
        for k, kind in enumerate(kinds):
            width, height = (256, 256) if k % 2 == 0 else (203, 177 + n)
            x = int(hashed(100 * n + k, 1)[0]) * (w - width) // 255
            y = int(hashed(100 * n + k + 50, 1)[0]) * (h - height) // 255
            rows.append((path.name, x, y, width, height, kind, 10 * n + k))
    names = None
    lines = []
    for source, x, y, width, height, kind, seed in rows:
        if source == "synthetic":
            truth = synthetic(width, height, seed)
        else:
            truth = np.asarray(Image.open(Path(kodak) / source).convert("RGB"))[y:y + height, x:x + width]
        values = measures(distorted(truth, kind, seed + 7), truth)
        names = list(values)
        cells = ["-" if v is None else repr(float(v)) for v in values.values()]
        lines.append("\t".join(map(str, [source, x, y, width, height, kind, seed])) + "\t" + "\t".join(cells))
    head = "\t".join(["source", "x", "y", "width", "height", "distortion", "seed"] + names)
    Path(output).write_text(head + "\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
