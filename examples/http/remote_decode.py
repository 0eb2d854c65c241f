"""diffusers' own remote_decode against the sidecar, in place of a hosted endpoint.

Usage: remote_decode.py ADDRESS PICTURE.png        Needs: pip install diffusers torch pillow requests

In a pipeline: latents = pipe(prompt, output_type="latent").images, then as below.
"""
import sys

import torch
from diffusers.utils.remote_utils import remote_decode

address, path = sys.argv[1:]
latents = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float16)
picture = remote_decode(
    endpoint=address,
    tensor=latents,
    scaling_factor=0.18215,
    image_format="png",  # the default is jpg, which loses what this decoder is for
)
picture.save(path)
print(f"{path}: {picture.width}x{picture.height}")
