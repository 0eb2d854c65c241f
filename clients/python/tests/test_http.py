from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from door import Door, Reply, Seen, picture, refusal, tensor, tensors_of

from consistency_decoder import (
    AccessDeniedError,
    Cancellation,
    DeadlineExceededError,
    DecodeCancelledError,
    DecoderError,
    HttpClient,
    IncompatibleServerError,
    InvalidInputError,
    ModelNotFoundError,
    NotSupportedError,
    RetryPolicy,
    ServerBusyError,
    ServerFailedError,
    ServerUnavailableError,
    connect,
)

LATENTS = np.random.default_rng(0).standard_normal((2, 4, 3, 5)).astype(np.float32)
NOISE = [np.random.default_rng(k).standard_normal((2, 3, 24, 40)).astype(np.float32) for k in (1, 2)]
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.002)

OpenDoor = Callable[[Callable[[Seen], Reply]], Door]


def client_of(door: Door, **options: Any) -> HttpClient:
    return HttpClient(door.endpoint, retry=QUICK, **options)


def test_a_decode_says_everything_the_door_has_to_know(open_door: OpenDoor) -> None:
    door = open_door(picture)
    decoded = client_of(door, token="secret").decode(
        LATENTS,
        scale="scaled",
        scaling_factor=0.18215,
        seed=[3, -4],
        steps=1,
        dialect="diffusers",
        tiling="exact",
        model="taesd",
    )
    assert decoded.pixels.shape == (2, 24, 40, 3)
    assert decoded.pixels.dtype == np.uint8
    seen = door.seen[0]
    assert (seen.method, seen.path) == ("POST", "/")
    assert seen.query == {
        "output_type": "pt",
        "partial_postprocess": "True",
        "latents": "scaled",
        "tiling": "exact",
        "scaling_factor": "0.18215",
        "seed": "3,-4",
        "steps": "1",
        "dialect": "diffusers",
        "model": "taesd",
        "timeout": seen.query["timeout"],
    }
    assert seen.headers["content-type"] == "application/safetensors"
    assert seen.headers["authorization"] == "Bearer secret"
    np.testing.assert_array_equal(tensors_of(seen)["latents"], LATENTS)


def test_given_noise_travels_beside_the_latents(open_door: OpenDoor) -> None:
    door = open_door(picture)
    client_of(door).decode(LATENTS, scale="unscaled", noise=NOISE, output="float32")
    sent = tensors_of(door.seen[0])
    assert list(sent) == ["latents", "noise0", "noise1"]
    np.testing.assert_array_equal(sent["noise0"], NOISE[0])
    np.testing.assert_array_equal(sent["noise1"], NOISE[1])
    assert "seed" not in door.seen[0].query


@pytest.mark.parametrize("reply", [{"x_seed": "0"}, {"x_seed": "1,2"}])
def test_a_server_that_ignores_the_noise_is_found_out(open_door: OpenDoor, reply: dict[str, str]) -> None:
    door = open_door(lambda seen: picture(seen, **reply))
    with pytest.raises(IncompatibleServerError, match="did not use the noise that was sent"):
        client_of(door).decode(LATENTS, scale="unscaled", noise=NOISE)


def test_a_server_that_tells_nothing_of_seeds_is_found_out(open_door: OpenDoor) -> None:
    door = open_door(lambda _: tensor(np.zeros((2, 24, 40, 3), np.uint8)))
    with pytest.raises(IncompatibleServerError, match="another server, or an older version"):
        client_of(door).decode(LATENTS, scale="unscaled", noise=NOISE)


@pytest.mark.parametrize(
    ("sent", "output"), [(np.float32, "float16"), (np.float16, "float32"), (np.float16, "float16")]
)
def test_floats_come_in_the_type_that_was_asked_for(open_door: OpenDoor, sent: Any, output: Any) -> None:
    door = open_door(picture)
    decoded = client_of(door).decode(LATENTS.astype(sent), scale="unscaled", output=output)
    assert decoded.pixels.dtype == np.dtype(output)
    assert decoded.pixels.shape == (2, 3, 24, 40)


def test_warnings_and_facts_come_along(open_door: OpenDoor) -> None:
    door = open_door(lambda seen: picture(seen, x_warning="looks scaled", x_decode_ms="12.5", x_dialect="original"))
    decoded = client_of(door).decode(LATENTS, scale="unscaled", seed=7)
    assert decoded.warnings == ("looks scaled",)
    assert decoded.metadata == {"seed": "7", "decode-ms": "12.5", "dialect": "original"}


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (refusal(400, "shape: 5 channels"), InvalidInputError, "shape: 5 channels"),
        (refusal(413, "larger than the limit"), InvalidInputError, "larger than the limit"),
        (refusal(401, "a token is needed"), AccessDeniedError, "pass the server's token as token="),
        (refusal(404, "nothing here"), IncompatibleServerError, "404 for /.*consistency-decoder --version"),
        (refusal(405, "possible here: GET"), IncompatibleServerError, "status 405"),
        (refusal(501, "no encoder"), NotSupportedError, "no encoder"),
        (refusal(504, "would take 9 s"), DeadlineExceededError, "would take 9 s"),
        (refusal(500, "internal error, incident 17"), ServerFailedError, "incident 17; its log has the cause"),
        (Reply(404, {"Content-Type": "text/html"}, b"<html>"), IncompatibleServerError, "status 404 and text/html"),
        (Reply(400, {}, b'{"error": 5}'), IncompatibleServerError, "status 400"),
        (
            Reply(200, {"Content-Type": "image/png"}, b"png"),
            IncompatibleServerError,
            "image/png of 3 bytes that is not a tensor",
        ),
        (tensor(np.zeros((1, 3, 2, 4), np.float32)), IncompatibleServerError, "answered with float32 of shape"),
        (tensor(np.zeros((2, 24, 24, 3), np.uint8)), IncompatibleServerError, r"uint8 of shape \[2, 24, 24, 3\]"),
        (Reply(200, {"shape": "[2]", "dtype": "uint8"}, b"x"), IncompatibleServerError, "not a tensor"),
    ],
)
def test_every_answer_that_is_no_picture_becomes_its_own_error(
    open_door: OpenDoor, reply: Reply, error: type[DecoderError], says: str
) -> None:
    door = open_door(lambda _: reply)
    with pytest.raises(error, match=says):
        client_of(door).decode(LATENTS, scale="unscaled")
    assert len(door.seen) == 1


def test_an_unknown_model_is_told_apart_from_an_unknown_route(open_door: OpenDoor) -> None:
    door = open_door(lambda _: refusal(404, "no model 'x'"))
    with pytest.raises(ModelNotFoundError, match=r"no model 'x'; models\(\) lists those"):
        client_of(door).decode(LATENTS, scale="unscaled", model="x")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(open_door: OpenDoor, status: int) -> None:
    def answer(seen: Seen) -> Reply:
        return refusal(status, "later", Retry_After="0") if len(door.seen) < 3 else picture(seen)

    door = open_door(answer)
    client_of(door).decode(LATENTS, scale="unscaled")
    assert len(door.seen) == 3
    assert door.seen[0].body == door.seen[2].body


def test_a_server_that_stays_busy_is_given_up_after_four_attempts(open_door: OpenDoor) -> None:
    door = open_door(lambda _: refusal(429, "queue full", Retry_After="0.01"))
    with pytest.raises(ServerBusyError, match=r"queue full.*try later") as caught:
        client_of(door).decode(LATENTS, scale="unscaled")
    assert caught.value.retry_after == 0.01
    assert len(door.seen) == 4


def test_a_connection_that_is_cut_is_made_again(open_door: OpenDoor) -> None:
    def answer(seen: Seen) -> Reply:
        if len(door.seen) == 1:
            raise ConnectionAbortedError
        return picture(seen)

    door = open_door(answer)
    client_of(door).decode(LATENTS, scale="unscaled")
    assert len(door.seen) == 2


def test_an_answer_that_ends_early_is_no_picture(open_door: OpenDoor) -> None:
    def answer(seen: Seen) -> Reply:
        whole = picture(seen)
        return Reply(200, {**whole.headers, "Content-Length": str(len(whole.body))}, whole.body[:100])

    door = open_door(answer)
    with pytest.raises((ServerUnavailableError, IncompatibleServerError)):
        client_of(door).decode(LATENTS, scale="unscaled")


def test_nobody_there_says_how_to_start_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
    client = HttpClient(endpoint, retry=QUICK)
    with pytest.raises(
        ServerUnavailableError, match=r"connection refused\); start it with 'consistency-decoder serve'"
    ):
        client.decode(LATENTS, scale="unscaled")
    assert not client.ready()


def test_no_socket_there_says_so(tmp_path: Path) -> None:
    client = HttpClient(f"http+unix:{tmp_path / 'none'}", retry=QUICK)
    with pytest.raises(ServerUnavailableError, match="there is no such socket"):
        client.decode(LATENTS, scale="unscaled")


def test_something_that_is_not_http_is_named_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1 << 20)
                peer.sendall(b"\0\0\x12\x04\0\0\0\0\0\0\x03\x7f\xff\xff\xff\n")

        threading.Thread(target=speak, daemon=True).start()
        client = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}", retry=QUICK)
        with pytest.raises(IncompatibleServerError, match=r"does not speak HTTP there.*8001 is gRPC"):
            client.decode(LATENTS, scale="unscaled")


def test_https_where_plain_http_is_spoken_is_named_as_such(open_door: OpenDoor) -> None:
    door = open_door(picture)
    client = HttpClient(door.endpoint.replace("http:", "https:"), retry=QUICK)
    with pytest.raises(IncompatibleServerError, match="check the scheme and the port"):
        client.decode(LATENTS, scale="unscaled")


