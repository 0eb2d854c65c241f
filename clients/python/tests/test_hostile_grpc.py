"""The same over gRPC, and proxies that nobody meant."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from consistency_decoder import DecoderError, IncompatibleServerError, InvalidInputError, ServerUnavailableError

grpc = pytest.importorskip("grpc", reason="grpcio is not installed")
pytest.importorskip("google.protobuf", reason="protobuf is not installed")

from test_grpc import QUICK, Service, client_of, failing, picture, serve  # noqa: E402, F401

from consistency_decoder._generated import decoder_pb2 as pb  # noqa: E402
from consistency_decoder.grpc_client import GrpcClient  # noqa: E402

LATENTS = np.zeros((1, 4, 8, 8), np.float32)
PICTURES = np.zeros((1, 3, 64, 64), np.float32)
LARGE = pb.Tensor(data_type=pb.DATA_TYPE_UINT8, shape=[1, 64, 64, 3], data=bytes(3 << 20))
SHAPES = [[-1, -1], [-64, -64, 3], [1] * 100, [0], [], [1, 64, 64, 3, 0], [2**62, 2**62]]


def test_no_more_is_taken_than_is_due(serve: Any) -> None:  # noqa: F811
    service = serve(
        Decode=lambda *_: pb.DecodeResponse(pictures=pb.Pictures(tensor=LARGE)),
        Encode=lambda *_: pb.EncodeResponse(latents=pb.Latents(tensor=LARGE)),
        ListModels=lambda *_: pb.ListModelsResponse(models=[pb.Model(name="x" * (3 << 20))]),
    )
    with client_of(service) as client:
        for call in (
            lambda: client.decode(LATENTS, scale="unscaled"),
            lambda: client.encode(PICTURES, scale="unscaled"),
            client.models,
        ):
            with pytest.raises(IncompatibleServerError, match="more than was asked for"):
                call()
        assert not client.ready()


def test_nothing_compressed_is_taken(serve: Any) -> None:  # noqa: F811
    def squeezed(_: Any, context: Any) -> Any:
        context.set_compression(grpc.Compression.Gzip)
        return pb.DecodeResponse(pictures=pb.Pictures(tensor=pb.Tensor(data=bytes(200 << 20))))

    with client_of(serve(Decode=squeezed)) as client, pytest.raises(IncompatibleServerError):
        client.decode(LATENTS, scale="unscaled")


def test_a_large_picture_comes_whole(serve: Any) -> None:  # noqa: F811
    with client_of(serve(Decode=picture)) as client:
        small = client.decode(LATENTS, scale="unscaled")
        large = client.decode(np.zeros((1, 4, 128, 128), np.float32), scale="unscaled", output="float32")
    assert (small.pixels.nbytes, large.pixels.nbytes) == (64 * 64 * 3, 4 * 3 * 1024 * 1024)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tensor_that_is_none_is_an_error_of_ours(serve: Any, shape: list[int]) -> None:  # noqa: F811
    for kind, size in ((pb.DATA_TYPE_UINT8, 1), (pb.DATA_TYPE_FLOAT32, 4), (99, 1)):
        items = abs(int(np.prod(shape, dtype=object)))
        data = bytes(items * size if items < 1 << 16 else 1)
        tensor = pb.Tensor(data_type=kind, shape=shape, data=data)
        service = serve(
            Decode=lambda *_, t=tensor: pb.DecodeResponse(pictures=pb.Pictures(tensor=t)),
            Encode=lambda *_, t=tensor: pb.EncodeResponse(latents=pb.Latents(tensor=t)),
        )
        with client_of(service) as client:
            with pytest.raises(IncompatibleServerError):
                client.decode(LATENTS, scale="unscaled")
            with pytest.raises(IncompatibleServerError):
                client.encode(PICTURES, scale="unscaled")


@contextmanager
def raw(**handlers: Any) -> Iterator[GrpcClient]:
    """A client of a server that answers with any bytes."""
    server = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.method_handlers_generic_handler("consistencydecoder.v1.DecoderService", handlers)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with GrpcClient(f"grpc://127.0.0.1:{port}", retry=QUICK) as client:
            yield client
    finally:
        server.stop(0)


@pytest.mark.parametrize("data", [b"\xff" * 50, b"\x0a\xff\xff\xff\xff\x0f", b"\x0b" * 5000, b"\x1a\x02\x0a\x01"])
def test_a_message_that_is_none_is_an_error_of_ours(data: bytes) -> None:
    once, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    with raw(Decode=once(lambda *_: data)) as client, pytest.raises(IncompatibleServerError):
        client.decode(LATENTS, scale="unscaled")
    with raw(DecodeStream=stream(lambda *_: iter([data]))) as client, pytest.raises(IncompatibleServerError):
        client.decode(LATENTS, scale="unscaled", progress=lambda *_: None)


def header(shape: list[int], kind: int = pb.PICTURE_FORMAT_UINT8) -> Any:
    return pb.DecodeStreamResponse(header=pb.PicturesHeader(format=kind, shape=shape))


def part(data: bytes, number: int = 0) -> Any:
    return pb.DecodeStreamResponse(part=pb.Part(picture=number, data=data))


@pytest.mark.parametrize(
    "events",
    [
        [],
        [header([1, 64, 64, 3])],
        [header([1, 64, 64, 3]), part(bytes(64 * 64 * 3 - 1))],
        [header([1, 64, 64, 3]), *[part(bytes(64 * 64 * 3))] * 2],
        [header([1, 64, 64, 3]), part(bytes(64 * 64 * 3), 1)],
        [header([1, 64, 64, 3]), part(bytes(64 * 64 * 3), -1)],
        [header([1, 64, 64, 3], pb.PICTURE_FORMAT_PNG), part(bytes(64 * 64 * 3))],
        [header([1, 64, 64, 3], 99), part(bytes(64 * 64 * 3))],
        [part(bytes(64 * 64 * 3))],
        [header([1, 64, 64, 3]), part(bytes(3 << 20))],
        *([header(shape), part(b"x")] for shape in SHAPES),
    ],
)
def test_a_stream_that_is_none_is_an_error_of_ours(events: list[Any]) -> None:
    sent = [event.SerializeToString() for event in events]
    stream = grpc.unary_stream_rpc_method_handler(lambda *_: iter(sent))
    with raw(DecodeStream=stream) as client, pytest.raises(IncompatibleServerError):
        client.decode(LATENTS, scale="unscaled", progress=lambda *_: None)


@pytest.mark.parametrize("pushback", ["9" * 400, "9" * 10_000, "nan", "-9", "", "1e9"])
def test_no_time_to_wait_is_an_error_of_python_s(serve: Any, pushback: str) -> None:  # noqa: F811
    service = serve(
        Decode=failing(grpc.StatusCode.UNAVAILABLE, "away", ("grpc-retry-pushback-ms", pushback[:4000])),
    )
    with client_of(service) as client, pytest.raises(DecoderError):
        client.decode(LATENTS, scale="unscaled")


@contextmanager
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A proxy that lets nothing through, and that every variable names; what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            while True:
                try:
                    peer = listener.accept()[0]
                except OSError:
                    return
                with peer:
                    asked.append(peer.recv(1 << 16))
                    peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        for name in ("grpc_proxy", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listener.getsockname()[1]}")
        for name in ("no_grpc_proxy", "no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_is_asked_for_this_machine(serve: Any, monkeypatch: pytest.MonkeyPatch, host: str) -> None:  # noqa: F811
    service = serve(Decode=picture)
    with proxy(monkeypatch) as asked, GrpcClient(service.target.replace("127.0.0.1", host), retry=QUICK) as client:
        client.decode(LATENTS, scale="unscaled", deadline=20)
        assert not asked


def test_a_proxy_that_does_not_let_through_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(monkeypatch) as asked, GrpcClient("grpc://decoder.invalid:8001", retry=QUICK) as client:
        with pytest.raises(ServerUnavailableError, match=r"name its host in the variable no_grpc_proxy"):
            client.decode(LATENTS, scale="unscaled", deadline=20)
        assert asked[0].startswith(b"CONNECT decoder.invalid:8001")


def test_what_a_client_is_made_of_is_looked_at() -> None:
    with pytest.raises(InvalidInputError, match="the token has characters"):
        GrpcClient("grpc://127.0.0.1:1", token="a\nb")
    client = GrpcClient("grpc://127.0.0.1:1", retry=QUICK)
    client.close()
    client.close()
    with pytest.raises(InvalidInputError, match="was closed"):
        client.models()
