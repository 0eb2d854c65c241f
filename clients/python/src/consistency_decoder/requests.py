"""A decode or an encoding as the caller asked for it, checked before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .errors import InvalidInputError, WrongLatentsError
from .tensors import WireTensor, finite, shape_text

Scale = Literal["scaled", "unscaled"]
Dialect = Literal["original", "diffusers"]
Output = Literal["uint8", "float32", "float16"]
Tiling = Literal["auto", "whole", "exact", "overlapped"]
Region = Literal["auto", "whole"]

SCALING_FACTOR = 0.18215
PIXELS_PER_CELL = 8
CHANNELS = 4

_SCALES = ("scaled", "unscaled")
_DIALECTS = ("original", "diffusers")
_OUTPUTS = ("uint8", "float32", "float16")
_TILINGS = ("auto", "whole", "exact", "overlapped")
_REGIONS = ("auto", "whole")
_LARGEST_NOISE = 1000.0
_MOST_STEPS = 64
_FIRST_TIMESTEP, _LAST_TIMESTEP = 1, 1023
_WIDEST = 256


@dataclass(frozen=True)
class Keep:
    """Known pixels, and a mask [N or 1, 1, 8h, 8w] of what is painted anew; no feather is the server's own."""

    pixels: WireTensor
    mask: WireTensor
    feather: int | None
    grow: int
    region: Region


@dataclass(frozen=True)
class DecodeCall:
    """A decode. Of ``seeds``, ``shared_noise`` and ``noise`` two are None at least; one seed is for the whole batch.

    ``steps`` and ``timesteps`` are None for the server's usual ones; ``start`` is a model's name, or pictures.
    """

    latents: WireTensor
    scale: Scale
    scaling_factor: float | None
    seeds: tuple[int, ...] | None
    one_generator: bool
    shared_noise: int | None
    noise: tuple[WireTensor, ...] | None
    steps: int | None
    timesteps: tuple[int, ...] | None
    dialect: Dialect
    output: Output
    tiling: Tiling
    start: str | WireTensor | None
    keep: Keep | None
    model: str

    @property
    def picture_shape(self) -> tuple[int, int, int, int]:
        """Of the answer: [N, H, W, 3] for bytes, [N, 3, H, W] for floats."""
        n, _, h, w = self.latents.shape
        height, width = PIXELS_PER_CELL * h, PIXELS_PER_CELL * w
        return (n, height, width, 3) if self.output == "uint8" else (n, 3, height, width)

    @property
    def answer_bytes(self) -> int:
        """The most that the pictures of an answer take: floats may come wider than asked for."""
        return math.prod(self.picture_shape) * (1 if self.output == "uint8" else 4)


@dataclass(frozen=True)
class EncodeCall:
    """An encoding of pictures [N, 3, H, W] in [-1, 1]."""

    pictures: WireTensor
    scale: Scale
    model: str

    @property
    def latents_shape(self) -> tuple[int, int, int, int]:
        """Of the answer: [N, 4, H/8, W/8]."""
        n, _, height, width = self.pictures.shape
        return n, CHANNELS, height // PIXELS_PER_CELL, width // PIXELS_PER_CELL

    @property
    def answer_bytes(self) -> int:
        """The most that the latents of an answer take."""
        return 4 * math.prod(self.latents_shape)


