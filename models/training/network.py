"""The consistency decoder's UNet in PyTorch at any width, with the tensor names of the diffusers layout, and its sampler.

The network is the published one (a convolutional UNet conditioned on an integer timestep, no attention); only the widths,
the number of layers and the number of norm groups are free. ``decoder_unet.`` + these names is what the safetensors hold.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

SCALING_FACTOR = 0.18215
LATENT_MEAN = (0.38862467, 0.02253063, 0.07381133, -0.0171294)
LATENT_STD = (0.9654121, 1.0440036, 0.76147926, 0.77022034)
SIGMA_DATA = 0.5
TIMESTEPS = 1024


class ResBlock(nn.Module):
    def __init__(self, cin, cout, temb, groups, resample=None):
        super().__init__()
        self.resample = resample
        self.norm1 = nn.GroupNorm(groups, cin, eps=1e-5)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.time_emb_proj = nn.Linear(temb, 2 * cout)
        self.norm2 = nn.GroupNorm(groups, cout, eps=1e-5)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        if cin != cout:
            self.conv_shortcut = nn.Conv2d(cin, cout, 1)

    def forward(self, x, emb):
        h = F.silu(self.norm1(x))
        if self.resample == "down":
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        elif self.resample == "up":
            h = F.interpolate(h, scale_factor=2.0, mode="nearest")
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        h = self.conv1(h)
        scale, shift = self.time_emb_proj(F.silu(emb))[:, :, None, None].chunk(2, dim=1)
        h = self.norm2(h) * (1 + scale) + shift
        h = self.conv2(F.silu(h))
        if hasattr(self, "conv_shortcut"):
            x = self.conv_shortcut(x)
        return x + h


class Level(nn.Module):
    pass


class ConsistencyUNet(nn.Module):
    def __init__(self, widths=(32, 64, 96, 96), layers=1, groups=8):
        super().__init__()
        temb = 4 * widths[0]
        self.widths, self.layers, self.groups = tuple(widths), layers, groups
        self.conv_in = nn.Conv2d(7, widths[0], 3, padding=1)
        self.time_proj = nn.Embedding(TIMESTEPS, widths[0])
        self.time_embedding = nn.Module()
        self.time_embedding.linear_1 = nn.Linear(widths[0], temb)
        self.time_embedding.linear_2 = nn.Linear(temb, temb)
        skips, c = [widths[0]], widths[0]
        self.down_blocks = nn.ModuleList()
        for i, w in enumerate(widths):
            level = Level()
            level.resnets = nn.ModuleList()
            for _ in range(layers):
                level.resnets.append(ResBlock(c, w, temb, groups))
                c = w
                skips.append(c)
            if i + 1 < len(widths):
                level.downsamplers = nn.ModuleList([ResBlock(c, c, temb, groups, "down")])
                skips.append(c)
            self.down_blocks.append(level)
        self.mid_block = Level()
        self.mid_block.resnets = nn.ModuleList([ResBlock(c, c, temb, groups) for _ in range(2)])
        self.up_blocks = nn.ModuleList()
        for i, w in enumerate(reversed(widths)):
            level = Level()
            level.resnets = nn.ModuleList()
            for _ in range(layers + 1):
                level.resnets.append(ResBlock(c + skips.pop(), w, temb, groups))
                c = w
            if i + 1 < len(widths):
                level.upsamplers = nn.ModuleList([ResBlock(c, c, temb, groups, "up")])
            self.up_blocks.append(level)
        self.conv_norm_out = nn.GroupNorm(groups, c, eps=1e-5)
        self.conv_out = nn.Conv2d(c, 6, 3, padding=1)
        self.start()

    def start(self):
        """Sinusoidal rows for the time table (so that untrained timesteps lie between trained ones), quiet last convolutions."""
        half = self.widths[0] // 2
        freq = torch.exp(-math.log(10000.0) * torch.arange(half) / half)
        a = torch.arange(TIMESTEPS)[:, None] * freq[None]
        with torch.no_grad():
            self.time_proj.weight.copy_(torch.cat([a.cos(), a.sin()], 1))
            for m in self.modules():
                if isinstance(m, ResBlock):
                    m.conv2.weight.mul_(0.1)
                    m.conv2.bias.zero_()
            self.conv_out.weight.mul_(0.1)
            self.conv_out.bias.zero_()
        self.time_proj.weight.requires_grad_(False)

    def forward(self, x, t):
        emb = self.time_embedding.linear_2(F.silu(self.time_embedding.linear_1(self.time_proj(t))))
        x = self.conv_in(x)
        skips = [x]
        for level in self.down_blocks:
            for block in level.resnets:
                x = block(x, emb)
                skips.append(x)
            for block in getattr(level, "downsamplers", ()):
                x = block(x, emb)
                skips.append(x)
        for block in self.mid_block.resnets:
            x = block(x, emb)
        for level in self.up_blocks:
            for block in level.resnets:
                x = block(torch.cat([x, skips.pop()], 1), emb)
            for block in getattr(level, "upsamplers", ()):
                x = block(x, emb)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


def schedule():
    """The cosine schedule of 1024 steps: dict of float64 tensors acp, c_skip, c_out, c_in."""
    u = torch.arange(TIMESTEPS + 1, dtype=torch.float64) / TIMESTEPS
    bar = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    beta = (1 - bar[1:] / bar[:-1]).clamp(max=0.999).float().double()
    acp = torch.cumprod(1 - beta, 0)
    sigma = (1 / acp - 1).sqrt()
    total = sigma**2 + SIGMA_DATA**2
    return {
        "acp": acp,
        "c_skip": (1 / acp).sqrt() * SIGMA_DATA**2 / total,
        "c_out": sigma * SIGMA_DATA / total.sqrt(),
        "c_in": (1 / acp).sqrt() / total.sqrt(),
    }


TABLE = {k: v.float() for k, v in schedule().items()}


def normalise(unscaled):
    """[N,4,h,w] unscaled latents -> the network's four latent channels at latent resolution."""
    mean = torch.tensor(LATENT_MEAN, device=unscaled.device).view(1, 4, 1, 1)
    std = torch.tensor(LATENT_STD, device=unscaled.device).view(1, 4, 1, 1)
    return (SCALING_FACTOR * unscaled - mean) / std


def step(net, x0, features, t, noise):
    """One evaluation. t: int64 [N]. x0: None before the first step. Returns the new x0, unclamped."""
    c = {k: v.to(noise.device)[t].view(-1, 1, 1, 1) for k, v in TABLE.items()}
    xt = (1 - c["acp"]).sqrt() * noise
    if x0 is not None:
        xt = xt + c["acp"].sqrt() * x0
    up = F.interpolate(features, scale_factor=8.0, mode="nearest")
    y = net(torch.cat([c["c_in"] * xt, up], 1), t)[:, :3].float()
    return c["c_out"] * y + c["c_skip"] * xt


@torch.no_grad()
def decode(net, unscaled, seed=0, timesteps=(1008, 512)):
    """[N,4,h,w] unscaled latents -> list of images [N,3,8h,8w] in [-1,1], one after each step (clamped after every step)."""
    n, _, h, w = unscaled.shape
    generator = torch.Generator().manual_seed(seed)
    features, x0, out = normalise(unscaled), None, []
    for t in timesteps:
        noise = torch.randn(n, 3, 8 * h, 8 * w, generator=generator).to(unscaled.device)
        x0 = step(net, x0, features, torch.full((n,), t, dtype=torch.long, device=unscaled.device), noise).clamp(-1, 1)
        out.append(x0)
    return out
