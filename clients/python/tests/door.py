"""An HTTP server for tests that answers as it is told: what the client makes of answers is tested, not the service."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def refusal(status: int, sentence: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": "application/json", **named}, json.dumps({"error": sentence}).encode())


def tensor(values: np.ndarray[Any, Any], **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        200,
        {
            "Content-Type": "tensor/binary",
            "shape": str(list(values.shape)),
            "dtype": str(values.dtype),
            **named,
        },
        values.tobytes(),
    )


def latents_of(seen: Seen) -> tuple[int, ...]:
    """Shape of the latents in a safetensors body."""
    return tuple(tensors_of(seen)["latents"].shape)


def tensors_of(seen: Seen) -> dict[str, np.ndarray[Any, Any]]:
    length = int.from_bytes(seen.body[:8], "little")
    header = json.loads(seen.body[8 : 8 + length])
    kinds = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "U8": "u1"}
    data = seen.body[8 + length :]
    return {
        name: np.frombuffer(data[slice(*t["data_offsets"])], kinds[t["dtype"]]).reshape(t["shape"])
        for name, t in header.items()
    }


def picture(seen: Seen, **headers: str) -> Reply:
    """What a decode of such a request could be answered with: zeros of the right form."""
    n, _, h, w = latents_of(seen)
    headers.setdefault("x_seed", "" if "noise0" in tensors_of(seen) else seen.query.get("seed", "0"))
    if seen.query["partial_postprocess"] == "True":
        return tensor(np.zeros((n, 8 * h, 8 * w, 3), np.uint8), **headers)
    kind = np.float16 if tensors_of(seen)["latents"].dtype == np.float16 else np.float32
    return tensor(np.zeros((n, 3, 8 * h, 8 * w), kind), **headers)


class Door:
    """Listens on loopback until closed. ``answer`` says what comes back; ``seen`` are the requests so far."""

    def __init__(self, answer: Callable[[Seen], Reply]) -> None:
        self.answer = answer
        self.seen: list[Seen] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                seen = Seen(
                    self.command,
                    parts.path,
                    {key: values[-1] for key, values in parse_qs(parts.query).items()},
                    {key.lower(): value for key, value in self.headers.items()},
                    self.rfile.read(int(self.headers.get("Content-Length", 0))),
                )
                door.seen.append(seen)
                try:
                    reply = door.answer(seen)
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                except OSError:
                    pass

            do_GET = do_POST = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler
