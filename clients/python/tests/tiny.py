"""A whole Stable Diffusion pipeline of random weights, small enough for a test, of the libraries' own classes."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, ConsistencyDecoderVAE, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

TOKENS = 16


def reference_vae(folder: Path) -> ConsistencyDecoderVAE:
    """Four levels, reduced width, as save_pretrained left it."""
    return ConsistencyDecoderVAE.from_pretrained(folder, low_cpu_mem_usage=False).eval()


def small_vae() -> AutoencoderKL:
    """An autoencoder of four levels with random weights."""
    torch.manual_seed(3)
    return AutoencoderKL(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=4,
        layers_per_block=1,
    )


def components(vae: Any, folder: Path, *, unet_channels: int = 4, guidance_embedding: bool = False) -> dict[str, Any]:
    torch.manual_seed(20)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        sample_size=8,
        in_channels=unet_channels,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=4,
        time_cond_proj_dim=32 if guidance_embedding else None,
    )
    tokenizer, words = _tokenizer(folder)
    end = words["<|endoftext|>"]
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        bos_token_id=words["<|startoftext|>"],
        eos_token_id=end,
        pad_token_id=end,
    )
    return {
        "vae": vae,
        "unet": unet.eval(),
        "text_encoder": CLIPTextModel(text).eval(),
        "tokenizer": tokenizer,
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def _tokenizer(folder: Path) -> tuple[CLIPTokenizer, dict[str, int]]:
    letters = list(string.ascii_lowercase)
    names = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    words = {name: k for k, name in enumerate(names)}
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=TOKENS), words
