"""Starting the whole platform: services, schema, processes; and the demo and journey on top.

Ports: pages and API on PORT, sockets on PORT + 1, the sandbox gateway on PORT + 2.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import gettempdir

from backend.config.runtime.home import REPOSITORY, Home, HomeUnusable
from backend.config.runtime.postgres import Postgres, drop_database
from backend.config.runtime.services import DATABASE, locked, point_environment, prepare
from backend.config.runtime.supervisor import Program, Supervisor, python_program
from backend.config.runtime.valkey import Valkey

JOURNEY_DATABASE = "sizhong_journey"
WORKERS = frozenset({"worker", "beat"})
ADDRESSES = ("SIZHONG_SITE_URL", "SIZHONG_SOCKETS_URL", "SIZHONG_ALIPAY_GATEWAY")


def serve(*, port: int) -> int:
    """Start everything and keep serving until told to stop."""
    with _platform(Home.here(), database=DATABASE, port=port) as supervisor:
        _say(f"serving at http://localhost:{port}")
        supervisor.run()
    return 0


def demo(*, port: int, once: bool) -> int:
    """Start everything with the demo world, play the journey once, then keep serving."""
    home = Home.here()
    started = time.monotonic()
    with _platform(home, database=DATABASE, port=port, before_work=lambda: _make_world(home)) as supervisor:
        _say(f"ready in {time.monotonic() - started:.1f} s: http://localhost:{port}")
        _command(["manage", "demo_sign_ins"], home, check=False)
        status = _play_journey(home, tending=supervisor) if once or _journey_is_due(home) else 0
        if once:
            return status
        if status:
            _say("the journey failed; see above")
        _say(f"serving at http://localhost:{port} (Ctrl-C stops)")
        supervisor.run()
    return 0


def _make_world(home: Home) -> None:
    """The demo world is made once; it is lived in the past, so no worker may be awake meanwhile."""
    mark = home.root / "run" / "world"
    if not mark.exists():
        _command(["demo-world"], home)
        mark.write_text("made", encoding="utf-8")


def journey() -> int:
    """Play the journey: its own scratch database and ports, started and removed here."""
    home = Home.here()
    postgres, valkey = Postgres(home), Valkey(home)
    if postgres.is_running() and valkey.is_running():
        return _play_journey(home)
    with _services(home, DATABASE):
        return _play_journey(home)


def _journey_is_due(home: Home) -> bool:
    """The journey is played at the first start, and again when the code has changed since."""
    mark = home.root / "run" / "journey"
    return not mark.exists() or mark.read_text(encoding="utf-8") != _code_digest()


def _code_digest() -> str:
    digest = hashlib.sha256()
    for folder in ("backend", "crowdfunding", "search", "marketplace", "credit"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            digest.update(f"{path}{path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def _play_journey(home: Home, *, tending: Supervisor | None = None) -> int:
    """Give the journey a platform of its own and run its script; the demo's processes are tended meanwhile."""
    port = _free_ports(3)
    postgres = Postgres(home)
    drop_database(postgres.url("postgres"), JOURNEY_DATABASE)
    drop_database(postgres.url("postgres"), f"{JOURNEY_DATABASE}_sandbox")
    kept = dict(os.environ)
    for name in ADDRESSES:  # the journey has a site and a gateway of its own, and must not touch the demo's
        os.environ.pop(name, None)
    try:
        prepare(postgres, JOURNEY_DATABASE)
        point_environment(home, database=JOURNEY_DATABASE)
        bring_up_to_date(home)
        supervisor = Supervisor(_programs(home, port, logs=home.logs / "journey", broker_prefix="journey"))
        supervisor.start()
        try:
            _wait_until_ready(port, supervisor)
            watched = [supervisor, tending] if tending else [supervisor]
            status = _watched_command(["manage", "play_journey", "--port", str(port)], home, watched)
        finally:
            supervisor.stop()
    finally:
        os.environ.clear()
        os.environ.update(kept)
        drop_database(postgres.url("postgres"), JOURNEY_DATABASE)
        drop_database(postgres.url("postgres"), f"{JOURNEY_DATABASE}_sandbox")
    if status == 0:
        (home.root / "run" / "journey").write_text(_code_digest(), encoding="utf-8")
    return status


