"""Nodes that decode and encode with a consistency-decoder server, and one that starts it."""

from __future__ import annotations

import copy
import os
from typing import Any, NamedTuple

import torch

from . import sidecar
from .remote_decode import RemoteDecodeError, decode, encode

DEFAULT_SERVER = "http://127.0.0.1:8000"
PREVIEW = "tiny"
_REMOTE = "decodes_remotely"
TOKEN_VARIABLE = "CONSISTENCY_DECODER_TOKEN"  # noqa: S105 - the name of the variable
_SERVER = (
    "STRING",
    {"default": DEFAULT_SERVER, "tooltip": "address of 'consistency-decoder serve', or the node that starts one"},
)
_MODEL = ("STRING", {"default": "", "tooltip": "name of one of the server's models; empty for its first"})
_SHARED_NOISE = (
    "BOOLEAN",
    {"default": False, "tooltip": "the same noise for all pictures: frames of a still scene do not flicker"},
)
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
        {
            "default": 2,
            "min": 1,
            "max": 64,
            "tooltip": "evaluations of the network; 2 as published, 1 costs half. A start takes the place of the first",
        },
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
    shared_noise: bool = False,
    start: Any = None,
    kept: Kept | None = None,
) -> torch.Tensor:
    """ComfyUI's latents, which are unscaled, to its pictures: [N, H, W, 3] in [0, 1] on the CPU.

    Picture k has the seed plus its place in the batch that it was made in, so that it stays the same alone. The bar
    moves and the Cancel button is heard after each picture, and while one is awaited.

    start: pictures, or a VAE that makes them.
    """
    import comfy.utils

    if getattr(samples, "is_nested", False):
        raise RemoteDecodeError("nested latents are those of video and audio models; Stable Diffusion 1.x is needed")
    places = index if index is not None and len(index) == len(samples) else range(len(samples))
    bar = comfy.utils.ProgressBar(len(samples))
    pictures = []
    for k, (place, latent) in enumerate(zip(places, samples)):  # noqa: B905 - the same length
        known = None if kept is None else kept.of(k, latent)
        decoded = decode(
            server,
            latent[None],
            scaled=False,
            seeds=seed if shared_noise else seed + place,
            shared_noise=shared_noise,
            steps=steps,
            dialect=dialect,
            start=None if start is None else _levels(_started(start, k, latent)),
            keep=None if known is None else _levels(known.pixels),
            mask=None if known is None else known.mask[None, None],
            feather=0 if kept is None else kept.feather,
            model=model,
            token=os.environ.get(TOKEN_VARIABLE, ""),
            check=_stop_if_interrupted,
        )
        picture = ((decoded + 1) / 2).clamp(0, 1).movedim(1, -1)
        # The very numbers that came in: on the way by [-1, 1] they would be rounded, and ComfyUI truncates.
        pictures.append(picture if known is None else torch.where(known.mask[None, ..., None], picture, known.pixels))
        bar.update(1)
    return torch.cat(pictures).contiguous()


class Known(NamedTuple):
    """A picture [1, 8h, 8w, 3] in [0, 1], and what of it [8h, 8w] is painted anew."""

    pixels: torch.Tensor
    mask: torch.Tensor


class Kept:
    """Pictures [N, H, W, C] and masks that come again from the first on if there are more latents."""

    def __init__(self, pictures: torch.Tensor, masks: Any, feather: int) -> None:
        if masks is None:
            raise RemoteDecodeError(
                "'keep' needs a mask of what is painted anew, and the latents have none: put 'Set Latent Noise Mask' "
                "or 'VAE Encode (for Inpainting)' before the sampler, or take 'keep' away"
            )
        height, width = pictures.shape[1:3]
        masks = masks.reshape((-1, 1, *masks.shape[-2:])).cpu().float()
        # Masks may be as large as the picture or as the latents.
        self._masks = torch.nn.functional.interpolate(masks, (height, width), mode="nearest-exact")[:, 0] >= 0.5
        self._pictures = pictures.cpu().float()[..., :3]
        self.feather = feather

    def of(self, k: int, latent: torch.Tensor) -> Known:
        pixels = _cropped(self._pictures[k % len(self._pictures)][None])
        _check_size("keep", pixels, latent)
        return Known(pixels.clamp(0, 1), _cropped(self._masks[k % len(self._masks)][None])[0])


