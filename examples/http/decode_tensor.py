"""Decodes latents over HTTP with nothing but the standard library.

Usage: decode_tensor.py ADDRESS PICTURE.ppm

Sends float32 latents [1, 4, 64, 64] as the UNet of Stable Diffusion 1.x leaves them and asks for 8-bit pixels [1, H, W, 3].
"""
import array
import json
import random
import sys
import urllib.error
import urllib.parse
import urllib.request


def decode(address, latents, shape, seed=0):
    query = urllib.parse.urlencode(
        {
            "shape": shape,  # the key once for each dimension
            "dtype": "float32",
            "scaling_factor": 0.18215,  # sent if and only if the latents are scaled
            "output_type": "pt",
            "partial_postprocess": True,  # 8-bit pixels; False for floats in [-1, 1]
            "seed": seed,
        },
        doseq=True,
    )
    request = urllib.request.Request(
        address.rstrip("/") + "/?" + query,
        data=latents.tobytes(),
        headers={"Content-Type": "tensor/binary", "Accept": "tensor/binary"},
    )
    count, _, height, width = shape
    due = count * 8 * height * 8 * width * 3
    # A service on this machine is asked directly, whatever http_proxy says.
    local = urllib.parse.urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))
    try:
        with opener.open(request, timeout=600) as response:
            for warning in response.headers.get_all("x-warning") or []:
                print("warning:", warning, file=sys.stderr)
            return response.read(due + 1), json.loads(response.headers["shape"])
    except urllib.error.HTTPError as e:
        sys.exit("refused: " + json.loads(e.read(1 << 16))["error"])


if __name__ == "__main__":
    address, path = sys.argv[1:]
    numbers = random.Random(1)
    latents = array.array("f", (numbers.gauss(0, 1) for _ in range(4 * 64 * 64)))
    if sys.byteorder == "big":
        latents.byteswap()
    pixels, (count, height, width, channels) = decode(address, latents, [1, 4, 64, 64], seed=42)
    assert len(pixels) == count * height * width * channels
    with open(path, "wb") as picture:
        picture.write(b"P6 %d %d 255\n" % (width, height) + pixels)
    print(f"{path}: {width}x{height}")
