"""What the golden makers share: where files go, seeded weights, and the network definition of models/training."""
import json
import math
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[4]
RESOURCES = ROOT / "decoder-core" / "src" / "test" / "resources"
sys.path.insert(0, str(ROOT / "models" / "training"))


@torch.no_grad()
def randomise(module, seed):
    """Fills every parameter with seeded values under which signals neither die nor grow from layer to layer."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in sorted(module.named_parameters()):
        v = torch.randn(p.shape, generator=generator)
        if name.endswith("time_proj.weight"):
            p.copy_(v)
        elif p.dim() >= 2:
            p.copy_(v / math.sqrt(p[0].numel()))
        elif name.endswith("weight"):
            p.copy_(1 + 0.2 * v)
        else:
            p.copy_(0.1 * v)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def describe(pixels):
    """One line that shows whether a picture is degenerate."""
    outside = (pixels.abs() > 1).float().mean().item()
    return f"std {pixels.std():.3f}, range {pixels.min():.3f} to {pixels.max():.3f}, {100 * outside:.1f} % outside [-1, 1]"
