"""The decoder as the VAE of a diffusers pipeline. Needs the extra ``diffusers``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

try:
    import torch
    from diffusers import AsymmetricAutoencoderKL, ConsistencyDecoderVAE
    from diffusers.configuration_utils import ConfigMixin, register_to_config
    from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
    from diffusers.models.modeling_outputs import AutoencoderKLOutput
    from diffusers.models.modeling_utils import ModelMixin
    from diffusers.utils.accelerate_utils import apply_forward_hook
    from diffusers.utils.torch_utils import randn_tensor
except ImportError as e:
    raise ImportError(
        "RemoteConsistencyVAE needs the packages torch and diffusers: pip install 'consistency-decoder[diffusers]'"
    ) from e

from .calls import DEFAULT_DEADLINE, Cancellation
from .client import Client, Progress
from .connecting import connect
from .errors import InvalidInputError, NotSupportedError
from .requests import PIXELS_PER_CELL, Region, Tiling, check_latents, check_scaling_factor, evenly_spread
from .sidecar import LocalSidecar
from .tensors import WireTensor

_LOG = logging.getLogger(__name__)
_DEFAULT_TARGET = "http://127.0.0.1:8000"
_FLOATS = (torch.float32, torch.float16, torch.bfloat16)
_LOCAL = "local"
# Of a distribution without spread; DiagonalGaussianDistribution ends there.
_NO_VARIANCE = -30.0


class RemoteConsistencyVAE(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A VAE whose decoder is a consistency-decoder server. Goes wherever a pipeline takes a VAE:

        pipe.vae = RemoteConsistencyVAE.wrap(pipe.vae, "http://127.0.0.1:8000")
        pipe = StableDiffusionPipeline.from_pretrained(.., vae=RemoteConsistencyVAE("http://127.0.0.1:8000"))

    The noise is drawn here, from the generator that the pipeline passes, as diffusers' ConsistencyDecoderVAE draws it:
    with the same weights and generator the pictures are the same. ``encode`` is that of the wrapped VAE, or without one
    that of the server, if it has an encoder.

    target: an address as :func:`consistency_decoder.connect` takes it, a client, or a :class:`LocalSidecar`.
    model: name of one of the server's models; empty for its first.
    dialect: ``diffusers`` as ConsistencyDecoderVAE decodes, ``original`` as OpenAI's code does.
    deadline: seconds for each decode and encode; None for no limit but the server's.
    start: a cheaper picture takes the place of the first step: ``local`` sends that of the wrapped VAE, another name is
        one of the server's models of another kind. The generator is used as without it; the pictures are nearly those.
    shared_noise: seed of one field of noise for all pictures of all decodes, for frames of a still scene, which would
        flicker otherwise. The generator is then not used.
    feather, grow, region: of known pixels, which ``decode`` takes as ``image`` and ``mask``; as
        :meth:`consistency_decoder.Client.decode` has them.
    progress: whether a bar is drawn, if tqdm is installed; None for notebooks only.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        target: str | Client | LocalSidecar = _DEFAULT_TARGET,
        scaling_factor: float = 0.18215,
        block_out_channels: tuple[int, ...] = (128, 256, 512, 512),
        latent_channels: int = 4,
        sample_size: int = 512,
        force_upcast: bool = False,
        model: str = "",
        dialect: str = "diffusers",
        deadline: float | None = DEFAULT_DEADLINE,
        start: str | None = None,
        shared_noise: int | None = None,
        feather: int | None = None,
        grow: int = 0,
        region: Region = "auto",
        progress: bool | None = None,
    ) -> None:
        # Not super(): in InpaintingConsistencyVAE another class with weights of its own comes between.
        ModelMixin.__init__(self)
        check_scaling_factor(scaling_factor)
        if 2 ** (len(block_out_channels) - 1) != PIXELS_PER_CELL or latent_channels != 4:
            raise InvalidInputError(
                f"{latent_channels} latent channels and {len(block_out_channels)} levels: 4 and 4 are needed, as in "
                "Stable Diffusion 1.x"
            )
        self.register_buffer("_place", torch.zeros(1), persistent=False)
        self.encoder_vae: Any = None
        self.cancellation: Cancellation | None = None
        self.use_slicing = False
        self.use_tiling = False
        self._tiling: Tiling = "auto"
        self._owned: Client | None = None
        if isinstance(target, str):
            self._client = self._owned = connect(target)
        else:
            self._client = target.client if isinstance(target, LocalSidecar) else target
            # Neither belongs into a config, which is written to files.
            self.register_to_config(target="")

    @classmethod
    def wrap(
        cls, vae: Any, target: str | Client | LocalSidecar = _DEFAULT_TARGET, **options: Any
    ) -> RemoteConsistencyVAE:
        """Takes the place of a pipeline's VAE and keeps it for encoding. Refuses a VAE of another family."""
        config = vae.config
        shift = getattr(config, "shift_factor", None)
        if shift:
            raise InvalidInputError(
                f"the VAE has shift factor {shift}, as those of Stable Diffusion 3 and Flux have; this decoder is for "
                "Stable Diffusion 1.x. Keep that pipeline's own VAE"
            )
        wrapped: RemoteConsistencyVAE = cls(
            target,
            scaling_factor=config.scaling_factor,
            latent_channels=getattr(config, "latent_channels", 4),
            block_out_channels=tuple(config.block_out_channels),
            **options,
        )
        if wrapped.config.start == _LOCAL and isinstance(vae, (RemoteConsistencyVAE, ConsistencyDecoderVAE)):
            raise InvalidInputError(
                f"start='local' with a {type(vae).__name__}, which is a consistency decoder itself; "
                "wrap an AutoencoderKL"
            )
        wrapped.encoder_vae = vae
        # Not its own: that of some versions of diffusers warns of modules that are not there.
        torch.nn.Module.to(wrapped, device=vae.device, dtype=vae.dtype)
        return wrapped

    @property
    def client(self) -> Client:
        """Whom it asks."""
        return self._client

    def close(self) -> None:
        """Ends the connections, unless the client was passed in. The wrapped VAE stays."""
        if self._owned is not None:
            self._owned.close()

    def enable_slicing(self) -> None:
        """One picture in each request: less memory on the server. The pictures stay the same."""
        self.use_slicing = True
        self._forward("enable_slicing")

    def disable_slicing(self) -> None:
        """All pictures of a batch in one request."""
        self.use_slicing = False
        self._forward("disable_slicing")

    def enable_tiling(self, use_tiling: bool = True) -> None:
        """Lets the server divide a picture if it would otherwise need too much memory, as it does from the start."""
        if not use_tiling:
            self.disable_tiling()
            return
        self.use_tiling, self._tiling = True, "auto"
        self._forward("enable_tiling")

    def disable_tiling(self) -> None:
        """Forbids the server to divide pictures: one that is too large for it is then refused."""
        self.use_tiling, self._tiling = False, "whole"
        self._forward("disable_tiling")

    @apply_forward_hook  # type: ignore[untyped-decorator]
    def encode(self, x: torch.Tensor, return_dict: bool = True) -> Any:
        """Pictures [N, 3, H, W] in [-1, 1] to latents, as AutoencoderKL.encode."""
        if self.encoder_vae is not None:
            return self.encoder_vae.encode(x, return_dict=return_dict)
        try:
            latents = self._client.encode(
                x, scale="unscaled", model="", deadline=self.config.deadline, cancellation=self.cancellation
            )
        except NotSupportedError as e:
            raise NotSupportedError(
                f"{e}; or keep the pipeline's own encoder: pipe.vae = RemoteConsistencyVAE.wrap(pipe.vae, target)"
            ) from e
        mean = torch.tensor(latents).to(device=x.device, dtype=x.dtype)
        moments = torch.cat([mean, torch.full_like(mean, _NO_VARIANCE)], dim=1)
        posterior = DiagonalGaussianDistribution(moments, deterministic=True)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    @apply_forward_hook  # type: ignore[untyped-decorator]
    @torch.no_grad()  # type: ignore[untyped-decorator]
    def decode(
        self,
        z: torch.Tensor,
        *,
        return_dict: bool = True,
        generator: torch.Generator | list[torch.Generator] | None = None,
        num_inference_steps: int = 2,
        image: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> Any:
        """Unscaled latents [N, 4, h, w] to pictures [N, 3, 8h, 8w] in about [-1, 1], on z's device and of its type.

        image: known pixels [N or 1, 3, 8h, 8w] in [-1, 1]; they come back where the mask [N or 1, 1, 8h, 8w] is below
            0.5, and the pictures are float32. Of fewer than N the first comes again after the last, as diffusers'
            pipelines have it.
        """
        if z.dtype not in _FLOATS:
            raise InvalidInputError(f"latents of type {z.dtype}: float32, float16 or bfloat16 is needed")
        check_latents(WireTensor.of(z, "latents"))
        n, _, h, w = z.shape
        start = self.config.start
        options: dict[str, Any] = {"steps": num_inference_steps}
        if start is not None:
            options = {"timesteps": self._after_the_first(num_inference_steps), "start": start}
        given: dict[str, Any] = {"keep": _for_each(image, n), "mask": _for_each(mask, n)}
        if image is not None or mask is not None:
            options |= {name: self.config[name] for name in ("feather", "grow", "region")}
        if self.config.shared_noise is not None:
            options["shared_noise"] = self.config.shared_noise
        else:
            shape = (n, 3, PIXELS_PER_CELL * h, PIXELS_PER_CELL * w)
            noise = [
                randn_tensor(shape, generator=generator, device=z.device, dtype=z.dtype)
                for _ in range(num_inference_steps)
            ]
            # With a start the first field is drawn and dropped: the others are then those of a decode without it.
            given["noise"] = noise if start is None else noise[1:]
        if start == _LOCAL:
            given["start"] = self._decoded_here(z)
        size = 1 if self.use_slicing else n
        parts = [slice(i, i + size) for i in range(0, n, size)]
        with self._bar(len(parts)) as report:
            decoded = [
                self._decoded(z[part], report(k), {**options, **{name: _part(of, part) for name, of in given.items()}})
                for k, part in enumerate(parts)
            ]
        # Of known pixels no bit is lost: diffusers' own arithmetic after this would lose some in bfloat16.
        sample = torch.cat(decoded).to(device=z.device, dtype=z.dtype if image is None else torch.float32)
        return DecoderOutput(sample=sample) if return_dict else (sample,)

    def forward(
        self,
        sample: torch.Tensor,
        sample_posterior: bool = False,
        return_dict: bool = True,
        generator: torch.Generator | None = None,
    ) -> Any:
        """Encodes and decodes again."""
        posterior = self.encode(sample).latent_dist
        z = posterior.sample(generator=generator) if sample_posterior else posterior.mode()
        return self.decode(z, return_dict=return_dict, generator=generator)

    def save_pretrained(self, save_directory: Any, *_: Any, **__: Any) -> None:
        """Writes nothing: there are no weights here."""
        _LOG.warning(
            "RemoteConsistencyVAE is not saved to %s: it has no weights. Load the pipeline again with "
            "from_pretrained(.., vae=RemoteConsistencyVAE(target))",
            save_directory,
        )

    def _decoded(self, z: torch.Tensor, progress: Progress | None, options: dict[str, Any]) -> torch.Tensor:
        decoded = self._client.decode(
            z,
            scale="unscaled",
            dialect=self.config.dialect,
            output="float32",
            tiling=self._tiling,
            model=self.config.model,
            deadline=self.config.deadline,
            cancellation=self.cancellation,
            progress=progress,
            **options,
        )
        for warning in decoded.warnings:
            _LOG.warning("%s", warning)
        return torch.tensor(decoded.pixels)

    def _after_the_first(self, steps: int) -> tuple[int, ...]:
        if steps < 2:
            raise InvalidInputError(
                f"num_inference_steps={steps} with a start, which takes the place of the first: at least 2 are needed"
            )
        return evenly_spread(steps)[1:]

    def _decoded_here(self, z: torch.Tensor) -> torch.Tensor:
        if self.encoder_vae is None:
            raise InvalidInputError(
                "start='local' is the picture of the wrapped VAE, and there is none; "
                "make this one with RemoteConsistencyVAE.wrap(pipe.vae, target, start='local')"
            )
        pictures: torch.Tensor = self.encoder_vae.decode(z.to(self.encoder_vae.dtype), return_dict=False)[0]
        return pictures

    @contextmanager
    def _bar(self, parts: int) -> Iterator[Callable[[int], Progress | None]]:
        """Gives what part k tells of its steps: they move a bar, if one is to be drawn."""
        wanted = self.config.progress
        tqdm = _tqdm() if (wanted or (wanted is None and "ipykernel" in sys.modules)) else None
        if tqdm is None:
            yield lambda _: None
            return
        with tqdm(desc="decoding", unit="step") as bar:

            def moved(k: int, done: int, steps: int) -> None:
                bar.total, bar.n = parts * steps, k * steps + done
                bar.refresh()

            yield lambda k: lambda done, steps: moved(k, done, steps)

    def _forward(self, name: str) -> None:
        method = getattr(self.encoder_vae, name, None)
        if method is not None:
            method()


class InpaintingConsistencyVAE(RemoteConsistencyVAE, AsymmetricAutoencoderKL):  # type: ignore[misc]
    """The same, which diffusers' inpainting pipelines hand picture and mask to: known pixels come back as they are.

        pipe.vae = InpaintingConsistencyVAE.wrap(pipe.vae, "http://127.0.0.1:8000")

    They do so for an AsymmetricAutoencoderKL, which this is by name only: it has none of its layers and weights.
    """


def _for_each(pictures: torch.Tensor | None, n: int) -> torch.Tensor | None:
    """One for each latent, or one as it is."""
    if pictures is None or n % len(pictures):
        return pictures
    return pictures.repeat(n // len(pictures), 1, 1, 1)


def _part(of: Any, part: slice) -> Any:
    """Of a tensor, or of each in a list of them."""
    if isinstance(of, list):
        return [each[part] for each in of]
    return None if of is None else of[part]


def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm
