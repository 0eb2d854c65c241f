"""gRPC: the server's own service consistencydecoder.v1, over TCP, TLS or a Unix socket. Needs the extra ``grpc``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from .calls import Cancellation, Deadline, RetryPolicy, TransientError
from .client import Client, Decoded, Model, pixels_of
from .errors import (
    AccessDeniedError,
    DecodeCancelledError,
    DecoderError,
    IncompatibleServerError,
    InvalidInputError,
    ModelNotFoundError,
    NotSupportedError,
    ServerBusyError,
    ServerFailedError,
    ServerUnavailableError,
)
from .requests import DecodeCall, EncodeCall
from .tensors import TypeName, WireTensor

try:
    import grpc

    from ._generated import decoder_pb2 as pb
except ImportError as e:
    raise ImportError(
        "grpc:// and unix: need the packages grpcio and protobuf: pip install 'consistency-decoder[grpc]', "
        "or use plain HTTP: http://host:8000"
    ) from e

_SERVICE = "/consistencydecoder.v1.DecoderService/"
_TYPES: dict[TypeName, pb.DataType] = {
    "float32": pb.DATA_TYPE_FLOAT32,
    "float16": pb.DATA_TYPE_FLOAT16,
    "bfloat16": pb.DATA_TYPE_BFLOAT16,
    "uint8": pb.DATA_TYPE_UINT8,
}
_TYPE_NAMES = {number: name for name, number in _TYPES.items()}
_SCALES = {"scaled": pb.LATENT_SCALE_SCALED, "unscaled": pb.LATENT_SCALE_UNSCALED}
_DIALECTS = {"original": pb.DIALECT_ORIGINAL, "diffusers": pb.DIALECT_DIFFUSERS}
_FORMATS = {
    "uint8": pb.PICTURE_FORMAT_UINT8,
    "float32": pb.PICTURE_FORMAT_FLOAT32,
    "float16": pb.PICTURE_FORMAT_FLOAT16,
}
_TILINGS = {
    "auto": pb.TILING_UNSPECIFIED,
    "whole": pb.TILING_WHOLE,
    "exact": pb.TILING_EXACT,
    "overlapped": pb.TILING_OVERLAPPED,
}
# What gRPC says when a server answers in HTTP/1.
_NOT_GRPC = re.compile(r"http/?1|parsing HTTP/2", re.IGNORECASE)
_OPTIONS = (
    # Pictures and noise are larger than the 4 MiB that are usual; the server has limits of its own.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Retries are RetryPolicy's business, so that both transports do the same.
    ("grpc.enable_retries", 0),
    ("grpc.keepalive_time_ms", 60_000),
)


class GrpcClient(Client):
    """Calls a server over gRPC.

    target: ``grpc://host:port``, ``grpcs://host:port`` (TLS) or ``grpc+unix:/path/of/the/socket``.
    token: sent as a bearer token.
    credentials: for grpcs; without it the system's certificates.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None = None,
        credentials: Any = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        super().__init__(retry)
        self.target = target
        target = target.removeprefix("grpc+")
        self._metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        scheme, _, rest = target.partition(":")
        address = target if scheme == "unix" else rest.removeprefix("//").rstrip("/")
        if scheme not in ("grpc", "grpcs", "unix") or not address or ("/" in address and scheme != "unix"):
            raise InvalidInputError(f"target {target!r}: grpc://host:port, grpcs://host:port or unix:/path is needed")
        if scheme == "grpcs":
            self._channel = grpc.secure_channel(
                address, credentials or grpc.ssl_channel_credentials(), options=_OPTIONS
            )
        else:
            self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._decode_method = self._method("Decode", pb.DecodeResponse)
        self._encode_method = self._method("Encode", pb.EncodeResponse)
        self._list_method = self._method("ListModels", pb.ListModelsResponse)

    def __repr__(self) -> str:
        return f"GrpcClient({self.target!r})"

    def close(self) -> None:
        self._channel.close()

    def ready(self, *, timeout: float = 5.0) -> bool:
        try:
            models = self._models(Deadline(timeout), Cancellation())
        except (DecoderError, TransientError):
            return False
        return any(model.ready for model in models)

    def _method(self, name: str, response: Any) -> Any:
        return self._channel.unary_unary(
            _SERVICE + name,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )

    def _prepare(self, call: DecodeCall) -> pb.DecodeRequest:
        return pb.DecodeRequest(
            model=call.model,
            latents=pb.Latents(
                tensor=_message(call.latents),
                scale=_SCALES[call.scale],
                scaling_factor=call.scaling_factor,
            ),
            noise=_noise(call),
            timesteps=_timesteps(call.steps),
            dialect=_DIALECTS[call.dialect],
            format=_FORMATS[call.output],
            tiling=_TILINGS[call.tiling],
        )

    def _decode(self, call: DecodeCall, request: Any, deadline: Deadline, cancellation: Cancellation) -> Decoded:
        answer: pb.DecodeResponse = self._call(self._decode_method, request, deadline, cancellation)
        report = answer.report
        tensor = self._tensor(answer.pictures.tensor)
        metadata = {
            **report.metadata,
            "request-id": report.request_id,
            "model": report.model,
            "model-digest": report.model_digest,
            "queue-ms": f"{report.queue_nanos / 1e6:.1f}",
            "decode-ms": f"{report.decode_nanos / 1e6:.1f}",
        }
        return Decoded(pixels_of(tensor, call, self.target), tuple(report.warnings), metadata)

    def _encode(self, call: EncodeCall, deadline: Deadline, cancellation: Cancellation) -> NDArray[Any]:
        request = pb.EncodeRequest(model=call.model, tensor=_message(call.pictures), scale=_SCALES[call.scale])
        answer: pb.EncodeResponse = self._call(self._encode_method, request, deadline, cancellation)
        return self._tensor(answer.latents.tensor).as_float32().array()

    def _models(self, deadline: Deadline, cancellation: Cancellation) -> list[Model]:
        request = pb.ListModelsRequest()
        answer: pb.ListModelsResponse = self._call(self._list_method, request, deadline, cancellation)
        return [
            Model(
                name=m.name,
                provider=m.provider,
                ready=m.ready,
                reason=m.reason,
                encodes=m.encodes,
                digest=m.digest,
                details={"device": m.device, **m.details},
            )
            for m in answer.models
        ]

    def _call(self, method: Callable[..., Any], request: Any, deadline: Deadline, cancellation: Cancellation) -> Any:
        remaining = deadline.remaining()
        try:
            future = method.future(request, timeout=remaining, metadata=self._metadata)  # type: ignore[attr-defined]
        except ValueError as e:
            raise InvalidInputError(f"the client for {self.target} was closed; make a new one") from e
        try:
            with cancellation.watching(lambda: _cancel(future)):
                return future.result()
        except grpc.FutureCancelledError:
            cancellation.check()
            raise DecodeCancelledError("the client was closed while it waited for the answer") from None
        except grpc.RpcError as e:
            raise self._refused(e, deadline) from e
        except BaseException:
            # Ctrl-C, most likely: the server should stop too.
            future.cancel()
            raise

    def _refused(self, e: Any, deadline: Deadline) -> Exception:
        code, said = e.code(), e.details() or "no reason given"
        pushback = _pushback(e)
        status = grpc.StatusCode
        if code == status.INVALID_ARGUMENT:
            return InvalidInputError(said)
        if code == status.RESOURCE_EXHAUSTED:
            busy = ServerBusyError(
                f"the server has too much to do ({said}); try later, send less at a time, or start another",
                pushback,
            )
            # Without a time to wait it is a message that is too large, and stays so.
            return busy if pushback is None else TransientError(busy, pushback)
        if code == status.UNAVAILABLE:
            if _NOT_GRPC.search(said):
                return self._not_grpc(said)
            return TransientError(
                ServerUnavailableError(
                    f"no answer from {self.target} ({said}); start it with 'consistency-decoder serve', "
                    "or check the address, the port and whether it is still running"
                ),
                pushback,
            )
        if code == status.DEADLINE_EXCEEDED:
            return deadline.exceeded("" if said == "Deadline Exceeded" else said)
        if code == status.CANCELLED:
            return DecodeCancelledError("the call was cancelled; use a new Cancellation to decode again")
        if code == status.NOT_FOUND:
            return ModelNotFoundError(f"{said}; models() lists those that the server has")
        if code == status.UNIMPLEMENTED:
            if "method" in said.lower() or "service" in said.lower():
                return self._foreign(f"'{said}'")
            return NotSupportedError(said)
        if code in (status.UNAUTHENTICATED, status.PERMISSION_DENIED):
            return AccessDeniedError(f"{said}; pass the server's token as token=")
        if _NOT_GRPC.search(said):
            return self._not_grpc(said)
        return ServerFailedError(f"the server failed with {code.name}: {said}; its log has the cause")

    def _not_grpc(self, said: str) -> IncompatibleServerError:
        return IncompatibleServerError(
            f"what listens at {self.target} does not speak gRPC ({said}); check the port: of a consistency-decoder "
            "server 8001 is gRPC and 8000 is HTTP (http://)"
        )

    def _foreign(self, what: str) -> IncompatibleServerError:
        return IncompatibleServerError(
            f"{self.target} answered with {what}, which a consistency-decoder server of this version does not; "
            "check the address, and compare 'consistency-decoder --version' with the version of this package"
        )

    def _tensor(self, message: pb.Tensor) -> WireTensor:
        name = _TYPE_NAMES.get(message.data_type)
        if name is None:
            raise self._foreign("a tensor of an unknown type, or none")
        try:
            return WireTensor(name, tuple(message.shape), message.data)
        except InvalidInputError as e:
            raise self._foreign(f"a damaged tensor ({e})") from e


def _message(tensor: WireTensor) -> pb.Tensor:
    return pb.Tensor(data_type=_TYPES[tensor.dtype], shape=tensor.shape, data=tensor.data)


def _noise(call: DecodeCall) -> pb.Noise | None:
    if call.noise is not None:
        return pb.Noise(given=pb.GivenNoise(steps=[_message(step) for step in call.noise]))
    if call.seeds is None:
        return None
    if call.one_generator:
        return pb.Noise(seed=call.seeds[0])
    return pb.Noise(seeds=pb.Seeds(values=call.seeds))


def _cancel(future: Any) -> None:
    future.cancel()


def _pushback(e: Any) -> float | None:
    """Seconds that the server asks to wait; None if it says nothing, or not to come back."""
    for name, value in e.trailing_metadata() or ():
        if name == "grpc-retry-pushback-ms":
            try:
                milliseconds = int(value)
            except ValueError:
                return None
            return milliseconds / 1000 if milliseconds >= 0 else None
    return None


def _timesteps(steps: int) -> list[int]:
    """Evenly spread, as the server's other entrances spread them; none for the usual two."""
    return [] if steps == 2 else [min(int(1023 * (k / steps)) // 16 * 16 + 16, 1008) for k in range(steps, 0, -1)]
