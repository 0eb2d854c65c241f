"""Two nodes: LATENT to IMAGE, and a VAE whose decoding goes to the server."""

from __future__ import annotations

import copy
import os
from typing import Any

import torch

from .remote_decode import RemoteDecodeError, decode

DEFAULT_SERVER = "http://127.0.0.1:8000"
TOKEN_VARIABLE = "CONSISTENCY_DECODER_TOKEN"  # noqa: S105 - the name of the variable
_SETTINGS: dict[str, Any] = {
    "server": ("STRING", {"default": DEFAULT_SERVER, "tooltip": "address of 'consistency-decoder serve'"}),
    "seed": (
        "INT",
        {"default": 0, "min": 0, "max": 0xFFFFFFFF, "tooltip": "of the decoder's noise; +1 for each picture"},
    ),
    "steps": ("INT", {"default": 2, "min": 1, "max": 2}),
    "dialect": (["original", "diffusers"], {"tooltip": "original clamps after each step, as OpenAI's code does"}),
}


def images(
    samples: torch.Tensor, server: str, seed: int, steps: int, dialect: str, index: list[int] | None = None
) -> torch.Tensor:
    """ComfyUI's latents, which are unscaled, to its pictures: [N, H, W, 3] in [0, 1] on the CPU.

    Picture k has the seed plus its place in the batch that it was made in, so that it stays the same alone.
    """
    if getattr(samples, "is_nested", False):
        raise RemoteDecodeError("nested latents are those of video and audio models; Stable Diffusion 1.x is needed")
    places = index if index is not None and len(index) == len(samples) else range(len(samples))
    pictures = decode(
        server,
        samples,
        scaled=False,
        seeds=[seed + place for place in places],
        steps=steps,
        dialect=dialect,
        token=os.environ.get(TOKEN_VARIABLE, ""),
        check=_stop_if_interrupted,
    )
    return ((pictures + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()


def _stop_if_interrupted() -> None:
    import comfy.model_management

    comfy.model_management.throw_exception_if_processing_interrupted()


class ConsistencyDecodeRemote:
    """LATENT to IMAGE."""

    CATEGORY = "latent"
    DESCRIPTION = "Decodes Stable Diffusion 1.x latents with a consistency-decoder server."
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "decode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        return {"required": {"samples": ("LATENT",), **_SETTINGS}}

    def decode(self, samples: dict[str, Any], server: str, seed: int, steps: int, dialect: str) -> tuple[torch.Tensor]:
        return (images(samples["samples"], server, seed, steps, dialect, samples.get("batch_index")),)


class UseRemoteConsistencyDecoder:
    """VAE to VAE: decoding goes to the server, encoding stays."""

    CATEGORY = "latent"
    DESCRIPTION = (
        "A VAE that encodes as before and decodes with a consistency-decoder server. Stable Diffusion 1.x only."
    )
    RETURN_TYPES = ("VAE",)
    FUNCTION = "patch"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        return {"required": {"vae": ("VAE",), **_SETTINGS}}

    def patch(self, vae: Any, server: str, seed: int, steps: int, dialect: str) -> tuple[Any]:
        channels = getattr(vae, "latent_channels", 4)
        if channels != 4:
            raise RemoteDecodeError(
                f"this VAE has {channels} latent channels; the decoder is for Stable Diffusion 1.x, which has 4. "
                "Leave this model's own VAE in place"
            )

        def remote(samples: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            # Tile sizes and overlaps are ignored: the server splits a picture itself if it has to, and a tile decoded
            # alone would get its own noise and its own tone.
            return images(samples, server, seed, steps, dialect)

        patched = copy.copy(vae)
        patched.decode = remote
        patched.decode_tiled = remote
        return (patched,)


NODE_CLASS_MAPPINGS = {
    "ConsistencyDecodeRemote": ConsistencyDecodeRemote,
    "UseRemoteConsistencyDecoder": UseRemoteConsistencyDecoder,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ConsistencyDecodeRemote": "Consistency decode (remote)",
    "UseRemoteConsistencyDecoder": "Use remote consistency decoder",
}
