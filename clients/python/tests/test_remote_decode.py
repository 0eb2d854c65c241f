"""The file that the hosts' folders share, against a door that answers as it is told and against the service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from door import Door, Reply, Seen, refusal

from consistency_decoder import HttpClient

torch = pytest.importorskip("torch", reason="torch is not installed")

from hosts import CLIENTS, LATENTS, levels, load, sent  # noqa: E402

OpenDoor = Callable[[Callable[[Seen], Reply]], Door]


def test_the_copies_of_the_shared_file_are_equal() -> None:
    first = (CLIENTS / "comfyui" / "remote_decode.py").read_bytes()
    for host in ("forge", "a1111"):
        assert (CLIENTS / host / "remote_decode.py").read_bytes() == first, f"copy comfyui/remote_decode.py to {host}"


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Any:
    return load("shared_remote_decode", CLIENTS / "comfyui" / "remote_decode.py", monkeypatch)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_latents_of_every_type_arrive_as_they_are(open_door: OpenDoor, remote: Any, dtype: Any) -> None:
    door = open_door(levels)
    pictures = remote.decode(door.endpoint, LATENTS.to(dtype), scaled=True, seeds=[1, 2], token="t")
    assert pictures.shape == (2, 3, 24, 40)
    assert torch.equal(sent(door.seen[0]), LATENTS.to(dtype).float())
    assert door.seen[0].query["latents"] == "scaled"
    assert door.seen[0].query["seed"] == "1,2"
    assert door.seen[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("latents", "says"),
    [
        (torch.zeros(1, 16, 4, 4), "16 channels are those of Stable Diffusion 3 or Flux"),
        (torch.zeros(1, 64, 64), r"\[N, 4, h, w\] of Stable Diffusion 1\.x are needed"),
        (torch.zeros(1, 4, 1, 4, 4), r"\[N, 4, h, w\]"),
        (torch.full((1, 4, 4, 4), 1e6).half(), "came as float16: run the model in bfloat16 or float32"),
        (torch.zeros(1, 4, 4, 4, dtype=torch.int32), "int32: float32, float16 or bfloat16"),
    ],
)
def test_wrong_latents_are_refused_with_what_to_do(remote: Any, latents: Any, says: str) -> None:
    with pytest.raises(remote.RemoteDecodeError, match=says):
        remote.decode("http://127.0.0.1:1", latents, scaled=True)


def test_a_busy_server_is_asked_again_and_given_up_in_the_end(open_door: OpenDoor, remote: Any) -> None:
    door = open_door(lambda seen: levels(seen) if len(door.seen) == 3 else refusal(429, "full", Retry_After="0"))
    remote.decode(door.endpoint, LATENTS, scaled=True)
    assert len(door.seen) == 3
    door.seen.clear()
    door.answer = lambda _: refusal(503, "starting", Retry_After="0")
    with pytest.raises(remote.RemoteDecodeError, match=r"not ready or about to stop \(starting\)"):
        remote.decode(door.endpoint, LATENTS, scaled=True)
    assert len(door.seen) == 4


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (refusal(400, "shape: odd"), "the server refused: shape: odd"),
        (refusal(401, "a token is needed"), "the server wants its token"),
        (Reply(404, {}, b"<html>"), "status 404 without a reason: it may be another server"),
        (Reply(200, {"Content-Type": "image/png"}, b"png"), r"image/png of 3 bytes, not with float32"),
        (Reply(200, {"dtype": "float32", "shape": "[" * 20_000}, b"x"), "of 1 bytes, not with float32"),
        (Reply(200, {}, bytes(100_000)), "more than the 23040 bytes that were due"),
        (Reply(400, {}, bytes(3 << 20)), "more than the 1048576 bytes that were due"),
        (Reply(400, {}, b"[" * 20_000), "status 400 without a reason"),
        (refusal(503, "starting", Retry_After="soon"), r"not ready or about to stop \(starting\)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_picture_is_an_error_that_says_why(
    open_door: OpenDoor, remote: Any, reply: Reply, says: str
) -> None:
    door = open_door(lambda _: reply)
    with pytest.raises(remote.RemoteDecodeError, match=says):
        remote.decode(door.endpoint, LATENTS, scaled=True)


def test_nobody_there_says_how_to_start_one(remote: Any) -> None:
    with pytest.raises(remote.RemoteDecodeError, match="start it with 'consistency-decoder serve'"):
        remote.decode("http://127.0.0.1:1", LATENTS, scaled=True)
    with pytest.raises(remote.RemoteDecodeError, match="http://host:port is needed"):
        remote.decode("127.0.0.1:8000", LATENTS, scaled=True)
    with pytest.raises(remote.RemoteDecodeError, match="http://host:port is needed"):
        remote.decode("http://127.0.0.1:x", LATENTS, scaled=True)


def test_whoever_waits_can_stop(open_door: OpenDoor, remote: Any) -> None:
    arrived, over = threading.Event(), threading.Event()

    def answer(seen: Seen) -> Reply:
        arrived.set()
        over.wait(20)
        return levels(seen)

    def check() -> None:
        if arrived.is_set():
            raise KeyboardInterrupt

    door = open_door(answer)
    with pytest.raises(KeyboardInterrupt):
        remote.decode(door.endpoint, LATENTS, scaled=True, check=check)
    over.set()


@pytest.mark.service
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_service_decodes_what_the_hosts_send(remote: Any, reduced_endpoint: str, dtype: Any) -> None:
    z = LATENTS.to(dtype)
    pictures = remote.decode(reduced_endpoint, z, scaled=True, seeds=[7, 8], dialect="diffusers")
    expected = HttpClient(reduced_endpoint).decode(
        z.float().numpy(), scale="scaled", seed=[7, 8], dialect="diffusers", output="float32"
    )
    np.testing.assert_array_equal(pictures.numpy(), expected.pixels)


@pytest.mark.service
def test_the_service_s_refusals_reach_the_hosts(remote: Any, reduced_endpoint: str) -> None:
    with pytest.raises(remote.RemoteDecodeError, match="the server refused: dialect"):
        remote.decode(reduced_endpoint, LATENTS, scaled=True, dialect="openai")
