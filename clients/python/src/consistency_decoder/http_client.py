"""Plain HTTP: the server's Remote VAE door, over TCP, TLS or a Unix socket. Needs NumPy only."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from numpy.typing import NDArray

from .calls import Cancellation, Deadline, RetryPolicy, TransientError
from .client import Client, Decoded, Model, Progress, bearer, check_heard, latents_of, pixels_of
from .errors import (
    AccessDeniedError,
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
from .tensors import ITEM_BYTES, WireTensor, safetensors

UNIX_SCHEME = "http+unix:"

_CHUNK = 1 << 20
_CONNECT_SECONDS = 10.0
_MOST_MESSAGE = 500
# Bytes of an answer that is no tensor: a refusal, a list of models.
_MOST_WORDS = 1 << 20
# What reading a document raises when it is not what it should be; the last for one that is nested without end.
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Request:
    """``most`` is the number of bytes that are read of an answer, unless it is a refusal."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    most: int = _MOST_WORDS


class HttpClient(Client):
    """Calls a server over HTTP. One connection for each call, none is kept.

    endpoint: ``http://host:port``, ``https://host:port`` or ``http+unix:/path/of/the/socket``.
    token: sent as a bearer token.
    tls: for https; without it the system's certificates.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        super().__init__(retry)
        self.endpoint = endpoint
        self._authorization = {} if token is None else {"Authorization": bearer(token)}
        self._socket_path: str | None = None
        self._host, self._port, self._prefix = "localhost", 0, ""
        if endpoint.startswith(UNIX_SCHEME):
            self._scheme = "http"
            path = unquote(endpoint[len(UNIX_SCHEME) :])
            self._socket_path = path[2:] if path.startswith("//") else path
            return
        try:
            parts = urlsplit(endpoint)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or " " in parts.path:
                raise ValueError(endpoint)
            self._port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as e:
            raise InvalidInputError(
                f"endpoint {endpoint!r}: http://host:port, https://host:port or http+unix:/path is needed"
            ) from e
        self._scheme, self._host, self._prefix = parts.scheme, parts.hostname, parts.path.rstrip("/")
        if self._scheme == "https":
            self._tls = tls or ssl.create_default_context()

    def __repr__(self) -> str:
        return f"HttpClient({self.endpoint!r})"

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def ready(self, *, timeout: float = 5.0) -> bool:
        request = _Request("GET", "/readyz", {}, {})
        try:
            return self._send(request, Deadline(timeout), Cancellation()).status == 200
        except (DecoderError, TransientError):
            return False

    def why_broken(self, *, timeout: float = 5.0) -> str:
        """Why a model that was opened, or could not be, does not decode; empty if that is not so, or nobody answers."""
        request = _Request("GET", "/models", {}, {"Accept": "application/json"})
        try:
            document = json.loads(self._send(request, Deadline(timeout), Cancellation()).body)
            if document["readiness"] != "broken":
                return ""
            return "; ".join(f"{m['name']}: {m['reason']}" for m in document["models"] if not m["ready"])
        except (DecoderError, TransientError, *_MALFORMED):
            return ""

    def _prepare(self, call: DecodeCall) -> _Request:
        query = {
            "output_type": "pt",
            "partial_postprocess": str(call.output == "uint8"),
            "latents": call.scale,
            "dialect": call.dialect,
        }
        if call.steps is not None:
            query["steps"] = str(call.steps)
        if call.timesteps is not None:
            query["schedule"] = ",".join(str(t) for t in call.timesteps)
        if call.scaling_factor is not None and call.scale == "scaled":
            query["scaling_factor"] = repr(call.scaling_factor)
        if call.seeds is not None:
            query["seed"] = ",".join(str(seed) for seed in call.seeds)
        if call.shared_noise is not None:
            query["noise-shared"] = str(call.shared_noise)
        if call.tiling != "auto":
            query["tiling"] = call.tiling
        if isinstance(call.start, str):
            query["start"] = call.start
        if call.model:
            query["model"] = call.model
        # Floats are answered in the type of the latents.
        latents = call.latents.as_float32() if call.output == "float32" else call.latents
        tensors = {"latents": latents}
        for k, step in enumerate(call.noise or ()):
            tensors[f"noise{k}"] = step
        if isinstance(call.start, WireTensor):
            tensors["start"] = call.start
        if call.keep is not None:
            tensors.update(keep=call.keep.pixels, mask=call.keep.mask)
            query.update(grow=str(call.keep.grow), region=call.keep.region)
            if call.keep.feather is not None:
                query["feather"] = str(call.keep.feather)
        headers = {"Content-Type": "application/safetensors", "Accept": "tensor/binary"}
        return _Request("POST", "/", query, headers, safetensors(tensors), call.answer_bytes)

    def _decode(
        self,
        call: DecodeCall,
        request: _Request,
        deadline: Deadline,
        cancellation: Cancellation,
        progress: Progress | None,
    ) -> Decoded:
        answer = self._ask(request, deadline, cancellation)
        pixels = pixels_of(self._tensor(answer), call, self.endpoint)
        metadata = {name[2:]: value for name, value in answer.headers.items() if name.startswith("x-")}
        # A server of another kind says nothing of seeds.
        check_heard(call, metadata.get("seed", "0"), metadata, self.endpoint)
        if progress is not None:
            progress(1, 1)
        warning = metadata.pop("warning", "")
        return Decoded(pixels, (warning,) if warning else (), metadata)

    def _encode(self, call: EncodeCall, deadline: Deadline, cancellation: Cancellation) -> NDArray[Any]:
        tensor = call.pictures.as_float32()
        query = {"shape": ",".join(str(n) for n in tensor.shape), "dtype": "float32"}
        if call.scale == "scaled":
            query["scaling_factor"] = "0.18215"
        if call.model:
            query["model"] = call.model
        headers = {"Content-Type": "tensor/binary", "Accept": "tensor/binary"}
        request = _Request("POST", "/encode", query, headers, tensor.data, call.answer_bytes)
        return latents_of(self._tensor(self._ask(request, deadline, cancellation)), call, self.endpoint)

    def _models(self, deadline: Deadline, cancellation: Cancellation) -> list[Model]:
        request = _Request("GET", "/models", {}, {"Accept": "application/json"})
        answer = self._ask(request, deadline, cancellation)
        try:
            listed = json.loads(answer.body)["models"]
            models = [
                Model(
                    name=str(m["name"]),
                    provider=str(m.get("decoder", "")),
                    ready=bool(m["ready"]),
                    reason=str(m.get("reason", "")),
                    encodes=bool(m.get("encodes", False)),
                    digest=str(m.get("digest", "")),
                    details={"device": str(m.get("device", ""))},
                )
                for m in listed
            ]
            return sorted(models, key=lambda model: model.name)
        except _MALFORMED as e:
            raise self._foreign("a list of models that cannot be read") from e

    def _ask(self, request: _Request, deadline: Deadline, cancellation: Cancellation) -> _Answer:
        remaining = deadline.remaining()
        if remaining is not None and request.method == "POST":
            request = replace(request, query={**request.query, "timeout": f"{min(remaining, 86400.0):.3f}"})
        answer = self._send(request, deadline, cancellation)
        if answer.status == 200:
            return answer
        raise self._refused(request, answer, deadline)

    def _send(self, request: _Request, deadline: Deadline, cancellation: Cancellation) -> _Answer:
        connection = self._connection(deadline)
        try:
            with contextlib.closing(connection), _ended_by(deadline, cancellation, connection):
                connection.connect()
                connection.sock.settimeout(None)
                cancellation.check()
                answer = self._exchange(connection, request)
                # An answer without a length ends where its connection does, also where that was cut.
                cancellation.check()
                deadline.remaining()
                return answer
        except (OSError, http.client.HTTPException, UnicodeError) as e:
            cancellation.check()
            deadline.remaining()
            raise self._broken(e) from e

    def _exchange(self, connection: http.client.HTTPConnection, request: _Request) -> _Answer:
        target = self._prefix + request.path
        if request.query:
            target += "?" + urlencode(request.query)
        headers = {"Connection": "close", **request.headers, **self._authorization}
        # A server that refuses early stops reading; what it said is worth more than the broken pipe.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(request.method, target, request.body, headers)
        response = connection.getresponse()
        most = request.most if response.status == 200 else _MOST_WORDS
        body = bytearray()
        while len(body) <= most and (response.length or 0) + len(body) <= most:
            piece = response.read1(min(_CHUNK, most + 1 - len(body)))
            if not piece:
                break
            body += piece
        else:
            raise self._foreign(f"status {response.status} and more than the {most} bytes that such an answer has")
        if response.length:
            raise http.client.IncompleteRead(bytes(body), response.length)
        return _Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, bytes(body))

    def _connection(self, deadline: Deadline) -> _Connection:
        left = deadline.remaining()
        seconds = _CONNECT_SECONDS if left is None else min(left, _CONNECT_SECONDS)
        if self._socket_path is not None:
            return _UnixConnection(self._socket_path, seconds)
        if self._scheme == "https":
            return _TlsConnection(self._host, self._port, seconds, self._tls)
        return _Connection(self._host, self._port, timeout=seconds)

    def _broken(self, e: Exception) -> Exception:
        if isinstance(e, (http.client.InvalidURL, UnicodeError)):
            return InvalidInputError(f"endpoint {self.endpoint!r} is not an address ({e})")
        if isinstance(e, ssl.SSLCertVerificationError):
            return AccessDeniedError(
                f"the certificate of {self.endpoint} is not trusted ({e.verify_message}); "
                "pass tls=ssl.create_default_context(cafile=...) with the authority that signed it"
            )
        if isinstance(e, (ssl.SSLError, http.client.BadStatusLine)) and not isinstance(
            e, http.client.RemoteDisconnected
        ):
            return IncompatibleServerError(
                f"what listens at {self.endpoint} does not speak {self._scheme.upper()} there; "
                "check the scheme and the port: of a consistency-decoder server 8000 is HTTP and 8001 is gRPC (grpc://)"
            )
        return TransientError(
            ServerUnavailableError(
                f"no answer from {self.endpoint} ({_reason(e)}); start it with 'consistency-decoder serve', "
                "or check the address, the port and whether it is still running"
            )
        )

    def _refused(self, request: _Request, answer: _Answer, deadline: Deadline) -> Exception:
        said = _sentence(answer)
        if said is None:
            return self._foreign(f"status {answer.status} and {answer.headers.get('content-type', 'no content type')}")
        status = answer.status
        after = _seconds(answer.headers.get("retry-after"))
        if status == 429:
            return TransientError(
                ServerBusyError(
                    f"the server has too much to do ({said}); try later, send less at a time, or start another",
                    after,
                ),
                after,
            )
        if status == 503:
            return TransientError(
                ServerUnavailableError(
                    f"the server at {self.endpoint} is not ready or about to stop ({said}); "
                    "its /readyz says when it is ready"
                ),
                after,
            )
        if status == 504:
            return deadline.exceeded(said)
        if status in (401, 403):
            return AccessDeniedError(f"{said}; pass the server's token as token=")
        if status == 404:
            if {"model", "start"} & set(request.query):
                return ModelNotFoundError(f"{said}; models() lists those that the server has")
            return self._foreign(f"404 for {request.path} ({said})")
        if status == 501:
            return NotSupportedError(said)
        if status in (400, 413):
            return InvalidInputError(said)
        if status in (405, 411, 415):
            return self._foreign(f"status {status} ({said})")
        return ServerFailedError(f"the server failed with status {status}: {said}; its log has the cause")

    def _foreign(self, what: str) -> IncompatibleServerError:
        return IncompatibleServerError(
            f"{self.endpoint} answered with {what}, which a consistency-decoder server of this version does not; "
            "check the address, and compare 'consistency-decoder --version' with the version of this package"
        )

    def _tensor(self, answer: _Answer) -> WireTensor:
        try:
            dtype: Any = answer.headers["dtype"]
            shape = tuple(json.loads(answer.headers["shape"]))
            if dtype not in ITEM_BYTES or not all(type(n) is int and n > 0 for n in shape):
                raise ValueError(dtype)
            return WireTensor(dtype, shape, answer.body)
        except _MALFORMED as e:
            kind = answer.headers.get("content-type", "no content type")
            raise self._foreign(f"{kind} of {len(answer.body)} bytes that is not a tensor") from e


class _Connection(http.client.HTTPConnection):
    """``channel`` stays when ``sock`` has gone over to the answer."""

    channel: socket.socket | None = None

    def connect(self) -> None:
        super().connect()
        self.channel = self.sock


class _UnixConnection(_Connection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system's Python has no Unix sockets; use http://")
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            channel.settimeout(self.timeout)
            channel.connect(self._path)
        except BaseException:
            channel.close()
            raise
        self.sock = self.channel = channel


class _TlsConnection(_Connection):
    """The handshake is made when the channel can already be hung up."""

    def __init__(self, host: str, port: int, timeout: float, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout)
        self._tls = tls

    def connect(self) -> None:
        super().connect()
        tls = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = self.channel = tls
        tls.do_handshake()


@contextmanager
def _ended_by(deadline: Deadline, cancellation: Cancellation, connection: _Connection) -> Iterator[None]:
    """Hangs up when the time is over or the caller cancels.

    A time-out of the socket would not do: a server that sends a byte now and then is never late.
    """

    def hang_up() -> None:
        if connection.channel is not None:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which would take it from under whoever reads.
                socket.socket.shutdown(connection.channel, socket.SHUT_RDWR)

    left = deadline.remaining()
    timer = threading.Timer(0 if left is None else left, hang_up)
    timer.daemon = True
    try:
        if left is not None:
            timer.start()
        with cancellation.watching(hang_up):
            yield
    finally:
        timer.cancel()


def _reason(e: Exception) -> str:
    if isinstance(e, ConnectionRefusedError):
        return "connection refused"
    if isinstance(e, FileNotFoundError):
        return "there is no such socket"
    if isinstance(e, TimeoutError):
        return "it timed out"
    return str(e) or type(e).__name__


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None


def _sentence(answer: _Answer) -> str | None:
    """The reason of a refusal, None if it is not in the form that our servers have."""
    try:
        error = json.loads(answer.body)["error"]
    except _MALFORMED:
        return None
    return error[:_MOST_MESSAGE] if isinstance(error, str) and error else None
