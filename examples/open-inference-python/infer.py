#!/usr/bin/env python3
"""Runs the consistency decoder over the Open Inference Protocol.

Usage: infer.py ADDRESS PICTURE.ppm [MODEL]
"""
import pathlib
import sys

import grpc
import numpy as np

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto" / "src" / "main" / "proto"
sys.path.insert(0, str(PROTO))
messages, services = grpc.protos_and_services("inference/open_inference_grpc.proto")


def infer(channel, model, latents, seed):
    """8-bit pixels [N, H, W, 3] of float32 latents [N, 4, h, w] as a UNet leaves them."""
    request = messages.ModelInferRequest(model_name=model, raw_input_contents=[latents.astype("<f4").tobytes()])
    request.inputs.add(name="latent_sample", datatype="FP32", shape=latents.shape)
    request.parameters["seed"].int64_param = seed
    request.parameters["scaling_factor"].double_param = 0.18215
    answer = services.GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=600)
    if "warning" in answer.parameters:
        print("warning:", answer.parameters["warning"].string_param, file=sys.stderr)
    return np.frombuffer(answer.raw_output_contents[0], np.uint8).reshape(answer.outputs[0].shape)


if __name__ == "__main__":
    address, path, model = (*sys.argv[1:], "consistency_decoder")[:3]
    latents = np.random.RandomState(1).standard_normal((1, 4, 16, 24)).astype(np.float32)
    options = [("grpc.max_receive_message_length", 4 << 20)]
    if address.startswith(("unix:", "localhost:", "127.", "[::1]")):
        options.append(("grpc.enable_http_proxy", 0))  # whatever http_proxy says: no proxy leads back to this machine
    with grpc.insecure_channel(address, options=options) as channel:
        try:
            (picture,) = infer(channel, model, latents, seed=42)
        except grpc.RpcError as e:
            sys.exit(f"refused: {e.code().name}: {e.details()}")
    height, width, _ = picture.shape
    pathlib.Path(path).write_bytes(b"P6 %d %d 255\n" % (width, height) + picture.tobytes())
    print(path)
