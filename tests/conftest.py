"""A real PostgreSQL, a real Valkey and the real local gateway for every test.

The services live in `var/test`. Tests that do not commit share one database and roll back; tests
that commit get a copy of the template of their own (`own_db`), because a truncating teardown cannot
work on an append-only ledger. With `SIZHONG_TEST_SERVER_URL` (a superuser's address) the databases
are made on that server instead, so that the same tests run on other versions of PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # a machine at work elsewhere is no fault of the code
ROOT = Path(__file__).resolve().parents[1]
os.environ["SIZHONG_HOME"] = os.environ.get("SIZHONG_TEST_HOME", str(ROOT / "var" / "test"))
os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings"
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
os.environ["SIZHONG_LOG_LEVEL"] = "CRITICAL"

from backend.config.runtime import child, launcher  # noqa: E402 - the environment decides where they look
from backend.config.runtime.home import Home  # noqa: E402
from backend.config.runtime.postgres import (  # noqa: E402
    OWNER,
    SANDBOX,
    WEB,
    Postgres,
    copy_database,
    drop_database,
    prepare_database,
    prepare_roles,
)
from backend.config.runtime.services import embedded  # noqa: E402
from tests.nursery import Nursery  # noqa: E402

TEMPLATE = "test_template"
START_SECONDS = 120
"""How long a server may take to start; a machine at work elsewhere is slow, and a dead process is seen at once."""
home = Home.here()
postgres = Postgres(home)
_stack = ExitStack()
_server = os.environ.get("SIZHONG_TEST_SERVER_URL", "")


def admin_url() -> str:
    """A superuser's address of the test server."""
    return _server or postgres.url("postgres")


def database_url(name: str, role: str = WEB) -> str:
    """The address of a test database for a role."""
    if not _server:
        return postgres.url(name, role)
    parts = urlsplit(_server)
    secret = home.secrets[role.removeprefix("sizhong_")]
    return f"postgresql://{role}:{quote(secret)}@{parts.hostname}:{parts.port or 5432}/{name}"


def _start_services() -> None:
    for name in ("SIZHONG_DATABASE_URL", "SIZHONG_OWNER_URL", "SIZHONG_SANDBOX_URL"):
        os.environ.pop(name, None)
    _stack.enter_context(embedded(home, database=TEMPLATE))
    if _server:
        prepare_roles(admin_url(), home.secrets)
        prepare_database(admin_url(), TEMPLATE)
        prepare_database(admin_url(), f"{TEMPLATE}_sandbox", owner=SANDBOX)
    _point(TEMPLATE)
    _end_leftovers()
    launcher.migrate(home)


def _point(name: str) -> None:
    os.environ["SIZHONG_DATABASE_URL"] = database_url(name)
    os.environ["SIZHONG_OWNER_URL"] = database_url(name, OWNER)
    os.environ["SIZHONG_SANDBOX_URL"] = database_url(f"{TEMPLATE}_sandbox", SANDBOX)


def _end_leftovers() -> None:
    """Databases that a killed run left behind, and whoever is still connected to the template."""
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_copy_%'").fetchall()
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_template%' "
            "AND pid <> pg_backend_pid()"
        )
    for (name,) in names:
        drop_database(admin_url(), name)


def new_copy() -> str:
    """A fresh copy of the template; the caller drops it."""
    name = f"test_copy_{uuid.uuid4().hex[:12]}"
    copy_database(admin_url(), template=TEMPLATE, name=name)
    return name


_start_services()
GATEWAY_PORT = launcher._free_ports(4)
SITE_PORT = GATEWAY_PORT + 1
os.environ["SIZHONG_ALIPAY_GATEWAY"] = f"http://localhost:{GATEWAY_PORT}/sandbox/alipay/gateway.do"
os.environ["SIZHONG_SITE_URL"] = f"http://localhost:{SITE_PORT}"
os.environ["SIZHONG_SOCKETS_URL"] = f"ws://localhost:{SITE_PORT + 1}"
MAIN = new_copy()
_point(MAIN)

import django  # noqa: E402

django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running."""
    if "django.db" in sys.modules:
        from django.db import connections

        connections.close_all()
    drop_database(admin_url(), MAIN)
    _stack.close()


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there; Django makes none."""


@pytest.fixture(autouse=True)
def _fresh_caches():
    from backend.common import rules

    rules.forget()


