"""A start, known pixels, shared noise and progress: what is sent, and what the service makes of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import GOLDENS
from door import Reply, Seen, picture, tensors_of

from consistency_decoder import (
    Cancellation,
    Client,
    DecodeCancelledError,
    HttpClient,
    IncompatibleServerError,
    InvalidInputError,
    LocalSidecar,
    ModelNotFoundError,
    connect,
)

SIGMA_OF_512 = 1.01547635046
LATENTS = np.random.default_rng(0).standard_normal((2, 4, 3, 5)).astype(np.float32)
PHOTOS = np.random.default_rng(1).integers(0, 256, (2, 24, 40, 3), dtype=np.uint8)
FLAGS = np.zeros((24, 40), bool)
FLAGS[4:12, 9:30] = True
SERVICE = pytest.mark.service


def answered(seen: Seen) -> Reply:
    """As a server answers that has heard all of it."""
    shared = seen.query.get("noise-shared")
    said = {"x_seed": f"{shared},{shared}"} if shared else {}
    return picture(seen, x_start="given", x_region="0,0,3,5", **said)


def test_over_http_pictures_travel_beside_the_latents(open_door: Any) -> None:
    door = open_door(answered)
    HttpClient(door.endpoint).decode(
        LATENTS, scale="unscaled", start=PHOTOS, keep=PHOTOS[:1], mask=FLAGS, feather=2, grow=3, region="whole"
    )
    sent, query = tensors_of(door.seen[0]), door.seen[0].query
    assert list(sent) == ["latents", "start", "keep", "mask"]
    np.testing.assert_array_equal(sent["start"], PHOTOS)
    np.testing.assert_array_equal(sent["keep"], PHOTOS[:1])
    np.testing.assert_array_equal(sent["mask"], FLAGS[None, None] * np.uint8(255))
    assert (query["feather"], query["grow"], query["region"]) == ("2", "3", "whole")
    assert not {"start", "steps", "schedule", "noise-shared"} & set(query)


def test_over_http_names_and_numbers_travel_in_the_query(open_door: Any) -> None:
    door = open_door(answered)
    client = HttpClient(door.endpoint)
    client.decode(LATENTS, scale="unscaled", start="sd_vae", timesteps=[640, 320])
    client.decode(LATENTS, scale="unscaled", shared_noise=-7)
    assert (door.seen[0].query["start"], door.seen[0].query["schedule"]) == ("sd_vae", "640,320")
    assert door.seen[1].query["noise-shared"] == "-7"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"start": "sd_vae"}, "did not use the start"),
        ({"start": PHOTOS}, "did not use the start"),
        ({"keep": PHOTOS, "mask": FLAGS}, "did not keep the known pixels"),
        ({"shared_noise": 7}, "did not share the noise"),
        ({"shared_noise": 0}, "did not share the noise"),
    ],
)
def test_a_server_that_passes_over_a_mode_is_found_out(open_door: Any, asked: dict[str, Any], says: str) -> None:
    door = open_door(picture)
    with pytest.raises(IncompatibleServerError, match=rf"{says}, .*an older version: update it"):
        HttpClient(door.endpoint).decode(LATENTS, scale="unscaled", **asked)


def test_a_decoder_of_one_pass_has_no_use_for_a_start_and_for_noise(open_door: Any) -> None:
    client = HttpClient(open_door(lambda seen: picture(seen, x_seed="none")).endpoint)
    client.decode(LATENTS, scale="unscaled", start=PHOTOS)
    client.decode(LATENTS, scale="unscaled", shared_noise=7)


@pytest.fixture(scope="session")
def sidecar(java_command: list[str]) -> Iterator[LocalSidecar]:
    """diffusers' reduced model, and a small autoencoder to start from."""
    vae = f"sd_vae=vae:{GOLDENS / 'vae-reduced'}"
    with LocalSidecar(GOLDENS / "diffusers-reduced", vae, command=java_command) as started:
        yield started


@pytest.fixture(params=["http", "grpc"])
def client(request: pytest.FixtureRequest, sidecar: LocalSidecar) -> Iterator[Client]:
    if request.param == "grpc":
        pytest.importorskip("grpc", reason="grpcio is not installed")
    with connect(sidecar.target if request.param == "http" else sidecar.grpc_target) as connected:
        yield connected


