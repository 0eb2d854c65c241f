"""Nodes that decode and encode with a consistency-decoder server, and one that starts it."""

from __future__ import annotations

import copy
import os
from typing import Any

import torch

from . import sidecar
from .remote_decode import RemoteDecodeError, decode, encode

DEFAULT_SERVER = "http://127.0.0.1:8000"
TOKEN_VARIABLE = "CONSISTENCY_DECODER_TOKEN"  # noqa: S105 - the name of the variable
_SERVER = (
    "STRING",
    {"default": DEFAULT_SERVER, "tooltip": "address of 'consistency-decoder serve', or the node that starts one"},
)
_MODEL = ("STRING", {"default": "", "tooltip": "name of one of the server's models; empty for its first"})
_SETTINGS: dict[str, Any] = {
    "server": _SERVER,
    "seed": (
        "INT",
        {
            "default": 0,
            "min": 0,
            "max": 0xFFFFFFFF,
            "control_after_generate": False,
            "tooltip": "of the decoder's noise; +1 for each picture",
        },
    ),
    "steps": (
        "INT",
        {"default": 2, "min": 1, "max": 64, "tooltip": "evaluations of the network; 2 as published, 1 costs half"},
    ),
    "dialect": (
        ["original", "diffusers"],
        {"default": "original", "tooltip": "original clamps after each step, as OpenAI's code does"},
    ),
}


def images(
    samples: torch.Tensor,
    server: str,
    seed: int,
    steps: int,
    dialect: str,
    index: list[int] | None = None,
    model: str = "",
) -> torch.Tensor:
    """ComfyUI's latents, which are unscaled, to its pictures: [N, H, W, 3] in [0, 1] on the CPU.

    Picture k has the seed plus its place in the batch that it was made in, so that it stays the same alone. The bar
    moves and the Cancel button is heard after each picture, and while one is awaited.
    """
    import comfy.utils

    if getattr(samples, "is_nested", False):
        raise RemoteDecodeError("nested latents are those of video and audio models; Stable Diffusion 1.x is needed")
    places = index if index is not None and len(index) == len(samples) else range(len(samples))
    bar = comfy.utils.ProgressBar(len(samples))
    pictures = []
    for place, latent in zip(places, samples):  # noqa: B905 - the same length
        pictures.append(
            decode(
                server,
                latent[None],
                scaled=False,
                seeds=seed + place,
                steps=steps,
                dialect=dialect,
                model=model,
                token=os.environ.get(TOKEN_VARIABLE, ""),
                check=_stop_if_interrupted,
            )
        )
        bar.update(1)
    return ((torch.cat(pictures) + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()


def _stop_if_interrupted() -> None:
    import comfy.model_management

    comfy.model_management.throw_exception_if_processing_interrupted()


class ConsistencyDecoderServer:
    """Starts a server and gives its address."""

    CATEGORY = "consistency decoder"
    DESCRIPTION = (
        "Starts a consistency-decoder server on this machine when a workflow first needs it, and gives its address. "
        "It ends with ComfyUI."
    )
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("server",)
    OUTPUT_TOOLTIPS = ("For the input 'server' of the other nodes.",)
    FUNCTION = "start"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        return {
            "required": {
                "model": (
                    "STRING",
                    {
                        "default": "",
                        "tooltip": "id or folder of a model, as 'serve --model' takes it; empty for the best installed",
                    },
                ),
            },
            "optional": {
                "program": (
                    "STRING",
                    {"default": "", "tooltip": "path of consistency-decoder; empty to look for it"},
                ),
            },
        }

    def start(self, model: str, program: str = "") -> tuple[str]:
        return (sidecar.server(program.strip(), model.strip(), _stop_if_interrupted),)


class ConsistencyDecodeRemote:
    """LATENT to IMAGE."""

    CATEGORY = "consistency decoder"
    DESCRIPTION = "Decodes Stable Diffusion 1.x latents with a consistency-decoder server."
    RETURN_TYPES = ("IMAGE",)
    OUTPUT_TOOLTIPS = ("The decoded pictures.",)
    FUNCTION = "decode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        samples = ("LATENT", {"tooltip": "Stable Diffusion 1.x latents, as a KSampler gives them"})
        return {"required": {"samples": samples, **_SETTINGS}, "optional": {"model": _MODEL}}

    def decode(
        self, samples: dict[str, Any], server: str, seed: int, steps: int, dialect: str, model: str = ""
    ) -> tuple[torch.Tensor]:
        return (images(samples["samples"], server, seed, steps, dialect, samples.get("batch_index"), model),)


class ConsistencyEncodeRemote:
    """IMAGE to LATENT."""

    CATEGORY = "consistency decoder"
    DESCRIPTION = "Encodes pictures with the encoder of a consistency-decoder server, if it has one."
    RETURN_TYPES = ("LATENT",)
    OUTPUT_TOOLTIPS = ("Latents for a KSampler or for decoding.",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        pixels = ("IMAGE", {"tooltip": "sides that are no multiples of 8 are cropped to them, around the middle"})
        return {"required": {"pixels": pixels, "server": _SERVER}, "optional": {"model": _MODEL}}

    def encode(self, pixels: torch.Tensor, server: str, model: str = "") -> tuple[dict[str, torch.Tensor]]:
        height, width = (size // 8 * 8 for size in pixels.shape[1:3])
        top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
        pictures = pixels[:, top : top + height, left : left + width, :3].movedim(-1, 1) * 2 - 1
        latents = encode(
            server, pictures, model=model, token=os.environ.get(TOKEN_VARIABLE, ""), check=_stop_if_interrupted
        )
        return ({"samples": latents},)


class UseRemoteConsistencyDecoder:
    """VAE to VAE: decoding goes to the server, encoding stays."""

    CATEGORY = "consistency decoder"
    DESCRIPTION = (
        "A VAE that encodes as before and decodes with a consistency-decoder server. Stable Diffusion 1.x only."
    )
    RETURN_TYPES = ("VAE",)
    OUTPUT_TOOLTIPS = ("For VAE Decode and every other node that takes a VAE.",)
    FUNCTION = "patch"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        vae = ("VAE", {"tooltip": "encodes as before"})
        return {"required": {"vae": vae, **_SETTINGS}, "optional": {"model": _MODEL}}

    def patch(self, vae: Any, server: str, seed: int, steps: int, dialect: str, model: str = "") -> tuple[Any]:
        channels = getattr(vae, "latent_channels", 4)
        if channels != 4:
            raise RemoteDecodeError(
                f"this VAE has {channels} latent channels; the decoder is for Stable Diffusion 1.x, which has 4. "
                "Leave this model's own VAE in place"
            )

        def remote(samples: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            # Tile sizes and overlaps are ignored: the server splits a picture itself if it has to, and a tile decoded
            # alone would get its own noise and its own tone.
            return images(samples, server, seed, steps, dialect, model=model)

        patched = copy.copy(vae)
        patched.decode = remote
        patched.decode_tiled = remote
        return (patched,)


NODE_CLASS_MAPPINGS = {
    "ConsistencyDecoderServer": ConsistencyDecoderServer,
    "ConsistencyDecodeRemote": ConsistencyDecodeRemote,
    "ConsistencyEncodeRemote": ConsistencyEncodeRemote,
    "UseRemoteConsistencyDecoder": UseRemoteConsistencyDecoder,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ConsistencyDecoderServer": "Consistency decoder server (start)",
    "ConsistencyDecodeRemote": "Consistency decode (remote)",
    "ConsistencyEncodeRemote": "Consistency encode (remote)",
    "UseRemoteConsistencyDecoder": "Use remote consistency decoder",
}
