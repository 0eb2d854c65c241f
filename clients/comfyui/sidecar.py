"""A consistency-decoder server of ComfyUI's own: started when a workflow asks for it, ended with ComfyUI."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .remote_decode import RemoteDecodeError

COMMAND_VARIABLE = "CONSISTENCY_DECODER_COMMAND"
_FIRST_LINE = "listening on "
_SECONDS = 600.0

_servers: dict[tuple[str, ...], tuple[subprocess.Popen[str], str]] = {}
_lock = threading.Lock()


def server(program: str, model: str, check: Callable[[], None]) -> str:
    """The address of a server with this model; the same one for the same program and model.

    program: its path; empty to look in CONSISTENCY_DECODER_COMMAND, beside this file and on the PATH.
    model: id or folder as ``serve --model`` takes it; empty for the server's own choice.
    """
    command = [*_command(program), "serve", "--grpc-port", "none", "--http-port", "0"]
    if model:
        command += ["--model", model]
    with _lock:
        process, address = _servers.get(tuple(command), (None, ""))
        if process is None or process.poll() is not None:
            process, address = _started(command)
            _servers[tuple(command)] = process, address
    end = time.monotonic() + _SECONDS
    while not _ready(address):
        check()
        if process.poll() is not None or time.monotonic() > end:
            raise RemoteDecodeError(
                f"the server ended with code {process.poll()} before it was ready; ComfyUI's console has what it said. "
                f"Try it by hand: {shlex.join(command)}"
            )
        time.sleep(0.1)
    return address


def _ready(address: str) -> bool:
    """Whether the server would decode now. No proxy is asked: the server is on this machine."""
    try:
        with contextlib.closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _command(program: str) -> list[str]:
    if os.name == "nt":
        raise RemoteDecodeError(
            "a server cannot be started from here on Windows: start 'consistency-decoder serve' by hand, take this "
            "node away and put http://127.0.0.1:8000 into 'server'"
        )
    if program:
        return [program]
    named = os.environ.get(COMMAND_VARIABLE)
    if named:
        return shlex.split(named)
    bundled = Path(__file__).with_name("consistency-decoder") / "bin" / "consistency-decoder"
    found = str(bundled) if bundled.exists() else shutil.which("consistency-decoder")
    if found is None:
        raise RemoteDecodeError(
            "the program consistency-decoder is not installed: unpack its bundle so that "
            f"{bundled} exists, or put it on the PATH, or name it in {COMMAND_VARIABLE} or in this node's 'program'"
        )
    return [found]


def _started(command: list[str]) -> tuple[subprocess.Popen[str], str]:
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=_end_with_parent if sys.platform.startswith("linux") else None,
        )
    except OSError as e:
        raise RemoteDecodeError(f"{command[0]} does not start: {e.strerror}") from e
    atexit.register(process.terminate)
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(_FIRST_LINE):
        process.terminate()
        raise RemoteDecodeError(
            f"{shlex.join(command)} said '{line.strip()}' and not where it listens; ComfyUI's console has the reason"
        )
    return process, line.removeprefix(_FIRST_LINE).strip().rstrip("/")


def _end_with_parent() -> None:
    """In the child, before the command: be told when ComfyUI is gone, however it went."""
    import ctypes
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