@pytest.fixture
def own_db(django_db_blocker):
    """A database of one's own, for tests that commit; its name."""
    from django.db import connections

    name = new_copy()
    connections.close_all()
    settings_dict = connections["default"].settings_dict
    before, settings_dict["NAME"] = settings_dict["NAME"], name
    with django_db_blocker.unblock():
        yield name
        connections.close_all()
    settings_dict["NAME"] = before
    drop_database(admin_url(), name)


@pytest.fixture(scope="session")
def gateway_process():
    """The local gateway as a process of its own."""
    log = home.logs / "gateway.log"
    argv = [
        *(sys.executable, "-m", "gunicorn", "--config", "python:backend.config.gunicorn_settings"),
        *("backend.payments.sandbox.wsgi:application", "--bind", f"127.0.0.1:{GATEWAY_PORT}", "--threads", "16"),
    ]
    env = os.environ | {"SIZHONG_SANDBOX_SCALE": "600"}
    process = child.start(argv, log=log, env=env, cwd=ROOT)
    assert child.wait_until(lambda: launcher._listens(GATEWAY_PORT), process=process, seconds=START_SECONDS)
    yield process
    child.stop(process)


class Cashier:
    """A payer's browser at the gateway, and the gateway's controls."""

    def __init__(self) -> None:
        self.base = f"http://localhost:{GATEWAY_PORT}/sandbox"
        self.http = httpx.Client(follow_redirects=False, timeout=20, trust_env=False)

    def visit(self, url: str) -> str:
        """Arrive with a signed order; the address of the cashier page."""
        reply = self.http.get(url)
        assert reply.status_code == 302, reply.text
        return f"http://localhost:{GATEWAY_PORT}{reply.headers['location']}"

    def pay(self, url: str, choice: str = "pay") -> httpx.Response:
        return self.http.post(self.visit(url) + "pay", data={"choice": choice})

    def control(self, **wish: object) -> dict:
        return self.http.post(f"{self.base}/control", json=wish).json()

    def fault(self, kind: str, call: str = "*", left: int = 1, seconds: float = 0) -> None:
        self.control(fault={"kind": kind, "call": call, "left": left, "seconds": seconds})

    def trade(self, number: str) -> dict:
        reply = self.http.get(f"{self.base}/alipay/trades/{number}")
        return reply.json() if reply.status_code == 200 else {}


@pytest.fixture
def cashier(gateway_process):
    """The gateway's cashier, at the present time and without faults left over."""
    found = Cashier()
    found.control(reset_faults=True, clock=datetime.now(UTC).isoformat())
    yield found
    found.control(reset_faults=True)
    found.http.close()


@pytest.fixture(scope="session")
def nursery():
    """The process that forks the sites of tests."""
    found = Nursery(home.logs / "nursery.log")
    yield found
    found.close()


@pytest.fixture
def site(own_db, gateway_process, nursery):
    """The real site (pages and API under gunicorn) over `own_db`, and the relay beside it; its address."""
    env = {"SIZHONG_DATABASE_URL": database_url(own_db)}
    pooled, logs, port = env | {"SIZHONG_DB_POOL": "16"}, home.logs, str(SITE_PORT + 1)
    relay = nursery.start(["sizhong", "outbox", "relay"], env=pooled, log=logs / "relay.log")
    web = nursery.start(
        [
            *("gunicorn", "--config", "python:backend.config.gunicorn_settings", "backend.config.wsgi:application"),
            *("--bind", f"127.0.0.1:{SITE_PORT}", "--workers", "2", "--threads", "16", "--preload"),
        ],
        env=pooled,
        log=logs / "web.log",
    )
    sockets = nursery.start(
        [
            *("uvicorn", "backend.config.asgi:application", "--host", "127.0.0.1", "--port", port),
            *("--log-level", "warning"),
        ],
        env=env,
        log=logs / "sockets.log",
    )
    base = f"http://localhost:{SITE_PORT}"
    try:
        assert child.wait_until(lambda: launcher._answers(f"{base}/readyz"), process=web, seconds=START_SECONDS)
        assert child.wait_until(lambda: launcher._listens(SITE_PORT + 1), process=sockets, seconds=START_SECONDS)
        yield base
    finally:
        for process in (sockets, web, relay):
            process.kill()  # nobody waits for an answer any more


def run_in_background(argv: list[str], *, env: dict[str, str]) -> subprocess.Popen:
    """A helper process that dies with the test run."""
    return child.start(argv, log=home.logs / "background.log", env=env, cwd=ROOT)
