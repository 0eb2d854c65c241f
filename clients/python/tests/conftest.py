from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from door import Door, Reply, Seen

from consistency_decoder import HttpClient, LocalSidecar
from consistency_decoder.sidecar import COMMAND_VARIABLE

ROOT = Path(__file__).resolve().parents[3]
GOLDENS = ROOT / "decoder-core" / "src" / "test" / "resources" / "goldens"


@pytest.fixture
def open_door() -> Iterator[Callable[[Callable[[Seen], Reply]], Door]]:
    doors: list[Door] = []

    def opened(answer: Callable[[Seen], Reply]) -> Door:
        doors.append(Door(answer))
        return doors[-1]

    yield opened
    for door in doors:
        door.close()


@cache
def service_command() -> list[str] | str:
    """How the Java service is started, or why it cannot be."""
    named = os.environ.get(COMMAND_VARIABLE)
    command = shlex.split(named) if named else [str(ROOT / "consistency-decoder")]
    if not named and not (ROOT / "cli" / "target" / "cli.jar").exists():
        return (
            f"the Java service is not built here (./consistency-decoder --version builds it); or set {COMMAND_VARIABLE}"
        )
    try:
        tried = subprocess.run([*command, "serve", "--help"], capture_output=True, text=True, timeout=300)
    except OSError as e:
        return f"{command[0]} does not start: {e}"
    if tried.returncode:
        return f"{command[0]} has no command serve: {tried.stderr.strip()[:200]}"
    return command


@pytest.fixture(scope="session")
def java_command() -> list[str]:
    command = service_command()
    if isinstance(command, str):
        pytest.skip(command)
    return command


@pytest.fixture(scope="session")
def reduced(java_command: list[str]) -> Iterator[LocalSidecar]:
    """The service with diffusers' own reduced model, whose pictures are known."""
    folder = GOLDENS / "diffusers-reduced"
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    with LocalSidecar(folder, command=java_command) as sidecar:
        yield sidecar


@pytest.fixture(scope="session")
def reduced_endpoint(java_command: list[str]) -> Iterator[str]:
    """The same on a TCP port, as somebody starts it by hand."""
    folder = GOLDENS / "diffusers-reduced"
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    command = [*java_command, "serve", "--http-port", "0", "--grpc-port", "none", "--model", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint = server.stdout.readline().removeprefix("listening on ").strip().rstrip("/")
            end = time.monotonic() + 120
            while not HttpClient(endpoint).ready():
                assert time.monotonic() < end
                assert server.poll() is None
                time.sleep(0.1)
            yield endpoint
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def reduced_grpc(reduced: LocalSidecar) -> str:
    """The same over gRPC."""
    return reduced.grpc_target
