"""Makes sample-latent.f32, the latent that the self-test decodes: a 64x64 crop of scikit-image's coffee.png (CC0), reduced from
256x256, encoded with VAElight; then the average colours of its 8x8 cells.

    python make_sample_latent.py COFFEE.png VAELIGHT_FOLDER OUT.f32       (from the repository's root)
"""
import sys

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, "models/training")
from references import VaeLight  # noqa: E402

image = Image.open(sys.argv[1]).convert("RGB").crop((180, 90, 436, 346)).resize((128, 128), Image.BOX)
x = torch.from_numpy(np.asarray(image).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
z = VaeLight(sys.argv[2]).encode(x)[0, :, 4:12, 4:12].numpy()
colours = x[0, :, 32:96, 32:96].reshape(3, 8, 8, 8, 8).mean(dim=(2, 4)).numpy()
with open(sys.argv[3], "wb") as f:
    f.write(z.astype("<f4").tobytes() + colours.astype("<f4").tobytes())
