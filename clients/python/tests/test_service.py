"""Against the Java service itself, with diffusers' reduced model, whose pictures are beside it; needs NumPy only."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import GOLDENS

from consistency_decoder import (
    Cancellation,
    Client,
    DeadlineExceededError,
    DecodeCancelledError,
    IncompatibleServerError,
    InvalidInputError,
    LocalSidecar,
    ModelNotFoundError,
    NotSupportedError,
    RetryPolicy,
    SidecarError,
    connect,
)

pytestmark = pytest.mark.service
FOLDER = GOLDENS / "diffusers-reduced"
TOLERANCE = 2e-5
# Seconds; a decode of 160 by 160 cells takes longer by far.
SOON = 20


@pytest.fixture(params=["http", "grpc"])
def client(request: pytest.FixtureRequest, reduced: LocalSidecar) -> Any:
    if request.param == "grpc":
        pytest.importorskip("grpc", reason="grpcio is not installed")
    target = reduced.target if request.param == "http" else reduced.grpc_target
    with connect(target) as connected:
        yield connected


def tensors(file: Path) -> dict[str, Any]:
    """A safetensors file of float32."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return {
        name: np.frombuffer(data[8 + length :][slice(*t["data_offsets"])], "<f4").reshape(t["shape"])
        for name, t in header.items()
        if name != "__metadata__"
    }


def cases() -> list[Any]:
    index = FOLDER / "cases.json"
    return json.loads(index.read_text())["cases"] if index.exists() else []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["file"])
def test_seeds_give_the_pictures_of_diffusers(client: Client, case: dict[str, Any]) -> None:
    golden = tensors(FOLDER / case["file"])
    seed = case["seeds"] if case["generators"] == "per-image" else case["seeds"][0]
    decoded = client.decode(golden["latents"], scale="unscaled", seed=seed, dialect="diffusers", output="float32")
    assert np.abs(decoded.pixels - golden["pixels"]).max() < TOLERANCE


def latents(n: int = 1, h: int = 4, w: int = 6) -> Any:
    return (5 * np.random.default_rng(3).standard_normal((n, 4, h, w))).astype(np.float32)


def noise(n: int = 1, h: int = 4, w: int = 6) -> list[Any]:
    return [np.random.default_rng(k).standard_normal((n, 3, 8 * h, 8 * w)).astype(np.float32) for k in (8, 9)]


def test_given_noise_is_used_and_in_its_order(client: Client) -> None:
    first, second = noise()
    one = client.decode(latents(), scale="unscaled", noise=[first, second], output="float32").pixels
    other = client.decode(latents(), scale="unscaled", noise=[second, first], output="float32").pixels
    seeded = client.decode(latents(), scale="unscaled", output="float32").pixels
    assert np.abs(one - other).max() > 0.01
    assert np.abs(one - seeded).max() > 0.01
    again = client.decode(latents(), scale="unscaled", noise=[first, second], output="float32").pixels
    np.testing.assert_array_equal(one, again)


def test_both_transports_give_the_same_bytes(reduced: LocalSidecar) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    with connect(reduced.grpc_target) as grpc_client:
        for output in ("uint8", "float32", "float16"):
            call = {"scale": "unscaled", "noise": noise(), "output": output}
            one = reduced.client.decode(latents(), **call).pixels
            other = grpc_client.decode(latents(), **call).pixels
            np.testing.assert_array_equal(one, other)


def test_scaled_and_unscaled_latents_are_told_apart(client: Client) -> None:
    unscaled = client.decode(latents(), scale="unscaled", output="float32").pixels
    scaled = client.decode(latents() * np.float32(0.18215), scale="scaled", scaling_factor=0.18215, output="float32")
    wrong = client.decode(latents() * np.float32(0.18215), scale="unscaled", output="float32")
    assert np.abs(scaled.pixels - unscaled).max() < 1e-4
    assert np.abs(wrong.pixels - unscaled).max() > 0.01
    assert wrong.warnings, "latents of a fifth of the usual spread draw a warning"


def test_levels_are_the_rounded_floats(client: Client) -> None:
    floats = client.decode(latents(), scale="unscaled", output="float32").pixels
    levels = client.decode(latents(), scale="unscaled", output="uint8").pixels
    expected = np.rint(np.clip(floats / 2 + 0.5, 0, 1) * 255).transpose(0, 2, 3, 1)
    assert np.abs(levels.astype(int) - expected).max() <= 1
    assert (levels != expected).mean() < 1e-3


def test_one_step_and_the_dialects_differ(client: Client) -> None:
    pictures = [
        client.decode(latents(), scale="unscaled", steps=steps, dialect=dialect, output="float32").pixels
        for steps, dialect in ((2, "original"), (2, "diffusers"), (1, "original"))
    ]
    assert np.abs(pictures[0] - pictures[1]).max() > 1e-3
    assert np.abs(pictures[0] - pictures[2]).max() > 1e-3


def test_half_precision_is_taken(client: Client) -> None:
    exact = client.decode(latents(), scale="unscaled", output="float32").pixels
    half = client.decode(latents().astype(np.float16), scale="unscaled", output="float16").pixels
    assert half.dtype == np.float16
    assert np.abs(half.astype(np.float32) - exact).max() < 0.05


