"""Trains the bundled tiny model. Seeded; resumable; writes averaged weights and prints the loss and the PSNR of its crops.

    python train.py --photographs photographs.npz --vaelight DIR --lpips FILE --out DIR [--iterations N] [--device cuda]

Both steps of the sampler are trained together: the first decodes the latents from noise (L1, squared error, gradients, a
little LPIPS), the second refines the first one's own clamped output (the same with much more LPIPS), which is what gives it
something to do. A third of the second steps use another timestep of the grid, so that longer schedules work as well.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from latents import calibrate, disturb, fold, uncalibrate
from network import ConsistencyUNet, normalise, step
from references import Lpips, VaeLight


class Crops:
    """Random crops with a margin, augmented, as float [-1,1]; which crops is a function of the seed and the iteration."""

    def __init__(self, file):
        data = np.load(file)
        weights = data["weights"]
        self.arrays = [data[k] for k in sorted(k for k in data.files if k != "weights")]
        self.p = weights / weights.sum()

    def one(self, rng, size):
        best, score = None, -1.0
        for _ in range(1 if rng.random() < 0.4 else 3):
            a = self.arrays[rng.choice(len(self.arrays), p=self.p)]
            s = min(size, a.shape[0], a.shape[1])
            y, x = rng.integers(a.shape[0] - s + 1), rng.integers(a.shape[1] - s + 1)
            c = a[y : y + s, x : x + s]
            g = c[:, :, 1].astype(np.int16)
            e = float(np.abs(np.diff(g, axis=0)).mean() + np.abs(np.diff(g, axis=1)).mean())
            if e > score:
                best, score = c, e
        c = best
        if c.shape[0] < size:
            pad = size - c.shape[0]
            c = np.pad(c, ((0, pad), (0, pad), (0, 0)), mode="reflect")
        if rng.random() < 0.5:
            c = c[:, ::-1]
        if rng.random() < 0.15:
            c = c.transpose(1, 0, 2)
        c = c.astype(np.float32) / 127.5 - 1.0
        if rng.random() < 0.15:
            c = c[:, :, rng.permutation(3)]
        if rng.random() < 0.3:
            c = np.clip((c - c.mean()) * rng.uniform(0.6, 1.4) + c.mean() + rng.uniform(-0.25, 0.25), -1, 1)
        return np.ascontiguousarray(c.transpose(2, 0, 1))

    def batch(self, rng, n, size):
        return torch.from_numpy(np.stack([self.one(rng, size) for _ in range(n)]))


def gradient(a, b):
    dx = (a[..., 1:] - a[..., :-1]) - (b[..., 1:] - b[..., :-1])
    dy = (a[..., 1:, :] - a[..., :-1, :]) - (b[..., 1:, :] - b[..., :-1, :])
    return dx.abs().mean() + dy.abs().mean()


def loss(a, b, lpips, weight):
    total = (a - b).abs().mean() + 2.0 * ((a - b) ** 2).mean() + 0.5 * gradient(a, b)
    return total + weight * lpips(a, b).mean() if lpips else total


def low(v):
    """What lies below a quarter of the resolution."""
    return F.avg_pool2d(v, 4)


class Real:
    """A real latent without its photograph: VAElight's decode of it is the target for what lies below a quarter of the resolution."""

    def __init__(self, file, vae, device, back):
        self.z = torch.from_numpy(np.load(file)).float().to(device)
        self.x = (1 - back) * vae.decode(self.z) + back * vae.decode(uncalibrate(self.z))

    def crop(self, rng, size):
        s = size // 8
        y, x = (int(rng.integers(n - s + 1)) for n in self.z.shape[-2:])
        return self.x[:, :, 8 * y : 8 * (y + s), 8 * x : 8 * (x + s)], self.z[:, :, y : y + s, x : x + s]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--photographs", required=True)
    p.add_argument("--vaelight", required=True)
    p.add_argument("--lpips", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--start", help="model folder to go on from")
    p.add_argument("--fold", action="store_true", help="the start knows VAElight's latents as they are: fold the way back into it")
    p.add_argument("--widths", type=int, nargs=4, default=[32, 64, 80, 80])
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--groups", type=int, default=8)
    p.add_argument("--iterations", type=int, default=6000)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--crop", type=int, default=64)
    p.add_argument("--late-crop", type=int, default=128, help="crop of the last 30 %%, batch reduced to keep the pixels")
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--decay", type=float, default=0.998, help="of the averaged weights")
    p.add_argument("--first-lpips", type=float, default=0.05)
    p.add_argument("--second-lpips", type=float, default=0.35)
    p.add_argument("--disturbance", type=float, nargs=2, default=[0.2, 1.0], help="least and greatest, in parts of the residual")
    p.add_argument("--clean", type=float, default=0.25, help="share of crops without disturbance")
    p.add_argument("--real", help="real latents [1,4,h,w], unscaled, in .npy; one crop of them every second iteration")
    p.add_argument("--real-weight", type=float, default=1.0)
    p.add_argument("--real-back", type=float, default=0.5, help="share of the target that is decoded from VAElight's gains and offsets")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--save-every", type=int, default=250)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    device = torch.device(a.device)
    net = ConsistencyUNet(a.widths, a.layers, a.groups).to(device, memory_format=torch.channels_last)
    if a.start:
        weights = load_file(os.path.join(a.start, "diffusion_pytorch_model.safetensors"))
        net.load_state_dict({k.removeprefix("decoder_unet."): v.float() for k, v in weights.items()})
        if a.fold:
            fold(net.conv_in)
    ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
    vae, lpips, crops = VaeLight(a.vaelight, device), Lpips(a.lpips).to(device), Crops(a.photographs)
    real = Real(a.real, vae, device, a.real_back) if a.real else None
    optimiser = torch.optim.AdamW([q for q in net.parameters() if q.requires_grad], lr=a.lr, betas=(0.9, 0.98), weight_decay=1e-3)
    warm = 150 if not a.start else 40
    rate = lambda i: float(min(1.0, (i + 1) / warm) * 0.5 * (1 + np.cos(np.pi * min(1.0, i / a.iterations))))
    start, state = 0, os.path.join(a.out, "state.pt")
    if os.path.exists(state):
        s = torch.load(state, map_location=device, weights_only=True)
        net.load_state_dict(s["net"])
        optimiser.load_state_dict(s["optimiser"])
        ema, start = s["ema"], s["iteration"]
    print(json.dumps({"parameters": sum(q.numel() for q in net.parameters()), **vars(a)}), flush=True)
    t0, shown = time.time(), []
    for i in range(start, a.iterations):
        rng, g = np.random.default_rng([a.seed, i]), torch.Generator().manual_seed(a.seed * 1_000_003 + i)
        late = i >= 0.7 * a.iterations
        size, n = (a.late_crop, max(2, a.batch * a.crop**2 // a.late_crop**2)) if late else (a.crop, a.batch)
        margin = 0 if rng.random() < 0.15 else 32
        x = crops.batch(rng, n, size + 2 * margin).to(device)
        z, m = vae.encode(x), margin // 8
        x = x[:, :, margin : margin + size, margin : margin + size]
        z = z[:, :, m : m + size // 8, m : m + size // 8]
        strength = torch.tensor(rng.uniform(*a.disturbance, n) * (rng.random(n) >= a.clean), dtype=torch.float32).to(device)
        z = disturb(calibrate(z), x, g, strength)
        known = n
        if real and i % 2:
            x, z = (torch.cat([v[1:], r]) for v, r in zip((x, z), real.crop(rng, size)))
            known = n - 1
        f = normalise(z)
        n1, n2 = (torch.randn(x.shape, generator=g).to(device) for _ in range(2))
        t1 = torch.full((n,), 1008, dtype=torch.long, device=device)
        t2 = torch.full((n,), 512 if rng.random() < 0.67 else 16 * int(rng.integers(4, 63)), dtype=torch.long, device=device)
        for group in optimiser.param_groups:
            group["lr"] = a.lr * rate(i)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            first = step(net, None, f, t1, n1.contiguous(memory_format=torch.channels_last))
            l1 = loss(first[:known], x[:known], lpips, a.first_lpips)
            second = step(net, first.detach().clamp(-1, 1), f, t2, n2.contiguous(memory_format=torch.channels_last))
            l2 = loss(second[:known], x[:known], lpips, a.second_lpips)
            if known < n:
                l1, l2 = (l + a.real_weight * loss(low(y[known:]), low(x[known:]), None, 0) for l, y in ((l1, first), (l2, second)))
        optimiser.zero_grad(set_to_none=True)
        (l1 + l2).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        decay = min(a.decay, (i + 1) / (i + 10))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                ema[k].lerp_(v, 1 - decay)
        psnr = [10 * torch.log10(4 / ((y.detach().clamp(-1, 1) - x)[:known] ** 2).mean()).item() for y in (first, second)]
        shown.append((l1.item(), l2.item(), *psnr))
        if (i + 1) % 25 == 0:
            m = np.mean(shown, 0)
            shown = []
            print(f"{i + 1} l1 {m[0]:.4f} l2 {m[1]:.4f} psnr {m[2]:.2f} {m[3]:.2f} {(time.time() - t0) / (i + 1 - start):.3f} s/it", flush=True)
        if (i + 1) % a.save_every == 0 or i + 1 == a.iterations:
            s = {"net": net.state_dict(), "ema": ema, "optimiser": optimiser.state_dict(), "iteration": i + 1, "args": vars(a)}
            torch.save(s, state + ".part")
            os.replace(state + ".part", state)


if __name__ == "__main__":
    main()
