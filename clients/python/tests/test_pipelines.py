"""diffusers' own pipelines, once with ConsistencyDecoderVAE and once with ours in its place, to the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("diffusers", reason="diffusers is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from conftest import GOLDENS  # noqa: E402
from diffusers import (  # noqa: E402
    AnimateDiffPipeline,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPAGInpaintPipeline,
    StableDiffusionPipeline,
)
from inprocess import InProcessClient  # noqa: E402
from tiny import components, reference_vae, small_vae  # noqa: E402

from consistency_decoder import Cancellation, DecodeCancelledError, LocalSidecar, connect  # noqa: E402
from consistency_decoder.vae import InpaintingConsistencyVAE, RemoteConsistencyVAE  # noqa: E402

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def reference() -> Any:
    return reference_vae(GOLDENS / "diffusers-reduced")


SERVICE = pytest.mark.service


@pytest.fixture(params=["in-process", pytest.param("http", marks=SERVICE), pytest.param("grpc", marks=SERVICE)])
def target(request: pytest.FixtureRequest, reference: Any) -> Iterator[Any]:
    if request.param == "in-process":
        yield InProcessClient(reference)
        return
    sidecar: LocalSidecar = request.getfixturevalue("reduced")
    if request.param == "http":
        yield sidecar
        return
    pytest.importorskip("grpc", reason="grpcio is not installed")
    with connect(request.getfixturevalue("reduced_grpc")) as client:
        yield client


def both(make: Callable[[], Any], run: Callable[[Any], Any], reference: Any, target: Any) -> None:
    """Runs a pipeline as it is, then with its VAE replaced; from the same state of every generator."""
    pipe = make()
    pipe.set_progress_bar_config(disable=True)
    torch.manual_seed(77)
    theirs = run(pipe)
    pipe.vae = RemoteConsistencyVAE.wrap(reference, target)
    torch.manual_seed(77)
    ours = run(pipe)
    assert theirs.shape == ours.shape
    assert theirs.std() > 0.05
    assert np.abs(ours - theirs).max() < TOLERANCE


def generator(seed: int = 5) -> Any:
    return torch.Generator().manual_seed(seed)


def picture(n: int = 1) -> Any:
    return torch.rand(n, 3, 64, 48, generator=generator(1))


@pytest.mark.parametrize(
    ("prompts", "generators"),
    [
        (["a cat"], lambda: generator()),
        (["a cat"], lambda: None),
        (["a cat", "a dog", "a bird"], lambda: generator()),
        (["a cat", "a dog", "a bird"], lambda: [generator(k) for k in (5, 6, 7)]),
    ],
    ids=["one", "no generator", "batch of three", "batch of three, a generator each"],
)
def test_text_to_image(reference: Any, target: Any, tmp_path: Path, prompts: list[str], generators: Any) -> None:
    both(
        lambda: StableDiffusionPipeline(**components(reference, tmp_path)),
        lambda pipe: (
            pipe(prompts, num_inference_steps=3, generator=generators(), height=64, width=48, output_type="np").images
        ),
        reference,
        target,
    )


def test_ancestral_noise_before_the_decode_does_not_matter(reference: Any, target: Any, tmp_path: Path) -> None:
    both(
        lambda: StableDiffusionPipeline(**components(reference, tmp_path)),
        lambda pipe: (
            pipe(
                "a cat", num_inference_steps=3, eta=1.0, generator=generator(), height=64, width=64, output_type="np"
            ).images
        ),
        reference,
        target,
    )


@pytest.mark.parametrize("generators", [generator, lambda: [generator(5), generator(6)]], ids=["one", "list"])
def test_image_to_image(reference: Any, target: Any, tmp_path: Path, generators: Any) -> None:
    both(
        lambda: StableDiffusionImg2ImgPipeline(**components(reference, tmp_path)),
        lambda pipe: (
            pipe(
                ["a cat", "a dog"],
                image=picture(2),
                strength=0.7,
                num_inference_steps=4,
                generator=generators(),
                output_type="np",
            ).images
        ),
        reference,
        target,
    )


@pytest.mark.parametrize("channels", [4, 9])
def test_inpaint(reference: Any, target: Any, tmp_path: Path, channels: int) -> None:
    mask = torch.zeros(1, 1, 64, 48)
    mask[..., 16:40, 8:32] = 1
    both(
        lambda: StableDiffusionInpaintPipeline(**components(reference, tmp_path, unet_channels=channels)),
        lambda pipe: (
            pipe(
                "a cat",
                image=picture(),
                mask_image=mask,
                height=64,
                width=48,
                num_inference_steps=3,
                generator=generator(),
                output_type="np",
            ).images
        ),
        reference,
        target,
    )


@pytest.fixture(params=["http", "grpc"])
def service(request: pytest.FixtureRequest, reduced: LocalSidecar) -> Iterator[Any]:
    if request.param == "grpc":
        pytest.importorskip("grpc", reason="grpcio is not installed")
    with connect(reduced.target if request.param == "http" else reduced.grpc_target) as client:
        yield client


@SERVICE
@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("kind", [StableDiffusionInpaintPipeline, StableDiffusionPAGInpaintPipeline])
def test_inpainting_leaves_what_is_not_masked_as_it_was(
    reference: Any, service: Any, tmp_path: Path, kind: Any, channels: int
) -> None:
    from PIL import Image

    rng = np.random.default_rng(2)
    photo, mask = rng.integers(0, 256, (64, 48, 3), dtype=np.uint8), np.zeros((64, 48), np.uint8)
    mask[13:41, 9:30] = 255

    def painted(vae: Any) -> list[Any]:
        pipe = kind(**components(reference, tmp_path, unet_channels=channels))
        pipe.set_progress_bar_config(disable=True)
        pipe.vae = vae
        result = pipe(
            ["a cat", "a dog"],
            image=Image.fromarray(photo),
            mask_image=Image.fromarray(mask),
            height=64,
            width=48,
            num_inference_steps=3,
            generator=generator(),
        )
        return [np.asarray(picture) for picture in result.images]

    for picture in painted(InpaintingConsistencyVAE.wrap(reference, service)):
        np.testing.assert_array_equal(picture[mask == 0], photo[mask == 0])
        assert np.abs(picture[mask > 0].astype(int) - photo[mask > 0]).mean() > 10
    assert all((picture[mask == 0] != photo[mask == 0]).any() for picture in painted(reference))


@SERVICE
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_a_local_start_leave_the_known_pixels_alone(
    service: Any, tmp_path: Path, dtype: Any
) -> None:
    from PIL import Image

    ramp = np.arange(64 * 48 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 48, 3)
    mask = np.zeros((64, 48), np.uint8)
    mask[13:41, 9:30] = 255
    pipe = StableDiffusionInpaintPipeline(**components(small_vae(), tmp_path)).to(dtype)
    pipe.set_progress_bar_config(disable=True)
    pipe.vae = InpaintingConsistencyVAE.wrap(pipe.vae, service, start="local", shared_noise=3)
    (picture,) = pipe(
        "a cat",
        image=Image.fromarray(ramp),
        mask_image=Image.fromarray(mask),
        height=64,
        width=48,
        num_inference_steps=2,
        generator=generator(),
    ).images
    np.testing.assert_array_equal(np.asarray(picture)[mask == 0], ramp[mask == 0])
    assert (np.asarray(picture)[mask > 0] != ramp[mask > 0]).mean() > 0.9


@SERVICE
def test_frames_of_a_still_scene_do_not_flicker_with_shared_noise(service: Any) -> None:
    """AnimateDiff's own method takes the frames apart and decodes them a few at a time, without a generator."""
    frames = torch.randn(1, 4, 1, 4, 6, generator=generator()).repeat(1, 1, 16, 1, 1)

    def flicker(vae: Any) -> Any:
        video = AnimateDiffPipeline.decode_latents(SimpleNamespace(vae=vae), frames, decode_chunk_size=3)
        assert video.shape == (1, 3, 16, 32, 48)
        return video.diff(dim=2).abs().amax((0, 1, 3, 4))

    assert torch.equal(flicker(RemoteConsistencyVAE(service, shared_noise=11)), torch.zeros(15))
    assert flicker(RemoteConsistencyVAE(service)).max() > 0.01


