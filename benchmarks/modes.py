"""Measures warm start and regions with the bundled model on photographs, through the built command.

    python benchmarks/modes.py --command ./consistency-decoder --photographs DIR --vaelight DIR --lpips FILE

Needs what models/training/requirements.txt names. Latents are VAElight's, calibrated as in training; the start is VAElight's own picture
of them, seed 0. Regions: 384x384 crops, a square mask of 64 and of 96 pixels in the middle, margin 8 cells; the seam ratio is the mean
jump across the mask's border by the mean jump two and three pixels beside it, over both sides and all channels; the edit puts another
part of the photograph's latents inside.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models", "training"))
from evaluate import picture, psnr, rounded  # noqa: E402
from latents import calibrate  # noqa: E402
from references import Lpips, VaeLight  # noqa: E402


def crop(x, size):
    top, left = ((n - size) // 2 for n in x.shape[2:])
    return x[:, :, top : top + size, left : left + size]


def save(pixels, file):
    Image.fromarray(rounded(pixels)[0].permute(1, 2, 0).byte().numpy()).save(file)


def read(file):
    return torch.from_numpy(np.asarray(Image.open(file)).astype(np.float32)).permute(2, 0, 1)[None]


class Command:
    def __init__(self, command, folder):
        self.command, self.folder = command, folder

    def decode(self, z, *options):
        latents, out = (os.path.join(self.folder, n) for n in ("z.npy", "out.png"))
        np.save(latents, z.numpy())
        said = subprocess.run(
            [self.command, "decode", latents, "--latents", "unscaled", "-o", out, "--force", "--quiet", "--json", *options],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return read(out), json.loads(said.stdout)["results"][0]


def jump(image, a, b):
    return (image[..., a] - image[..., b]).abs().mean().item()


def seam(image, low, high):
    """Of a square mask from low to below high."""
    across, beside = [], []
    for x in (image[:, :, low:high, :], image[:, :, :, low:high].transpose(2, 3)):
        for edge in (low, high):
            across.append(jump(x, edge, edge - 1))
            beside += [jump(x, edge + s, edge + s - 1) for s in (-3, -2, 2, 3)]
    return np.mean(across) / np.mean(beside)


def main():
    p = argparse.ArgumentParser()
    for name in ("command", "photographs", "vaelight", "lpips"):
        p.add_argument("--" + name, required=True)
    a = p.parse_args()
    vae, lpips = VaeLight(a.vaelight), Lpips(a.lpips)
    files = sorted(glob.glob(os.path.join(a.photographs, "*.png")))[:12]
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        command = Command(a.command, folder)
        rows = []
        for file in files:
            x = crop(picture(file), 512)
            z = calibrate(vae.encode(x))
            start = os.path.join(folder, "start.png")
            save(vae.decode(z), start)
            x = rounded(x)
            row = []
            for options in ((), ("--start", start), ("--seed", "1")):
                y, _ = command.decode(z, *options)
                row += [y, psnr(y, x), lpips(y / 127.5 - 1, x / 127.5 - 1).item()]
            cold, warm, other = row[0], row[3], row[6]
            tint = (warm - cold).mean((0, 2, 3)).abs().max().item()
            rows.append([row[1], row[4], row[2], row[5], psnr(warm, cold), psnr(other, cold), tint])
            print(os.path.basename(file), " ".join(f"{v:.3f}" for v in rows[-1]), flush=True)
        print("mean two steps dB, warm dB, two steps LPIPS, warm LPIPS, warm to two steps dB, other seed dB, tint:",
              " ".join(f"{v:.3f}" for v in np.mean(rows, 0)), flush=True)
        rows = []
        for file in files[:8]:
            x = crop(picture(file), 384)
            z = calibrate(vae.encode(x))
            x = rounded(x)
            whole, slow = command.decode(z)
            photo, mask = (os.path.join(folder, n) for n in ("photo.png", "mask.png"))
            Image.fromarray(x[0].permute(1, 2, 0).byte().numpy()).save(photo)
            for side in (64, 96):
                low, high = 192 - side // 2, 192 + side // 2
                area = np.zeros((384, 384, 3), np.uint8)
                area[low:high, low:high] = 255
                Image.fromarray(area).save(mask)
                y, fast = command.decode(z, "--keep", photo, "--mask", mask, "--feather", "0")
                soft, _ = command.decode(z, "--keep", photo, "--mask", mask)
                other = z.clone()
                cells = slice(low // 8, high // 8)
                other[:, :, cells, cells] = z.flip(2, 3)[:, :, : side // 8, : side // 8]
                edit, _ = command.decode(other, "--keep", photo, "--mask", mask)
                inside = (slice(None), slice(None), slice(low, high), slice(low, high))
                outside = torch.from_numpy(area[..., 0] == 0)
                assert torch.equal(soft[0][:, outside], x[0][:, outside]), "known pixels changed"
                top, bottom, left, right = (int(v) for v in fast["metadata"]["region"].split(","))
                share = (bottom - top) * (right - left) / 48**2
                rows.append([side, share, fast["seconds"] / slow["seconds"], psnr(whole[inside], x[inside]), psnr(y[inside], x[inside]),
                             seam(soft, low, high), seam(edit, low, high), seam(whole, low, high)])
                print(os.path.basename(file), " ".join(f"{v:.3f}" for v in rows[-1]), flush=True)
        for side in (64, 96):
            print("mask, share of area, share of time, whole dB inside, region dB inside, seam with feather 4, the same after an edit, seam of the whole decode:",
                  " ".join(f"{v:.3f}" for v in np.mean([r for r in rows if r[0] == side], 0)))


if __name__ == "__main__":
    main()
