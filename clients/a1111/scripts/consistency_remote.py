"""An extension of AUTOMATIC1111's web UI: one more way for its setting "VAE type for decode"."""

from __future__ import annotations

import importlib.util
import itertools
import os
from pathlib import Path
from typing import Any

from modules import scripts, sd_samplers_common, shared

DEFAULT_SERVER = "http://127.0.0.1:8000"
NAME = "Consistency (remote)"
INDEX = 4
_WRAPPED = "_consistency_decoder_wraps"


def _load_remote_decode() -> Any:
    """From beside this folder; the web UI runs scripts without a package around them."""
    file = Path(__file__).resolve().parents[1] / "remote_decode.py"
    spec = importlib.util.spec_from_file_location("consistency_decoder_remote_decode", file)
    assert spec is not None  # noqa: S101 - a file has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


remote_decode = _load_remote_decode()
_seeds = itertools.cycle([0])


class ConsistencyDecoderScript(scripts.Script):  # type: ignore[misc]
    """Remembers the seeds of a batch, so that a picture's noise has the picture's seed."""

    def title(self) -> str:
        return NAME

    def show(self, is_img2img: bool) -> Any:  # noqa: ARG002 - the web UI's signature
        return scripts.AlwaysVisible

    def process_batch(self, p: Any, *_: Any, seeds: Any = (), **__: Any) -> None:  # noqa: ARG002 - likewise
        global _seeds
        _seeds = itertools.cycle(list(seeds) or [0])


def _wrap(original: Any) -> Any:
    """The function that turns scaled latents into pictures [N, 3, H, W] in [-1, 1], with our way added."""

    def samples_to_images_tensor(sample: Any, approximation: Any = None, model: Any = None) -> Any:
        hurried = shared.state.interrupted and shared.opts.live_preview_fast_interrupt
        # Previews come without an approximation, and a user who has interrupted wants the quick one.
        if approximation != INDEX or hurried:
            return original(sample, approximation, model)
        model = shared.sd_model if model is None else model
        if getattr(model, "is_sdxl", False) or getattr(model, "is_sd3", False):
            print(f"{NAME}: this model is not of the Stable Diffusion 1.x family; its own VAE decodes")
            return original(sample, 0, model)
        pictures = remote_decode.decode(
            os.environ.get("CONSISTENCY_DECODER_URL", DEFAULT_SERVER),
            sample,
            scaled=True,
            seeds=[int(next(_seeds)) for _ in range(len(sample))],
            token=os.environ.get("CONSISTENCY_DECODER_TOKEN", ""),
        )
        return pictures.to(sample.device)

    setattr(samples_to_images_tensor, _WRAPPED, original)
    return samples_to_images_tensor


def _install() -> None:
    present = sd_samplers_common.samples_to_images_tensor
    # "Reload UI" runs scripts again.
    sd_samplers_common.samples_to_images_tensor = _wrap(getattr(present, _WRAPPED, present))
    sd_samplers_common.approximation_indexes[NAME] = INDEX
    try:
        choices = shared.opts.data_labels["sd_vae_decode_method"].component_args["choices"]
    except (KeyError, AttributeError, TypeError):
        choices = None
    if not isinstance(choices, list):
        print(f'{NAME}: set "sd_vae_decode_method": "{NAME}" in config.json; the choice cannot be added here')
    elif NAME not in choices:
        choices.append(NAME)


_install()
