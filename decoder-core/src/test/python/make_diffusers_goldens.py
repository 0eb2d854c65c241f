"""Goldens of diffusers' own ConsistencyDecoderVAE: a reduced model saved by save_pretrained, and what it decodes.

    python make_diffusers_goldens.py

Needs torch, safetensors and diffusers. Writes goldens/diffusers-reduced below the test resources: config.json and
diffusion_pytorch_model.safetensors (float32, encoder included, as save_pretrained writes them), cases.json, and for each
case a safetensors file with ``latents`` (unscaled, [N,4,h,w]) and ``pixels`` ([N,3,8h,8w], not clamped: diffusers never
clamps). The model that decodes is the one that from_pretrained reads back from those files.
"""
import shutil

import diffusers
import torch
from diffusers import ConsistencyDecoderVAE
from safetensors.torch import save_file

from golden_weights import RESOURCES, describe, randomise, write_json
from network import ConsistencyUNet, normalise, step

FOLDER = RESOURCES / "goldens" / "diffusers-reduced"
WIDTHS, LAYERS, GROUPS = (16, 24, 32, 40), 2, 8

# name, images, latent height, latent width, seeds: one for the whole batch, or a list with one generator for each image.
# The CPU generator keeps the low 32 bits of a seed, so three seeds lie outside that range.
CASES = (
    ("square-4x4", 1, 4, 4, 0),
    ("square-8x8", 1, 8, 8, 1),
    ("odd-5x7", 1, 5, 7, 2),
    ("odd-9x3", 1, 9, 3, 42),
    ("single-cell", 1, 1, 1, 1234),
    ("wide-12x10", 1, 12, 10, 2147483647),
    ("batch-of-two", 2, 6, 4, 7),
    ("row-1x6-seed-beyond-32-bits", 1, 1, 6, 4294967299),
    ("odd-7x7-largest-seed", 1, 7, 7, 9223372036854775807),
    ("odd-3x11-negative-seed", 1, 3, 11, -1),
    ("batch-of-two-own-generators", 2, 5, 6, [5, 9]),
)


def build():
    model = ConsistencyDecoderVAE(
        encoder_block_out_channels=(4, 4, 4, 4),
        encoder_layers_per_block=1,
        encoder_norm_num_groups=4,
        decoder_block_out_channels=WIDTHS,
        decoder_layers_per_block=LAYERS,
        decoder_norm_num_groups=GROUPS,
    )
    randomise(model, 20240607)
    return model.eval()


def generators(seeds):
    if isinstance(seeds, list):
        return [torch.Generator().manual_seed(s) for s in seeds]
    return torch.Generator().manual_seed(seeds)


@torch.no_grad()
def check_against_training_network(model, latents, seed, pixels):
    """The PyTorch network of models/training with the same weights must draw the same picture."""
    net = ConsistencyUNet(WIDTHS, LAYERS, GROUPS)
    net.load_state_dict(model.decoder_unet.state_dict())
    generator, x0 = torch.Generator().manual_seed(seed), None
    for t in (1008, 512):
        noise = torch.randn(pixels.shape, generator=generator)
        x0 = step(net, x0, normalise(latents), torch.tensor([t]), noise)
    x = torch.randn(2, 7, 40, 24, generator=generator)
    theirs = model.decoder_unet(x, 512).sample
    ours = net(x, torch.tensor([512, 512]))
    unet, decode = (ours - theirs).abs().max().item(), (x0 - pixels).abs().max().item()
    print(f"training network against UNet2DModel: max difference {unet:.2e}, whole decode {decode:.2e}")
    assert unet <= 1e-6 and decode <= 3e-6, (unet, decode)


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    build().save_pretrained(FOLDER, safe_serialization=True)
    model = ConsistencyDecoderVAE.from_pretrained(FOLDER).eval()
    assert model.dtype == torch.float32
    index = []
    for i, (name, n, h, w, seeds) in enumerate(CASES):
        latents = 5 * torch.randn(n, 4, h, w, generator=torch.Generator().manual_seed(1000 + i))
        pixels = model.decode(latents, generator=generators(seeds)).sample
        assert pixels.shape == (n, 3, 8 * h, 8 * w) and 0.2 < pixels.std() < 2
        save_file({"latents": latents, "pixels": pixels.contiguous()}, FOLDER / f"{name}.safetensors")
        each = isinstance(seeds, list)
        index.append({"file": f"{name}.safetensors", "generators": "per-image" if each else "one",
                      "seeds": seeds if each else [seeds]})
        print(f"{name}: seed {seeds}, {describe(pixels)}")
        if i == 0:
            check_against_training_network(model, latents, seeds, pixels)
    write_json(FOLDER / "cases.json", {
        "made_by": f"diffusers {diffusers.__version__}, torch {torch.__version__}",
        "latents": "unscaled", "clamp": "none", "timesteps": [1008, 512], "cases": index})


if __name__ == "__main__":
    main()
