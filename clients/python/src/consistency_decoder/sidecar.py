"""A server of one's own: started, waited for and stopped by Python, reachable over a private Unix socket."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _guardian
from .calls import RetryPolicy
from .client import Client
from .errors import SidecarError
from .http_client import HttpClient

if TYPE_CHECKING:
    from typing_extensions import Self

COMMAND_VARIABLE = "CONSISTENCY_DECODER_COMMAND"

# The system's limit on the path of a socket is 104 or 108 bytes with the zero at the end.
_LONGEST_PATH = 100
_TAIL_LINES, _TAIL_BYTES = 15, 1 << 16
_HTTP, _GRPC = "http", "grpc"


class LocalSidecar:
    """A consistency-decoder server that lives as long as this object.

        with LocalSidecar("tiny") as sidecar:
            pixels = sidecar.client.decode(latents, scale="scaled").pixels

    models: ids or folders, as ``serve --model`` takes them; none for the server's own choice.
    command: how to start the program, for example ``["java", "-jar", "cli.jar"]``. Without it the variable
        CONSISTENCY_DECODER_COMMAND, or ``consistency-decoder`` of the PATH.
    options: more for ``serve``.
    startup: seconds to wait until the model is loaded; the first start of a large model takes minutes.
    grace: seconds that running decodes have when it is stopped.

    The constructor returns when the server is ready. The server is stopped by :meth:`close`, at the end of a ``with``
    block, when the object is collected, when Python exits, and when Python dies in whatever way. POSIX only.
    """

    def __init__(
        self,
        *models: str | os.PathLike[str],
        command: Sequence[str] | None = None,
        options: Sequence[str] = (),
        startup: float = 300.0,
        grace: float = 10.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        if os.name != "posix":
            raise SidecarError(
                "a sidecar needs Unix sockets and signals, which this system's Python lacks; "
                "start 'consistency-decoder serve' by hand and connect to http://127.0.0.1:8000"
            )
        self._folder = Path(tempfile.mkdtemp(prefix="cdec-"))
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            serve = ["serve", "--grpc-port", "none", "--http-port", "none"]
            serve += ["--socket", str(self._socket(_GRPC)), "--http-socket", str(self._socket(_HTTP))]
            for model in models:
                serve += ["--model", os.fspath(model)]
            self._process = self._start([*_command(command), *serve, *options], grace)
            self._http = HttpClient(self.target, retry=retry)
        except BaseException:
            _stop(self._process, str(self._folder), grace)
            raise
        self._finalizer = weakref.finalize(self, _stop, self._process, str(self._folder), grace)
        try:
            self._wait(startup)
        except BaseException:
            self.close()
            raise

    @property
    def client(self) -> Client:
        """For calling it."""
        return self._http

    @property
    def target(self) -> str:
        """The server's address, for :func:`connect` in this or another process of the same user."""
        return f"http+unix:{self._socket(_HTTP)}"

    @property
    def grpc_target(self) -> str:
        """The same for gRPC, which needs the extra ``grpc``."""
        return f"unix:{self._socket(_GRPC)}"

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """Stops the server and waits until it has ended; closing again does nothing."""
        self._http.close()
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _socket(self, name: str) -> Path:
        path = self._folder / name
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise SidecarError(
                f"the folder for temporary files has too long a name for a socket in it ({self._folder.parent}); "
                "set TMPDIR to a shorter one, for example /tmp"
            )
        return path

    def _start(self, command: list[str], grace: float) -> subprocess.Popen[bytes]:
        guardian = [sys.executable, "-I", "-S", _guardian.__file__, str(grace), str(self._folder), *command]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                guardian,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, startup: float) -> None:
        end = time.monotonic() + startup
        while not self._http.ready():
            if self._process is None or self._process.poll() is not None:
                code = None if self._process is None else self._process.returncode
                raise SidecarError(f"the server ended with code {code} before it was ready:\n{self._tail()}")
            broken = self._http.why_broken()
            if broken:
                raise SidecarError(f"the server cannot use its model: {broken}. It says:\n{self._tail()}")
            if time.monotonic() > end:
                raise SidecarError(
                    f"the server was not ready within {startup:g} s; allow more with startup=. It says:\n{self._tail()}"
                )
            time.sleep(0.05)

    def _tail(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - _TAIL_BYTES))
                lines = log.read(_TAIL_BYTES).decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])


def _command(command: Sequence[str] | None) -> list[str]:
    if command is not None:
        return list(command)
    named = os.environ.get(COMMAND_VARIABLE)
    if named:
        try:
            return shlex.split(named)
        except ValueError as e:
            raise SidecarError(f"{COMMAND_VARIABLE} is {named!r}, which is no command: {e}") from e
    found = shutil.which("consistency-decoder")
    if found is None:
        raise SidecarError(
            "there is no consistency-decoder on the PATH; pass command=['/path/of/consistency-decoder'], or set "
            f"{COMMAND_VARIABLE}"
        )
    return [found]


def _stop(process: subprocess.Popen[bytes] | None, folder: str, grace: float) -> None:
    """Ends the guardian's input, which makes it stop the server; by force if that takes too long."""
    if process is not None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(grace + 5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
