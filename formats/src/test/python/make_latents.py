"""Writes src/test/resources/latents: small latents as torch, numpy and safetensors save them.

All hold the numbers of `z`, [1, 4, 2, 3], unless they are refused; expected.txt says for each file
how many times and with which scale, or with which words it is refused.

    python make_latents.py        (torch 2.13.0, numpy 2.4.6, safetensors 0.8.0 were used)
"""
import argparse, collections, datetime, decimal, json, pathlib, uuid
import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent.parent / "resources" / "latents"
HERE.mkdir(exist_ok=True)
for old in HERE.iterdir():
    old.unlink()
z = ((np.arange(24) * 7 % 24 - 11.5) * 0.75).astype("f4").reshape(1, 4, 2, 3)
t = torch.from_numpy(z.copy())
lines = []


def pt(name, value, expected, protocol=2, **more):
    torch.save(value, HERE / (name + ".pt"), pickle_protocol=protocol, **more)
    lines.append(f"{name}.pt | {expected}")


def npz(name, expected, compressed=False, **arrays):
    (np.savez_compressed if compressed else np.savez)(HERE / (name + ".npz"), **arrays)
    lines.append(f"{name}.npz | {expected}")


def npy(name, array, expected, version=(1, 0)):
    with open(HERE / (name + ".npy"), "wb") as f:
        np.lib.format.write_array(f, array, version)
    lines.append(f"{name}.npy | {expected}")


def safe(name, tensors, expected, metadata=None):
    save_file(tensors, HERE / name, metadata)
    lines.append(f"{name} | {expected}")


def beside(protocol):
    """What scripts keep beside their latents."""
    return {
        "dtype": torch.float16, "device": torch.device("cpu"), "size": t.shape, "step": np.int64(20),
        "sigma": np.float32(14.6), "names": {"a"}, "fixed": frozenset([1]), "array": np.arange(3),
        "numpy_dtype": np.dtype("f4"), "seed": 2**64 - 1, "raw": b"bytes", "mutable": bytearray(b"x"),
        "complex": 1j, "range": range(3), "slice": slice(1, 2), "path": pathlib.PurePosixPath("a/b"),
        "date": datetime.datetime(2026, 1, 2), "cfg": decimal.Decimal("7.5"), "id": uuid.UUID(int=1).hex,
        "args": argparse.Namespace(steps=20), "count": collections.Counter("aab"),
        "queue": collections.deque([1, 2]), "ids": torch.arange(3), "mask": torch.ones(2, 3) > 0,
        "c64": torch.zeros(2, dtype=torch.complex64), "u16": torch.zeros(2, dtype=torch.uint16),
        "f8": torch.zeros(2).to(torch.float8_e4m3fn), "prompt": "a cat \N{CAT}", "none": None, "latents": t,
    }


class Holder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("latents", t.clone())


big = torch.cat([t * 0, t, t * 2])
video = torch.stack([t, t], dim=2)
moments = torch.cat([t, torch.full_like(t, 0.1)], dim=1)
Pair = collections.namedtuple("Pair", "latents steps")

pt("tensor", t, "1 guess")
pt("tensor-3d", t[0], "1 guess")
pt("parameter", torch.nn.Parameter(t.clone()), "1 guess")
pt("gradient", t.clone().requires_grad_(), "1 guess")
pt("tuple", (t,), "1 guess")
pt("tuple-of-two", (t, t.clone()), "2 guess")
pt("list-of-two", [t[0], t[0]], "2 guess")
pt("list-in-dict", {"latents": [t, t, t], "steps": 20}, "3 guess")
pt("list-with-text", [t, {"prompt": "a cat"}], "1 guess")
pt("dict", {"latents": t}, "1 guess")
pt("dict-samples", {"samples": t, "noise_mask": torch.zeros(1, 16, 24)}, "1 guess")
pt("dict-nested", {"out": {"latent": t}, "embeds": torch.zeros(1, 77, 8)}, "1 guess")
pt("dict-ordered", collections.OrderedDict(latents=t), "1 guess")
pt("dict-default", collections.defaultdict(list, latents=t), "1 guess")
pt("state-dict", Holder().state_dict(), "1 guess")
pt("half", t.half(), "1 guess")
pt("bfloat16", t.bfloat16(), "1 guess")
pt("double", t.double(), "1 guess")
pt("view", big[1:2], "1 guess")
pt("transposed", t.transpose(2, 3).contiguous().transpose(2, 3), "1 guess")
pt("channels-last", t.to(memory_format=torch.channels_last), "1 guess")
pt("expanded", t.expand(3, 4, 2, 3), "3 guess")
pt("expanded-list", list(t.expand(2, 4, 2, 3)), "2 guess")
pt("frames", video, "2 guess")
pt("frames-first", video.transpose(1, 2), "2 guess")
pt("frame", t[0][:, None], "1 guess")
pt("moments", moments, "1 unscaled")
pt("moments-frames", torch.stack([moments, moments], dim=2), "2 unscaled")
for protocol in (3, 4, 5):
    pt(f"protocol-{protocol}", t, "1 guess", protocol)
    pt(f"protocol-{protocol}-parameter", torch.nn.Parameter(t.clone()), "1 guess", protocol)
    pt(f"protocol-{protocol}-beside", beside(protocol), "1 guess", protocol)
pt("beside", beside(2), "1 guess")
pt("flipped", {"latents_2x3": t[0], "latents_flipped_2x3": t[0].flip(2)}, "1 unscaled")
pt("named-tuple", Pair(t, 20), "is not allowed; only tensors are rebuilt, nothing is imported or run")
pt("module", Holder(), "is not allowed; only tensors are rebuilt, nothing is imported or run")
pt("numpy-array", {"latents": z}, "no tensors in the archive; arrays of NumPy in it are passed over")
pt("two-sizes", [t, t[:, :, :1]], "2 of which can be latents (0 [1, 4, 2, 3], 1 [1, 4, 1, 3])")
pt("sixteen", torch.zeros(1, 16, 2, 3), "16")

ints = dict(original_size=np.array([24, 16]), crop_ltrb=np.array([0, 0, 24, 16]))
for kind in (False, True):
    how = "-compressed" if kind else ""
    npz("cache-old" + how, "1 unscaled", kind, latents=z[0], latents_flipped=z[0][:, :, ::-1], **ints)
    npz("cache-new" + how, "1 unscaled", kind, latents_flipped_2x3=z[0][:, :, ::-1], latents_2x3=z[0])
    npz("cache-sizes" + how, "1 unscaled", kind, latents_2x3=z[0], original_size_2x3=ints["original_size"],
        crop_ltrb_2x3=ints["crop_ltrb"], alpha_mask_2x3=np.ones((16, 24), "f4"))
    npz("first" + how, "1 guess", kind, arr_0=z)
    npz("half" + how, "1 guess", kind, latents=z.astype("f2"))
    npz("words" + how, "1 guess", kind, latents=z, prompt=np.array("a cat"), info=np.array({"a": 1}, object))
npz("frames", "2 guess", latents=np.stack([z, z], 2))
npz("moments", "1 unscaled", True, x=moments.numpy())
npz("cat_sdxl", "a trainer's cache of other latents by its name (_sdxl)", latents=z[0], **ints)
npz("two", "2 of which can be latents (latents_2x3 [4, 2, 3], latents_1x3 [4, 1, 3])",
    latents_2x3=z[0], latents_1x3=z[0][:, :1])
npz("objects", "are Python objects", latents=np.array({"a": 1}, object))
npz("integers", "elements of I64 found, floating-point ones are needed", ids=np.arange(4))

npy("half", z.astype("f2"), "1 guess")
npy("double", z.astype("f8"), "1 guess")
npy("version-2", z, "1 guess", (2, 0))
npy("version-3", z[0], "1 guess", (3, 0))
npy("frames", np.stack([z, z], 2), "2 guess")
npy("frames-first", np.stack([z, z], 1), "2 guess")
npy("frame", z[0][:, None], "1 guess")
npy("moments", moments.numpy()[0], "1 unscaled")
npy("fortran", np.asfortranarray(z), "Fortran order, save numpy.ascontiguousarray of it")
npy("integers", np.zeros((1, 4, 2, 3), "i4"), "elements of I32 found, floating-point ones are needed")
npy("channels-last", z.transpose(0, 2, 3, 1).copy(), "latents of shape [1, 2, 3, 4]")

version = {"latent_format_version_0": torch.tensor([])}
safe("old.latent", {"latent_tensor": t * 0.25}, "1 scaled x0.25")
safe("new.latent", {"latent_tensor": t} | version, "1 unscaled")
safe("frame.latent", {"latent_tensor": t[:, :, None].contiguous()} | version, "1 unscaled")
safe("workflow.latent", {"latent_tensor": t} | version, "1 unscaled",
     {"prompt": json.dumps({"3": {"class_type": "KSampler"}}), "workflow": json.dumps({"nodes": []})})
safe("bfloat16.safetensors", {"latents": t.bfloat16()}, "1 guess")
safe("frames.safetensors", {"latents": video.contiguous()}, "2 guess")
safe("cache.safetensors", {"latents_1x2x3_float32": t[0][:, None].contiguous()}, "1 unscaled")
safe("sd1.safetensors", {"latents": t}, "1 guess", {"modelspec.architecture": "stable-diffusion-v1"})
safe("sd15.safetensors", {"latents": t}, "1 guess", {"architecture": "SD-1.5"})
safe("sdxl.safetensors", {"latents": t}, "architecture stable-diffusion-xl-v1-base; latents of Stable Diffusion 1.x",
     {"modelspec.architecture": "stable-diffusion-xl-v1-base"})
safe("flux.safetensors", {"latents": t}, "architecture flux-1-dev; latents of", {"architecture": "flux-1-dev"})
safe("factor.safetensors", {"latents": t}, "scaling_factor 0.13025, that of SDXL", {"scaling_factor": "0.13025"})

(HERE / "expected.txt").write_text("\n".join(lines) + "\n")
