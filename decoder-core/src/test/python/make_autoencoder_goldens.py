"""Goldens of diffusers' own AutoencoderKL and AutoencoderTiny: reduced models saved by save_pretrained, and what they do.

    python make_autoencoder_goldens.py

Needs torch, safetensors and diffusers. Writes below goldens/ of the test resources, each with float32 tensors:

    vae-reduced/      config.json, diffusion_pytorch_model.safetensors, cases.safetensors
    taesd-reduced/    the same, and original/: taesd_encoder.pth and taesd_decoder.pth with the original numbering,
                      written by torch.save, the decoder in half precision; what its weights, so rounded, draw of the
                      latents of square-4x4 is in decode.square-4x4.rounded.pixels
    consistency-encoder.safetensors   cases of the encoder that goldens/diffusers-reduced holds beside its decoder

A case is named decode.NAME or encode.NAME; its tensors end in .latents and .pixels, or in .pixels and .moments (the VAE)
or .latents (TAESD). Latents of the VAE are unscaled, those of TAESD scaled; pixels are not clamped.
"""
import shutil
from collections import OrderedDict

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ConsistencyDecoderVAE
from safetensors.torch import save_file

from golden_weights import RESOURCES, describe, randomise

GOLDENS = RESOURCES / "goldens"

# name, images, latent height, latent width
DECODE = (("square-4x4", 1, 4, 4), ("single-cell", 1, 1, 1), ("batch-5x7", 2, 5, 7), ("odd-3x11", 1, 3, 11))
ENCODE = (("square-32x32", 1, 4, 4), ("single-cell", 1, 1, 1), ("batch-40x24", 2, 5, 3))


def latents(i, n, h, w, spread):
    return spread * torch.randn(n, 4, h, w, generator=torch.Generator().manual_seed(2000 + i))


def pictures(i, n, h, w):
    """Smooth, with noise, in [-1, 1]."""
    g = torch.Generator().manual_seed(3000 + i)
    coarse = torch.randn(n, 3, h + 1, w + 1, generator=g)
    smooth = torch.nn.functional.interpolate(coarse, size=(8 * h, 8 * w), mode="bilinear")
    return (0.5 * smooth + 0.1 * torch.randn(n, 3, 8 * h, 8 * w, generator=g)).clamp(-1, 1)


def reload(folder, model):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, safe_serialization=True)
    return type(model).from_pretrained(folder).eval()


def decode_cases(model, spread):
    cases = {}
    for i, (name, n, h, w) in enumerate(DECODE):
        z = latents(i, n, h, w, spread)
        pixels = model.decode(z).sample
        assert pixels.shape == (n, 3, 8 * h, 8 * w) and 0.05 < pixels.std() < 3, (name, pixels.std())
        print(f"{type(model).__name__} decode {name}: {describe(pixels)}")
        cases |= {f"decode.{name}.latents": z, f"decode.{name}.pixels": pixels.contiguous()}
    return cases


def encode_cases(model, output, encode, smallest=1):
    cases = {}
    for i, (name, n, h, w) in enumerate(ENCODE):
        if h * w < smallest:
            continue
        x = pictures(i, n, h, w)
        y = encode(x)
        assert y.shape[2:] == (h, w) and y.std() > 0.05, (name, y.std())
        print(f"{type(model).__name__} encode {name}: std {y.std():.3f}")
        cases |= {f"encode.{name}.pixels": x, f"encode.{name}.{output}": y.contiguous()}
    return cases


def moments(model):
    return lambda x: model.encode(x).latent_dist.parameters


def make_vae():
    model = AutoencoderKL(
        block_out_channels=(8, 12, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        norm_num_groups=4,
        scaling_factor=0.18215,
    )
    randomise(model, 20240701)
    folder = GOLDENS / "vae-reduced"
    model = reload(folder, model)
    cases = decode_cases(model, 5) | encode_cases(model, "moments", moments(model))
    save_file(cases, folder / "cases.safetensors")


def make_taesd():
    model = AutoencoderTiny(
        encoder_block_out_channels=(12,) * 4,
        decoder_block_out_channels=(12,) * 4,
        num_encoder_blocks=(1, 2, 3, 1),
        num_decoder_blocks=(2, 3, 1, 1),
        scaling_factor=1.0,
    )
    randomise(model, 20240702)
    folder = GOLDENS / "taesd-reduced"
    model = reload(folder, model)
    cases = decode_cases(model, 1) | encode_cases(model, "latents", lambda x: model.encode(x).latents)
    (folder / "original").mkdir()
    for part, shift, dtype in (("encoder", 0, torch.float32), ("decoder", 1, torch.float16)):
        state = OrderedDict()
        for name, tensor in model.state_dict().items():
            if name.startswith(part):
                _, _, index, rest = name.split(".", 3)
                state[f"{int(index) + shift}.{rest}"] = tensor.to(dtype)
        torch.save(state, folder / "original" / f"taesd_{part}.pth")
    cases["decode.square-4x4.rounded.pixels"] = model.half().float().decode(cases["decode.square-4x4.latents"]).sample
    save_file(cases, folder / "cases.safetensors")


def make_consistency_encoder():
    model = ConsistencyDecoderVAE.from_pretrained(GOLDENS / "diffusers-reduced").eval()
    # Its norms have a channel a group, which PyTorch refuses for a single value.
    save_file(encode_cases(model, "moments", moments(model), smallest=2), GOLDENS / "consistency-encoder.safetensors")


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    make_vae()
    make_taesd()
    make_consistency_encoder()


if __name__ == "__main__":
    main()
