"""Makes the latents that `consistency-decoder demo` decodes, and the photograph that it compares with.

    python make_demo_latents.py PHOTOGRAPH VAELIGHT_FOLDER OUT.safetensors OUT.png

PHOTOGRAPH: chelsea.png of scikit-image (a cat, by Stefan van der Walt, CC0), 451x300. The centre 448x296 pixels, the
largest multiple of 8 a side, are stored as they are in OUT.png, and encoded by the VAElight encoder (an approximation
of the SD 1.x VAE's encoder, Apache-2.0; nothing of it is shipped) and calibrated as in training. The result,
[1,4,37,56], is stored as float16 and unscaled.

Needs torch, safetensors and pillow. The photograph is one of those that the tiny model was trained on.
"""
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "models" / "training"))
from latents import calibrate  # noqa: E402
from references import VaeLight  # noqa: E402

photograph, vaelight, out, original = sys.argv[1:]
image = numpy.asarray(Image.open(photograph).convert("RGB"))
height, width = (side // 8 * 8 for side in image.shape[:2])
top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
crop = numpy.ascontiguousarray(image[top : top + height, left : left + width])
Image.fromarray(crop).save(original)
x = torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 127.5 - 1
z = calibrate(VaeLight(vaelight).encode(x))
print(tuple(z.shape), "standard deviation", z.std().item())
save_file(
    {"latents": z.half().contiguous()},
    out,
    metadata={
        "scale": "unscaled",
        "photograph": "chelsea.png of scikit-image, Stefan van der Walt, CC0",
        "encoder": "VAElight, calibrated",
    },
)
