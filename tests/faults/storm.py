"""A storm of faults under load, and a witness outside the site that compares what was acknowledged with the books.

    python -m tests.faults.storm [--kills 12] [--seed 1] [--disk] [--json]

Clients pledge, pay and cancel over HTTP. Meanwhile random parts of the platform are killed with
`kill -9`, Valkey is emptied and set back an hour, the gateway is slow, silent, or cut after doing,
and the disk runs full. Afterwards everything acknowledged must be there once, nothing of it
twice, the books clean, and every part back within its time (security.md §3).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.faults.platform import PARTS, Platform

WITHIN = {"postgres": 30, "valkey": 60, **dict.fromkeys(("web", "sockets", "worker", "beat", "relay", "gateway"), 10)}
"""Seconds within which a killed part must be back (security.md §3)."""

ROOM_MIB = 700
"""The tmpfs that runs full: a cluster with its WAL fits, and not much more."""


@dataclass
class Witness:
    """What clients were told; kept outside the site."""

    pledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, reply: httpx.Response) -> None:
        """Count an answer; a fault, or a 503 that does not say when to come back, is wrong."""
        self.statuses[reply.status_code] += 1
        if reply.status_code >= 500 and reply.status_code != 503:
            self.wrong.append(f"{reply.request.method} {reply.request.url.path}: {reply.status_code}")
        if reply.status_code == 503 and "Retry-After" not in reply.headers:
            self.wrong.append(f"{reply.request.url.path}: 503 without Retry-After")


class Client(threading.Thread):
    """One impatient person: pledges, asks again under the same key until answered, sometimes pays or cancels."""

    def __init__(self, platform: Platform, token: str, campaign: str, tier: str, witness: Witness, seed: int) -> None:
        super().__init__(daemon=True)
        self.platform, self.token, self.campaign, self.tier = platform, token, campaign, tier
        self.witness, self.rng, self.enough = witness, random.Random(seed), threading.Event()
        self.http = httpx.Client(timeout=15, trust_env=False)

    def run(self) -> None:
        while not self.enough.is_set():
            key = uuid4().hex
            made = self._until_answered(f"campaigns/{self.campaign}/pledges", {"tier_id": self.tier}, key)
            if made is None or made.status_code != 201:
                continue
            pledge = made.json()["id"]
            self.witness.pledged[key] = (self.token, pledge)
            with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                if self.rng.random() < 0.6:
                    self._pay(pledge)

    def _until_answered(self, path: str, body: dict[str, str], key: str) -> httpx.Response | None:
        """The same request under the same key, until something other than "busy" comes back."""
        while not self.enough.is_set():
            try:
                reply = self._post(path, body, key)
            except httpx.HTTPError:
                self.enough.wait(0.1)
                continue
            self.witness.note(reply)
            if reply.status_code == 503 or reply.status_code == 409 and reply.json()["code"] == "still_running":
                self.enough.wait(0.2)
                continue
            return reply
        return None

    def _post(self, path: str, body: dict[str, str], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        return self.http.post(f"{self.platform.site}/api/v1/{path}", json=body, headers=headers)

    def _pay(self, pledge: str) -> None:
        reply = self._post(f"pledges/{pledge}/cashier", {}, uuid4().hex)
        self.witness.note(reply)
        if reply.status_code == 200:
            page = self.http.get(reply.json()["url"])
            if page.status_code == 302:
                address = f"http://127.0.0.1:{self.platform.port + 2}{page.headers['location']}"
                self.http.post(f"{address}pay", data={"choice": "pay"})


class Storm:
    """Faults, one after another, each with the time that its part took to come back."""

    def __init__(self, platform: Platform, rng: random.Random, witness: Witness, patience: int) -> None:
        self.platform, self.rng, self.witness = platform, rng, witness
        self.within = {name: patience * seconds for name, seconds in WITHIN.items()}
        self.back: dict[str, list[float]] = {}
        self.was_unready = 0

    def kill(self, name: str, *, inner: bool = False) -> None:
        """kill -9 of a part, or of one of its own workers, and the wait until it is back."""
        found = self.platform.children(*PARTS[name])
        if not found:
            self.witness.wrong.append(f"no {name} to kill")
            return
        victim = found[0]
        if inner:
            own = [int(pid) for pid in _children_of(victim)]
            victim = self.rng.choice(own) if own else victim
        started = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        while time.monotonic() - started < self.within[name] + 30:
            if self._is_back(name, victim, started):
                break
            time.sleep(0.05)
        took = round(time.monotonic() - started, 2)
        self.back.setdefault(name, []).append(took)
        if took > self.within[name]:
            self.witness.wrong.append(f"{name} took {took} s to come back")

    def _is_back(self, name: str, victim: int, started: float) -> bool:
        now = self.platform.children(*PARTS[name])
        if not now or victim in now:
            return False
        if name in ("postgres", "valkey", "web"):
            ready = self.platform.is_ready()
            self.was_unready += not ready
            return ready
        return self.platform.listens({"sockets": 1, "gateway": 2}.get(name, 0))

    def set_valkey_back(self, kept: Path) -> None:
        """Valkey dies and comes back with what it knew when the storm began."""
        folder = self.platform.home / "valkey"
        pid = self.platform.children(*PARTS["valkey"])[0]
        owner = folder.stat()
        os.kill(pid, signal.SIGSTOP)
        shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
        shutil.copytree(kept / "appendonlydir", folder / "appendonlydir")
        for path in (folder / "appendonlydir", *(folder / "appendonlydir").iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
        if not self.platform.becomes_ready(self.within["valkey"]):
            self.witness.wrong.append("not ready after Valkey was set back")

    def trouble_gateway(self) -> None:
        """The gateway is slow, cut after doing, or silent for some calls."""
        kind = self.rng.choice(
            ["slow", "silent", "cut_after", "http_502", "notice_lost", "notice_doubled", "system_error_done"]
        )
        fault = {"kind": kind, "call": "*", "left": 5, "seconds": 3}
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(f"http://127.0.0.1:{self.platform.port + 2}/sandbox/control", json={"fault": fault}, timeout=5)


def _children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def main() -> int:
    """Run the storm and print what came of it; 0 when nothing was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=int, default=1, help="how many times as long a part may take to be back")
    parser.add_argument(
        "--disk", action="store_true", help="let the disk run full too (needs the right to mount a tmpfs)"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    with _home(options.disk) as home:
        platform = Platform(home)
        platform.start()
        try:
            report = _blow(platform, options)
            report |= _last_kill(platform)
        finally:
            platform.stop()
    report["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(report, ensure_ascii=False))
    return 1 if report["wrong"] else 0


@contextlib.contextmanager
def _home(on_tmpfs: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    folder.chmod(0o755)
    if on_tmpfs:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MIB}m,mode=0755", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        if on_tmpfs:
            subprocess.run(["umount", "-l", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _blow(platform: Platform, options: argparse.Namespace) -> dict[str, object]:
    world = subprocess.run(
        [sys.executable, "-m", "tests.faults.storm_world", str(platform.home)],
        check=True, capture_output=True, text=True, env=platform.env,
    ).stdout  # fmt: skip
    made = json.loads(world.splitlines()[-1])
    witness, rng = Witness(), random.Random(options.seed)
    clients = [
        Client(platform, token, made["campaign"], made["tier"], witness, number)
        for number, token in enumerate(made["tokens"])
    ]
    for client in clients:
        client.start()
    storm = Storm(platform, rng, witness, options.patience)
    time.sleep(2)
    kept = Path(tempfile.mkdtemp(prefix="storm-valkey-"))
    shutil.copytree(platform.home / "valkey", kept, dirs_exist_ok=True)
    parts = [name for name in PARTS for _ in range(2 if name in ("postgres", "web", "relay", "worker") else 1)]
    for number in range(options.kills):
        storm.trouble_gateway()
        name = parts[number % len(parts)] if options.kills >= len(parts) else rng.choice(list(PARTS))
        storm.kill(name, inner=name in ("web", "worker") and number % 2 == 1)
        time.sleep(rng.uniform(0.5, 2.0))
        if number == options.kills // 2:
            storm.set_valkey_back(kept)
    flushed = subprocess.run(
        [sys.executable, "-m", "tests.faults.storm_world", str(platform.home), "--flush"],
        check=False, capture_output=True, env=platform.env,
    )  # fmt: skip
    if flushed.returncode:
        witness.wrong.append("Valkey could not be emptied")
    disk = _fill_disk(platform, witness) if options.disk else {}
    time.sleep(3)
    for client in clients:
        client.enough.set()
    for client in clients:
        client.join(120)
    shutil.rmtree(kept, ignore_errors=True)
    return _compare(platform, witness, storm, clients) | disk


def _fill_disk(platform: Platform, witness: Witness) -> dict[str, object]:
    """Fill what is left, see that readiness says so, make room, and wait for it to come back without hands."""
    ballast = platform.home / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(b"\0" * 65_536)
            file.flush()
    was_down, until = False, time.monotonic() + 40
    while time.monotonic() < until and not was_down:
        was_down = not platform.is_ready()
        time.sleep(0.2)
    time.sleep(5)
    ballast.unlink()
    started = time.monotonic()
    if not platform.becomes_ready(240):
        witness.wrong.append("not back after there was room again")
    took = round(time.monotonic() - started, 1)
    if took > 60:
        witness.wrong.append(f"took {took} s after there was room again")
    return {"disk_full_seen": was_down, "disk_back_s": took}


def _compare(platform: Platform, witness: Witness, storm: Storm, clients: list[Client]) -> dict[str, object]:
    """Let everything settle, then compare what clients were told with what is there."""
    httpx.post(f"http://127.0.0.1:{platform.port + 2}/sandbox/control", json={"reset_faults": True}, timeout=10)
    again = _ask_again(platform, witness, clients)
    found = subprocess.run(
        [sys.executable, "-m", "tests.faults.storm_world", str(platform.home), "--compare"],
        input=json.dumps([pledge for _token, pledge in witness.pledged.values()]),
        check=True, capture_output=True, text=True, env=platform.env,
    ).stdout  # fmt: skip
    seen = json.loads(found.splitlines()[-1])
    if seen["lost"]:
        witness.wrong.append(f"{seen['lost']} acknowledged pledges are lost")
    if len({pledge for _token, pledge in witness.pledged.values()}) != len(witness.pledged):
        witness.wrong.append("two keys were answered with one pledge")
    witness.wrong += seen["differences"] + seen["unsettled"] + again
    return {
        "acknowledged": len(witness.pledged),
        "lost": seen["lost"],
        "doubled": seen["doubled"],
        "paid": seen["paid"],
        "settled_s": seen["settled_s"],
        "kills": sum(len(times) for times in storm.back.values()),
        "back_s": {name: max(times) for name, times in sorted(storm.back.items())},
        "statuses": {str(code): count for code, count in sorted(witness.statuses.items())},
        "wrong": witness.wrong,
    }


def _ask_again(platform: Platform, witness: Witness, clients: list[Client]) -> list[str]:
    """The same key again, after the storm: the same answer."""
    wrong = []
    path, body = f"campaigns/{clients[0].campaign}/pledges", {"tier_id": clients[0].tier}
    by_token = {client.token: client for client in clients}
    for key, (token, pledge) in list(witness.pledged.items())[::10][:100]:
        reply = by_token[token]._post(path, body, key)
        if reply.status_code != 201 or reply.json()["id"] != pledge:
            wrong.append(f"{key} was answered with {pledge}, and now with {reply.status_code} {reply.text[:80]}")
    return wrong


def _last_kill(platform: Platform) -> dict[str, object]:
    """The launcher itself dies: no process, port or lock is left, and it starts again."""
    family = platform.descendants()
    platform.process.kill()
    platform.process.wait()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        left = [pid for pid in family if Path(f"/proc/{pid}").exists() and not _is_zombie(pid)]
        if not left and not any(platform.listens(offset) for offset in range(3)):
            break
        time.sleep(0.2)
    return {"orphans": len(left), "start_again_s": round(platform.start(), 1)}


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


if __name__ == "__main__":
    sys.exit(main())
