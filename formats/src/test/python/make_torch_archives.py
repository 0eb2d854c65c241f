"""Writes the archives under src/test/resources/checkpoints and what they hold.

Run with PyTorch (2.13.0 CPU was used) and safetensors:

    python make_torch_archives.py OUTPUT_FOLDER

Values are multiples of 1/8 below 16, so every element type holds them exactly. expected.json lists,
for each file, the format, and for each tensor its dtype, shape, strides and row-major values.
"""

import json
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file


class Block(torch.nn.Module):
    """A convolution and a norm, as deep as the decoder's blocks are."""

    def __init__(self, channels: int):
        super().__init__()
        self.f_1 = torch.nn.Conv2d(channels, channels, 3, padding=1)
        self.gn_1 = torch.nn.GroupNorm(2, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.f_1(torch.nn.functional.silu(self.gn_1(x)))


class Net(torch.nn.Module):
    """Nested modules, a plain parameter, buffers, and constants in the code."""

    scale: float

    def __init__(self):
        super().__init__()
        self.scale = 0.5
        self.steps = 3
        self.names = ["a", "b"]
        self.embedding = torch.nn.Parameter(torch.zeros(5, 4))
        self.register_buffer("count", torch.tensor(7, dtype=torch.int64))
        self.blocks = torch.nn.ModuleDict({"down_0": Block(4), "mid": Block(4)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.embedding[0].view(1, 4, 1, 1) * self.scale
        for block in self.blocks.values():
            x = block(x)
        return x


def fill(module: torch.nn.Module) -> None:
    """Sets every floating-point tensor to values that all element types hold exactly."""
    with torch.no_grad():
        for k, (_, t) in enumerate(sorted(module.state_dict().items())):
            if t.is_floating_point():
                n = torch.arange(t.numel(), dtype=torch.float32)
                t.copy_(((n * 7 + k * 13) % 256 / 8 - 16).reshape(t.shape))


def net(dtype: torch.dtype = torch.float32) -> Net:
    module = Net().eval()
    fill(module)
    for p in list(module.parameters()):
        p.data = p.data.to(dtype)
    return module


DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def describe(tensors: dict) -> dict:
    return {
        name: {
            "dtype": DTYPES[t.dtype],
            "shape": list(t.shape),
            "strides": list(t.stride()),
            "values": [float(v) for v in t.detach().contiguous().flatten().double().tolist()],
        }
        for name, t in tensors.items()
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}

    def record(file: str, form: str, tensors: dict) -> None:
        expected[file] = {"format": form, "tensors": describe(tensors)}

    for tag, dtype in (("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)):
        module = net(dtype)
        name = f"script-{tag}.pt"
        torch.jit.save(torch.jit.script(module), folder / name)
        record(name, "torchscript", module.state_dict())
        name = f"state-dict-{tag}.pth"
        torch.save(module.state_dict(), folder / name)
        record(name, "torch", module.state_dict())
        name = f"same-{tag}.safetensors"
        save_file({k: v.contiguous() for k, v in module.state_dict().items()}, folder / name)
        record(name, "safetensors", module.state_dict())

    module = net()
    torch.jit.save(torch.jit.trace(module, torch.ones(1, 4, 2, 2)), folder / "traced.pt")
    record("traced.pt", "torchscript", module.state_dict())

    torch.jit.save(torch.jit.freeze(torch.jit.script(net())), folder / "frozen.pt")

    weight = torch.arange(2 * 3 * 2 * 2, dtype=torch.float32).reshape(2, 3, 2, 2)
    last = weight.to(memory_format=torch.channels_last)
    whole = torch.arange(12, dtype=torch.float32)
    tensors = OrderedDict(
        channels_last=last,
        transposed=weight.reshape(6, 4).t(),
        every_second=whole[1::2],
        whole=whole,
        part=whole[4:8].reshape(2, 2),
        tied=whole,
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
    )
    torch.save(tensors, folder / "views.pth")
    record("views.pth", "torch", tensors)

    kinds = {
        "f64": torch.tensor([1.5, -2.25], dtype=torch.float64),
        "i64": torch.tensor([-5, 1 << 40]),
        "i32": torch.tensor([-5, 1 << 20], dtype=torch.int32),
        "i16": torch.tensor([-5, 1000], dtype=torch.int16),
        "i8": torch.tensor([-5, 100], dtype=torch.int8),
        "u8": torch.tensor([5, 200], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.tensor([0.5, 8.0])),
    }
    torch.save(kinds, folder / "kinds.pth")
    record("kinds.pth", "torch", kinds)

    nested = {"epoch": 3, "lr": 1e-4, "state_dict": net().state_dict(), "tags": ["x", None, True]}
    torch.save(nested, folder / "nested-state-dict.ckpt")
    record("nested-state-dict.ckpt", "torch", net().state_dict())
    torch.save({"model": {"w": whole}, "step": 1 << 40}, folder / "nested-model.ckpt")
    record("nested-model.ckpt", "torch", {"w": whole})

    torch.save({"w": whole}, folder / "legacy.pth", _use_new_zipfile_serialization=False)

    text = json.dumps(expected, indent=None, separators=(",", ":"))
    (folder / "expected.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
