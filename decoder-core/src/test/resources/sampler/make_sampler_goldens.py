"""Writes sampler.tsv beside this file: the consistency sampler around a fake network, in PyTorch float32.

    python make_sampler_goldens.py

The fake network is exact in any float32 arithmetic that rounds once per operation, so that the Java sampler must
agree almost to the bit: y = clip(0.75 * v, -1.5, 1.5) + t / 4096 for the network's scaled input v. The schedule's
constants are those of PyTorch (float32 betas), which differ from double precision by less than 1e-6 of their value.
"""
import math
import pathlib

import torch

TIMESTEPS = 1024
SCHEDULES = [[1008], [1008, 512], [1008, 768, 512, 256], [700, 300, 16]]
# batch, height, width, seed
PICTURES = [(1, 8, 16, 0), (2, 16, 8, 42)]


def constants():
    abar = lambda u: math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = [min(1 - abar((i + 1) / TIMESTEPS) / abar(i / TIMESTEPS), 0.999) for i in range(TIMESTEPS)]
    acp = torch.cumprod(1 - torch.tensor(betas, dtype=torch.float32), 0)
    sigma = torch.sqrt(1 / acp - 1)
    return {
        "sqrt_acp": torch.sqrt(acp),
        "sqrt_one_minus_acp": torch.sqrt(1 - acp),
        "c_skip": torch.sqrt(1 / acp) * 0.25 / (sigma**2 + 0.25),
        "c_out": sigma * 0.5 / torch.sqrt(sigma**2 + 0.25),
        "c_in": torch.sqrt(1 / acp) / torch.sqrt(sigma**2 + 0.25),
    }


def network(v, t):
    return (0.75 * v).clamp(-1.5, 1.5) + t / 4096


def decode(c, timesteps, shape, generator, clamp):
    x0 = torch.zeros(shape)
    for t in timesteps:
        noise = torch.randn(shape, generator=generator)
        xt = c["sqrt_acp"][t] * x0 + c["sqrt_one_minus_acp"][t] * noise
        x0 = c["c_out"][t] * network(c["c_in"][t] * xt, t) + c["c_skip"][t] * xt
        if clamp:
            x0 = x0.clamp(-1, 1)
    return x0


def main():
    torch.set_num_threads(1)
    c = constants()
    cases = []
    for timesteps in SCHEDULES:
        for n, h, w, seed in PICTURES:
            for clamp in ("each-step", "none"):
                generator = torch.Generator("cpu").manual_seed(seed)
                x0 = decode(c, timesteps, (n, 3, h, w), generator, clamp == "each-step")
                flat = x0.flatten()
                cases.append(
                    "\t".join(
                        [
                            ",".join(map(str, timesteps)),
                            f"{n},{h},{w}",
                            str(seed),
                            clamp,
                            f"{x0.double().mean():.9g}",
                            f"{x0.double().abs().mean():.9g}",
                            ",".join(f"{v:.9g}" for v in flat[:: max(1, len(flat) // 24)].tolist()),
                        ]
                    )
                )
    head = "# timesteps\tN,H,W\tseed\tclamp\tmean\tmean of absolute values\tevery (size/24)th value; made by make_sampler_goldens.py\n"
    pathlib.Path(__file__).with_name("sampler.tsv").write_text(head + "\n".join(cases) + "\n")


if __name__ == "__main__":
    main()
