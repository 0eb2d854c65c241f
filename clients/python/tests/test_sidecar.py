from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consistency_decoder import LocalSidecar, SidecarError, connect
from consistency_decoder.sidecar import COMMAND_VARIABLE

if os.name != "posix":
    pytest.skip("sidecars need Unix sockets and signals", allow_module_level=True)

PROGRAM = [sys.executable, str(Path(__file__).with_name("pretended_server.py"))]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def pid_in(file: Path) -> int:
    end = time.monotonic() + 20
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < end, "the program did not start"
        time.sleep(0.02)
    return int(file.read_text())


def test_it_is_there_for_the_block_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with LocalSidecar("tiny", Path("a folder"), command=[*PROGRAM, "--pid", str(pid_file)], options=["--x"]) as sidecar:
        folder = sidecar._folder
        assert folder.stat().st_mode & 0o777 == 0o700
        assert sidecar.running
        assert sidecar.client.ready()
        assert connect(sidecar.target).ready()
        assert alive(pid_in(pid_file))
        said = sidecar._log.read_text()
        assert "arguments serve --grpc-port none --http-port none --model tiny --model a folder --x" in said
    assert not alive(pid_in(pid_file))
    assert not folder.exists()
    assert not sidecar.running
    sidecar.close()


def test_it_waits_until_the_server_is_ready() -> None:
    began = time.monotonic()
    with LocalSidecar(command=[*PROGRAM, "--slow", "0.5"]) as sidecar:
        assert time.monotonic() - began >= 0.5
        assert sidecar.client.ready()


def test_a_server_that_ends_says_why() -> None:
    with pytest.raises(SidecarError, match=r"ended with code 3 before it was ready:\n[^$]*error: no such model"):
        LocalSidecar(command=[*PROGRAM, "--fail"])


def test_a_server_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(SidecarError, match=r"not ready within 3 s; allow more with startup="):
        LocalSidecar(command=[*PROGRAM, "--slow", "60", "--pid", str(pid_file)], startup=3)
    assert not alive(pid_in(pid_file))


def test_a_program_that_is_not_there_says_so() -> None:
    with pytest.raises(SidecarError, match="/nowhere/decoder: No such file or directory"):
        LocalSidecar(command=["/nowhere/decoder"])


def test_without_a_command_the_message_says_where_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMMAND_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SidecarError, match=rf"no consistency-decoder on the PATH; pass command=.*{COMMAND_VARIABLE}"):
        LocalSidecar()


def test_the_variable_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, " ".join(PROGRAM))
    with LocalSidecar() as sidecar:
        assert sidecar.client.ready()


def test_a_folder_with_too_long_a_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with pytest.raises(SidecarError, match="set TMPDIR to a shorter one"):
        LocalSidecar(command=PROGRAM)
    assert not list(folder.iterdir())


def test_a_server_that_does_not_listen_to_signals_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with LocalSidecar(command=[*PROGRAM, "--deaf", "--pid", str(pid_file)], grace=0.2):
        pid = pid_in(pid_file)
    assert not alive(pid)


def test_it_ends_when_the_object_is_collected(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    sidecar = LocalSidecar(command=[*PROGRAM, "--pid", str(pid_file)])
    pid = pid_in(pid_file)
    assert alive(pid)
    del sidecar
    assert gone(pid)


def folder_of(pid_file: Path) -> Path:
    """Where the sockets and the log were; it goes a moment after the server."""
    folder = Path(pid_file.with_suffix(".folder").read_text())
    end = time.monotonic() + 5
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return folder


OWNER = """
import sys, time
from consistency_decoder import LocalSidecar
sidecar = LocalSidecar(command=sys.argv[1:])
print("ready", flush=True)
{then}
"""


def owner(then: str, pid_file: Path) -> subprocess.Popen[str]:
    """Another Python that has a sidecar and then does something."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(then=then), *PROGRAM, "--pid", str(pid_file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("then", ["pass", "raise KeyboardInterrupt", "sys.exit(5)", "import os; os._exit(1)"])
def test_it_ends_with_python_however_that_ends(tmp_path: Path, then: str) -> None:
    with owner(then, tmp_path / "pid") as process:
        process.wait(20)
    assert gone(pid_in(tmp_path / "pid"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_nothing_is_left_when_python_is_killed(tmp_path: Path, how: int) -> None:
    with owner("time.sleep(60)", tmp_path / "pid") as process:
        pid = pid_in(tmp_path / "pid")
        assert alive(pid)
        process.send_signal(how)
        process.wait(20)
    assert gone(pid)
    assert not folder_of(tmp_path / "pid").exists()


def test_an_interrupt_at_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with LocalSidecar(command=[*PROGRAM, "--pid", str(pid_file)]):
        assert os.getpgid(pid_in(pid_file)) != os.getpgid(0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_the_server_ends_with_its_guardian(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with LocalSidecar(command=[*PROGRAM, "--pid", str(pid_file)]) as sidecar:
        assert sidecar._process is not None
        sidecar._process.kill()
        assert gone(pid_in(pid_file))
        assert not sidecar.running
