"""An extension of SD.Next: VAE type "Remote" means a consistency-decoder server, for Stable Diffusion 1.x."""

from __future__ import annotations

import os

from modules.vae import sd_vae_remote

sd_vae_remote.hf_decode_endpoints["sd"] = os.environ.get("CONSISTENCY_DECODER_URL", "http://127.0.0.1:8000")
