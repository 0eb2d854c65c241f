"""A program that behaves like ``consistency-decoder serve --socket``, for tests of who starts and stops it.

python pretended_server.py [--slow SECONDS] [--fail] [--deaf] [--pid FILE] serve --socket PATH ..
"""

from __future__ import annotations

import argparse
import os
import signal
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"Ok")

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    def get_request(self) -> tuple[object, str]:  # type: ignore[override]
        return super().get_request()[0], "socket"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slow", type=float, default=0)
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--pid")
    parser.add_argument("--socket")
    parser.add_argument("--http-socket")
    known, rest = parser.parse_known_args()
    print("arguments", *rest, flush=True)
    if known.pid:
        Path(known.pid).with_suffix(".folder").write_text(str(Path(known.http_socket).parent))
        Path(known.pid).write_text(str(os.getpid()))
    if known.fail:
        print("error: no such model", file=sys.stderr)
        sys.exit(3)
    if known.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    time.sleep(known.slow)
    Server(known.http_socket, Handler).serve_forever(0.02)


if __name__ == "__main__":
    main()
