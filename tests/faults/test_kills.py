"""kill -9 under load: what was acknowledged is there, nothing doubled, everything comes back, nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from django.db import connections

from backend.accounts import operations as accounts
from backend.common import clock, rules
from backend.config.runtime import launcher
from backend.config.runtime.home import Home
from backend.config.runtime.postgres import Postgres
from backend.ledger import queries as books
from crowdfunding.campaigns.models import Pledge
from tests.builders import live_campaign, person
from tests.conftest import ROOT


class Platform:
    """A whole platform of its own, started as an operator starts it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, launcher._free_ports(3)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("SIZHONG_")}
        self.env |= {"SIZHONG_HOME": str(home), "SIZHONG_LOG_LEVEL": "ERROR"}
        self.process: subprocess.Popen | None = None

    def start(self) -> float:
        """Start and wait until it is ready; how long it took."""
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.config.cli", "serve", "--port", str(self.port)],
            env=self.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.becomes_ready(120), "the platform did not start"
        return time.monotonic() - started

    def becomes_ready(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if launcher._answers(f"http://127.0.0.1:{self.port}/readyz"):
                return True
            time.sleep(0.1)
        return False

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


@pytest.fixture
def platform(tmp_path_factory, django_db_blocker):
    made = Platform(tmp_path_factory.mktemp("home"))
    os.chmod(made.home, 0o755)
    made.start()
    connections.close_all()
    chosen = connections["default"].settings_dict
    before = dict(chosen)
    postgres = Postgres(Home(made.home))
    chosen |= {
        "NAME": "sizhong", "USER": "sizhong_web", "PASSWORD": postgres.home.secrets["web"],
        "HOST": str(postgres.home.sockets), "PORT": "", "OPTIONS": {},
    }  # fmt: skip
    rules.forget()
    with django_db_blocker.unblock():
        yield made
        connections.close_all()
    chosen.clear()
    chosen |= before
    if made.process is not None and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)


def test_kills_under_load_lose_no_acknowledged_pledge_and_leave_nothing_behind(platform):
    campaign, tier = live_campaign(price_fen=10_000)
    scopes = {"read", "pledge"}
    tokens = []
    for _ in range(6):
        user = person()
        tokens.append(
            accounts.make_token(user=user, party_id=user.party_id, name="k", scopes=scopes, at=clock.now())[1]
        )
    acknowledged: dict[str, tuple[str, str]] = {}
    statuses: list[int] = []
    stop = threading.Event()

    def load(token: str) -> None:
        while not stop.is_set():
            key = uuid4().hex
            try:
                reply = pledge(platform, token, campaign.pk, tier.pk, key)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            statuses.append(reply.status_code)
            if reply.status_code == 201:
                acknowledged[key] = (token, reply.json()["id"])

    threads = [threading.Thread(target=load, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    back = {}
    time.sleep(2)
    for name, words in (
        ("postgres", ("postgres", "-D")),
        ("web", ("gunicorn", "config.wsgi")),
        ("worker", ("celery", "worker")),
        ("relay", ("outbox", "relay")),
        ("valkey", ("valkey-server",)),
        ("postgres again", ("postgres", "-D")),
    ):
        killed = platform.children(*words)
        assert killed, f"no {name} to kill"
        started = time.monotonic()
        os.kill(killed[0], signal.SIGKILL)
        time.sleep(0.3)
        assert platform.becomes_ready(60), f"not back after killing {name}"
        back[name] = round(time.monotonic() - started, 1)
        time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join()
    connections.close_all()

    ids = {pledge_id for _token, pledge_id in acknowledged.values()}
    assert len(acknowledged) > 50
    assert len(ids) == len(acknowledged)
    assert {str(key) for key in Pledge.objects.filter(pk__in=ids).values_list("pk", flat=True)} == ids
    assert not [code for code in statuses if code >= 500 and code != 503], statuses
    key, (token, pledge_id) = next(iter(acknowledged.items()))
    assert pledge(platform, token, campaign.pk, tier.pk, key).json()["id"] == pledge_id
    assert list(books.differences()) == []
    assert max(back.values()) < 45, back

    connections.close_all()
    platform.process.kill()
    platform.process.wait()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(launcher._listens(platform.port + n) for n in range(3)):
        time.sleep(0.2)
    assert not any(launcher._listens(platform.port + n) for n in range(3)), "a process outlived its launcher"
    assert platform.start() < 30
    assert {str(key) for key in Pledge.objects.filter(pk__in=ids).values_list("pk", flat=True)} == ids


def pledge(platform: Platform, token: str, campaign: object, tier: object, key: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{platform.port}/api/v1/campaigns/{campaign}/pledges",
        json={"tier_id": str(tier)},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
        timeout=20,
        trust_env=False,
    )
