"""Writes a consistency decoder with synthetic weights, at any width, as a folder in the diffusers layout.

    python make_full_weights.py --out DIR                                    the published width, 2.49 GB in float32
    python make_full_weights.py --out DIR --widths 32,64,96,96               the reduced network of the conformance cases

Every value is a pure function of the tensor's name and the element's index (a murmur finaliser over a CRC), so the same
file comes out everywhere, and no checkpoint is needed to measure speed and memory or to check the arithmetic. Only the
tensors below ``decoder_unet.`` are written: decoding needs no others. NumPy is the only requirement, and memory stays below
100 MB because tensors are made and written in pieces.
"""
import argparse
import json
import math
import os
import struct
import zlib

import numpy as np

FULL_WIDTHS = (320, 640, 1024, 1024)
PREFIX = "decoder_unet."
PIECE = 1 << 20
U32 = np.uint32
F32 = np.float32


def hash_values(name, begin, end):
    """float32 values in [-0.5, 0.5) for the flat indices begin..end-1 of the tensor called name."""
    seed = (zlib.crc32(name.encode("ascii")) * 0x9E3779B9) & 0xFFFFFFFF
    h = ((np.arange(begin, end, dtype=np.uint64) + np.uint64(seed)) & np.uint64(0xFFFFFFFF)).astype(U32)
    h ^= h >> U32(16)
    h *= U32(0x85EBCA6B)
    h ^= h >> U32(13)
    h *= U32(0xC2B2AE35)
    h ^= h >> U32(16)
    return (h >> U32(8)).astype(F32) * F32(2.0**-24) - F32(0.5)


def synthetic_weight(name, shape, begin=0, end=None):
    """The weights begin..end-1 (flat, row-major) of one tensor: float32, of the size a trained network's would have."""
    v = hash_values(name, begin, math.prod(shape) if end is None else end)
    if name.endswith("time_proj.weight"):
        return v * F32(2.0)
    if len(shape) >= 2:
        return v * F32(math.sqrt(12.0 / math.prod(shape[1:])))
    if name.endswith("weight"):
        return F32(1.0) + F32(0.2) * v
    return F32(0.2) * v


def synthetic_input(name, shape):
    """A float32 input of unit variance."""
    return (hash_values(name, 0, math.prod(shape)) * F32(math.sqrt(12.0))).reshape(shape)


def block_shapes(name, cin, cout, temb):
    """(tensor name, shape) of one residual block."""
    yield name + ".norm1.weight", (cin,)
    yield name + ".norm1.bias", (cin,)
    yield name + ".conv1.weight", (cout, cin, 3, 3)
    yield name + ".conv1.bias", (cout,)
    yield name + ".time_emb_proj.weight", (2 * cout, temb)
    yield name + ".time_emb_proj.bias", (2 * cout,)
    yield name + ".norm2.weight", (cout,)
    yield name + ".norm2.bias", (cout,)
    yield name + ".conv2.weight", (cout, cout, 3, 3)
    yield name + ".conv2.bias", (cout,)
    if cin != cout:
        yield name + ".conv_shortcut.weight", (cout, cin, 1, 1)
        yield name + ".conv_shortcut.bias", (cout,)


def blocks(widths, layers):
    """(name, channels in, channels out) of every residual block, in the order of execution."""
    skips, c, last = [widths[0]], widths[0], len(widths) - 1
    for level, width in enumerate(widths):
        for layer in range(layers):
            yield f"down_blocks.{level}.resnets.{layer}", c, width
            c = width
            skips.append(c)
        if level < last:
            yield f"down_blocks.{level}.downsamplers.0", c, c
            skips.append(c)
    for layer in range(2):
        yield f"mid_block.resnets.{layer}", c, c
    for level, width in enumerate(reversed(widths)):
        for layer in range(layers + 1):
            yield f"up_blocks.{level}.resnets.{layer}", c + skips.pop(), width
            c = width
        if level < last:
            yield f"up_blocks.{level}.upsamplers.0", c, c


def network_shapes(widths=FULL_WIDTHS, layers=3):
    """Tensor name (diffusers naming, without the prefix) -> shape, for the whole network."""
    w, temb = widths[0], 4 * widths[0]
    shapes = {
        "conv_in.weight": (w, 7, 3, 3),
        "conv_in.bias": (w,),
        "time_proj.weight": (1024, w),
        "time_embedding.linear_1.weight": (temb, w),
        "time_embedding.linear_1.bias": (temb,),
        "time_embedding.linear_2.weight": (temb, temb),
        "time_embedding.linear_2.bias": (temb,),
    }
    for name, cin, cout in blocks(widths, layers):
        shapes.update(block_shapes(name, cin, cout, temb))
    shapes["conv_norm_out.weight"] = shapes["conv_norm_out.bias"] = (w,)
    shapes["conv_out.weight"], shapes["conv_out.bias"] = (6, w, 3, 3), (6,)
    return shapes


def config(widths, layers, groups):
    """config.json as diffusers' ConsistencyDecoderVAE registers it."""
    return {
        "_class_name": "ConsistencyDecoderVAE",
        "block_out_channels": [128, 256, 512, 512],
        "decoder_add_attention": False,
        "decoder_block_out_channels": list(widths),
        "decoder_down_block_types": ["ResnetDownsampleBlock2D"] * len(widths),
        "decoder_downsample_padding": 1,
        "decoder_in_channels": 7,
        "decoder_layers_per_block": layers,
        "decoder_norm_eps": 1e-05,
        "decoder_norm_num_groups": groups,
        "decoder_num_train_timesteps": 1024,
        "decoder_out_channels": 6,
        "decoder_resnet_time_scale_shift": "scale_shift",
        "decoder_time_embedding_type": "learned",
        "decoder_up_block_types": ["ResnetUpsampleBlock2D"] * len(widths),
        "encoder_act_fn": "silu",
        "encoder_block_out_channels": [128, 256, 512, 512],
        "encoder_double_z": True,
        "encoder_down_block_types": ["DownEncoderBlock2D"] * 4,
        "encoder_in_channels": 3,
        "encoder_layers_per_block": 2,
        "encoder_norm_num_groups": 32,
        "encoder_out_channels": 4,
        "force_upcast": False,
        "latent_channels": 4,
        "sample_size": 32,
        "scaling_factor": 0.18215,
    }


def write_safetensors(path, shapes):
    """Streams the synthetic tensors of shapes into one float32 safetensors file; returns its size in bytes."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    names = sorted(shapes)
    for name in names:
        size = 4 * math.prod(shapes[name])
        header[PREFIX + name] = {"dtype": "F32", "shape": list(shapes[name]), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = path + ".part"
    with open(partial, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            count = math.prod(shapes[name])
            for begin in range(0, count, PIECE):
                piece = synthetic_weight(name, shapes[name], begin, min(begin + PIECE, count))
                file.write(piece.astype("<f4").tobytes())
    os.replace(partial, path)
    return 8 + len(text) + offset


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder to write config.json and diffusion_pytorch_model.safetensors to")
    parser.add_argument("--widths", default=",".join(map(str, FULL_WIDTHS)), help="channels of each level, finest first")
    parser.add_argument("--layers", type=int, default=3, help="residual blocks a level on the way down")
    parser.add_argument("--groups", type=int, default=32, help="groups of every group norm")
    args = parser.parse_args()
    widths = tuple(int(w) for w in args.widths.split(","))
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "config.json"), "w") as file:
        json.dump(config(widths, args.layers, args.groups), file, indent=2)
        file.write("\n")
    shapes = network_shapes(widths, args.layers)
    size = write_safetensors(os.path.join(args.out, "diffusion_pytorch_model.safetensors"), shapes)
    parameters = sum(math.prod(s) for s in shapes.values())
    print(f"{args.out}: {len(shapes)} tensors, {parameters:,} parameters, {size:,} bytes")


if __name__ == "__main__":
    main()