def decode_call(
    latents: Any,
    *,
    scale: Scale,
    scaling_factor: float | None = None,
    seed: int | Sequence[int] | None = None,
    shared_noise: int | None = None,
    noise: Sequence[Any] | None = None,
    steps: int | None = None,
    timesteps: Sequence[int] | None = None,
    dialect: Dialect = "original",
    output: Output = "uint8",
    tiling: Tiling = "auto",
    start: Any = None,
    keep: Any = None,
    mask: Any = None,
    feather: int | None = None,
    grow: int = 0,
    region: Region = "auto",
    model: str = "",
) -> DecodeCall:
    """Checks a decode and makes it ready to be sent."""
    _one_of("scale", scale, _SCALES)
    _one_of("dialect", dialect, _DIALECTS)
    _one_of("output", output, _OUTPUTS)
    _one_of("tiling", tiling, _TILINGS)
    _one_of("region", region, _REGIONS)
    if steps is not None and timesteps is not None:
        raise InvalidInputError("both steps and timesteps were given; one of them says it all")
    if steps is not None and steps not in range(1, _MOST_STEPS + 1):
        raise InvalidInputError(f"{steps} steps were asked for; 1 to {_MOST_STEPS} are possible")
    if scaling_factor is not None:
        check_scaling_factor(scaling_factor)
    if sum(source is not None for source in (seed, shared_noise, noise)) > 1:
        raise InvalidInputError("more than one of seed, shared_noise and noise was given; one of them says it all")
    tensor = WireTensor.of(latents, "latents")
    check_latents(tensor)
    order = None if timesteps is None else _timesteps(timesteps)
    evaluations = steps or len(order or ()) or (2 if start is None else 1)
    return DecodeCall(
        latents=tensor,
        scale=scale,
        scaling_factor=scaling_factor,
        seeds=_seeds(seed, tensor.shape[0]),
        one_generator=not isinstance(seed, Sequence),
        shared_noise=None if shared_noise is None else _seed(shared_noise),
        noise=None if noise is None else _noise(noise, tensor.shape, evaluations),
        steps=steps,
        timesteps=order,
        dialect=dialect,
        output=output,
        tiling=tiling,
        start=start if start is None or isinstance(start, str) else _start(start, tensor.shape),
        keep=_keep(keep, mask, feather, grow, region, tensor.shape),
        model=model,
    )


