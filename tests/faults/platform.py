"""A whole platform of its own, started as an operator starts it, and what of it can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from backend.config.runtime import launcher
from tests.faults import ROOT

PARTS = {
    "postgres": ("postgres", "-D"),
    "valkey": ("valkey-server",),
    "web": ("gunicorn", "config.wsgi"),
    "sockets": ("uvicorn",),
    "worker": ("celery", "worker"),
    "beat": ("celery", "beat"),
    "relay": ("outbox", "relay"),
    "gateway": ("gunicorn", "sandbox.wsgi"),
}
"""The launcher's children by words of their command lines."""


class Platform:
    """Started by `sizhong serve` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, launcher._free_ports(3)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("SIZHONG_")}
        self.env |= {"SIZHONG_HOME": str(home), "SIZHONG_LOG_LEVEL": "ERROR"}
        self.process: subprocess.Popen | None = None

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start and wait until it is ready; how long it took."""
        started = time.monotonic()
        log = (self.home / "launcher.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.config.cli", "serve", "--port", str(self.port)],
            env=self.env, cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip
        assert self.becomes_ready(300), "the platform did not start"
        return time.monotonic() - started

    def is_ready(self) -> bool:
        """Whether it says that it can serve."""
        try:
            return httpx.get(f"{self.site}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def becomes_ready(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.is_ready():
                return True
            time.sleep(0.1)
        return False

    def listens(self, offset: int) -> bool:
        """Whether pages (0), sockets (1) or the gateway (2) take connections."""
        return launcher._listens(self.port + offset)

    def children(self, *words: str) -> list[int]:
        """Direct children of the launcher whose command line holds all the words."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
                line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            if self.process is not None and parent == self.process.pid and all(word in line for word in words):
                found.append(int(path.name))
        return found

    def descendants(self) -> set[int]:
        """Every process that descends from the launcher."""
        parents: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(path.name)] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
        found = {self.process.pid} if self.process else set()
        while True:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return found
            found |= more

    def stop(self) -> None:
        """A clean stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
