"""Runs the server as a child and stops it when standard input ends; a process of its own.

    python _guardian.py GRACE FOLDER COMMAND..

The other end of that input is held by the Python that started the sidecar. When it dies, however it dies, the system
closes that end. GRACE is the number of seconds between SIGTERM and SIGKILL; FOLDER, with the sockets and
the log, is removed when the server was stopped, but stays for its owner to read when it ended by itself.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import threading


def _end_with_parent() -> None:
    """In the child, before the command: on Linux, be told when the guardian is gone as well."""
    if sys.platform.startswith("linux"):
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def main() -> int:
    grace, folder, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    # Signals meant for the Python that started this one, such as Ctrl-C, do not come here: it is in its own session.
    parent = os.getppid()
    try:
        environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent, env=environment)
    except OSError as e:
        print(f"{command[0]}: {e.strerror}", file=sys.stderr)
        return 127
    ended, wake = os.pipe()

    def wait() -> None:
        server.wait()
        os.close(wake)

    threading.Thread(target=wait, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while True:
        readable, _, _ = select.select([0, ended], [], [], 1.0)
        if ended in readable:
            return server.returncode if server.returncode >= 0 else 128 - server.returncode
        if (0 in readable and not os.read(0, 1)) or os.getppid() != parent:
            break
    server.terminate()
    try:
        code = server.wait(grace)
    except subprocess.TimeoutExpired:
        server.kill()
        code = server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
