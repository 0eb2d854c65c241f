"""gRPC: the server's own service consistencydecoder.v1, over TCP, TLS or a Unix socket. Needs the extra ``grpc``."""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from .calls import Cancellation, Deadline, RetryPolicy, TransientError
from .client import Client, Decoded, Model, Progress, bearer, check_heard, latents_of, pixels_of
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
from .requests import DecodeCall, EncodeCall, evenly_spread
from .tensors import TypeName, WireTensor

try:
    import grpc
    from google.protobuf.message import DecodeError

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
_TYPES_OF_FORMATS = {
    pb.PICTURE_FORMAT_UINT8: pb.DATA_TYPE_UINT8,
    pb.PICTURE_FORMAT_FLOAT32: pb.DATA_TYPE_FLOAT32,
    pb.PICTURE_FORMAT_FLOAT16: pb.DATA_TYPE_FLOAT16,
}
_TILINGS = {
    "auto": pb.TILING_UNSPECIFIED,
    "whole": pb.TILING_WHOLE,
    "exact": pb.TILING_EXACT,
    "overlapped": pb.TILING_OVERLAPPED,
}
# What gRPC says when a server answers in HTTP/1.
_NOT_GRPC = re.compile(r"http/?1|parsing HTTP/2", re.IGNORECASE)
# What it says itself of an answer that it does not take; our server has other words for a request that is too large.
_NOT_TAKEN = re.compile(r"(?<!SERVER: )Received message larger than max|Compression algorithm .* is disabled")
_PROXY = re.compile("proxy", re.IGNORECASE)
# Bytes of an answer beside its tensor: warnings, metadata; or all of a list of models.
_MOST_WORDS = 1 << 20
_LARGEST_MESSAGE = 2**31 - 1
# Bytes of a picture in one event of a stream.
_LONGEST_PART = 1 << 20
_OPTIONS = (
    # Noise is larger than the 4 MiB that are usual; the server has limits of its own.
    ("grpc.max_send_message_length", -1),
    # Nothing compressed is taken: a few bytes could become any number.
    ("grpc.compression_enabled_algorithms_bitset", 1),
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
        self._metadata = () if token is None else (("authorization", bearer(token)),)
        scheme, _, rest = target.partition(":")
        address = target if scheme == "unix" else rest.removeprefix("//").rstrip("/")
        if scheme not in ("grpc", "grpcs", "unix") or not address or ("/" in address and scheme != "unix"):
            raise InvalidInputError(f"target {target!r}: grpc://host:port, grpcs://host:port or unix:/path is needed")
        self._address = address
        self._credentials = (credentials or grpc.ssl_channel_credentials()) if scheme == "grpcs" else None
        self._lock = threading.Lock()
        self._channels: dict[int, Any] | None = {}

    def __repr__(self) -> str:
        return f"GrpcClient({self.target!r})"

    def close(self) -> None:
        with self._lock:
            channels, self._channels = self._channels, None
        for channel in (channels or {}).values():
            channel.close()

    def ready(self, *, timeout: float = 5.0) -> bool:
        try:
            models = self._models(Deadline(timeout), Cancellation())
        except (DecoderError, TransientError):
            return False
        return any(model.ready for model in models)

    def _channel(self, most: int) -> Any:
        """A channel that takes in so many bytes and little more: gRPC has no such bound for a single call."""
        size = min(1 << (most + _MOST_WORDS - 1).bit_length(), _LARGEST_MESSAGE)
        with self._lock:
            if self._channels is None:
                raise InvalidInputError(f"the client for {self.target} was closed; make a new one")
            if size not in self._channels:
                options = [*_OPTIONS, ("grpc.max_receive_message_length", size)]
                if _is_loopback(self._address):
                    # Whatever http_proxy says: no proxy leads back to this machine.
                    options.append(("grpc.enable_http_proxy", 0))
                self._channels[size] = (
                    grpc.insecure_channel(self._address, options)
                    if self._credentials is None
                    else grpc.secure_channel(self._address, self._credentials, options)
                )
            return self._channels[size]

    def _prepare(self, call: DecodeCall) -> pb.DecodeRequest:
        return pb.DecodeRequest(
            model=call.model,
            latents=pb.Latents(
                tensor=_message(call.latents),
                scale=_SCALES[call.scale],
                scaling_factor=call.scaling_factor,
            ),
            noise=_noise(call),
            timesteps=_timesteps(call),
            dialect=_DIALECTS[call.dialect],
            format=_FORMATS[call.output],
            tiling=_TILINGS[call.tiling],
            start=_start(call),
            keep=_keep(call),
        )

    def _decode(
        self,
        call: DecodeCall,
        request: Any,
        deadline: Deadline,
        cancellation: Cancellation,
        progress: Progress | None,
    ) -> Decoded:
        if progress is None:
            answer = self._call("Decode", request, pb.DecodeResponse, call.answer_bytes, deadline, cancellation)
            tensor, report = self._tensor(answer.pictures.tensor), answer.report
        else:
            tensor, report = self._streamed(call, request, deadline, cancellation, progress)
        said = report.metadata
        check_heard(call, said.get("seed", said.get("noise", "")), said, self.target)
        metadata = {
            **report.metadata,
            "request-id": report.request_id,
            "model": report.model,
            "model-digest": report.model_digest,
            "queue-ms": f"{report.queue_nanos / 1e6:.1f}",
            "decode-ms": f"{report.decode_nanos / 1e6:.1f}",
        }
        return Decoded(pixels_of(tensor, call, self.target), tuple(report.warnings), metadata)

    def _streamed(
        self, call: DecodeCall, request: Any, deadline: Deadline, cancellation: Cancellation, progress: Progress
    ) -> tuple[WireTensor, Any]:
        """The pictures, put together from their parts, and the report."""
        header, report = pb.PicturesHeader(), pb.DecodeReport()
        pictures = [bytearray() for _ in range(call.latents.shape[0])]
        left = call.answer_bytes
        with self._calling(self._method("DecodeStream", _LONGEST_PART), request, deadline, cancellation) as events:
            for message in events:
                event = pb.DecodeStreamResponse.FromString(message)
                kind = event.WhichOneof("event")
                if kind == "step_finished":
                    progress(event.step_finished.step + 1, event.step_finished.steps)
                elif kind == "header":
                    header = event.header
                elif kind == "part":
                    left -= len(event.part.data)
                    if left < 0 or event.part.picture not in range(len(pictures)):
                        raise self._foreign("more pictures than were asked for")
                    pictures[event.part.picture] += event.part.data
                elif kind == "done":
                    report = event.done
        kind = _TYPES_OF_FORMATS.get(header.format, pb.DATA_TYPE_UNSPECIFIED)
        return self._tensor(pb.Tensor(data_type=kind, shape=header.shape, data=b"".join(pictures))), report

    def _encode(self, call: EncodeCall, deadline: Deadline, cancellation: Cancellation) -> NDArray[Any]:
        request = pb.EncodeRequest(model=call.model, tensor=_message(call.pictures), scale=_SCALES[call.scale])
        answer = self._call("Encode", request, pb.EncodeResponse, call.answer_bytes, deadline, cancellation)
        return latents_of(self._tensor(answer.latents.tensor), call, self.target)

    def _models(self, deadline: Deadline, cancellation: Cancellation) -> list[Model]:
        request = pb.ListModelsRequest()
        answer = self._call("ListModels", request, pb.ListModelsResponse, 0, deadline, cancellation)
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

    def _call(
        self, name: str, request: Any, response: Any, most: int, deadline: Deadline, cancellation: Cancellation
    ) -> Any:
        """``most``: bytes of the answer's tensor."""
        method = self._method(name, most).future
        with self._calling(method, request, deadline, cancellation) as future:
            return response.FromString(future.result())

    def _method(self, name: str, most: int) -> Any:
        """``most``: bytes of the tensor in an answer, or in each of them."""
        channel = self._channel(most)
        kind = channel.unary_stream if name.endswith("Stream") else channel.unary_unary
        return kind(
            _SERVICE + name,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=lambda data: data,
        )

    @contextmanager
    def _calling(self, method: Any, request: Any, deadline: Deadline, cancellation: Cancellation) -> Iterator[Any]:
        """A call that the block waits for; ended with the block, and what goes wrong is an error of ours."""
        remaining = deadline.remaining()
        try:
            call = method(request, timeout=remaining, metadata=self._metadata)
        except ValueError as e:
            raise InvalidInputError(f"the client for {self.target} was closed; make a new one") from e
        try:
            with cancellation.watching(lambda: _cancel(call)):
                yield call
        except DecodeError as e:
            call.cancel()
            raise self._foreign("a message that cannot be read") from e
        except grpc.FutureCancelledError:
            cancellation.check()
            raise DecodeCancelledError("the client was closed while it waited for the answer") from None
        except grpc.RpcError as e:
            raise self._refused(e, deadline) from e
        except BaseException:
            # Ctrl-C, most likely: the server should stop too.
            call.cancel()
            raise

    def _refused(self, e: Any, deadline: Deadline) -> Exception:
        code, said = e.code(), e.details() or "no reason given"
        pushback = _pushback(e)
        status = grpc.StatusCode
        if code == status.INVALID_ARGUMENT:
            return InvalidInputError(said)
        if _NOT_TAKEN.search(said):
            return self._foreign(f"more than was asked for, or compressed ({said})")
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
            advice = (
                "name its host in the variable no_grpc_proxy, so that gRPC does not ask the proxy of grpc_proxy, "
                "https_proxy or http_proxy for it"
                if _PROXY.search(said)
                else "start it with 'consistency-decoder serve', or check the address, the port and whether it is "
                "still running"
            )
            return TransientError(ServerUnavailableError(f"no answer from {self.target} ({said}); {advice}"), pushback)
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
    if call.shared_noise is not None:
        return pb.Noise(shared_seed=call.shared_noise)
    if call.seeds is None:
        return None
    if call.one_generator:
        return pb.Noise(seed=call.seeds[0])
    return pb.Noise(seeds=pb.Seeds(values=call.seeds))


def _timesteps(call: DecodeCall) -> tuple[int, ...]:
    """None for the usual ones, which are two without a start."""
    if call.timesteps is not None:
        return call.timesteps
    usual = call.steps is None or (call.steps == 2 and call.start is None)
    return () if usual else evenly_spread(call.steps or 0)


def _start(call: DecodeCall) -> pb.Start | None:
    if isinstance(call.start, str):
        return pb.Start(model=call.start)
    return None if call.start is None else pb.Start(pixels=_message(call.start))


def _keep(call: DecodeCall) -> pb.Keep | None:
    keep = call.keep
    if keep is None:
        return None
    return pb.Keep(
        pixels=_message(keep.pixels),
        mask=_message(keep.mask),
        feather=keep.feather,
        grow=keep.grow,
        whole=keep.region == "whole",
    )


def _is_loopback(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0] if re.search(r":\d*$", address) else address
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _cancel(future: Any) -> None:
    future.cancel()


def _pushback(e: Any) -> float | None:
    """Seconds that the server asks to wait; None if it says nothing, or not to come back."""
    for name, value in e.trailing_metadata() or ():
        if name == "grpc-retry-pushback-ms":
            try:
                seconds = int(value) / 1000
            except (ValueError, OverflowError):
                return None
            return seconds if seconds >= 0 else None
    return None
