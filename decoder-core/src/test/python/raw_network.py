"""The consistency network as a module tree whose attribute paths are the raw names of the published TorchScript file.

``blocks.down_0_conv_0.f_1.w``, ``embed_time.weight`` and so on: a module that torch.jit.script compiles and that computes
the same pictures as the network with the diffusers names, so that the two sets of names can be checked against each other.
"""
from typing import List

import torch
import torch.nn as nn
import torch.nn.functional as F


class Conv(nn.Module):
    def __init__(self, cin: int, cout: int, size: int):
        super().__init__()
        self.w = nn.Parameter(torch.empty(cout, cin, size, size))
        self.b = nn.Parameter(torch.empty(cout))
        self.pad = size // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.w, self.b, padding=self.pad)


class Linear(nn.Module):
    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.w = nn.Parameter(torch.empty(cout, cin))
        self.b = nn.Parameter(torch.empty(cout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.w, self.b)


class Table(nn.Module):
    """Not nn.Embedding, whose compiled form lists its constants in an order that changes from run to run."""

    def __init__(self, rows: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        return F.embedding(t, self.weight)


class GroupNorm(nn.Module):
    def __init__(self, groups: int, channels: int):
        super().__init__()
        self.g = nn.Parameter(torch.empty(channels))
        self.b = nn.Parameter(torch.empty(channels))
        self.groups = groups

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, self.groups, self.g, self.b, 1e-5)


class EmbedImage(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.f = Conv(7, width, 3)

    def forward(self, x: torch.Tensor, emb: torch.Tensor, skips: List[torch.Tensor]) -> torch.Tensor:
        x = self.f(x)
        skips.append(x)
        return x


class EmbedTime(nn.Module):
    """In the walk over the blocks the image passes through unchanged; the vector is made once, before the walk."""

    def __init__(self, width: int):
        super().__init__()
        self.f_1 = Linear(width, 4 * width)
        self.f_2 = Linear(4 * width, 4 * width)

    @torch.jit.export
    def embed(self, row: torch.Tensor) -> torch.Tensor:
        return self.f_2(F.silu(self.f_1(row)))

    def forward(self, x: torch.Tensor, emb: torch.Tensor, skips: List[torch.Tensor]) -> torch.Tensor:
        return x


class Residual(nn.Module):
    def __init__(self, cin: int, cout: int, temb: int, groups: int, resample: str, push: bool, pop: bool):
        super().__init__()
        self.resample, self.push, self.pop = resample, push, pop
        self.gn_1 = GroupNorm(groups, cin)
        self.f_1 = Conv(cin, cout, 3)
        self.f_t = Linear(temb, 2 * cout)
        self.gn_2 = GroupNorm(groups, cout)
        self.f_2 = Conv(cout, cout, 3)
        self.f_s = Conv(cin, cout, 1) if cin != cout else nn.Identity()

    def resized(self, x: torch.Tensor) -> torch.Tensor:
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        if self.resample == "up":
            return F.interpolate(x, scale_factor=2.0, mode="nearest")
        return x

    def forward(self, x: torch.Tensor, emb: torch.Tensor, skips: List[torch.Tensor]) -> torch.Tensor:
        if self.pop:
            x = torch.cat([x, skips.pop()], 1)
        h = self.f_1(self.resized(F.silu(self.gn_1(x))))
        scale, shift = self.f_t(F.silu(emb))[:, :, None, None].chunk(2, dim=1)
        h = self.f_2(F.silu(self.gn_2(h) * (1 + scale) + shift))
        x = self.f_s(self.resized(x)) + h
        if self.push:
            skips.append(x)
        return x


class Output(nn.Module):
    def __init__(self, width: int, groups: int):
        super().__init__()
        self.gn = GroupNorm(groups, width)
        self.f = Conv(width, 6, 3)

    def forward(self, x: torch.Tensor, emb: torch.Tensor, skips: List[torch.Tensor]) -> torch.Tensor:
        return self.f(F.silu(self.gn(x)))


class RawConsistencyNetwork(nn.Module):
    """Called like the published file: ``model(c_in * x_t, t, features)``, features at latent resolution."""

    def __init__(self, widths, layers, groups):
        super().__init__()
        temb, last = 4 * widths[0], len(widths) - 1
        self.embed_time = Table(1024, widths[0])
        blocks = nn.ModuleDict()
        blocks["embed_time"] = EmbedTime(widths[0])
        blocks["embed_image"] = EmbedImage(widths[0])
        skips, c = [widths[0]], widths[0]
        for level, width in enumerate(widths):
            for layer in range(layers):
                blocks[f"down_{level}_conv_{layer}"] = Residual(c, width, temb, groups, "", True, False)
                c = width
                skips.append(c)
            if level < last:
                blocks[f"down_{level}_downsamp"] = Residual(c, c, temb, groups, "down", True, False)
                skips.append(c)
        for layer in range(2):
            blocks[f"mid_{layer}"] = Residual(c, c, temb, groups, "", False, False)
        for level in range(last, -1, -1):
            for layer in range(layers + 1):
                blocks[f"up_{level}_conv_{layer}"] = Residual(
                    c + skips.pop(), widths[level], temb, groups, "", False, True)
                c = widths[level]
            if level > 0:
                blocks[f"up_{level}_upsamp"] = Residual(c, c, temb, groups, "up", False, False)
        blocks["output"] = Output(c, groups)
        self.blocks = blocks

    def forward(self, x: torch.Tensor, t: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        emb = self.blocks["embed_time"].embed(self.embed_time(t))
        x = torch.cat([x, F.interpolate(features, scale_factor=8.0, mode="nearest")], 1)
        skips: List[torch.Tensor] = []
        for block in self.blocks.values():
            x = block(x, emb, skips)
        return x


def raw_name(name, levels):
    """The raw name of a tensor with a diffusers name (without the prefix ``decoder_unet.``)."""
    parts = name.split(".")
    leaf = parts[-1]
    single = {
        "conv_in": "blocks.embed_image.f", "conv_out": "blocks.output.f", "conv_norm_out": "blocks.output.gn",
        "time_embedding.linear_1": "blocks.embed_time.f_1", "time_embedding.linear_2": "blocks.embed_time.f_2"}
    inner = {"norm1": "gn_1", "conv1": "f_1", "time_emb_proj": "f_t", "norm2": "gn_2", "conv2": "f_2",
             "conv_shortcut": "f_s"}
    if name == "time_proj.weight":
        return "embed_time.weight"
    owner = ".".join(parts[:-1])
    if owner in single:
        raw, normalised = single[owner], owner == "conv_norm_out"
    else:
        raw, normalised = raw_block(parts, levels) + "." + inner[parts[-2]], parts[-2].startswith("norm")
    return raw + "." + ("b" if leaf == "bias" else "g" if normalised else "w")


def raw_block(parts, levels):
    """``down_blocks.1.resnets.0`` -> ``blocks.down_1_conv_0``; the way up is numbered by resolution, not by execution."""
    if parts[0] == "mid_block":
        return "blocks.mid_" + parts[2]
    down = parts[0] == "down_blocks"
    level = int(parts[1]) if down else levels - 1 - int(parts[1])
    way = "down" if down else "up"
    return f"blocks.{way}_{level}_" + ("conv_" + parts[3] if parts[2] == "resnets" else way + "samp")


def renamed(raw, layers):
    """The renamed original: ``blocks.up_3_upsamp.f_1.w`` -> ``up.3.4.f_1.weight``."""
    if raw == "embed_time.weight":
        return "embed_time.emb.weight"
    block, *path, leaf = raw.removeprefix("blocks.").split(".")
    head, *index = block.split("_")
    if head in ("down", "up"):
        level, kind = index[0], index[1:]
        last = layers if head == "down" else layers + 1
        block = f"{head}.{level}.{kind[1] if kind[0] == 'conv' else last}"
    elif head == "mid":
        block = f"mid.{index[0]}"
    return ".".join([block, *path, {"w": "weight", "g": "weight", "b": "bias"}[leaf]])