@contextmanager
def _services(home: Home, database: str) -> Iterator[None]:
    """PostgreSQL and Valkey as our own children, and the environment pointing at them."""
    postgres, valkey = Postgres(home), Valkey(home)
    foreign = "SIZHONG_DATABASE_URL" in os.environ
    try:
        if not valkey.is_running():
            valkey.start()
        if not foreign and not postgres.is_running():
            postgres.start()
        if not foreign:
            prepare(postgres, database)
        point_environment(home, database=database, foreign=foreign)
        yield
    finally:
        postgres.stop()
        valkey.stop()


@contextmanager
def _platform(
    home: Home, *, database: str, port: int, before_work: Callable[[], None] = lambda: None
) -> Iterator[Supervisor]:
    """Everything running: one launcher an installation, its services supervised with the rest.

    `before_work` runs when pages and gateway answer and no worker is awake yet.
    """
    with locked(home.root / "run" / "launcher.lock", shared=False, wait=False):
        for number in (port, port + 1, port + 2):
            _require_free(number)
        addresses = home.root / "run" / "addresses.json"
        addresses.unlink(missing_ok=True)  # of a launcher that was killed
        postgres, valkey = Postgres(home), Valkey(home)
        foreign = "SIZHONG_DATABASE_URL" in os.environ
        servers = [Program("valkey", lambda: _started(valkey))]
        if not foreign:
            servers.insert(0, Program("postgres", lambda: _started(postgres), stop_signal=signal.SIGINT))
        supervisor = Supervisor(servers)
        signal.signal(signal.SIGTERM, supervisor.ask_to_stop)
        try:
            supervisor.start()
            if not foreign:
                prepare(postgres, database)
            point_environment(home, database=database, foreign=foreign)
            bring_up_to_date(home)
            programs = _programs(home, port, logs=home.logs, broker_prefix="")
            workers = [program for program in programs if program.name in WORKERS]
            supervisor.add([program for program in programs if program.name not in WORKERS])
            _wait_until_ready(port, supervisor)
            before_work()
            supervisor.add(workers)
            announce(home)
            yield supervisor
        finally:
            addresses.unlink(missing_ok=True)
            supervisor.stop()


def announce(home: Home) -> None:
    """Leave the addresses of the running site where our other commands find them."""
    path = home.root / "run" / "addresses.json"
    path.write_text(json.dumps({name: os.environ[name] for name in ADDRESSES}), encoding="utf-8")


def _started(server: Postgres | Valkey) -> subprocess.Popen[bytes]:
    """Start a server under the supervisor; a dead predecessor's process is gone before."""
    server.start()
    if server.process is None:
        raise HomeUnusable("a server has no process")
    return server.process


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise HomeUnusable(f"port {port} is taken; choose another with PORT=…") from error


_claims: list[TextIOWrapper] = []


def _claim(first: int) -> bool:
    """Take some ports for this process while it lives, so that another run on this machine takes others."""
    try:
        mark = (Path(gettempdir()) / f"sizhong-ports-{first}.lock").open("a", encoding="utf-8")
    except OSError:  # another user's
        return False
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        mark.close()
        return False
    _claims.append(mark)
    return True


def _free_ports(count: int) -> int:
    """The first of some neighbouring free ports; they are this process's until it ends."""
    for first in range(18_000, 28_000, 10):
        if not _claim(first):
            continue
        try:
            for number in range(first, first + count):
                _require_free(number)
        except HomeUnusable:
            continue
        return first
    raise HomeUnusable("no free ports")


def bring_up_to_date(home: Home) -> None:
    """Bring the schema up to date as the owner role; nothing to do is found by a digest, so a second start is quick."""
    digest = _code_digest()
    name = os.environ.get("SIZHONG_DATABASE_URL", "").rsplit("@", 1)[-1].split("?")[0].strip("/") or "foreign"
    mark = home.root / "run" / f"migrated-{name.replace('/', '_')}"
    if name != JOURNEY_DATABASE and mark.exists() and mark.read_text(encoding="utf-8") == digest:
        return
    migrate(home)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(digest, encoding="utf-8")


def migrate(home: Home) -> None:
    """Schema, rules, fees, words and static files of the platform, and the gateway's schema in its own database."""
    _command(["migrate"], home)
    _command(["manage", "prepare_site"], home)
    if "SIZHONG_SANDBOX_URL" in os.environ:
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "backend.payments.sandbox.settings",
            "SIZHONG_HOME": str(home.root),
        }
        words = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        if subprocess.run(words, env=env, cwd=REPOSITORY, check=False).returncode:
            raise HomeUnusable("the gateway's database could not be brought up to date")


