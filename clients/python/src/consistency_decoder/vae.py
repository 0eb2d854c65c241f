"""The decoder as the VAE of a diffusers pipeline. Needs the extra ``diffusers``."""

from __future__ import annotations

import logging
from typing import Any

try:
    import torch
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
from .client import Client
from .connecting import connect
from .errors import InvalidInputError, NotSupportedError
from .requests import PIXELS_PER_CELL, Tiling, check_latents, check_scaling_factor
from .sidecar import LocalSidecar
from .tensors import WireTensor

_LOG = logging.getLogger(__name__)
_DEFAULT_TARGET = "http://127.0.0.1:8000"
_FLOATS = (torch.float32, torch.float16, torch.bfloat16)
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
    ) -> None:
        super().__init__()
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
        wrapped.encoder_vae = vae
        wrapped.to(device=vae.device, dtype=vae.dtype)
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
    ) -> Any:
        """Unscaled latents [N, 4, h, w] to pictures [N, 3, 8h, 8w] in about [-1, 1], on z's device and of its type."""
        if z.dtype not in _FLOATS:
            raise InvalidInputError(f"latents of type {z.dtype}: float32, float16 or bfloat16 is needed")
        check_latents(WireTensor.of(z, "latents"))
        n, _, h, w = z.shape
        shape = (n, 3, PIXELS_PER_CELL * h, PIXELS_PER_CELL * w)
        noise = [
            randn_tensor(shape, generator=generator, device=z.device, dtype=z.dtype) for _ in range(num_inference_steps)
        ]
        size = 1 if self.use_slicing else n
        parts = [
            self._decoded(z[i : i + size], [step[i : i + size] for step in noise], num_inference_steps)
            for i in range(0, n, size)
        ]
        sample = torch.cat(parts).to(device=z.device, dtype=z.dtype)
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

    def _decoded(self, z: torch.Tensor, noise: list[torch.Tensor], steps: int) -> torch.Tensor:
        decoded = self._client.decode(
            z,
            scale="unscaled",
            noise=noise,
            steps=steps,
            dialect=self.config.dialect,
            output="float32",
            tiling=self._tiling,
            model=self.config.model,
            deadline=self.config.deadline,
            cancellation=self.cancellation,
        )
        for warning in decoded.warnings:
            _LOG.warning("%s", warning)
        return torch.tensor(decoded.pixels)

    def _forward(self, name: str) -> None:
        method = getattr(self.encoder_vae, name, None)
        if method is not None:
            method()
