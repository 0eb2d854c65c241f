"""One reduced consistency decoder in every published file format, written by PyTorch, and the picture it must draw.

    python make_formats.py

Needs torch, safetensors and huggingface_hub (for the shards). Writes formats/{f32,f16,bf16} below the test resources:

    diffusers/    config.json, diffusion_pytorch_model.safetensors       diffusers names below decoder_unet.
    sharded/      the same in shards with an index file                   (f32 only)
    raw/          consistency_decoder.safetensors, embedding.safetensors  raw names, the time table apart
    renamed/      stk_consistency_decoder_amalgamated.safetensors         renamed original names
    torchscript/  decoder.pt                                              torch.jit.script, torch.jit.save
    statedict/    decoder.pt                                              torch.save of a state dict with the raw names
    strided/      decoder.pt                                              channels-last weights, shared storage (f32 only)
    expected.safetensors                                                  latents, pixels
    torchscript-frozen/decoder.pt                                         weights without names: to be refused (f32 only)

Every folder also holds the config.json, since the number of norm groups does not follow from the shapes. The expected
pixels come from float32 arithmetic on the weights as rounded to the type, with the original sampler: timesteps 1008 and 512,
clamped to [-1, 1] after each, noise from the CPU generator with the seed in expected.json.
"""
import shutil
from pathlib import Path

import torch
import torch._sources
import torch.jit.frontend
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import save_file

from golden_weights import RESOURCES, describe, randomise, write_json
from network import TABLE, ConsistencyUNet, decode, normalise
from raw_network import RawConsistencyNetwork, raw_name, renamed

FOLDER = RESOURCES / "formats"
WIDTHS, LAYERS, GROUPS, SEED = (4, 4, 8, 8), 3, 4, 11
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
CONFIG = {
    "_class_name": "ConsistencyDecoderVAE",
    "decoder_block_out_channels": list(WIDTHS),
    "decoder_layers_per_block": LAYERS,
    "decoder_norm_num_groups": GROUPS,
    "decoder_norm_eps": 1e-05,
    "decoder_num_train_timesteps": 1024,
    "scaling_factor": 0.18215,
}


def keep_paths_out_of_archives():
    """torch.jit.save stores where each line of source came from: file names stay, folders of this machine do not."""
    original = torch._sources.get_source_lines_and_file

    def nameless(*args, **kwargs):
        lines, line_number, filename = original(*args, **kwargs)
        return lines, line_number, Path(filename).name if filename else filename

    torch._sources.get_source_lines_and_file = nameless
    torch.jit.frontend.get_source_lines_and_file = nameless


def folder(parent, name):
    path = parent / name
    path.mkdir(parents=True)
    write_json(path / "config.json", CONFIG)
    return path


def write_shards(path, tensors):
    """Shards and their index file, split the way the hub's own libraries split a model that is too large."""
    split = split_torch_state_dict_into_shards(
        tensors, filename_pattern="diffusion_pytorch_model{suffix}.safetensors", max_shard_size=100_000)
    for name, keys in split.filename_to_tensors.items():
        save_file({k: tensors[k] for k in keys}, path / name, metadata={"format": "pt"})
    index = {"metadata": split.metadata, "weight_map": dict(sorted(split.tensor_to_filename.items()))}
    write_json(path / "diffusion_pytorch_model.safetensors.index.json", index)


def strided(raw):
    """The same tensors in channels-last order, and all vectors as views of one storage."""
    vectors = [k for k, v in raw.items() if v.dim() == 1]
    store = torch.cat([raw[k] for k in vectors])
    views, offset = {}, 0
    for k in vectors:
        views[k] = store[offset:offset + raw[k].numel()]
        offset += raw[k].numel()
    return {k: views[k] if k in views else
            v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v.t().contiguous().t()
            for k, v in raw.items()}