def test_bfloat16_is_taken(client: Client) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    z = torch.tensor(latents()).bfloat16()
    same = client.decode(z.float().numpy(), scale="unscaled").pixels
    np.testing.assert_array_equal(client.decode(z, scale="unscaled").pixels, same)


def test_what_the_server_knows_better_it_says(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the checks of this package, as another client would come."""
    monkeypatch.setattr("consistency_decoder.requests.check_latents", lambda _: None)
    with pytest.raises(InvalidInputError, match="16"):
        client.decode(np.ones((1, 16, 4, 4), np.float32), scale="unscaled")
    with pytest.raises(InvalidInputError, match=r"NaN|finite"):
        client.decode(np.full((1, 4, 4, 4), np.nan, np.float32), scale="unscaled")
    monkeypatch.setattr("consistency_decoder.requests.check_scaling_factor", lambda _: None)
    with pytest.raises(InvalidInputError, match="SDXL"):
        client.decode(latents(), scale="scaled", scaling_factor=0.13025)


def test_an_unknown_model_is_not_found(client: Client) -> None:
    with pytest.raises(ModelNotFoundError, match="models"):
        client.decode(latents(), scale="unscaled", model="no-such-model")


def test_models_are_listed_and_one_can_be_named(client: Client) -> None:
    (model,) = client.models()
    assert model.ready
    assert client.ready()
    named = client.decode(latents(), scale="unscaled", model=model.name).pixels
    np.testing.assert_array_equal(named, client.decode(latents(), scale="unscaled").pixels)


def test_encoding_works_or_says_that_there_is_no_encoder(client: Client) -> None:
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 3, 32, 48)).astype(np.float32)
    if not client.models()[0].encodes:
        with pytest.raises(NotSupportedError, match="encoder"):
            client.encode(picture, scale="unscaled")
        return
    unscaled = client.encode(picture, scale="unscaled")
    assert unscaled.shape == (1, 4, 4, 6)
    np.testing.assert_allclose(client.encode(picture, scale="scaled"), unscaled * 0.18215, rtol=1e-5, atol=1e-7)


def test_a_deadline_that_cannot_be_met_is_told(client: Client) -> None:
    with pytest.raises(DeadlineExceededError, match="allow more time"):
        client.decode(latents(1, 96, 96), scale="unscaled", deadline=0.05)


def test_a_cancelled_decode_ends_soon_and_the_server_goes_on(client: Client) -> None:
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(DecodeCancelledError):
        client.decode(latents(1, 240, 240), scale="unscaled", cancellation=cancellation)
    # Were the cancelled decode still running, this one would wait for it. Without a deadline, because the server would
    # refuse one that it cannot meet if it has not noticed yet.
    assert client.decode(latents(), scale="unscaled").pixels.shape == (1, 32, 48, 3)
    assert time.monotonic() - began < SOON


def test_many_threads_share_a_client(client: Client) -> None:
    expected = [client.decode(latents(), scale="unscaled", seed=k).pixels for k in range(4)]
    found: dict[int, Any] = {}

    def work(k: int) -> None:
        found[k] = client.decode(latents(), scale="unscaled", seed=k % 4).pixels

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(8):
        np.testing.assert_array_equal(found[k], expected[k % 4])


def test_each_transport_names_the_other_s_socket(reduced: LocalSidecar) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    quick = RetryPolicy(first_wait=0.001, longest_wait=0.002)
    crossed = [
        connect(reduced.grpc_target.replace("unix:", "http+unix:"), retry=quick),
        connect(reduced.target.replace("http+unix:", "unix:"), retry=quick),
    ]
    for client in crossed:
        with client, pytest.raises(IncompatibleServerError, match=r"8001 is gRPC|8000 is HTTP"):
            client.decode(latents(), scale="unscaled")


def test_a_sidecar_leaves_nothing(java_command: list[str]) -> None:
    if not FOLDER.exists():
        pytest.skip(f"{FOLDER} is not there")
    with LocalSidecar(FOLDER, command=java_command) as sidecar:
        folder = sidecar._folder
        assert sidecar.client.decode(latents(), scale="unscaled").pixels.shape == (1, 32, 48, 3)
        process = sidecar._process
        assert process is not None
    assert process.returncode == 0
    assert not folder.exists()


def test_a_model_that_is_damaged_is_told_at_once(java_command: list[str], tmp_path: Path) -> None:
    if not FOLDER.exists():
        pytest.skip(f"{FOLDER} is not there")
    for file in ("config.json", "diffusion_pytorch_model.safetensors"):
        (tmp_path / file).write_bytes((FOLDER / file).read_bytes()[:100_000])
    with pytest.raises(SidecarError, match=r"cannot use its model: .*damaged"):
        LocalSidecar(tmp_path, command=java_command, startup=60)


def test_a_model_that_is_not_there_is_named(java_command: list[str], tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match="no-such-folder"):
        LocalSidecar(tmp_path / "no-such-folder", command=java_command, startup=60)