def latents(n: int = 1, h: int = 4, w: int = 6) -> Any:
    return (5 * np.random.default_rng(3).standard_normal((n, 4, h, w))).astype(np.float32)


def floats(seed: int, n: int = 1, h: int = 4, w: int = 6) -> Any:
    return np.random.default_rng(seed).uniform(-1, 1, (n, 3, 8 * h, 8 * w)).astype(np.float32)


@SERVICE
def test_a_start_is_noise_and_its_share_of_the_picture(client: Client) -> None:
    """x_t = sqrt(acp) start + sqrt(1 - acp) n = sqrt(1 - acp) (n + start / sigma)."""
    noise, start = np.random.default_rng(8).standard_normal((1, 3, 32, 48)).astype(np.float32), floats(9)
    one = client.decode(latents(), scale="unscaled", noise=[noise], start=start, output="float32")
    mixed = (noise + start / np.float64(SIGMA_OF_512)).astype(np.float32)
    other = client.decode(latents(), scale="unscaled", noise=[mixed], timesteps=[512], output="float32")
    assert np.abs(one.pixels - other.pixels).max() < 1e-6
    without = client.decode(latents(), scale="unscaled", noise=[noise], timesteps=[512], output="float32")
    assert np.abs(one.pixels - without.pixels).max() > 0.01


@SERVICE
def test_a_start_by_name_is_that_model_s_picture(client: Client) -> None:
    made = client.decode(latents(), scale="unscaled", model="sd_vae", output="float32").pixels
    sent = client.decode(latents(), scale="unscaled", start=made, seed=5, output="float32")
    named = client.decode(latents(), scale="unscaled", start="sd_vae", seed=5, output="float32")
    np.testing.assert_array_equal(sent.pixels, named.pixels)
    assert sent.metadata["start"] == "given"
    assert named.metadata["start"].startswith("vae:")


@SERVICE
@pytest.mark.parametrize("output", ["uint8", "float32"])
@pytest.mark.parametrize("region", ["auto", "whole"])
def test_known_pixels_come_back_and_the_rest_is_made(client: Client, output: Any, region: Any) -> None:
    rng = np.random.default_rng(4)
    photo, flags = rng.integers(0, 256, (1, 352, 368, 3), dtype=np.uint8), np.zeros((352, 368), bool)
    flags[100:131, 203:270] = True
    options: dict[str, Any] = {"scale": "unscaled", "seed": 3, "output": output}
    decoded = client.decode(latents(1, 44, 46), keep=photo, mask=flags, region=region, **options)
    pixels = decoded.pixels
    if output == "float32":
        pixels = np.rint((pixels.transpose(0, 2, 3, 1) + 1) * 127.5)
    np.testing.assert_array_equal(pixels[:, ~flags], photo[:, ~flags])
    assert np.abs(pixels[:, flags].astype(int) - photo[:, flags]).mean() > 10
    # Cells: the mask's 12 to 17 and 25 to 34, a margin of 8, and 32 at least.
    assert decoded.metadata["region"] == {"auto": "0,32,14,46", "whole": "0,44,0,46"}[region]


@SERVICE
def test_frames_in_chunks_do_not_flicker_with_shared_noise(client: Client) -> None:
    frames = np.repeat(latents(), 16, 0)
    chunks = [frames[k : k + 3] for k in range(0, 16, 3)]

    def flicker(**options: Any) -> Any:
        pictures = np.concatenate([client.decode(z, scale="unscaled", **options).pixels for z in chunks])
        return np.abs(np.diff(pictures.astype(int), axis=0)).max((1, 2, 3))

    np.testing.assert_array_equal(flicker(shared_noise=11), np.zeros(15))
    assert flicker(seed=11).max() > 0


