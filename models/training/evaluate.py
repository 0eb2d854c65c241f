"""Judges a network: PSNR and LPIPS-squeeze after one step and after two, on photographs and on real latents.

    python evaluate.py (--state DIR/state.pt | --model DIR) --vaelight DIR --lpips FILE [--photographs DIR] [--crepe DIR] [--real FILE]

- ``--photographs``: *.png, centre crops of 512x512, encoded by VAElight and calibrated (``--uncalibrated``: left as they are), seed 0.
- ``--crepe``: a folder with original_512.png and latents of it by other encoders, taesd*_latent_f32_scaled.npy; seed 7. Also the
  tint: by how many grey levels the mean red, green and blue differ from the original's.
- ``--real``: a real latent without a photograph, unscaled, .npy; agreement with VAElight's decoder, both averaged 4x4, seed 7.

PSNR on pixels rounded to 8 bits, peak 255. LPIPS on the same rounded pixels.
"""
import argparse
import glob
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

from latents import calibrate
from network import SCALING_FACTOR, ConsistencyUNet, decode
from references import Lpips, VaeLight


def load(state, folder):
    if state:
        s = torch.load(state, map_location="cpu", weights_only=True)
        shape, weights = [s["args"][k] for k in ("widths", "layers", "groups")], s["ema"]
        print("iteration", s["iteration"])
    else:
        with open(os.path.join(folder, "config.json")) as f:
            c = json.load(f)
        shape = [c["decoder_" + k] for k in ("block_out_channels", "layers_per_block", "norm_num_groups")]
        weights = load_file(os.path.join(folder, "diffusion_pytorch_model.safetensors"))
        weights = {k.removeprefix("decoder_unet."): v.float() for k, v in weights.items()}
    net = ConsistencyUNet(*shape)
    net.load_state_dict(weights)
    return net.eval()


def picture(file):
    return torch.from_numpy(np.asarray(Image.open(file).convert("RGB")).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]


def rounded(x):
    return ((x.clamp(-1, 1) + 1) * 127.5).round()


def psnr(u, v):
    return 10 * torch.log10(255**2 / ((u - v) ** 2).mean()).item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--state")
    p.add_argument("--model")
    p.add_argument("--vaelight", required=True)
    p.add_argument("--lpips", required=True)
    p.add_argument("--photographs")
    p.add_argument("--uncalibrated", action="store_true")
    p.add_argument("--crepe")
    p.add_argument("--real")
    p.add_argument("--pictures", help="folder for what was decoded")
    p.add_argument("--limit", type=int, default=100)
    p.add_argument("--size", type=int, default=512)
    p.add_argument("--timesteps", type=int, nargs="+", default=[1008, 512])
    a = p.parse_args()
    net = load(a.state, a.model)
    vae, lpips = VaeLight(a.vaelight), Lpips(a.lpips)
    if a.pictures:
        os.makedirs(a.pictures, exist_ok=True)

    def decoded(z, seed, name):
        out = [rounded(y) for y in decode(net, z, seed, a.timesteps)]
        if a.pictures:
            for k, y in enumerate(out):
                Image.fromarray(y[0].permute(1, 2, 0).byte().numpy()).save(os.path.join(a.pictures, f"{name}-{k + 1}.png"))
        return out

    def judged(out, x):
        return [v for u in out for v in (psnr(u, x), lpips(u / 127.5 - 1, x / 127.5 - 1).item())]

    with torch.no_grad():
        rows = []
        for file in sorted(glob.glob(os.path.join(a.photographs, "*.png")))[: a.limit] if a.photographs else []:
            x = picture(file)
            top, left = ((n - a.size) // 2 for n in x.shape[2:])
            x = x[:, :, top : top + a.size, left : left + a.size]
            z = vae.encode(x)
            name = os.path.basename(file)[:-4]
            rows.append(judged(decoded(z if a.uncalibrated else calibrate(z), 0, name), rounded(x)))
            print(name, " ".join(f"{v:.3f}" for v in rows[-1]), flush=True)
        if rows:
            print("mean", " ".join(f"{v:.3f}" for v in np.mean(rows, 0)))
        if a.crepe:
            x = rounded(picture(os.path.join(a.crepe, "original_512.png")))
            for file in sorted(glob.glob(os.path.join(a.crepe, "taesd*_latent_f32_scaled.npy"))):
                name = os.path.basename(file).split("_")[0]
                out = decoded(torch.from_numpy(np.load(file)).float() / SCALING_FACTOR, 7, name)
                tint = (out[-1] - x).mean((0, 2, 3)).tolist()
                print(name, " ".join(f"{v:.4f}" for v in judged(out, x)), "tint", " ".join(f"{v:+.2f}" for v in tint), flush=True)
        if a.real:
            z = torch.from_numpy(np.load(a.real)).float()
            u, v = (F.avg_pool2d(w, 4) for w in (decoded(z, 7, "real")[-1], rounded(vae.decode(z))))
            print("agreement with VAElight's decoder", f"{psnr(u, v):.2f}")


if __name__ == "__main__":
    main()