@SERVICE
def test_a_local_start_is_the_wrapped_vae_s_picture(service: Any) -> None:
    z, kept = torch.randn(2, 4, 4, 6, generator=generator()), small_vae()
    with torch.no_grad():
        made = kept.decode(z).sample
    vae = RemoteConsistencyVAE.wrap(kept, service, start="local")
    ours = vae.decode(z, generator=generator(7)).sample
    drawn = generator(7)
    _, second = (torch.randn(2, 3, 32, 48, generator=drawn) for _ in range(2))
    theirs = service.decode(
        z, scale="unscaled", noise=[second], start=made, dialect="diffusers", output="float32"
    ).pixels
    np.testing.assert_array_equal(ours.numpy(), theirs)


def test_latent_consistency_model(reference: Any, target: Any, tmp_path: Path) -> None:
    def make() -> Any:
        parts = components(reference, tmp_path, guidance_embedding=True)
        parts["scheduler"] = LCMScheduler()
        return LatentConsistencyModelPipeline(**parts)

    both(
        make,
        lambda pipe: (
            pipe("a cat", num_inference_steps=2, generator=generator(), height=64, width=64, output_type="np").images
        ),
        reference,
        target,
    )


def test_a_pipeline_loads_with_it(reference: Any, target: Any, tmp_path: Path) -> None:
    saved = StableDiffusionPipeline(**components(reference, tmp_path / "tokens"))
    saved.set_progress_bar_config(disable=True)
    saved.save_pretrained(tmp_path / "saved")

    def run(pipe: Any) -> Any:
        return pipe("a cat", num_inference_steps=2, generator=generator(), height=64, width=64, output_type="np").images

    loaded = StableDiffusionPipeline.from_pretrained(
        tmp_path / "saved", vae=RemoteConsistencyVAE(target), safety_checker=None, low_cpu_mem_usage=False
    ).to("cpu")
    loaded.set_progress_bar_config(disable=True)
    theirs, ours = run(saved), run(loaded)
    assert np.abs(ours - theirs).max() < TOLERANCE
    again = StableDiffusionImg2ImgPipeline.from_pipe(loaded, vae=loaded.vae)
    assert again.vae is loaded.vae
    loaded.save_pretrained(tmp_path / "remote")
    assert not (tmp_path / "remote" / "vae").exists()
    assert (tmp_path / "remote" / "unet").exists()


def test_a_generation_can_be_cancelled_before_its_decode(reference: Any, target: Any, tmp_path: Path) -> None:
    pipe = StableDiffusionPipeline(**components(reference, tmp_path))
    pipe.set_progress_bar_config(disable=True)
    pipe.vae = RemoteConsistencyVAE.wrap(reference, target)
    pipe.vae.cancellation = Cancellation()

    def stop(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if step == 1:
            pipe.vae.cancellation.cancel()
        return tensors

    with pytest.raises(DecodeCancelledError):
        pipe("a cat", num_inference_steps=3, height=64, width=64, callback_on_step_end=stop)
