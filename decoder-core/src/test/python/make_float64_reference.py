"""A reduced network evaluated in float64, so that the error of a float32 runtime can be told from that of its reference.

    python make_float64_reference.py

Reads goldens/diffusers-reduced (run make_diffusers_goldens.py first) and writes goldens/float64-reference.safetensors:

    input                  [1,7,40,24] float32  the complete network input
    output_1008, _512      [1,6,40,24] float64  the network's output at the two timesteps
    latents                [1,4,5,6]   float32  unscaled
    noise_1, noise_2       [1,3,40,48] float32  the two draws of a CPU generator with seed 77
    pixels_clamped         [1,3,40,48] float64  the original sampler: clamped after every step
    pixels_unclamped       [1,3,40,48] float64  the sampler of diffusers: never clamped

Prints the error of PyTorch's own float32 evaluation against these, the yardstick for ours.
"""
import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from golden_weights import RESOURCES
from network import LATENT_MEAN, LATENT_STD, SCALING_FACTOR, ConsistencyUNet, schedule

GOLDENS = RESOURCES / "goldens"
SEED, TIMESTEPS = 77, (1008, 512)


def load():
    folder = GOLDENS / "diffusers-reduced"
    config = json.loads((folder / "config.json").read_text())
    net = ConsistencyUNet(config["decoder_block_out_channels"], config["decoder_layers_per_block"],
                          config["decoder_norm_num_groups"])
    prefix = "decoder_unet."
    tensors = load_file(folder / "diffusion_pytorch_model.safetensors")
    net.load_state_dict({k[len(prefix):]: v for k, v in tensors.items() if k.startswith(prefix)})
    return net.eval()


def decode(net, latents, noises, clamp):
    """The sampler with every number in the type of the noise."""
    dtype = noises[0].dtype
    table = {k: v.to(dtype) for k, v in schedule().items()}
    mean, std = (torch.tensor(v, dtype=dtype).view(1, 4, 1, 1) for v in (LATENT_MEAN, LATENT_STD))
    features = F.interpolate((SCALING_FACTOR * latents.to(dtype) - mean) / std, scale_factor=8.0, mode="nearest")
    x0 = torch.zeros_like(noises[0])
    for t, noise in zip(TIMESTEPS, noises):
        xt = table["acp"][t].sqrt() * x0 + (1 - table["acp"][t]).sqrt() * noise
        y = net(torch.cat([table["c_in"][t] * xt, features], 1), torch.tensor([t]))[:, :3]
        x0 = table["c_out"][t] * y + table["c_skip"][t] * xt
        if clamp:
            x0 = x0.clamp(-1, 1)
    return x0


@torch.no_grad()
def evaluate(net, x, latents, noises, dtype):
    net, x, noises = net.to(dtype), x.to(dtype), [n.to(dtype) for n in noises]
    values = {f"output_{t}": net(x, torch.tensor([t])) for t in TIMESTEPS}
    values["pixels_clamped"] = decode(net, latents, noises, True)
    values["pixels_unclamped"] = decode(net, latents, noises, False)
    return values


def main():
    torch.set_num_threads(1)
    net = load()
    x = torch.randn(1, 7, 40, 24, generator=torch.Generator().manual_seed(3000))
    latents = 5 * torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(3001))
    generator = torch.Generator().manual_seed(SEED)
    noises = [torch.randn(1, 3, 40, 48, generator=generator) for _ in TIMESTEPS]
    single = evaluate(net, x, latents, noises, torch.float32)
    double = evaluate(net, x, latents, noises, torch.float64)
    for name, value in double.items():
        error = (single[name].double() - value).abs()
        print(f"{name}: std {value.std():.3f}; float32 differs by at most {error.max():.2e}, on average {error.mean():.2e}")
    save_file({"input": x, "latents": latents, "noise_1": noises[0], "noise_2": noises[1], **double},
              GOLDENS / "float64-reference.safetensors")


if __name__ == "__main__":
    main()
