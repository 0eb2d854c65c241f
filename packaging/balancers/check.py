#!/usr/bin/env python3
"""Calls three servers through a balancer while they are killed and ended one after the other; no call may fail.

    check.py [--calls N] [--every N] haproxy|nginx ..

Needs the balancers, grpcio, NumPy and the program: ./consistency-decoder, or what CONSISTENCY_DECODER_COMMAND names.
Each balancer gets N calls over HTTP and N over gRPC, four at a time, without a retry of the client's; over gRPC through
nginx with the client's usual retries, because nginx repeats no gRPC call (see nginx.conf). After every so many of them one server gets SIGKILL, the next time SIGTERM, in turns, and is started again. Prints a line for each and
exits with 1 if a call failed or a picture differed.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "clients" / "python" / "src"))

import numpy as np  # noqa: E402
from consistency_decoder import RetryPolicy, connect  # noqa: E402

COMMAND = shlex.split(os.environ.get("CONSISTENCY_DECODER_COMMAND", str(ROOT / "consistency-decoder")))
LATENTS = np.random.default_rng(1).standard_normal((1, 4, 8, 8)).astype(np.float32)


class Server:
    """One server, on ports that stay the same over its lives."""

    def __init__(self, http: int, grpc: int, log: Path) -> None:
        self.http, self.grpc, self.log = http, grpc, log
        self.process: Any = None
        self.start()

    def start(self) -> None:
        command = [
            *COMMAND,
            "serve",
            "--http-port",
            str(self.http),
            "--grpc-port",
            str(self.grpc),
            "--drain-delay",
            "3",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, "--model", "tiny", "--threads", "1"], stdout=log, stderr=log)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self, number: int) -> None:
        """Sends a signal, waits for the end, starts again and waits until it is ready."""
        self.process.send_signal(number)
        self.process.wait(120)
        self.start()
        self.await_ready()

    def await_ready(self) -> None:
        end = time.monotonic() + 120
        while not self.ready():
            if time.monotonic() > end:
                raise SystemExit(f"a server was not ready within 120 s: {self.log}")
            time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def balancer(name: str, ports: dict[str, int], folder: Path) -> Any:
    """The published configuration, with its ports replaced by free ones."""
    file = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}[name]
    text = re.sub(
        r"(?<=127\.0\.0\.1:)\d+|(?<=check port )\d+", lambda m: str(ports[m.group()]), (HERE / file).read_text()
    )
    (folder / file).write_text(text)
    command = {
        "haproxy": ["haproxy", "-db", "-f", str(folder / file)],
        "nginx": ["nginx", "-p", str(folder), "-c", file, "-g", "daemon off;"],
    }[name]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def run(name: str, kind: str, address: str, servers: list[Server], calls: int, every: int, expected: Any) -> int:
    failures: list[str] = []
    times: list[float] = []
    done = threading.Semaphore(0)
    retry = None if (name, kind) == ("nginx", "grpc") else RetryPolicy(attempts=1)

    def call(_: int) -> None:
        began = time.monotonic()
        try:
            with connect(address, retry=retry) as client:
                pixels = client.decode(LATENTS, scale="scaled", seed=3, deadline=120).pixels
            if not np.array_equal(pixels, expected):
                failures.append("another picture")
        except Exception as e:  # noqa: BLE001 - every failure is counted
            failures.append(f"{type(e).__name__}: {e}")
        times.append(time.monotonic() - began)
        done.release()

    with ThreadPoolExecutor(4) as pool:
        for k in range(calls):
            pool.submit(call, k)
        for turn in range(calls // every):
            for _ in range(every):
                done.acquire()
            number = signal.SIGKILL if turn % 2 == 0 else signal.SIGTERM
            servers[turn % len(servers)].end(number)
    times.sort()
    print(
        f"{name} {kind}: {calls} calls, {calls // every} servers ended, {len(failures)} errors, "
        f"median {times[len(times) // 2] * 1000:.0f} ms, 99 % within {times[len(times) * 99 // 100] * 1000:.0f} ms",
        flush=True,
    )
    for failure in failures[:5]:
        print(f"  {failure}", flush=True)
    return len(failures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("balancers", nargs="+", choices=["haproxy", "nginx"])
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="balancers-"))
    published = ["8000", "8001", "8010", "8011", "8020", "8021", "8080", "8081"]
    ports = dict(zip(published, free_ports(len(published)), strict=True))
    servers = [
        Server(ports[http], ports[grpc], folder / f"server-{http}.log")
        for http, grpc in (("8000", "8001"), ("8010", "8011"), ("8020", "8021"))
    ]
    failed = 0
    running: list[Any] = []
    try:
        for server in servers:
            server.await_ready()
        with connect(f"http://127.0.0.1:{servers[0].http}") as client:
            expected = client.decode(LATENTS, scale="scaled", seed=3).pixels
        for name in options.balancers:
            if shutil.which(name) is None:
                print(f"skipped: {name} is not installed")
                continue
            front = balancer(name, ports, folder)
            running.append(front)
            time.sleep(3)
            for kind, address in (
                ("http", f"http://127.0.0.1:{ports['8080']}"),
                ("grpc", f"grpc://127.0.0.1:{ports['8081']}"),
            ):
                failed += run(name, kind, address, servers, options.calls, options.every, expected)
            front.terminate()
            front.wait(30)
    finally:
        for process in [*running, *(server.process for server in servers)]:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
        if failed == 0 and sys.exc_info()[0] is None:
            shutil.rmtree(folder)
        else:
            print(f"logs are in {folder}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
