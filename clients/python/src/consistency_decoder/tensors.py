"""Tensors as they travel: little endian, row-major, with a shape and the name of a type."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInputError

TypeName = Literal["float32", "float16", "bfloat16", "uint8"]

ITEM_BYTES: dict[TypeName, int] = {"float32": 4, "float16": 2, "bfloat16": 2, "uint8": 1}
SAFETENSORS_NAMES: dict[TypeName, str] = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "uint8": "U8",
}


@dataclass(frozen=True)
class WireTensor:
    """Numbers with a shape; ``data`` holds exactly as many bytes as shape and type need."""

    dtype: TypeName
    shape: tuple[int, ...]
    data: bytes

    def __post_init__(self) -> None:
        needed = math.prod(self.shape) * ITEM_BYTES[self.dtype]
        if len(self.data) != needed:
            raise InvalidInputError(
                f"{len(self.data)} bytes were given, {self.dtype} of shape {list(self.shape)} needs {needed}"
            )

    @staticmethod
    def of(values: Any, what: str, *, levels: bool = False) -> WireTensor:
        """Takes a NumPy array, a torch tensor on any device, or nested lists of numbers.

        float16, float32 and bfloat16 stay what they are, float64 becomes float32, all else is refused; but with
        ``levels`` bytes stay what they are, too, and truth values become 0 and 255.
        """
        if _is_torch(values):
            return _of_torch(values, what, levels)
        try:
            array = np.asarray(values)
        except (TypeError, ValueError) as e:
            raise InvalidInputError(
                f"{what} of type {type(values).__name__} cannot be read as numbers ({e}); "
                "pass a NumPy array or a torch tensor"
            ) from e
        if array.dtype.name == "bfloat16":
            return WireTensor("bfloat16", array.shape, np.ascontiguousarray(array).tobytes())
        size = array.dtype.itemsize if array.dtype.kind == "f" else 0
        if size == 2:
            return WireTensor("float16", array.shape, _bytes(array, "<f2"))
        if size in (4, 8):
            with np.errstate(over="ignore"):
                return WireTensor("float32", array.shape, _bytes(array, "<f4"))
        if levels and array.dtype == np.bool_:
            array = array.astype(np.uint8) * np.uint8(255)
        if levels and array.dtype == np.uint8:
            return WireTensor("uint8", array.shape, _bytes(array, "u1"))
        hint = ", or uint8" if levels else ""
        if array.dtype == np.uint16:
            hint = "; if these are the bits of bfloat16, make float32 of them: (bits.astype('u4') << 16).view('f4')"
        raise InvalidInputError(f"{what} of type {array.dtype}: float32, float16 or bfloat16 is needed{hint}")

    def array(self) -> NDArray[Any]:
        """The numbers; bfloat16 as float32, which holds them exactly. Read-only unless they were converted."""
        if self.dtype == "bfloat16":
            bits = np.frombuffer(self.data, "<u2").astype(np.uint32) << np.uint32(16)
            widened: NDArray[Any] = bits.view(np.float32).reshape(self.shape)
            return widened
        kind = {"float32": "<f4", "float16": "<f2", "uint8": "u1"}[self.dtype]
        return np.frombuffer(self.data, kind).reshape(self.shape)

    def as_float32(self) -> WireTensor:
        """The same numbers as float32."""
        if self.dtype == "float32":
            return self
        return WireTensor("float32", self.shape, _bytes(self.array(), "<f4"))


def safetensors(tensors: Mapping[str, WireTensor]) -> bytes:
    """A safetensors file with these tensors, in this order."""
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + len(tensor.data)
        header[name] = {
            "dtype": SAFETENSORS_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(t.data for t in tensors.values())])


def finite(tensor: WireTensor) -> bool:
    """Whether there is neither NaN nor infinity in it."""
    return bool(np.isfinite(tensor.array()).all())


def shape_text(shape: Sequence[int]) -> str:
    """A shape for a message."""
    return "[" + ", ".join(str(n) for n in shape) + "]"


def _bytes(array: NDArray[Any], kind: str) -> bytes:
    return np.ascontiguousarray(array, dtype=kind).tobytes()


def _is_torch(values: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)


def _of_torch(tensor: Any, what: str, levels: bool) -> WireTensor:
    torch = sys.modules["torch"]
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        bits = tensor.contiguous().view(torch.int16).numpy()
        return WireTensor("bfloat16", tuple(tensor.shape), _bytes(bits, "<i2"))
    return WireTensor.of(tensor.numpy(), what, levels=levels)