def test_a_deadline_ends_a_call_and_is_told_to_the_server(open_door: OpenDoor) -> None:
    over = threading.Event()

    def answer(seen: Seen) -> Reply:
        over.wait(20)
        return picture(seen)

    door = open_door(answer)
    with pytest.raises(DeadlineExceededError, match=r"the deadline of 0\.3 s passed"):
        client_of(door).decode(LATENTS, scale="unscaled", deadline=0.3)
    assert 0 < float(door.seen[0].query["timeout"]) <= 0.3
    over.set()


def test_a_trickle_does_not_outlast_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1 << 20)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(100):
                    time.sleep(0.05)
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        client = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}", retry=QUICK)
        with pytest.raises(DeadlineExceededError):
            client.decode(LATENTS, scale="unscaled", deadline=0.4)


def test_a_cancellation_ends_a_call_that_waits(open_door: OpenDoor) -> None:
    over, arrived = threading.Event(), threading.Event()

    def answer(seen: Seen) -> Reply:
        arrived.set()
        over.wait(20)
        return picture(seen)

    door, cancellation = open_door(answer), Cancellation()

    def cancel() -> None:
        arrived.wait(10)
        cancellation.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(DecodeCancelledError, match="cancelled by its caller"):
        client_of(door).decode(LATENTS, scale="unscaled", cancellation=cancellation)
    assert len(door.seen) == 1
    over.set()


def test_a_cancelled_call_is_not_begun(open_door: OpenDoor) -> None:
    door, cancellation = open_door(picture), Cancellation()
    cancellation.cancel()
    with pytest.raises(DecodeCancelledError):
        client_of(door).decode(LATENTS, scale="unscaled", cancellation=cancellation)
    assert not door.seen


def test_a_refusal_before_the_body_was_read_is_still_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        body = json.dumps({"error": "too large"}).encode()

        def refuse() -> None:
            with listener.accept()[0] as peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 413 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                peer.shutdown(socket.SHUT_WR)
                time.sleep(0.3)

        threading.Thread(target=refuse, daemon=True).start()
        client = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}", retry=QUICK)
        with pytest.raises((InvalidInputError, ServerUnavailableError), match=r"too large|no answer"):
            client.decode(np.ones((1, 4, 600, 600), np.float32), scale="unscaled")


def test_latents_of_pictures_come_back_as_they_are(open_door: OpenDoor) -> None:
    latents = np.arange(2 * 4 * 2 * 3, dtype=np.float32).reshape(2, 4, 2, 3)
    door = open_door(lambda _: tensor(latents))
    pictures = np.zeros((2, 3, 16, 24), np.float32)
    np.testing.assert_array_equal(client_of(door).encode(pictures, scale="scaled", model="vae"), latents)
    seen = door.seen[0]
    assert (seen.path, seen.query) == (
        "/encode",
        {
            "shape": "2,3,16,24",
            "dtype": "float32",
            "scaling_factor": "0.18215",
            "model": "vae",
            "timeout": seen.query["timeout"],
        },
    )
    assert seen.body == pictures.tobytes()
    with pytest.raises(IncompatibleServerError, match="latents of shape"):
        client_of(door).encode(np.zeros((4, 3, 16, 24), np.float32), scale="unscaled")


def test_models_are_listed_by_name(open_door: OpenDoor) -> None:
    listed = {
        "models": [
            {"name": "sd_vae", "ready": False, "reason": "being opened", "encodes": True, "decoder": "vae"},
            {"name": "consistency_decoder", "ready": True, "reason": "", "encodes": False, "digest": "sha256:1"},
        ]
    }
    door = open_door(lambda _: Reply(200, {}, json.dumps(listed).encode()))
    models = client_of(door).models()
    assert [m.name for m in models] == ["consistency_decoder", "sd_vae"]
    assert (models[1].ready, models[1].reason, models[1].encodes, models[1].provider) == (
        False,
        "being opened",
        True,
        "vae",
    )
    door.answer = lambda _: Reply(200, {}, b"[]")
    with pytest.raises(IncompatibleServerError, match="cannot be read"):
        client_of(door).models()


def test_ready_is_what_readyz_says(open_door: OpenDoor) -> None:
    door = open_door(lambda _: Reply(200, {}, b"Ok"))
    assert client_of(door).ready()
    assert door.seen[0].path == "/readyz"
    door.answer = lambda _: refusal(503, "models are being opened")
    assert not client_of(door).ready()


def test_a_path_before_the_routes_is_kept(open_door: OpenDoor) -> None:
    door = open_door(picture)
    HttpClient(door.endpoint + "/decoder/").decode(LATENTS, scale="unscaled")
    assert door.seen[0].path == "/decoder/"


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://x", "http://", "", "http://x?y=1"])
def test_an_address_that_is_none_says_what_is_one(address: str) -> None:
    with pytest.raises(InvalidInputError, match="http://host"):
        connect(address)
