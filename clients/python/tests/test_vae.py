from __future__ import annotations

import logging
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("diffusers", reason="diffusers is not installed")

from conftest import GOLDENS  # noqa: E402
from diffusers import AsymmetricAutoencoderKL  # noqa: E402
from diffusers.models.modeling_utils import ModelMixin  # noqa: E402
from inprocess import InProcessClient  # noqa: E402
from tiny import reference_vae, small_vae  # noqa: E402

from consistency_decoder import (  # noqa: E402
    Cancellation,
    DecodeCancelledError,
    InvalidInputError,
    NotSupportedError,
    WrongLatentsError,
)
from consistency_decoder.vae import InpaintingConsistencyVAE, RemoteConsistencyVAE  # noqa: E402

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def reference() -> Any:
    return reference_vae(GOLDENS / "diffusers-reduced")


@pytest.fixture
def client(reference: Any) -> InProcessClient:
    return InProcessClient(reference)


def latents(n: int = 1, h: int = 3, w: int = 5) -> Any:
    return 5 * torch.randn(n, 4, h, w, generator=torch.Generator().manual_seed(9))


def generator(seed: int) -> Any:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("n", "make"),
    [
        (1, lambda: generator(3)),
        (3, lambda: generator(3)),
        (3, lambda: [generator(3), generator(4), generator(2**40)]),
        (1, lambda: [generator(3)]),
    ],
)
def test_the_picture_is_that_of_the_consistency_decoder_vae(
    reference: Any, client: InProcessClient, n: int, make: Any
) -> None:
    with torch.no_grad():
        theirs = reference.decode(latents(n), generator=make(), return_dict=False)[0]
    ours = RemoteConsistencyVAE(client).decode(latents(n), generator=make(), return_dict=False)[0]
    assert theirs.std() > 0.1
    assert (ours - theirs).abs().max() < TOLERANCE


def test_without_a_generator_the_global_one_is_used(reference: Any, client: InProcessClient) -> None:
    torch.manual_seed(11)
    with torch.no_grad():
        theirs = reference.decode(latents()).sample
    after = torch.randn(2)
    torch.manual_seed(11)
    ours = RemoteConsistencyVAE(client).decode(latents()).sample
    assert (ours - theirs).abs().max() < TOLERANCE
    assert torch.equal(torch.randn(2), after)


def test_generators_are_left_as_the_consistency_decoder_vae_leaves_them(
    reference: Any, client: InProcessClient
) -> None:
    one, other = generator(3), generator(3)
    with torch.no_grad():
        reference.decode(latents(2), generator=one)
    RemoteConsistencyVAE(client).decode(latents(2), generator=other)
    assert torch.equal(one.get_state(), other.get_state())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_goes_in_and_comes_out(client: InProcessClient, dtype: Any) -> None:
    z = latents().to(dtype)
    sample = RemoteConsistencyVAE(client).decode(z, generator=generator(3)).sample
    assert sample.dtype == dtype
    call = client.calls[0]
    assert call.latents.dtype == str(dtype).removeprefix("torch.")
    expected = torch.randn(1, 3, 24, 40, generator=generator(3), dtype=dtype)
    assert call.noise is not None
    assert torch.equal(torch.tensor(call.noise[0].array()).float(), expected.float())


def test_one_step_draws_one_noise(client: InProcessClient) -> None:
    vae = RemoteConsistencyVAE(client)
    vae.decode(latents(), generator=generator(3), num_inference_steps=1)
    assert client.calls[0].steps == 1
    with pytest.raises(InvalidInputError, match="1 to 64 are possible"):
        vae.decode(latents(), num_inference_steps=65)


@pytest.mark.parametrize(("steps", "timesteps"), [(2, (512,)), (4, (768, 512, 256))])
def test_a_local_start_takes_the_place_of_the_first_step(
    client: InProcessClient, steps: int, timesteps: tuple[int, ...]
) -> None:
    kept, one, other = small_vae(), generator(3), generator(3)
    vae = RemoteConsistencyVAE.wrap(kept, client, start="local")
    vae.enable_slicing()
    vae.decode(latents(2), generator=one, num_inference_steps=steps)
    noise = [torch.randn(2, 3, 24, 40, generator=other) for _ in range(steps)]
    assert torch.equal(one.get_state(), other.get_state())
    with torch.no_grad():
        made = kept.decode(latents(2)).sample
    for k, call in enumerate(client.calls):
        assert (call.steps, call.timesteps) == (None, timesteps)
        np.testing.assert_array_equal(call.start.array(), made[k : k + 1].numpy())
        for sent, drawn in zip(call.noise, noise[1:], strict=True):
            np.testing.assert_array_equal(sent.array(), drawn[k : k + 1].numpy())


def test_a_start_that_is_none_is_refused(client: InProcessClient, reference: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"there is none; make this one with RemoteConsistencyVAE\.wrap"):
        RemoteConsistencyVAE(client, start="local").decode(latents())
    with pytest.raises(InvalidInputError, match="ConsistencyDecoderVAE, which is a consistency decoder itself"):
        RemoteConsistencyVAE.wrap(reference, client, start="local")
    with pytest.raises(InvalidInputError, match="at least 2 are needed"):
        RemoteConsistencyVAE(client, start="sd_vae").decode(latents(), num_inference_steps=1)


