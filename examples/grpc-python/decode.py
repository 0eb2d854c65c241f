#!/usr/bin/env python3
"""Decodes a latents file over gRPC and tells of the progress.

Usage: decode.py ADDRESS LATENTS.safetensors PICTURE.png
"""
import json
import pathlib
import struct
import sys

import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto" / "src" / "main" / "proto"
sys.path.insert(0, str(PROTO))
messages, services = grpc.protos_and_services("consistencydecoder/v1/decoder.proto")

DATA_TYPES = {"F32": messages.DATA_TYPE_FLOAT32, "F16": messages.DATA_TYPE_FLOAT16, "BF16": messages.DATA_TYPE_BFLOAT16}
SCALES = {"scaled": messages.LATENT_SCALE_SCALED, "unscaled": messages.LATENT_SCALE_UNSCALED}


def latents(path):
    """The tensor `latents` of a safetensors file: u64 length, JSON header, data."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensor = header["latents"]
    start, end = tensor["data_offsets"]
    return messages.Latents(
        tensor=messages.Tensor(
            data_type=DATA_TYPES[tensor["dtype"]],
            shape=tensor["shape"],
            data=content[8 + length + start : 8 + length + end],
        ),
        scale=SCALES[header["__metadata__"]["scale"]],
    )


def decode(address, request, timeout=600):
    """The files of the pictures, in order."""
    options = [("grpc.max_receive_message_length", 8 << 20)]
    if address.startswith(("unix:", "localhost:", "127.", "[::1]")):
        options.append(("grpc.enable_http_proxy", 0))  # whatever http_proxy says: no proxy leads back to this machine
    with grpc.insecure_channel(address, options=options) as channel:
        files = {}
        for event in services.DecoderServiceStub(channel).DecodeStream(request, timeout=timeout):
            kind = event.WhichOneof("event")
            if kind == "accepted":
                print(f"accepted, {event.accepted.ahead} before it")
            elif kind == "step_finished":
                print(f"step {event.step_finished.step + 1} of {event.step_finished.steps}")
            elif kind == "part":
                files.setdefault(event.part.picture, bytearray()).extend(event.part.data)
            elif kind == "done":
                for warning in event.done.warnings:
                    print("warning:", warning, file=sys.stderr)
        return [bytes(files[k]) for k in sorted(files)]


if __name__ == "__main__":
    address, source, picture = sys.argv[1:]
    wanted = messages.DecodeRequest(
        latents=latents(source),
        noise=messages.Noise(seed=42),
        format=messages.PICTURE_FORMAT_PNG,
    )
    try:
        (file,) = decode(address, wanted)
    except grpc.RpcError as e:
        sys.exit(f"refused: {e.code().name}: {e.details()}")
    pathlib.Path(picture).write_bytes(file)
    print(picture)
