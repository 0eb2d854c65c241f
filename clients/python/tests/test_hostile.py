"""A server that wants to do harm: it costs no more memory and time than was asked for, and no error but ours."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from door import Door, Reply, Seen, tensor

from consistency_decoder import (
    DeadlineExceededError,
    DecoderError,
    HttpClient,
    IncompatibleServerError,
    InvalidInputError,
    LocalSidecar,
    RetryPolicy,
    SidecarError,
    connect,
)
from consistency_decoder.calls import DEFAULT_DEADLINE, Deadline
from consistency_decoder.sidecar import COMMAND_VARIABLE

LATENTS = np.zeros((1, 4, 8, 8), np.float32)
PICTURE_BYTES = 64 * 64 * 3
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.002)

OpenDoor = Callable[[Callable[[Seen], Reply]], Door]


class Peer:
    """Sends ``head``, then ``piece`` as long as anybody takes it; ``sent`` says how much that was."""

    def __init__(self, head: bytes, piece: bytes, pause: float = 0.0) -> None:
        self._head, self._piece, self._pause = head, piece, pause
        self._over = threading.Event()
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._over.is_set():
                with self._listener.accept()[0] as peer:
                    self._flood(peer)

    def _flood(self, peer: socket.socket) -> None:
        # What the system takes on its own account is kept small.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        with suppress(OSError):
            if self._head:
                peer.recv(1 << 20)
                peer.sendall(self._head)
            while not self._over.is_set():
                peer.sendall(self._piece)
                self.sent += len(self._piece)
                self._over.wait(self._pause)

    def close(self) -> None:
        self._over.set()
        self._listener.close()


@contextmanager
def sending(head: bytes, piece: bytes, pause: float = 0.0) -> Iterator[Peer]:
    peer = Peer(head, piece, pause)
    try:
        yield peer
    finally:
        peer.close()


CHUNK = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
TENSOR = b"HTTP/1.1 200 OK\r\ndtype: uint8\r\nshape: [1, 64, 64, 3]\r\n"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (TENSOR + b"Content-Length: 600000000\r\n\r\n", bytes(1 << 16)),
        (TENSOR + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
        (TENSOR + b"\r\n", bytes(1 << 16)),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 600000000\r\n\r\n", bytes(1 << 16)),
        (b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK),
    ],
)
def test_no_more_is_read_than_is_due(head: bytes, piece: bytes) -> None:
    with sending(head, piece) as peer:
        client = HttpClient(f"http://127.0.0.1:{peer.port}", retry=QUICK)
        for call in (lambda: client.decode(LATENTS, scale="unscaled"), client.models):
            with pytest.raises(IncompatibleServerError, match=r"more than the \d+ bytes that such an answer has"):
                call()
        assert not client.ready()
        assert client.why_broken() == ""
        # 12 KB or 1 MB are due, four times; the rest is what lies in buffers.
        assert peer.sent < 40 << 20


def test_what_is_due_is_read_to_the_last_byte(open_door: OpenDoor) -> None:
    door = open_door(lambda _: tensor(np.full((1, 64, 64, 3), 7, np.uint8)))
    decoded = HttpClient(door.endpoint).decode(LATENTS, scale="unscaled")
    assert decoded.pixels.nbytes == PICTURE_BYTES
    assert (decoded.pixels == 7).all()


DEEP = "[" * 20_000
HEADERS = {"dtype": "uint8", "shape": "[1, 64, 64, 3]"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"shape": DEEP}, b"x"),
        ({"shape": "[" * 5_000 + "]" * 5_000}, b"x"),
        ({"shape": "[1e999]"}, b"x"),
        ({"shape": "[NaN]"}, b"x"),
        ({"shape": "[" + "9" * 5_000 + "]"}, b"x"),
        ({"shape": "[-1, -1]"}, b"x"),
        ({"shape": str([1] * 100)}, b"x"),
        ({"shape": "{}"}, b"x"),
        ({"shape": "null"}, b"x"),
        ({"shape": "[true]"}, b"x"),
        ({"shape": "[0]"}, b""),
        ({"shape": "[]"}, b"x"),
        ({"shape": "[1, 64, 64, 3.0]"}, bytes(PICTURE_BYTES)),
        ({"shape": "\xff"}, b"x"),
        ({"dtype": "complex64"}, b"x"),
        ({"dtype": ""}, b"x"),
        ({}, b"x"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_tensor_that_is_none_is_an_error_of_ours(open_door: OpenDoor, headers: dict[str, str], body: bytes) -> None:
    client = HttpClient(open_door(lambda _: Reply(200, {**HEADERS, **headers}, body)).endpoint, retry=QUICK)
    with pytest.raises(IncompatibleServerError):
        client.decode(LATENTS, scale="unscaled")
    with pytest.raises(IncompatibleServerError):
        client.encode(np.zeros((1, 3, 64, 64), np.float32), scale="unscaled")


@pytest.mark.parametrize("status", [200, 400, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        DEEP.encode(),
        b'{"a":' * 20_000,
        b'{"models": 5, "error": {}}',
        b'{"models": [[]], "error": []}',
        b'{"models": [{"name": ' + b"[" * 900 + b"]" * 900 + b', "ready": 1}]}',
        b'{"models": {"a": 1}}',
        b"\xff\xfe",
        b"\xff" * 8,
        b'"\\ud800"',
        b"9" * 10_000,
        b"null",
        b"",
    ],
    ids=lambda body: f"{body[:20]!r}",
)
def test_a_document_that_is_none_is_an_error_of_ours(open_door: OpenDoor, status: int, body: bytes) -> None:
    client = HttpClient(open_door(lambda _: Reply(status, {"Retry-After": "0"}, body)).endpoint, retry=QUICK)
    for call in (lambda: client.decode(LATENTS, scale="unscaled"), client.models):
        with suppress(DecoderError):
            call()
    assert client.ready() == (status == 200)
    assert client.why_broken() == ""


@pytest.mark.parametrize("after", ["nan", "inf", "-1", "1e400", "9" * 400, "Mon, 01 Jan 2035 00:00:00 GMT", "\xff"])
def test_no_time_to_wait_is_an_error_of_python_s(open_door: OpenDoor, after: str) -> None:
    client = HttpClient(
        open_door(lambda _: Reply(503, {"Retry-After": after}, b'{"error": "x"}')).endpoint, retry=QUICK
    )
    with pytest.raises(DecoderError):
        client.decode(LATENTS, scale="unscaled")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nA: b", b"c"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (TENSOR + b"\r\n", b"x"),
        (TENSOR + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"A: b\r\n"),
    ],
)
def test_a_trickle_ends_with_the_deadline_wherever_it_is(head: bytes, piece: bytes) -> None:
    with sending(head, piece, 0.02) as peer:
        client = HttpClient(f"http://127.0.0.1:{peer.port}", retry=QUICK)
        began = time.monotonic()
        with pytest.raises((DeadlineExceededError, IncompatibleServerError)):
            client.decode(LATENTS, scale="unscaled", deadline=0.5)
        assert time.monotonic() - began < 30


def test_a_handshake_that_trickles_ends_with_the_deadline() -> None:
    # A record of 16 KB, a byte at a time: no single read is late.
    with sending(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03", 0.02) as peer:
        client = HttpClient(f"https://127.0.0.1:{peer.port}", tls=ssl.create_default_context(), retry=QUICK)
        with pytest.raises((DeadlineExceededError, IncompatibleServerError)):
            client.decode(LATENTS, scale="unscaled", deadline=0.5)


def test_a_call_has_a_deadline_unless_it_is_said_that_it_has_none(open_door: OpenDoor) -> None:
    door = open_door(lambda _: tensor(np.zeros((1, 64, 64, 3), np.uint8)))
    client = HttpClient(door.endpoint)
    client.decode(LATENTS, scale="unscaled")
    client.decode(LATENTS, scale="unscaled", deadline=None)
    client.decode(LATENTS, scale="unscaled", deadline=float("inf"))
    told = [seen.query.get("timeout") for seen in door.seen]
    assert DEFAULT_DEADLINE - 60 < float(told[0] or 0) <= DEFAULT_DEADLINE
    assert told[1:] == [None, None]
    assert Deadline(1e30).remaining() is None


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:99999", "http://127.0.0.1:x", "http://[::1", "https://127.0.0.1:-1", "http://127.0.0.1:1/a b"],
)
def test_an_address_with_a_port_or_host_that_is_none_says_what_is_one(address: str) -> None:
    with pytest.raises(InvalidInputError, match="http://host:port"):
        connect(address)


@pytest.mark.parametrize("address", ["http://" + "a" * 100 + ":1", "http://a..b:1"])
def test_an_address_that_nothing_can_be_sent_to_is_said_to_be_none(address: str) -> None:
    with pytest.raises(InvalidInputError, match="is not an address"):
        HttpClient(address, retry=QUICK).decode(LATENTS, scale="unscaled")


@pytest.mark.parametrize("token", ["secret\n", "a\r\nX: y", "gehe\xefm", "\u20ac"])
def test_a_token_that_no_header_carries_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="the token has characters"):
        connect("http://127.0.0.1:1", token=token)


@pytest.mark.parametrize("target", [None, 5, b"http://x", LocalSidecar.__new__(LocalSidecar)])
def test_something_else_than_an_address_is_refused_with_what_to_do(target: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"an address is needed.*of a LocalSidecar pass \.target"):
        connect(target)


def test_a_command_that_cannot_be_split_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, "java 'unclosed")
    with pytest.raises(SidecarError, match=f"{COMMAND_VARIABLE} is .* which is no command"):
        LocalSidecar()


def test_a_seed_without_end_is_refused(open_door: OpenDoor) -> None:
    with pytest.raises(InvalidInputError, match="not a whole number"):
        HttpClient("http://127.0.0.1:1").decode(LATENTS, scale="unscaled", seed=float("inf"))  # type: ignore[arg-type]