def evenly_spread(steps: int) -> tuple[int, ...]:
    """The timesteps of so many steps, as the server spreads them."""
    return tuple(min(int(1023 * (k / steps)) // 16 * 16 + 16, 1008) for k in range(steps, 0, -1))


def encode_call(pictures: Any, scale: Scale, model: str) -> EncodeCall:
    """Checks an encoding and makes it ready to be sent."""
    _one_of("scale", scale, _SCALES)
    tensor = WireTensor.of(pictures, "pictures")
    found = f"pictures of shape {shape_text(tensor.shape)}"
    if len(tensor.shape) != 4 or tensor.shape[1] != 3:
        raise InvalidInputError(f"{found}: [N, 3, H, W] with values in [-1, 1] is needed")
    if 0 in tensor.shape or tensor.shape[2] % PIXELS_PER_CELL or tensor.shape[3] % PIXELS_PER_CELL:
        raise InvalidInputError(f"{found}: sides must be multiples of 8; crop or resize them first")
    if not finite(tensor):
        raise InvalidInputError("the pictures contain NaN or infinity")
    return EncodeCall(tensor, scale, model)


def check_latents(tensor: WireTensor) -> None:
    """Raises :class:`WrongLatentsError` unless they are [N, 4, h, w] and finite."""
    shape = tensor.shape
    found = f"latents of shape {shape_text(shape)}"
    if len(shape) == 3:
        if shape[0] == CHANNELS:
            raise WrongLatentsError(f"{found} have no batch: pass latents[None], shape [1, 4, h, w]")
        raise WrongLatentsError(
            f"{found} look packed, as Flux has them; this decoder is for Stable Diffusion 1.x latents "
            "[N, 4, h, w]. Use the VAE of the pipeline that made them"
        )
    if len(shape) != 4:
        raise WrongLatentsError(f"{found}: 4 dimensions [N, 4, h, w] are needed")
    if shape[1] != CHANNELS:
        raise WrongLatentsError(f"{found}: 4 channels are needed{_family(shape)}")
    if 0 in shape:
        raise WrongLatentsError(f"{found} are empty")
    _check_values(tensor)


def check_scaling_factor(factor: float) -> None:
    """Raises :class:`WrongLatentsError` unless it is that of Stable Diffusion 1.x."""
    if abs(factor - SCALING_FACTOR) <= 1e-6:
        return
    if abs(factor - 0.13025) <= 1e-6:
        raise WrongLatentsError(
            "scaling factor 0.13025 is that of SDXL; its latents have the same shape but decode to nonsense here. "
            "Keep the SDXL pipeline's own VAE, or use a Stable Diffusion 1.x pipeline (0.18215)"
        )
    raise WrongLatentsError(
        f"scaling factor {factor:g} is not {SCALING_FACTOR}, that of Stable Diffusion 1.x; such latents are of "
        "another family. Keep that pipeline's own VAE"
    )


def _check_values(tensor: WireTensor) -> None:
    values = tensor.array()
    good = np.isfinite(values)
    if good.all():
        return
    nan, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    found = f"the latents contain {nan} NaN and {infinite} infinite values of {values.size}"
    if tensor.dtype == "float16":
        raise WrongLatentsError(
            f"{found}; float16 ends at 65504, so the UNet or a division by the scaling factor has most likely "
            "overflowed. Run the pipeline in bfloat16 or float32"
        )
    raise WrongLatentsError(
        f"{found}; look for the step that made them: a half-precision UNet, an empty prompt embedding, "
        "or a division by zero"
    )


def _family(shape: tuple[int, ...]) -> str:
    if shape[1] == 16:
        return (
            "; 16 are those of Stable Diffusion 3 or Flux, which this decoder was not made for. "
            "Use the VAE of the pipeline that made them"
        )
    if shape[1] == 3:
        return "; 3 look like a picture: encode it first"
    if shape[3] == CHANNELS:
        return "; the last dimension is 4: pass latents.transpose(0, 3, 1, 2)"
    return ""


def _seeds(seed: int | Sequence[int] | None, batch: int) -> tuple[int, ...] | None:
    if seed is None:
        return None
    if not isinstance(seed, Sequence):
        return (_seed(seed),)
    if len(seed) != batch:
        raise InvalidInputError(
            f"{len(seed)} seeds were given for {batch} latents; one for each is needed, or a single number for all"
        )
    return tuple(_seed(s) for s in seed)


def _seed(seed: int) -> int:
    """As a signed 64-bit number; as torch.manual_seed does, from -2^63 to 2^64 - 1."""
    try:
        number = int(seed)
    except (TypeError, ValueError, OverflowError) as e:
        raise InvalidInputError(f"seed {seed!r} is not a whole number") from e
    if number != seed or not -(2**63) <= number < 2**64:
        raise InvalidInputError(f"seed {seed!r} is not a whole number from -2^63 to 2^64 - 1")
    return number - 2**64 if number >= 2**63 else number


def _timesteps(timesteps: Sequence[int]) -> tuple[int, ...]:
    order = tuple(int(t) for t in timesteps)
    good = all(_FIRST_TIMESTEP <= t <= _LAST_TIMESTEP for t in order) and list(order) == sorted(order, reverse=True)
    if not good or not 1 <= len(order) <= _MOST_STEPS:
        raise InvalidInputError(
            f"timesteps {list(order)}: 1 to {_MOST_STEPS} of them, each of {_FIRST_TIMESTEP} to {_LAST_TIMESTEP} and "
            "none above the one before, are needed, for example [1008, 512]"
        )
    return order


def _start(values: Any, latents: tuple[int, ...]) -> WireTensor:
    tensor = _pictures(values, "the start", latents)
    if tensor.shape[0] != latents[0]:
        raise InvalidInputError(
            f"{tensor.shape[0]} pictures to start from for {latents[0]} latents; one for each is needed"
        )
    return tensor


def _keep(
    keep: Any, mask: Any, feather: int | None, grow: int, region: Region, latents: tuple[int, ...]
) -> Keep | None:
    if keep is None and mask is None:
        if feather is not None or grow or region != "auto":
            raise InvalidInputError("feather, grow and region are of known pixels; keep and mask are missing")
        return None
    if keep is None or mask is None:
        raise InvalidInputError(
            "known pixels were given without a mask; the mask says what to repaint"
            if mask is None
            else "a mask was given without known pixels; pass them as keep"
        )
    for name, width in (("feather", feather), ("grow", grow)):
        if width is not None and width not in range(_WIDEST + 1):
            raise InvalidInputError(f"{name} is 0 to {_WIDEST} pixels, not {width}")
    known, flags = _pictures(keep, "the known picture", latents), _mask(mask, latents)
    for what, tensor in (("known pictures", known), ("masks", flags)):
        if tensor.shape[0] not in (1, latents[0]):
            raise InvalidInputError(
                f"{tensor.shape[0]} {what} for {latents[0]} latents; one, or one for each is needed"
            )
    return Keep(known, flags, None if feather is None else int(feather), int(grow), region)


def _pictures(values: Any, what: str, latents: tuple[int, ...]) -> WireTensor:
    """Bytes [N, H, W, 3] or floats [N, 3, H, W], of the decoded size; of one picture also without N."""
    tensor = WireTensor.of(values, what, levels=True)
    shape = tensor.shape if len(tensor.shape) == 4 else (1, *tensor.shape)
    levels = tensor.dtype == "uint8"
    sides = (shape[1:3] if levels else shape[2:]) if len(shape) == 4 else ()
    if len(sides) != 2 or shape[3 if levels else 1] != 3:
        needed = "[N, H, W, 3] of bytes" if levels else "[N, 3, H, W] with values in [-1, 1]"
        raise InvalidInputError(f"{what} of {tensor.dtype} and shape {shape_text(tensor.shape)}: {needed} is needed")
    _check_sides(what, sides, latents)
    _check_finite(tensor, what)
    return replace(tensor, shape=shape)


def _mask(values: Any, latents: tuple[int, ...]) -> WireTensor:
    """[N, 1, H, W]; also without the 1, or without both."""
    tensor = WireTensor.of(values, "the mask", levels=True)
    shape = tensor.shape
    if len(shape) in (2, 3):
        shape = (shape[0] if len(shape) == 3 else 1, 1, *shape[-2:])
    if len(shape) != 4 or shape[1] != 1:
        raise InvalidInputError(f"a mask of shape {shape_text(tensor.shape)}: [N, 1, H, W] is needed")
    _check_sides("the mask", shape[2:], latents)
    _check_finite(tensor, "the mask")
    return replace(tensor, shape=shape)


def _check_sides(what: str, sides: tuple[int, ...], latents: tuple[int, ...]) -> None:
    needed = tuple(PIXELS_PER_CELL * cells for cells in latents[2:])
    if sides != needed:
        raise InvalidInputError(
            f"{what} has {sides[1]}x{sides[0]} pixels, the decoded picture {needed[1]}x{needed[0]}; "
            "the same size is needed"
        )


def _check_finite(tensor: WireTensor, what: str) -> None:
    if not finite(tensor):
        raise InvalidInputError(f"{what} contains NaN or infinity; finite values are needed")


def _noise(noise: Sequence[Any], latents: tuple[int, ...], steps: int) -> tuple[WireTensor, ...]:
    if len(noise) != steps:
        raise InvalidInputError(
            f"noise for {len(noise)} steps was given, {steps} are made; one tensor for each is needed"
        )
    n, _, h, w = latents
    needed = (n, 3, PIXELS_PER_CELL * h, PIXELS_PER_CELL * w)
    return tuple(_noise_tensor(k, WireTensor.of(step, f"noise{k}"), needed) for k, step in enumerate(noise))


def _noise_tensor(k: int, tensor: WireTensor, needed: tuple[int, ...]) -> WireTensor:
    if tensor.shape != needed:
        raise InvalidInputError(
            f"noise{k} of shape {shape_text(tensor.shape)}: these latents need {shape_text(needed)}"
        )
    if not finite(tensor) or np.abs(tensor.array()).max() > _LARGEST_NOISE:
        raise InvalidInputError(
            f"noise{k} is not standard normal: it has NaN, infinity or values beyond {_LARGEST_NOISE:g}; "
            "draw it with torch.randn or numpy's standard_normal"
        )
    return tensor.as_float32() if tensor.dtype == "bfloat16" else tensor


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidInputError(f"{name} {value!r} is not one of {', '.join(allowed)}")