def _started(start: Any, k: int, latent: torch.Tensor) -> torch.Tensor:
    """The picture [1, 8h, 8w, 3] to start from."""
    if hasattr(start, _REMOTE):
        raise RemoteDecodeError(
            "'start' is a VAE that decodes with the server itself; take the one from before "
            "'Use remote consistency decoder'"
        )
    pixels = start.decode(latent[None]) if hasattr(start, "decode") else _cropped(start[k % len(start)][None])
    _check_size("start", pixels, latent)
    return torch.as_tensor(pixels).cpu().float()[..., :3]


def _cropped(pictures: torch.Tensor) -> torch.Tensor:
    """[N, H, W, ..] to multiples of 8 around the middle, as pictures are encoded."""
    for axis in (1, 2):
        size = pictures.shape[axis]
        pictures = pictures.narrow(axis, size % 8 // 2, size // 8 * 8)
    return pictures


def _check_size(name: str, pixels: torch.Tensor, latent: torch.Tensor) -> None:
    height, width = (8 * cells for cells in latent.shape[-2:])
    if tuple(pixels.shape[1:3]) != (height, width):
        raise RemoteDecodeError(
            f"'{name}' has {pixels.shape[2]}x{pixels.shape[1]} pixels, the decoded picture {width}x{height}: "
            "the picture that the latents were made of is needed"
        )


def _levels(pictures: torch.Tensor) -> torch.Tensor:
    """Numbers in [0, 1] to bytes."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def _stop_if_interrupted() -> None:
    import comfy.model_management

    comfy.model_management.throw_exception_if_processing_interrupted()


class ConsistencyDecoderServer:
    """Starts a server and gives its address."""

    CATEGORY = "consistency decoder"
    DESCRIPTION = (
        "Starts a consistency-decoder server on this machine when a workflow first needs it, and gives its address. "
        "It ends with ComfyUI. Linux and macOS."
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
                        "default": PREVIEW,
                        "tooltip": f"id or folder of a model, as 'serve --model' takes it. {PREVIEW} is the preview "
                        "that comes with the program; OpenAI's decoder is consistency-decoder, once it is installed",
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
        keep = {"tooltip": "the picture that was inpainted: outside the latents' mask it comes back as it is"}
        feather = {"default": 4, "min": 0, "max": 256, "tooltip": "pixels inside the mask over which 'keep' fades out"}
        start = {"tooltip": "a cheaper picture of these latents, or the VAE that makes it: about half the time"}
        return {
            "required": {"samples": samples, **_SETTINGS},
            "optional": {
                "model": _MODEL,
                "shared_noise": _SHARED_NOISE,
                "keep": ("IMAGE", keep),
                "feather": ("INT", feather),
                "start": ("IMAGE,VAE", start),
            },
        }

    def decode(
        self,
        samples: dict[str, Any],
        server: str,
        seed: int,
        steps: int,
        dialect: str,
        model: str = "",
        shared_noise: bool = False,
        keep: torch.Tensor | None = None,
        feather: int = 4,
        start: Any = None,
    ) -> tuple[torch.Tensor]:
        kept = None if keep is None else Kept(keep, samples.get("noise_mask"), feather)
        index = samples.get("batch_index")
        return (images(samples["samples"], server, seed, steps, dialect, index, model, shared_noise, start, kept),)


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
        pictures = _cropped(pixels)[..., :3].movedim(-1, 1) * 2 - 1
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
        start = {"default": False, "tooltip": "starts from this VAE's own picture: about half the time"}
        return {
            "required": {"vae": vae, **_SETTINGS},
            "optional": {"model": _MODEL, "shared_noise": _SHARED_NOISE, "start_from_vae": ("BOOLEAN", start)},
        }

    def patch(
        self,
        vae: Any,
        server: str,
        seed: int,
        steps: int,
        dialect: str,
        model: str = "",
        shared_noise: bool = False,
        start_from_vae: bool = False,
    ) -> tuple[Any]:
        channels = getattr(vae, "latent_channels", 4)
        if channels != 4:
            raise RemoteDecodeError(
                f"this VAE has {channels} latent channels; the decoder is for Stable Diffusion 1.x, which has 4. "
                "Leave this model's own VAE in place"
            )

        def remote(samples: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            # Tile sizes and overlaps are ignored: the server splits a picture itself if it has to, and a tile decoded
            # alone would get its own noise and its own tone.
            start = vae if start_from_vae else None
            return images(samples, server, seed, steps, dialect, model=model, shared_noise=shared_noise, start=start)

        patched = copy.copy(vae)
        setattr(patched, _REMOTE, True)
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