def _command(words: list[str], home: Home, *, check: bool = True) -> int:
    """Run one of our own commands in a process of its own, against the services that run."""
    env = os.environ | {"SIZHONG_HOME": str(home.root)}
    if words[0] == "migrate":
        env["SIZHONG_AS_OWNER"] = "1"
    done = subprocess.run([sys.executable, "-m", "backend.config.inner", *words], env=env, cwd=REPOSITORY, check=False)
    if check and done.returncode:
        raise HomeUnusable(f"sizhong {' '.join(words)} failed")
    return done.returncode


def _watched_command(words: list[str], home: Home, supervisors: list[Supervisor]) -> int:
    """Run one of our own commands while the processes around it are brought back when they fall."""
    env = os.environ | {"SIZHONG_HOME": str(home.root)}
    process = subprocess.Popen([sys.executable, "-m", "backend.config.inner", *words], env=env, cwd=REPOSITORY)
    while process.poll() is None:
        for supervisor in supervisors:
            supervisor.tend()
        if any(supervisor.stopping for supervisor in supervisors):
            process.terminate()
        time.sleep(0.1)
    return process.returncode


def _programs(home: Home, port: int, *, logs: Path, broker_prefix: str) -> list[Program]:
    """The platform's own processes."""
    logs.mkdir(parents=True, exist_ok=True)
    env = os.environ | {
        "SIZHONG_SITE_URL": os.environ.get("SIZHONG_SITE_URL", f"http://localhost:{port}"),
        "SIZHONG_SOCKETS_URL": os.environ.get("SIZHONG_SOCKETS_URL", f"ws://localhost:{port + 1}"),
        "SIZHONG_ALIPAY_GATEWAY": os.environ.get(
            "SIZHONG_ALIPAY_GATEWAY", f"http://localhost:{port + 2}/sandbox/alipay/gateway.do"
        ),
        "SIZHONG_BROKER_PREFIX": broker_prefix,
        "PYTHONUNBUFFERED": "1",
        "HOME": str(home.root),
    }
    os.environ.update({name: env[name] for name in ADDRESSES})
    pooled = env | {"SIZHONG_DB_POOL": "8"}
    gunicorn = ["-m", "gunicorn", "--config", "python:backend.config.gunicorn_settings", "--threads", "8"]
    celery = ["-m", "celery", "-A", "backend.config.celery"]

    user = home.hand_over()

    def program(name: str, argv: list[str], environment: dict[str, str] = env) -> Program:
        return python_program(name, argv, logs=logs, env=environment, cwd=REPOSITORY, user=user)

    return [
        program(
            "gateway",
            [
                *(*gunicorn, "backend.payments.sandbox.wsgi:application", "--bind", f"127.0.0.1:{port + 2}"),
                *("--graceful-timeout", "3"),
            ],
        ),
        program(
            "web",
            [
                *(*gunicorn, "backend.config.wsgi:application", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "2", "--timeout", "60", "--graceful-timeout", "10"),
            ],
            pooled,
        ),
        program(
            "sockets",
            [
                *("-m", "uvicorn", "backend.config.asgi:application", "--host", "127.0.0.1", "--port", str(port + 1)),
                *(
                    "--ws",
                    "websockets-sansio",
                    "--ws-max-size",
                    "65536",
                    "--ws-ping-interval",
                    "30",
                    "--log-level",
                    "warning",
                ),
                *("--ws-per-message-deflate", "false"),  # a dictionary for each watcher, for messages of eighty bytes
                *("--timeout-graceful-shutdown", "3"),
            ],
        ),
        program("relay", ["-m", "backend.config.inner", "outbox", "relay"]),
        program(
            "worker",
            [*celery, "worker", "--queues", "money,deadlines,checks", "--concurrency", "2", "--loglevel", "WARNING"],
        ),
        program("beat", [*celery, "beat", "--schedule", str(logs / "beat"), "--pidfile", "", "--loglevel", "WARNING"]),
    ]


def _wait_until_ready(port: int, supervisor: Supervisor) -> None:
    """Until pages, sockets and gateway answer; whatever falls meanwhile is brought back."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        supervisor.tend()
        if _answers(f"http://127.0.0.1:{port}/readyz") and _listens(port + 1) and _listens(port + 2):
            return
        time.sleep(0.1)
    raise HomeUnusable(f"the site did not answer within 90 s; see {Home.here().logs}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _say(text: str) -> None:
    print(text, flush=True)
