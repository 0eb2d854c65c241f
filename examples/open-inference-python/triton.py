#!/usr/bin/env python3
"""The same as infer.py with Triton's client.

Usage: triton.py ADDRESS PICTURE.ppm [MODEL]
"""
import pathlib
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

if __name__ == "__main__":
    address, path, model = (*sys.argv[1:], "consistency_decoder")[:3]
    latents = np.random.RandomState(1).standard_normal((1, 4, 16, 24)).astype(np.float32)
    client = triton.InferenceServerClient(address)
    tensor = triton.InferInput("latent_sample", list(latents.shape), "FP32")
    tensor.set_data_from_numpy(latents)
    try:
        answer = client.infer(
            model,
            [tensor],
            outputs=[triton.InferRequestedOutput("image")],
            parameters={"seed": 42, "scaling_factor": 0.18215},
            client_timeout=600,
        )
    except InferenceServerException as e:
        sys.exit(f"refused: {e.status()}: {e.message()}")
    (picture,) = answer.as_numpy("image")
    height, width, _ = picture.shape
    pathlib.Path(path).write_bytes(b"P6 %d %d 255\n" % (width, height) + picture.tobytes())
    print(path)