@torch.no_grad()
def decode_raw(model, latents):
    """The original sampler on a module called like the published file."""
    generator, features, x0 = torch.Generator().manual_seed(SEED), normalise(latents), None
    for t in (1008, 512):
        noise = torch.randn(latents.shape[0], 3, 8 * latents.shape[2], 8 * latents.shape[3], generator=generator)
        xt = (1 - TABLE["acp"][t]).sqrt() * noise
        if x0 is not None:
            xt = xt + TABLE["acp"][t].sqrt() * x0
        y = model(TABLE["c_in"][t] * xt, torch.full((latents.shape[0],), t), features)[:, :3]
        x0 = (TABLE["c_out"][t] * y + TABLE["c_skip"][t] * xt).clamp(-1, 1)
    return x0


@torch.no_grad()
def write_dtype(net, latents, name):
    dtype, parent = DTYPES[name], FOLDER / name
    tensors = {k: v.to(dtype).contiguous() for k, v in net.state_dict().items()}
    raw = {raw_name(k, len(WIDTHS)): v for k, v in tensors.items()}
    diffusers = {"decoder_unet." + k: v for k, v in tensors.items()}
    assert len(raw) == len(tensors)

    save_file(diffusers, folder(parent, "diffusers") / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})
    path = folder(parent, "raw")
    save_file({"weight": raw["embed_time.weight"]}, path / "embedding.safetensors")
    save_file({k: v for k, v in raw.items() if k != "embed_time.weight"}, path / "consistency_decoder.safetensors")
    path = folder(parent, "renamed") / "stk_consistency_decoder_amalgamated.safetensors"
    save_file({renamed(k, LAYERS): v for k, v in raw.items()}, path)

    module = RawConsistencyNetwork(WIDTHS, LAYERS, GROUPS).to(dtype).eval()
    module.load_state_dict(raw)
    script = torch.jit.script(module)
    torch.jit.save(script, str(folder(parent, "torchscript") / "decoder.pt"))
    torch.save(module.state_dict(), folder(parent, "statedict") / "decoder.pt")
    if name == "f32":
        write_shards(folder(parent, "sharded"), diffusers)
        torch.save(strided(raw), folder(parent, "strided") / "decoder.pt")
        torch.jit.save(torch.jit.freeze(script), str(folder(parent, "torchscript-frozen") / "decoder.pt"))

    rounded = ConsistencyUNet(WIDTHS, LAYERS, GROUPS).eval()
    rounded.load_state_dict({k: v.float() for k, v in tensors.items()})
    pixels = decode(rounded, latents, SEED)[-1]
    save_file({"latents": latents, "pixels": pixels}, parent / "expected.safetensors")
    again = torch.jit.load(str(parent / "torchscript" / "decoder.pt")).float()
    difference = (decode_raw(again, latents) - pixels).abs().max().item()
    print(f"{name}: {describe(pixels)}; the script read back draws it within {difference:.1e}")
    assert difference < 1e-5 and pixels.std() > 0.2
    return pixels


def main():
    torch.set_num_threads(1)
    keep_paths_out_of_archives()
    shutil.rmtree(FOLDER, ignore_errors=True)
    net = ConsistencyUNet(WIDTHS, LAYERS, GROUPS).eval()
    net.time_proj.weight.requires_grad_(True)
    randomise(net, 20240608)
    latents = 5 * torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(2000))
    pixels = {name: write_dtype(net, latents, name) for name in DTYPES}
    write_json(FOLDER / "expected.json", {
        "made_by": f"torch {torch.__version__}", "seed": SEED, "timesteps": [1008, 512], "clamp": "each-step",
        "latents": "unscaled"})
    for name in ("f16", "bf16"):
        difference = (pixels[name] - pixels["f32"]).abs()
        print(f"{name} against f32: max {difference.max():.3f}, mean {difference.mean():.4f}")
    total = sum(p.stat().st_size for p in Path(FOLDER).rglob("*") if p.is_file())
    print(f"{total:,} bytes")


if __name__ == "__main__":
    main()
