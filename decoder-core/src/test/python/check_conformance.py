"""Checks the PyTorch network of models/training against conformance.json: the reduced ("mini") network, every case.

    python check_conformance.py [--full]

--full also evaluates the network at its published width (needs 3 GB of memory). Needs torch and numpy; exits with 1 when a
value differs by more than 2e-5.
"""
import json
import sys

import torch
import torch.nn.functional as F

from golden_weights import RESOURCES, ROOT
from make_float64_reference import decode
from network import ConsistencyUNet

sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))
from make_full_weights import FULL_WIDTHS, network_shapes, synthetic_input, synthetic_weight  # noqa: E402

TOLERANCE = 2e-5


def network(widths):
    """The network with synthetic weights, made tensor by tensor: at full width a second copy would cost 2.5 GB."""
    with torch.device("meta"):
        net = ConsistencyUNet(widths, 3, 32)
    weights = {name: torch.from_numpy(synthetic_weight(name, shape).reshape(shape))
               for name, shape in network_shapes(widths, 3).items()}
    net.load_state_dict(weights, assign=True)
    return net.eval()


def hashed(name, *shape):
    return torch.from_numpy(synthetic_input(name, shape))


def worst(case, value):
    assert list(value.shape) == case["shape"]
    differences = [abs(value[0][tuple(at)].item() - expected) for at, expected in case["at"]]
    differences += [abs(value.mean().item() - case["mean"]), abs(value.abs().mean().item() - case["mean_abs"])]
    return max(differences)


def mini_cases():
    net = network((32, 64, 96, 96))
    for t in (1008, 512):
        yield f"unet mini t={t}", net(hashed("input.x", 1, 7, 32, 48), torch.tensor([t]))
    latents = 5 * hashed("input.latent", 1, 4, 4, 6)
    generator = torch.Generator().manual_seed(0)
    noises = {
        "hash noise": [hashed(f"input.noise{i}", 1, 3, 32, 48) for i in (1, 2)],
        "torch CPU generator seed 0": [torch.randn(1, 3, 32, 48, generator=generator) for _ in range(2)],
    }
    for name, noise in noises.items():
        for clamp in (True, False):
            yield f"sampler mini, {name}, clamp={clamp}", decode(net, latents, noise, clamp)


def full_cases():
    net = network(FULL_WIDTHS)
    x = hashed("input.x", 1, 7, 16, 24)
    yield "unet full t=1008", net(x, torch.tensor([1008]))
    x[:, 3:] = F.interpolate(hashed("input.latent", 1, 4, 2, 3), scale_factor=8.0, mode="nearest")
    yield "unet full t=512, channels 3..6 = upsampled input.latent", net(x, torch.tensor([512]))


@torch.no_grad()
def main():
    cases = json.loads((RESOURCES / "conformance" / "conformance.json").read_text())
    failed = False
    for run in (mini_cases, full_cases) if "--full" in sys.argv[1:] else (mini_cases,):
        for name, value in run():
            difference = worst(cases[name], value)
            failed |= not difference <= TOLERANCE
            print(f"{name}: {difference:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