@SERVICE
def test_every_mode_gives_the_same_bytes_over_both_transports(sidecar: LocalSidecar) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    levels, flags = np.rint((floats(2, 2) + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1), np.eye(32, 48) > 0
    with connect(sidecar.grpc_target) as grpc_client:
        for mode in (
            {"start": "sd_vae", "seed": 1},
            {"start": levels, "seed": [1, 2]},
            {"start": floats(1, 2).astype(np.float16), "timesteps": [640, 300], "dialect": "diffusers"},
            {"keep": floats(3, 2), "mask": flags, "grow": 1, "feather": 0},
            {"keep": levels[:1], "mask": flags, "start": "sd_vae", "shared_noise": 4},
            {"shared_noise": 2**64 - 1},
        ):
            one = sidecar.client.decode(latents(2), scale="unscaled", output="float32", **mode).pixels
            other = grpc_client.decode(latents(2), scale="unscaled", output="float32", **mode).pixels
            np.testing.assert_array_equal(one, other)


@SERVICE
def test_every_mode_gives_the_bytes_of_the_command(client: Client, java_command: list[str], tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    rng = np.random.default_rng(6)
    photo, flags = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8), np.zeros((32, 48), np.uint8)
    flags[7:20, 11:40] = 255
    image.fromarray(photo).save(tmp_path / "photo.png")
    image.fromarray(flags).save(tmp_path / "mask.png")
    command = [*java_command, "decode", "z.npy", "--latents", "unscaled", "--force", "-o", "x.npy", "--model"]
    kept = {"keep": photo, "mask": flags}
    for words, options, n in (
        ("--start photo.png --seed 5", {"start": photo, "seed": 5}, 1),
        ("--keep photo.png --mask mask.png --seeds 5,9 --grow 1", {**kept, "seed": [5, 9], "grow": 1}, 2),
        ("--start photo.png --keep photo.png --mask mask.png", {"start": photo, **kept}, 1),
        ("--noise-shared 4", {"shared_noise": 4}, 2),
    ):
        np.save(tmp_path / "z.npy", latents(n))
        model = GOLDENS / "diffusers-reduced"
        subprocess.run([*command, model, *words.split()], cwd=tmp_path, check=True, capture_output=True)
        pixels = client.decode(latents(n), scale="unscaled", output="float32", **options).pixels
        np.testing.assert_array_equal(pixels, np.load(tmp_path / "x.npy"))


@SERVICE
@pytest.mark.parametrize(("flag", "region"), [(False, "none"), (True, "0,4,0,6")])
def test_an_empty_mask_and_a_full_one(client: Client, flag: bool, region: str) -> None:
    photo = np.random.default_rng(6).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    decoded = client.decode(latents(), scale="unscaled", keep=photo, mask=np.full((32, 48), flag), feather=0)
    assert decoded.metadata["region"] == region
    without = client.decode(latents(), scale="unscaled")
    np.testing.assert_array_equal(decoded.pixels, without.pixels if flag else photo[None])
    assert len(decoded.warnings) == 1
    assert "the mask" in decoded.warnings[0]


@SERVICE
def test_what_the_service_refuses_it_says(client: Client) -> None:
    with pytest.raises(ModelNotFoundError, match="sd_vae; models"):
        client.decode(latents(), scale="unscaled", start="none")
    (own,) = (model.name for model in client.models() if model.provider == "consistency")
    with pytest.raises(InvalidInputError, match="a decoder of the same kind"):
        client.decode(latents(), scale="unscaled", start=own)
    decoded = client.decode(latents(), scale="unscaled", start=floats(1), timesteps=[1008])
    assert any("start" in warning for warning in decoded.warnings)


@SERVICE
@pytest.mark.parametrize("output", ["uint8", "float32", "float16"])
def test_progress_is_told_and_the_picture_is_the_same(client: Client, output: Any) -> None:
    told: list[tuple[int, int]] = []
    options: dict[str, Any] = {"scale": "unscaled", "seed": 2, "steps": 3, "output": output}
    watched = client.decode(latents(2), progress=lambda done, steps: told.append((done, steps)), **options)
    assert told == ([(1, 1)] if isinstance(client, HttpClient) else [(1, 3), (2, 3), (3, 3)])
    silent = client.decode(latents(2), **options)
    np.testing.assert_array_equal(watched.pixels, silent.pixels)
    assert set(watched.metadata) == set(silent.metadata)


@SERVICE
def test_a_decode_that_tells_its_progress_can_be_cancelled(sidecar: LocalSidecar) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    cancellation = Cancellation()
    with connect(sidecar.grpc_target) as client:
        with pytest.raises(DecodeCancelledError, match="use a new Cancellation"):
            client.decode(
                latents(1, 24, 24),
                scale="unscaled",
                steps=8,
                cancellation=cancellation,
                progress=lambda *_: cancellation.cancel(),
            )
        with pytest.raises(ZeroDivisionError):
            client.decode(latents(), scale="unscaled", progress=lambda *_: 1 / 0)