def test_shared_noise_is_told_and_not_drawn(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_sample", lambda call: torch.zeros(call.picture_shape))
    vae, drawn = RemoteConsistencyVAE(client, shared_noise=11, start="sd_vae"), generator(3)
    before = drawn.get_state()
    vae.decode(latents(3), generator=drawn)
    assert torch.equal(drawn.get_state(), before)
    (call,) = client.calls
    assert (call.shared_noise, call.noise, call.seeds, call.start) == (11, None, None, "sd_vae")


def test_picture_and_mask_go_along_one_for_each_latent(client: InProcessClient) -> None:
    vae = InpaintingConsistencyVAE(client, feather=2, grow=1, region="whole")
    assert isinstance(vae, AsymmetricAutoencoderKL)
    assert list(vae.state_dict()) == []
    vae.enable_slicing()
    pictures = torch.rand(2, 3, 24, 40, generator=generator(1)).half() * 2 - 1
    mask = torch.zeros(1, 1, 24, 40)
    vae.decode(latents(4), image=pictures, mask=mask)
    keeps = [call.keep for call in client.calls]
    for k, keep in enumerate(keeps):
        np.testing.assert_array_equal(keep.pixels.array()[0], pictures[k % 2].numpy())
        np.testing.assert_array_equal(keep.mask.array(), mask.numpy())
        assert (keep.feather, keep.grow, keep.region) == (2, 1, "whole")
    with pytest.raises(InvalidInputError, match="a mask was given without known pixels"):
        vae.decode(latents(), mask=mask)


class Bar:
    """What tqdm's bars have of what is used here."""

    drawn: list[Bar] = []  # noqa: RUF012 - of the class on purpose

    def __init__(self, desc: str, unit: str) -> None:
        self.desc, self.n, self.total, self.seen = desc, 0, None, []
        Bar.drawn.append(self)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.desc = ""

    def refresh(self) -> None:
        self.seen.append((self.n, self.total))


@pytest.mark.parametrize(
    ("notebook", "progress", "bars"), [(True, None, 1), (False, None, 0), (True, False, 0), (False, True, 1)]
)
def test_a_bar_is_drawn_in_a_notebook(
    client: InProcessClient, monkeypatch: pytest.MonkeyPatch, notebook: bool, progress: bool | None, bars: int
) -> None:
    monkeypatch.setattr(Bar, "drawn", [])
    monkeypatch.setitem(sys.modules, "tqdm.auto", SimpleNamespace(tqdm=Bar))
    if notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    vae = RemoteConsistencyVAE(client, progress=progress)
    vae.enable_slicing()
    vae.decode(latents(2))
    assert [bar.seen for bar in Bar.drawn] == [[(2, 4), (4, 4)]] * bars


def test_no_bar_is_drawn_without_tqdm(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert RemoteConsistencyVAE(client, progress=True).decode(latents()).sample.shape == (1, 3, 24, 40)


def test_slicing_gives_the_same_pictures_one_at_a_time(client: InProcessClient) -> None:
    vae = RemoteConsistencyVAE(client)
    whole = vae.decode(latents(3), generator=generator(3)).sample
    vae.enable_slicing()
    sliced = vae.decode(latents(3), generator=generator(3)).sample
    vae.disable_slicing()
    vae.decode(latents(3), generator=generator(3))
    assert [call.latents.shape[0] for call in client.calls] == [3, 1, 1, 1, 3]
    assert (whole - sliced).abs().max() < TOLERANCE


def test_tiling_is_the_server_s_and_what_was_said_is_passed_on(client: InProcessClient) -> None:
    vae = RemoteConsistencyVAE(client)
    vae.decode(latents())
    vae.enable_tiling()
    assert vae.use_tiling
    vae.decode(latents())
    vae.disable_tiling()
    vae.decode(latents())
    assert [call.tiling for call in client.calls] == ["auto", "auto", "whole"]


def test_what_is_switched_is_switched_in_the_wrapped_vae_too(reference: Any, client: InProcessClient) -> None:
    kept = small_vae()
    vae = RemoteConsistencyVAE.wrap(kept, client)
    vae.enable_slicing()
    vae.enable_tiling()
    assert (kept.use_slicing, kept.use_tiling) == (True, True)
    vae.enable_tiling(False)
    vae.disable_slicing()
    assert (kept.use_slicing, kept.use_tiling) == (False, False)


def test_it_is_a_model_with_a_type_and_a_place(client: InProcessClient, reference: Any) -> None:
    vae = RemoteConsistencyVAE(client)
    assert isinstance(vae, ModelMixin)
    assert (vae.dtype, vae.device.type) == (torch.float32, "cpu")
    assert vae.to(torch.float16).dtype == torch.float16
    assert vae.config.scaling_factor == 0.18215
    assert len(vae.config.block_out_channels) == 4
    assert vae.config.latent_channels == 4
    assert vae.config.force_upcast is False
    assert list(vae.state_dict()) == []
    assert RemoteConsistencyVAE.wrap(reference, client).dtype == torch.float32


def test_encode_is_that_of_the_wrapped_vae(reference: Any, client: InProcessClient) -> None:
    x = torch.rand(1, 3, 16, 24, generator=generator(1)) * 2 - 1
    with torch.no_grad():
        theirs = reference.encode(x).latent_dist.sample(generator(5))
        ours = RemoteConsistencyVAE.wrap(reference, client).encode(x).latent_dist.sample(generator(5))
    assert torch.equal(ours, theirs)


def test_without_a_wrapped_vae_the_server_encodes_the_mean(reference: Any, client: InProcessClient) -> None:
    client.encodes = True
    x = torch.rand(2, 3, 16, 24, generator=generator(1)) * 2 - 1
    vae = RemoteConsistencyVAE(client)
    with torch.no_grad():
        theirs = reference.encode(x).latent_dist.mode()
    (posterior,) = vae.encode(x, return_dict=False)
    assert torch.allclose(posterior.sample(generator(5)), theirs, atol=1e-6)
    assert torch.allclose(vae.encode(x.half()).latent_dist.mode().float(), theirs, atol=1e-2)
    assert vae.encode(x.half()).latent_dist.mode().dtype == torch.float16


def test_without_any_encoder_the_message_says_how_to_have_one(client: InProcessClient) -> None:
    with pytest.raises(NotSupportedError, match=r"no encoder is loaded; or keep .*RemoteConsistencyVAE\.wrap"):
        RemoteConsistencyVAE(client).encode(torch.zeros(1, 3, 16, 24))


def test_forward_encodes_and_decodes(reference: Any, client: InProcessClient) -> None:
    x = torch.rand(1, 3, 16, 24, generator=generator(1)) * 2 - 1
    with torch.no_grad():
        theirs = reference(x, generator=generator(5)).sample
    ours = RemoteConsistencyVAE.wrap(reference, client)(x, generator=generator(5)).sample
    assert (ours - theirs).abs().max() < TOLERANCE


@pytest.mark.parametrize(
    ("config", "error", "says"),
    [
        ({"scaling_factor": 0.13025}, WrongLatentsError, "0.13025 is that of SDXL"),
        ({"scaling_factor": 1.5305, "shift_factor": 0.0609}, InvalidInputError, "Stable Diffusion 3 and Flux"),
        ({"latent_channels": 16}, InvalidInputError, "16 latent channels"),
        ({"block_out_channels": [4, 4]}, InvalidInputError, "2 levels: 4 and 4 are needed"),
    ],
)
def test_a_vae_of_another_family_is_refused(
    client: InProcessClient, config: dict[str, Any], error: type[Exception], says: str
) -> None:
    usual = {"scaling_factor": 0.18215, "latent_channels": 4, "block_out_channels": [128, 256, 512, 512]}
    vae = SimpleNamespace(config=SimpleNamespace(**{**usual, **config}), device="cpu", dtype=torch.float32)
    with pytest.raises(error, match=says):
        RemoteConsistencyVAE.wrap(vae, client)


def test_latents_that_overflowed_are_refused_before_noise_is_drawn(client: InProcessClient) -> None:
    z, drawn = latents().half(), generator(3)
    z[0, 0, 0, 0] = float("inf")
    before = drawn.get_state()
    with pytest.raises(WrongLatentsError, match="Run the pipeline in bfloat16 or float32"):
        RemoteConsistencyVAE(client).decode(z, generator=drawn)
    assert torch.equal(drawn.get_state(), before)
    with pytest.raises(InvalidInputError, match=r"torch\.int64"):
        RemoteConsistencyVAE(client).decode(torch.zeros(1, 4, 2, 2, dtype=torch.int64))


def test_a_cancellation_set_on_it_ends_its_calls(client: InProcessClient) -> None:
    vae = RemoteConsistencyVAE(client)
    vae.cancellation = Cancellation()
    vae.cancellation.cancel()
    with pytest.raises(DecodeCancelledError):
        vae.decode(latents())


def test_what_the_server_warns_of_is_logged(client: InProcessClient, caplog: pytest.LogCaptureFixture) -> None:
    client.warnings = ("the latents look scaled",)
    with caplog.at_level(logging.WARNING):
        RemoteConsistencyVAE(client).decode(latents())
    assert "the latents look scaled" in caplog.text


def test_saving_writes_nothing_and_says_so(
    client: InProcessClient, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        RemoteConsistencyVAE(client).save_pretrained(tmp_path / "vae")
    assert not (tmp_path / "vae").exists()
    assert "vae=RemoteConsistencyVAE(target)" in caplog.text


def test_an_address_is_enough_and_is_kept_in_the_config() -> None:
    vae = RemoteConsistencyVAE("http://127.0.0.1:1", model="taesd", deadline=3)
    assert vae.config.target == "http://127.0.0.1:1"
    assert repr(vae.client) == "HttpClient('http://127.0.0.1:1')"
    vae.close()
