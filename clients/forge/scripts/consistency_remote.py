"""An extension of Forge: the pictures of a generation are decoded by a consistency-decoder server."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import gradio as gr
from modules import scripts

DEFAULT_SERVER = "http://127.0.0.1:8000"
TITLE = "Consistency decoder (remote)"


def _load_remote_decode() -> Any:
    """From beside this folder; Forge runs scripts without a package around them."""
    file = Path(__file__).resolve().parents[1] / "remote_decode.py"
    spec = importlib.util.spec_from_file_location("consistency_decoder_remote_decode", file)
    assert spec is not None  # noqa: S101 - a file has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


remote_decode = _load_remote_decode()


class ConsistencyDecoderScript(scripts.Script):  # type: ignore[misc]
    """Puts a wrapper around the VAE's decoding before each sampling, while it is switched on."""

    def title(self) -> str:
        return TITLE

    def show(self, is_img2img: bool) -> Any:  # noqa: ARG002 - Forge's signature
        return scripts.AlwaysVisible

    def ui(self, is_img2img: bool) -> list[Any]:  # noqa: ARG002 - Forge's signature
        with gr.Accordion(TITLE, open=False):
            enabled = gr.Checkbox(label="Decode with the server", value=False)
            server = gr.Textbox(label="Server", value=os.environ.get("CONSISTENCY_DECODER_URL", DEFAULT_SERVER))
            steps = gr.Slider(label="Steps", minimum=1, maximum=2, step=1, value=2)
        return [enabled, server, steps]

    def process_before_every_sampling(self, p: Any, enabled: bool, server: str, steps: int, *_: Any, **__: Any) -> None:
        if not enabled:
            return
        model = p.sd_model
        channels = getattr(model.forge_objects.vae, "latent_channels", 4)
        if channels != 4 or getattr(model, "is_sdxl", False) or getattr(model, "is_sd3", False):
            print(f"{TITLE}: this model is not of the Stable Diffusion 1.x family; its own VAE decodes")
            return
        vae = model.forge_objects.vae.clone()
        seeds = list(getattr(p, "seeds", None) or [])

        def decode(_: Any, samples: Any) -> Any:
            """Unscaled [N, 4, h, w] to [N, H, W, 3] in [0, 1]."""
            n = len(samples)
            pictures = remote_decode.decode(
                server,
                samples,
                scaled=False,
                seeds=seeds if len(seeds) == n else [(seeds or [0])[0] + k for k in range(n)],
                steps=int(steps),
                token=os.environ.get("CONSISTENCY_DECODER_TOKEN", ""),
            )
            return ((pictures + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()

        vae.patcher.set_model_vae_decode_wrapper(decode)
        model.forge_objects.vae = vae
        p.extra_generation_params["Decoder"] = "consistency (remote)"
