"""Writes a trained network as a model folder in the diffusers layout: config.json and fp16 safetensors.

    python export.py --state DIR/state.pt --out ../src/main/resources/io/github/consistencydecoder/models/tiny [--start DIR --share S]

The time table is written only as far as float16 holds it (sines and cosines do), the weights are the averaged ones. With ``--start`` the
share S of each weight is that of the model that training started from, folded for calibrated latents.
"""
import argparse
import json
import os

import torch
from safetensors.torch import load_file, save_file

from latents import fold
from network import ConsistencyUNet


def config(a):
    widths, level = list(a["widths"]), "ResnetDownsampleBlock2D"
    return {
        "_class_name": "ConsistencyDecoderVAE",
        "block_out_channels": [128, 256, 512, 512],
        "decoder_add_attention": False,
        "decoder_block_out_channels": widths,
        "decoder_down_block_types": [level] * 4,
        "decoder_downsample_padding": 1,
        "decoder_in_channels": 7,
        "decoder_layers_per_block": a["layers"],
        "decoder_norm_eps": 1e-05,
        "decoder_norm_num_groups": a["groups"],
        "decoder_num_train_timesteps": 1024,
        "decoder_out_channels": 6,
        "decoder_resnet_time_scale_shift": "scale_shift",
        "decoder_time_embedding_type": "learned",
        "decoder_up_block_types": ["ResnetUpsampleBlock2D"] * 4,
        "latent_channels": 4,
        "sample_size": 32,
        "scaling_factor": 0.18215,
    }


def folded(folder, a):
    """The weights that training started from."""
    weights = load_file(os.path.join(folder, "diffusion_pytorch_model.safetensors"))
    net = ConsistencyUNet(a["widths"], a["layers"], a["groups"])
    net.load_state_dict({k.removeprefix("decoder_unet."): v.float() for k, v in weights.items()})
    fold(net.conv_in)
    return net.state_dict()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--state", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--start")
    p.add_argument("--share", type=float, default=0.0)
    a = p.parse_args()
    s = torch.load(a.state, map_location="cpu", weights_only=True)
    os.makedirs(a.out, exist_ok=True)
    weights = s["ema"]
    if a.start:
        weights = {k: v.lerp(weights[k], 1 - a.share) for k, v in folded(a.start, s["args"]).items()}
    tensors = {"decoder_unet." + k: v.half().contiguous() for k, v in weights.items()}
    for k, v in tensors.items():
        if not torch.isfinite(v).all():
            raise SystemExit(f"{k} does not fit into float16")
    save_file(tensors, os.path.join(a.out, "diffusion_pytorch_model.safetensors"), metadata={"format": "pt"})
    with open(os.path.join(a.out, "config.json"), "w") as f:
        json.dump(config(s["args"]), f, indent=2)
        f.write("\n")


if __name__ == "__main__":
    main()
