"""The site's processes for tests, forked from one that has imported everything.

A page's test has a database of its own, and so a site of its own. Started anew, three processes would import the
platform each time: ten seconds of work before the first page. Here one process imports it once, connects to nothing, and
forks a child for each wish; the child points the settings at its database and becomes gunicorn, uvicorn or the relay.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from backend.config.runtime.child import die_with_parent

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0


class Nursling:
    """A process that the nursery forked: its session's leader."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives, as `subprocess` says it."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 1
        return None

    def kill(self) -> None:
        """End it with all it started, and wait until it is gone."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while self.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert self.poll() is not None, f"{self.pid} does not end"


class Nursery:
    """The process that forks, from the side of who asks it."""

    def __init__(self, log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=ROOT,
                text=True,
            )

    def start(self, argv: list[str], *, env: dict[str, str], log: Path) -> Nursling:
        """Fork a child that runs `argv` (its first word says as what) with more of an environment."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"argv": argv, "env": env, "log": str(log)}) + "\n")
        self._process.stdin.flush()
        return Nursling(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End the nursery; its children have ended before, or end with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)


def _gunicorn() -> None:
    from gunicorn.app.wsgiapp import run

    run()


def _uvicorn() -> None:
    from uvicorn import main as run

    run()


def _command() -> None:
    from backend.config.inner import main as run

    run()


BECOME: dict[str, Callable[[], None]] = {"gunicorn": _gunicorn, "uvicorn": _uvicorn, "sizhong": _command}


def _grow_up(wish: dict[str, Any]) -> None:
    """In the child: a session and a log of its own, the wished database, then the wished work."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wish["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    os.environ.update(wish["env"])
    _point_settings()
    sys.argv = wish["argv"]
    BECOME[sys.argv[0]]()


def _point_settings() -> None:
    from django.conf import settings

    from backend.config import settings as module

    url = os.environ["SIZHONG_DATABASE_URL"]
    settings.DATABASES["default"].update(module._database(url))


def main() -> None:
    """Import everything, then fork for each line until there are no more."""
    from django.core.management import get_commands

    from backend.config import asgi, inner, urls, wsgi  # noqa: F401

    get_commands()
    die_with_us = die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                die_with_us()
                _grow_up(json.loads(line))
                status = 0
            finally:
                os._exit(status)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
