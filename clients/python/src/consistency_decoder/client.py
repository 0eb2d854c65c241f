"""What every client can do, whatever it speaks to the server."""

from __future__ import annotations

import abc
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .calls import DEFAULT_DEADLINE, Cancellation, Deadline, RetryPolicy
from .errors import IncompatibleServerError, InvalidInputError
from .requests import DecodeCall, Dialect, EncodeCall, Output, Region, Scale, Tiling, decode_call, encode_call
from .tensors import WireTensor, shape_text

if TYPE_CHECKING:
    from typing_extensions import Self

Progress = Callable[[int, int], None]

_SEEDS = re.compile(r"-?\d+(,-?\d+)*")
_SAMPLED = re.compile(rf"given|{_SEEDS.pattern}")


@dataclass(frozen=True)
class Decoded:
    """Decoded pictures.

    ``pixels`` is uint8 [N, H, W, 3], or float [N, 3, H, W] in [-1, 1]. ``warnings`` are sentences for a person: the
    server noticed something that is probably a mistake. ``metadata`` is what the server says of the decode: seed,
    dialect, time.
    """

    pixels: NDArray[Any]
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """A model that the server has. ``reason`` says why it is not ready; ``digest`` names its weights."""

    name: str
    provider: str = ""
    ready: bool = True
    reason: str = ""
    encodes: bool = False
    digest: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class Client(abc.ABC):
    """Calls a consistency-decoder server. Safe for use by several threads; close it when it is no longer needed.

    Retries what may work a moment later, see :class:`RetryPolicy`. A deadline is in seconds and covers all attempts;
    None is for no limit but the server's. What a server answers is read up to what was asked for and no further.
    """

    def __init__(self, retry: RetryPolicy | None = None) -> None:
        self._retry = retry or RetryPolicy()

    def decode(
        self,
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
        start: str | Any | None = None,
        keep: Any = None,
        mask: Any = None,
        feather: int | None = None,
        grow: int = 0,
        region: Region = "auto",
        model: str = "",
        deadline: float | None = DEFAULT_DEADLINE,
        cancellation: Cancellation | None = None,
        progress: Progress | None = None,
    ) -> Decoded:
        """Turns latents [N, 4, h, w] into pictures of 8h by 8w.

        scale: ``scaled`` as the UNet leaves them (standard deviation about 1) or ``unscaled`` as a VAE takes them
            (about 5). The two look alike and decode to plausible pictures either way, so it has to be said.
        scaling_factor: what the caller's pipeline says; anything but 0.18215 is refused.
        seed: one PyTorch CPU generator for the batch, or a list with one for each picture. Without it and without
            noise: 0.
        shared_noise: seed of one field of noise for all pictures, of this call and of all others of the size: frames
            of a still scene do not flicker, also if they are decoded a few at a time. Moving content gains nothing.
        noise: the numbers themselves, one array [N, 3, 8h, 8w] for each step.
        steps: evaluations of the network, evenly spread; 2 unless said otherwise, 1 with a start.
        timesteps: the schedule itself in place of steps, for example [1008, 512].
        dialect: ``original`` clamps after each step as OpenAI's code does, ``diffusers`` does not.
        output: ``uint8`` [N, H, W, 3], or ``float32`` or ``float16`` [N, 3, H, W] in [-1, 1].
        tiling: what the server may do with a picture that is large for its memory. ``whole``: decode it whole or
            refuse it; ``exact``: in bands, the same picture to rounding; ``overlapped``: in tiles, nearly the same
            picture; ``auto``: whole where the memory suffices, otherwise exact, and overlapped, with a warning, only
            where that does not suffice either.
        start: a cheaper picture of the same latents takes the place of the first step: the name of one of the server's
            models of another kind, or the pictures, floats [N, 3, 8h, 8w] in [-1, 1] or bytes [N, 8h, 8w, 3].
        keep: known pixels that come back as they are, floats or bytes as of start; one picture for all, or one each.
        mask: what is painted anew, [N or 1, 1, 8h, 8w]: floats from 0.5 on, bytes from 128 on, or truth values.
        feather: pixels inside the mask over which the known ones fade out, 4 unless said otherwise.
        grow: pixels by which the mask is widened first.
        region: ``auto`` evaluates the mask's box and a margin only, ``whole`` the whole picture.
        progress: called with the number of steps done and of all; a server that is asked over HTTP tells the end only.
        """
        call = decode_call(
            latents,
            scale=scale,
            scaling_factor=scaling_factor,
            seed=seed,
            shared_noise=shared_noise,
            noise=noise,
            steps=steps,
            timesteps=timesteps,
            dialect=dialect,
            output=output,
            tiling=tiling,
            start=start,
            keep=keep,
            mask=mask,
            feather=feather,
            grow=grow,
            region=region,
            model=model,
        )
        limit, stop = Deadline(deadline), cancellation or Cancellation()
        request = self._prepare(call)
        return self._retry.run(lambda: self._decode(call, request, limit, stop, progress), limit, stop)

    def encode(
        self,
        pictures: Any,
        *,
        scale: Scale,
        model: str = "",
        deadline: float | None = DEFAULT_DEADLINE,
        cancellation: Cancellation | None = None,
    ) -> NDArray[Any]:
        """Turns pictures [N, 3, H, W] in [-1, 1] into latents [N, 4, H/8, W/8]: the encoder's mean, float32.

        Raises :class:`NotSupportedError` if the server has no encoder.
        """
        call = encode_call(pictures, scale, model)
        limit, stop = Deadline(deadline), cancellation or Cancellation()
        return self._retry.run(lambda: self._encode(call, limit, stop), limit, stop)

    def models(self, *, deadline: float | None = 30.0) -> list[Model]:
        """The models that the server has, sorted by name."""
        limit, stop = Deadline(deadline), Cancellation()
        return self._retry.run(lambda: self._models(limit, stop), limit, stop)

    @abc.abstractmethod
    def ready(self, *, timeout: float = 5.0) -> bool:
        """Whether the server would decode now. One attempt; False if nobody answers."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends the connections; closing again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abc.abstractmethod
    def _prepare(self, call: DecodeCall) -> Any:
        """What to send, made once for all attempts."""

    @abc.abstractmethod
    def _decode(
        self,
        call: DecodeCall,
        request: Any,
        deadline: Deadline,
        cancellation: Cancellation,
        progress: Progress | None,
    ) -> Decoded: ...

    @abc.abstractmethod
    def _encode(self, call: EncodeCall, deadline: Deadline, cancellation: Cancellation) -> NDArray[Any]: ...

    @abc.abstractmethod
    def _models(self, deadline: Deadline, cancellation: Cancellation) -> list[Model]: ...


def bearer(token: str) -> str:
    """The value of the header that carries a token. Raises :class:`InvalidInputError` if no header can."""
    if not token.isascii() or not token.isprintable():
        raise InvalidInputError("the token has characters that no header carries; is a line break at its end?")
    return f"Bearer {token}"


def pixels_of(tensor: WireTensor, call: DecodeCall, server: str) -> NDArray[Any]:
    """The pictures of an answer, of the type that was asked for.

    Raises :class:`IncompatibleServerError` if they are not what was asked for.
    """
    if tensor.shape != call.picture_shape or (call.output == "uint8") != (tensor.dtype == "uint8"):
        raise _not_asked_for(tensor, f"{call.output} of shape {shape_text(call.picture_shape)}", server)
    return tensor.array().astype(call.output, copy=False)


def latents_of(tensor: WireTensor, call: EncodeCall, server: str) -> NDArray[Any]:
    """The latents of an answer, float32.

    Raises :class:`IncompatibleServerError` if they are not those of such pictures.
    """
    if tensor.shape != call.latents_shape or tensor.dtype == "uint8":
        raise _not_asked_for(tensor, f"latents of shape {shape_text(call.latents_shape)}", server)
    return tensor.as_float32().array()


def check_heard(call: DecodeCall, seed: str, said: Mapping[str, str], server: str) -> None:
    """Raises :class:`IncompatibleServerError` if the server passed over a part of the call.

    Servers pass over what they do not know, and the picture is then another one.

    seed: what the server says of the noise: the seeds, or something else if it was given or is not used.
    """
    n = call.latents.shape[0]
    if call.noise is not None and _SEEDS.fullmatch(seed):
        what, instead = "use the noise that was sent", "pass a seed instead"
    elif call.shared_noise is not None and _SEEDS.fullmatch(seed) and seed != ",".join([str(call.shared_noise)] * n):
        what, instead = "share the noise", "pass seed=[N] * number of pictures instead"
    elif call.start is not None and _SAMPLED.fullmatch(seed) and "start" not in said:
        what, instead = "use the start", "decode without it"
    elif call.keep is not None and "region" not in said:
        what, instead = "keep the known pixels", "decode without them"
    else:
        return
    raise IncompatibleServerError(
        f"{server} did not {what}, so its picture is another one; "
        f"it is another server, or an older version: update it, or {instead}"
    )


def _not_asked_for(tensor: WireTensor, wanted: str, server: str) -> IncompatibleServerError:
    return IncompatibleServerError(
        f"{server} answered with {tensor.dtype} of shape {shape_text(tensor.shape)} where {wanted} was asked for; "
        "it is another server, or another version: "
        "compare 'consistency-decoder --version' with the version of this package"
    )
