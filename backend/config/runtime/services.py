"""PostgreSQL and Valkey for whoever needs them: used when they run, started and stopped when not."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.config.runtime.home import Home, HomeUnusable
from backend.config.runtime.keys import make_keys
from backend.config.runtime.postgres import OWNER, SANDBOX, WEB, Postgres, prepare_database, prepare_roles
from backend.config.runtime.valkey import Valkey

DATABASE = "sizhong"


class AlreadyRunning(HomeUnusable):
    """Another launcher holds this installation."""


@contextmanager
def locked(path: Path, *, shared: bool, wait: bool) -> Iterator[None]:
    """Hold a lock file for the length of a block; the kernel lets go of it when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, mode if wait else mode | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"another process holds {path}") from error
        yield


@contextmanager
def embedded(home: Home, *, database: str = DATABASE) -> Iterator[None]:
    """Have the embedded services for a block, with databases and roles, and the environment pointing at them.

    With `SIZHONG_DATABASE_URL` set the database is somebody else's, and only Valkey may be started.
    Whoever started a server waits for the others who use it before stopping it.
    """
    postgres, valkey = Postgres(home), Valkey(home)
    foreign = "SIZHONG_DATABASE_URL" in os.environ
    started: list[Postgres | Valkey] = []
    try:
        with locked(home.root / "run" / "starting.lock", shared=False, wait=True):
            for server in (valkey,) if foreign else (postgres, valkey):
                if not server.is_running():
                    server.start()
                    started.append(server)
            if not foreign:
                prepare(postgres, database)
        point_environment(home, database=database, foreign=foreign)
        read_addresses(home)
        with locked(home.root / "run" / "users.lock", shared=True, wait=True):
            yield
        if started:
            with locked(home.root / "run" / "users.lock", shared=False, wait=True):
                pass
    finally:
        for server in reversed(started):
            server.stop()


def prepare(postgres: Postgres, database: str) -> None:
    """Keys, roles and databases of an installation. Safe to repeat."""
    make_keys(postgres.home)
    admin = postgres.url("postgres")
    prepare_roles(admin, postgres.home.secrets)
    prepare_database(admin, database)
    prepare_database(admin, f"{database}_sandbox", owner=SANDBOX)


def point_environment(home: Home, *, database: str, foreign: bool = False) -> None:
    """Tell settings, and every process started from here, where everything is."""
    postgres, valkey = Postgres(home), Valkey(home)
    found = {"SIZHONG_HOME": str(home.root), "SIZHONG_VALKEY_URL": valkey.url}
    if not foreign:
        found |= {
            "SIZHONG_DATABASE_URL": postgres.url(database, WEB),
            "SIZHONG_OWNER_URL": postgres.url(database, OWNER),
            "SIZHONG_SANDBOX_URL": postgres.url(f"{database}_sandbox", SANDBOX),
        }
    os.environ.update(found)


def read_addresses(home: Home) -> None:
    """Tell settings where the running site of this installation answers; nothing when it is not running."""
    addresses = home.root / "run" / "addresses.json"
    if addresses.exists():
        for name, value in json.loads(addresses.read_text(encoding="utf-8")).items():
            os.environ.setdefault(name, value)
