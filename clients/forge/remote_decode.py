"""Latents to a consistency-decoder server and pictures back, over HTTP, with torch and Python's standard library.

The same file lies in each of the hosts' folders, so that each can be copied alone; a test keeps the copies equal.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlencode, urlsplit

import torch

ATTEMPTS = 4
LONGEST_WAIT = 60.0
_MOST_WORDS = 1 << 20
_TYPES = {torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16"}
_STORED = {torch.float32: "F32", torch.uint8: "U8"}


class RemoteDecodeError(RuntimeError):
    """There is no picture; the message says what to do."""


def decode(
    server: str,
    latents: torch.Tensor,
    *,
    scaled: bool,
    seeds: int | Sequence[int] = 0,
    shared_noise: bool = False,
    steps: int = 2,
    dialect: str = "original",
    start: torch.Tensor | None = None,
    keep: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    feather: int = 4,
    model: str = "",
    timeout: float = 1800.0,
    token: str = "",
    check: Callable[[], None] = lambda: None,
) -> torch.Tensor:
    """Latents [N, 4, h, w] to pictures [N, 3, 8h, 8w] in [-1, 1], float32, on the CPU.

    server: ``http://host:port``.
    scaled: True as the UNet leaves them (standard deviation about 1), False as a VAE takes them (about 5).
    model: name of one of the server's models; empty for its first.
    seeds: one for the whole batch, or one for each picture, which is then what its seed gives alone.
    shared_noise: the one seed is that of one field of noise for all pictures, so that equal latents give equal ones.
    start: bytes [N, 8h, 8w, 3] of a cheaper picture, which takes the place of the first step.
    keep: bytes [N, 8h, 8w, 3] that come back, to rounding, where the mask [N, 1, 8h, 8w] is not set.
    feather: pixels inside the mask over which they fade out.
    check: called ten times a second while it waits; what it raises ends the call, on the server too.
    """
    z = _checked(latents)
    query = [
        ("shape", ",".join(str(n) for n in z.shape)),
        ("dtype", "float32"),
        ("latents", "scaled" if scaled else "unscaled"),
        ("output_type", "pt"),
        ("partial_postprocess", "False"),
        (
            "noise-shared" if shared_noise else "seed",
            str(seeds) if isinstance(seeds, int) else ",".join(str(seed) for seed in seeds),
        ),
        ("dialect", dialect),
        ("timeout", str(timeout)),
    ]
    tensors = {"latents": z}
    if start is None:
        query.append(("steps", str(steps)))
    elif steps < 2:
        raise RemoteDecodeError("a start takes the place of the first step: at least 2 steps are needed with one")
    else:
        tensors["start"] = start
        query.append(("schedule", ",".join(str(t) for t in _after_the_first(steps))))
    if keep is not None and mask is not None:
        tensors |= {"keep": keep, "mask": mask.to(torch.uint8) * 255}
        query.append(("feather", str(feather)))
    if model:
        query.append(("model", model))
    n, _, h, w = z.shape
    return _tensor(server, "/", query, tensors, [n, 3, 8 * h, 8 * w], timeout, token, check)


def encode(
    server: str,
    pictures: torch.Tensor,
    *,
    model: str = "",
    timeout: float = 1800.0,
    token: str = "",
    check: Callable[[], None] = lambda: None,
) -> torch.Tensor:
    """Pictures [N, 3, H, W] in [-1, 1] to unscaled latents [N, 4, H/8, W/8], float32, on the CPU. As :func:`decode`."""
    x = pictures.detach().cpu().float().contiguous()
    n, _, h, w = x.shape
    query = [("shape", ",".join(str(size) for size in x.shape)), ("dtype", "float32"), ("timeout", str(timeout))]
    if model:
        query.append(("model", model))
    return _tensor(server, "/encode", query, {"pictures": x}, [n, 4, h // 8, w // 8], timeout, token, check)


def _after_the_first(steps: int) -> list[int]:
    """Timesteps of so many evenly spread steps, as the server spreads them, without the first."""
    return [min(int(1023 * (k / steps)) // 16 * 16 + 16, 1008) for k in range(steps - 1, 0, -1)]


def _tensor(
    server: str,
    path: str,
    query: list[tuple[str, str]],
    tensors: dict[str, torch.Tensor],
    shape: list[int],
    timeout: float,
    token: str,
    check: Callable[[], None],
) -> torch.Tensor:
    bare = len(tensors) == 1
    content = next(iter(tensors.values())).numpy().tobytes() if bare else _safetensors(tensors)
    kind = "tensor/binary" if bare else "application/safetensors"
    headers = {"Content-Type": kind, "Accept": "tensor/binary", "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    due = 4 * math.prod(shape)
    answered, body = _ask(server, urlencode(query), content, headers, due, timeout, check, path)
    said = answered.get("shape", "").replace(" ", "")
    if answered.get("dtype") != "float32" or said != str(shape).replace(" ", "") or len(body) != due:
        raise RemoteDecodeError(
            f"{server} answered with {answered.get('content-type')} of {len(body)} bytes, not with float32 of shape "
            f"{shape}; it is another server, or another version: compare 'consistency-decoder --version'"
        )
    # A server passes over what it does not know.
    for sent, header in (("start", "x-start"), ("keep", "x-region")):
        of_one_pass = sent == "start" and answered.get("x-seed") == "none"
        if sent in tensors and header not in answered and not of_one_pass:
            raise RemoteDecodeError(
                f"{server} passed over '{sent}', which its version does not know; update it, or decode without"
            )
    return torch.frombuffer(bytearray(body), dtype=torch.float32).reshape(shape)


def _safetensors(tensors: dict[str, torch.Tensor]) -> bytes:
    header: dict[str, object] = {}
    data: list[bytes] = []
    end = 0
    for name, tensor in tensors.items():
        data.append(tensor.contiguous().numpy().tobytes())
        begin, end = end, end + len(data[-1])
        header[name] = {
            "dtype": _STORED[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header).encode()
    return b"".join([len(text).to_bytes(8, "little"), text, *data])


def _checked(latents: torch.Tensor) -> torch.Tensor:
    if latents.dtype not in _TYPES:
        raise RemoteDecodeError(f"latents of type {latents.dtype}: float32, float16 or bfloat16 is needed")
    shape = list(latents.shape)
    if len(shape) != 4 or shape[1] != 4:
        family = {16: "; 16 channels are those of Stable Diffusion 3 or Flux"}.get(
            shape[1] if len(shape) > 1 else 0, ""
        )
        raise RemoteDecodeError(
            f"latents of shape {shape}: [N, 4, h, w] of Stable Diffusion 1.x are needed{family}. "
            "Use the VAE of the model that made them"
        )
    z = latents.detach().cpu().float().contiguous()
    if not torch.isfinite(z).all():
        raise RemoteDecodeError(
            f"the latents contain NaN or infinity; they came as {_TYPES[latents.dtype]}: "
            "run the model in bfloat16 or float32"
        )
    return z


def _ask(
    server: str,
    query: str,
    body: bytes,
    headers: dict[str, str],
    due: int,
    timeout: float,
    check: Callable[[], None],
    path: str = "/",
) -> tuple[dict[str, str], bytes]:
    end = time.monotonic() + timeout
    for attempt in range(1, ATTEMPTS + 1):
        call = _Call(server, f"{path}?{query}", body, headers, due, end)
        status, answered, answer = call.result(check)
        if status == 200:
            return answered, answer
        try:
            wait = float(answered["retry-after"]) * (1 + 0.2 * random.random())
        except (KeyError, ValueError):
            wait = 0.2 * 2**attempt * (0.5 + 0.5 * random.random())
        again = status in (0, 429, 503) and attempt < ATTEMPTS and wait <= LONGEST_WAIT
        if not again or time.monotonic() + wait > end:
            raise RemoteDecodeError(_reason(server, status, answer))
        until = time.monotonic() + wait
        while time.monotonic() < until:
            check()
            time.sleep(min(0.1, wait))
    raise AssertionError("the last attempt returns or raises")


def _reason(server: str, status: int, answer: bytes) -> str:
    try:
        said = str(json.loads(answer)["error"])[:500]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = f"status {status} without a reason: it may be another server"
    if status == 0:
        return (
            f"no answer from {server} ({said}); start it with 'consistency-decoder serve', or check the address and "
            "the port (HTTP is 8000)"
        )
    if status == 429:
        return f"the server has too much to do ({said}); try later, or send fewer pictures at a time"
    if status == 503:
        return f"the server at {server} is not ready or about to stop ({said}); its /readyz says when it is ready"
    if status in (401, 403):
        return f"{said}; the server wants its token"
    return f"the server refused: {said}"


class _Call:
    """One attempt, in a thread of its own, so that whoever waits can be asked to stop."""

    def __init__(self, server: str, target: str, body: bytes, headers: dict[str, str], due: int, end: float) -> None:
        self._outcome: tuple[int, dict[str, str], bytes] = (0, {}, b"")
        self._due = due
        self._end = end
        try:
            parts = urlsplit(server)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(server)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.hostname, parts.port, timeout=10)
        except ValueError as e:
            raise RemoteDecodeError(
                f"server '{server}': http://host:port is needed, for example http://127.0.0.1:8000"
            ) from e
        self._channel: socket.socket | None = None
        target = parts.path.rstrip("/") + target
        self._thread = threading.Thread(target=self._run, args=(target, body, headers), daemon=True)

    def result(self, check: Callable[[], None]) -> tuple[int, dict[str, str], bytes]:
        """Status 0 if nobody answered."""
        self._thread.start()
        try:
            while self._thread.is_alive():
                check()
                self._thread.join(0.1)
                if time.monotonic() > self._end:
                    raise RemoteDecodeError("the server took longer than the time-out; allow more, or decode less")
        except BaseException:
            self._hang_up()
            raise
        return self._outcome

    def _run(self, target: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            self._connection.connect()
            self._channel = self._connection.sock
            self._channel.settimeout(max(1.0, self._end - time.monotonic()))
            self._connection.request("POST", target, body, headers)
            response = self._connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            most = self._due if response.status == 200 else _MOST_WORDS
            answer = response.read(most + 1)
            if len(answer) > most:
                said = f"it sent more than the {most} bytes that were due: it may be another server, or another version"
                self._outcome = 502, {}, json.dumps({"error": said}).encode()
            else:
                self._outcome = response.status, answered, answer
        except (OSError, http.client.HTTPException, ValueError) as e:
            self._outcome = 0, {}, json.dumps({"error": str(e) or type(e).__name__}).encode()
        finally:
            self._connection.close()

    def _hang_up(self) -> None:
        if self._channel is not None:
            try:
                self._channel.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
