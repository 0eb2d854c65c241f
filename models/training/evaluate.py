"""Encodes photographs with VAElight, decodes with a trained network, prints PSNR and LPIPS-squeeze after one and two steps.

    python evaluate.py --state DIR/state.pt --vaelight DIR --lpips FILE --photographs DIR [--limit N] [--pictures DIR] [--latents FILE.npy]

Crops: centre 512x512. PSNR on pixels rounded to 8 bits, peak 255. LPIPS on the same rounded pixels.
"""
import argparse
import glob
import os

import numpy as np
import torch
from PIL import Image

from network import ConsistencyUNet, decode
from references import Lpips, VaeLight


def load(state):
    s = torch.load(state, map_location="cpu", weights_only=True)
    a = s["args"]
    net = ConsistencyUNet(a["widths"], a["layers"], a["groups"])
    net.load_state_dict(s["ema"])
    return net.eval(), s


def rounded(x):
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--state", required=True)
    p.add_argument("--vaelight", required=True)
    p.add_argument("--lpips", required=True)
    p.add_argument("--photographs", required=True)
    p.add_argument("--latents")
    p.add_argument("--pictures")
    p.add_argument("--limit", type=int, default=100)
    p.add_argument("--size", type=int, default=512)
    p.add_argument("--timesteps", type=int, nargs="+", default=[1008, 512])
    a = p.parse_args()
    net, s = load(a.state)
    vae, lpips, rows = VaeLight(a.vaelight), Lpips(a.lpips), []
    save = lambda x, name: a.pictures and Image.fromarray(rounded(x)[0].permute(1, 2, 0).numpy()).save(os.path.join(a.pictures, name))
    if a.pictures:
        os.makedirs(a.pictures, exist_ok=True)
    with torch.no_grad():
        for file in sorted(glob.glob(os.path.join(a.photographs, "*.png")))[: a.limit]:
            im = np.asarray(Image.open(file).convert("RGB"))
            y, x = (im.shape[0] - a.size) // 2, (im.shape[1] - a.size) // 2
            x = torch.from_numpy(im[y : y + a.size, x : x + a.size].astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            row = []
            for k, y in enumerate(decode(net, vae.encode(x), 0, a.timesteps)):
                save(y, f"{os.path.basename(file)[:-4]}-{k + 1}.png")
                u, v = rounded(y).float(), rounded(x).float()
                psnr = 10 * torch.log10(255**2 / ((u - v) ** 2).mean()).item()
                row += [psnr, lpips(u / 127.5 - 1, v / 127.5 - 1).item()]
            rows.append(row)
            print(os.path.basename(file), " ".join(f"{v:.3f}" for v in row), flush=True)
        print("iteration", s["iteration"], "mean", " ".join(f"{v:.3f}" for v in np.mean(rows, 0)))
        if a.latents:
            z = torch.from_numpy(np.load(a.latents)).float()
            for k, y in enumerate(decode(net, z, 0, a.timesteps)):
                save(y, f"latents-{k + 1}.png")


if __name__ == "__main__":
    main()
