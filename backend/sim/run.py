"""Running a seed: a database of its own, so many steps with faults, then none, then everything must rest."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random

import psycopg
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

from backend.common import ids, outbox, rules
from backend.config.runtime.home import Home
from backend.config.runtime.postgres import OWNER, SANDBOX, WEB, Postgres, copy_database, drop_database
from backend.config.runtime.services import prepare
from backend.sim.scenes import SCENES, Scene
from backend.sim.scheduler import Scheduler, Task
from backend.sim.world import DAWN, Broken, World

TEMPLATE = os.environ.setdefault("SIZHONG_SIM_TEMPLATE", f"sizhong_sim_{os.getpid()}")
"""Each run has a template of its own; the shares of a run learn it from the environment."""

A_BATCH = 16
"""Databases that are dropped together: each drop makes the server write out all that the other seeds changed."""

TAIL = 30
"""Lines of the story that are told when a seed breaks."""

OPTIONS = (
    "-c search_path=sim,pg_catalog,public -c synchronous_commit=off -c statement_timeout=0 -c lock_timeout=0 "
    "-c idle_in_transaction_session_timeout=0"
)
"""The simulated clock shadows the server's; a paused process may hold its transaction as long as it is paused."""


@dataclass
class Outcome:
    """What came of a seed: nothing, or what broke, where, and how it came to it."""

    seed: int
    steps: int
    broken: str = ""
    story: list[str] = field(default_factory=list)
    digest: str = ""
    seconds: float = 0.0
    statements: int = 0
    crashes: int = 0
    acts: dict[str, int] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def make_template() -> None:
    """The migrated database with its crowd and its clock that every seed starts from.

    It is kept from run to run while no source file changes: to migrate takes longer than to live through ten seeds.
    """
    postgres = Postgres(Home.here())
    _drop_all(postgres)
    kept = f"{_KEPT}{_sources()}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [_KEPT])  # until this connection ends
        names = [name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()]
        if kept not in names:
            for name in names:
                if name.startswith(_KEPT):
                    drop_database(postgres.url("postgres"), name)
            _make(postgres, f"{_KEPT}made")
            copy_database(postgres.url("postgres"), template=f"{_KEPT}made", name=kept)
        copy_database(postgres.url("postgres"), template=kept, name=TEMPLATE)  # before a run of other sources drops it


_KEPT = "sizhong_crowd_"


def _sources() -> str:
    """A hash of everything that the template is made by."""
    root = Path(settings.BASE_DIR)
    packages = ("backend", "crowdfunding", "marketplace", "credit", "search")
    files = (file for package in packages for kind in ("*.py", "*.toml") for file in (root / package).rglob(kind))
    digest = hashlib.sha256((root / "requirements.lock").read_bytes())
    for file in sorted(files):
        digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _make(postgres: Postgres, database: str) -> None:
    prepare(postgres, database)
    env = os.environ | {
        "SIZHONG_DATABASE_URL": postgres.url(database, WEB),
        "SIZHONG_OWNER_URL": postgres.url(database, OWNER),
        "SIZHONG_SANDBOX_URL": postgres.url(f"{database}_sandbox", SANDBOX),
    }
    for words in (["migrate"], ["manage", "simulate", "--crowd"]):
        more = {"SIZHONG_AS_OWNER": "1"} if words == ["migrate"] else {}
        command = [sys.executable, "-m", "backend.config.inner", *words]
        subprocess.run(command, env=env | more, check=True, capture_output=True)
    with psycopg.connect(postgres.url(database), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA sim")
        admin.execute("CREATE TABLE sim.clock (at timestamptz NOT NULL)")
        admin.execute("INSERT INTO sim.clock VALUES (%s)", [DAWN])
        for name in ("clock_timestamp", "statement_timestamp"):
            admin.execute(
                sql.SQL(
                    "CREATE FUNCTION sim.{}() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM sim.clock'"
                ).format(sql.Identifier(name))
            )
        admin.execute(sql.SQL("GRANT USAGE ON SCHEMA sim TO {}").format(sql.Identifier(WEB)))
        admin.execute(sql.SQL("GRANT SELECT ON sim.clock TO {}").format(sql.Identifier(WEB)))


@contextmanager
def _database(name: str, template: str) -> Iterator[str]:
    """A copy of a database with this process connected to it, for a while; the superuser's address of it."""
    postgres = Postgres(Home.here())
    copy_database(postgres.url("postgres"), template=template, name=name)
    chosen = connections["default"].settings_dict
    before = dict(chosen)
    connections.close_all()
    chosen["NAME"] = name
    chosen["OPTIONS"] = {"options": OPTIONS}
    try:
        yield postgres.url(name)
    finally:
        connections.close_all()
        chosen.clear()
        chosen |= before
        _spent.append(name)
        if len(_spent) >= A_BATCH:
            _drop_spent(postgres)


_spent: list[str] = []


def _drop_spent(postgres: Postgres) -> None:
    while _spent:
        drop_database(postgres.url("postgres"), _spent.pop())


def _dawn(scene: Scene, number: int) -> str:
    """The database that a seed begins with: its deals, orders and disputes, and what the provider knows of them."""
    postgres, name = Postgres(Home.here()), f"{TEMPLATE}_{scene.name}{number}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])  # until this connection ends
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            with _database(f"{name}_made", TEMPLATE) as url:
                with _world(url, f"dawn {number}") as world:
                    for part in scene.parts:
                        part.dawn(world, scene.dawns[number])
                    world.monitor.execute("CREATE TABLE sim.dawn (memory bytea NOT NULL)")
                    world.monitor.execute("INSERT INTO sim.dawn VALUES (%s)", [world.memory()])
                connections.close_all()
                copy_database(postgres.url("postgres"), template=f"{name}_made", name=name)
    return name


@contextmanager
def _world(url: str, luck: str) -> Iterator[World]:
    """A world over a database, all of whose chance comes from one word."""
    real = (ids.entropy, ids.nanoseconds)
    channel_layers.set("default", InMemoryChannelLayer())
    settings.SIZHONG_PROVIDER = "backend.sim.run.current_gateway"
    with psycopg.connect(url, autocommit=True) as monitor:
        rules.forget()
        rules._FRESH_SECONDS = float("inf")  # reading them anew at a real time would change the order of statements
        rules.value("campaigns.update_days", at=DAWN)
        scheduler = Scheduler(Random(f"{luck}:turns"), url)
        world = World(luck, Random(luck), scheduler, monitor)
        _worlds[:] = [world]
        try:
            yield world
        finally:
            ids.entropy, ids.nanoseconds = real
            scheduler.close()


nothing = nullcontext


def run_seed(
    seed: int,
    *,
    steps: int,
    scene: Scene = SCENES["funding"],
    bug: Callable[[], AbstractContextManager[None]] = nothing,
    tail: int = TAIL,
) -> Outcome:
    """Live through one seed; what breaks is told with the end of its story."""
    outcome, started = Outcome(seed, steps), time.monotonic()
    name, template = f"{TEMPLATE}_{os.getpid()}_{seed}", _dawn(scene, seed % len(scene.dawns))
    with _database(name, template) as url, _world(url, f"seed {seed}") as world:
        try:
            with bug():
                _live(world, scene, steps)
                _settle(world, scene)
        except Broken as broken:
            outcome.broken = str(broken)
    outcome.story = world.story[-tail:] if outcome.broken or tail > TAIL else []
    outcome.digest = hashlib.sha256("\n".join(world.story).encode()).hexdigest()[:16]
    outcome.seconds = round(time.monotonic() - started, 2)
    outcome.statements, outcome.crashes, outcome.acts = world.scheduler.statements, world.crashes, world.acts
    return outcome


_worlds: list[World] = []


def current_gateway() -> object:
    """The provider of the seed that runs."""
    return _worlds[0].gateway


def _live(world: World, scene: Scene, steps: int) -> None:
    acts = [(part, act) for part in scene.parts for act in part.acts]
    # Each seed favours some acts and never does others: what is rare in the mean then meets itself (swarm testing).
    weights = [act.weight * world.rng.choice((0, 0.5, 1, 1, 2, 4)) for _, act in acts]
    world.prepare([law for part in scene.parts for law in part.laws])
    world.remember()
    for world.step in range(1, steps + 1):
        while not world.scheduler.idle:
            world.scheduler.turn()
        _, act = world.rng.choices(acts, weights)[0]
        begun = act.begin(world)
        world.note_gateway()
        for task in (begun,) if isinstance(begun, Task) else begun or ():
            world.acts[act.name] = world.acts.get(act.name, 0) + 1
            while not world.scheduler.idle:
                world.scheduler.turn()
            world.scheduler.start(task)
        for _ in range(world.rng.choice((0, 5, 20, 60))):
            world.scheduler.turn()
        _check(world, scene)
    world.scheduler.drain()


def _check(world: World, scene: Scene) -> None:
    if not world.has_changed():
        return
    for sentence in world.lawless():
        raise Broken(sentence)
    for invariant in (invariant for part in scene.parts for invariant in part.invariants):
        for sentence in invariant.broken(world):
            raise Broken(f"{invariant.number} {invariant.says} — {sentence}")


PATIENCE = (
    timedelta(hours=1),
    timedelta(days=8),
    *(timedelta(days=33),) * 2,
    *(timedelta(days=99),) * 2,
    *(timedelta(days=8),) * 4,
)
"""What passes after the faults have stopped: more than the longest time that anything may wait."""


def _settle(world: World, scene: Scene) -> None:
    """Faults stop and nobody acts but the clock: all must come to rest by time alone."""
    world.tell("the faults stop")
    world.gateway.faulty = False
    world.deliver_letters()
    for pause in PATIENCE:
        _ring_until_quiet(world, scene)
        if not any(sentence for part in scene.parts for sentence in part.settled.broken(world)):
            break  # everything has come to its end, and time brings nothing more
        world.pass_time(pause)
    _ring_until_quiet(world, scene)
    _check(world, scene)
    for part in scene.parts:
        for sentence in part.settled.broken(world):
            raise Broken(f"{part.settled.number} {part.settled.says} — {sentence}")


def _ring_until_quiet(world: World, scene: Scene) -> None:
    """Until every bell has been rung since the last thing that happened."""
    bells = [bell for part in scene.parts for bell in part.bells]
    _relay(world)
    seen, quiet = world.changes(), 0
    for bell in islice(cycle(bells), 40 * len(bells)):
        bell()
        _relay(world)
        now = world.changes()
        quiet, seen = (quiet + 1 if now == seen else 0), now
        if quiet == len(bells):
            return


def _relay(world: World) -> None:
    """Hand out what waits; asking first is cheaper than a relay that finds nothing."""
    waiting = world.monitor.execute(
        "SELECT EXISTS (SELECT 1 FROM common_outboxevent WHERE NOT fanned_out) "
        "OR EXISTS (SELECT 1 FROM common_delivery WHERE state = 'waiting')"
    ).fetchone()
    if waiting and waiting[0]:
        outbox.relay(limit=500)


def close() -> None:
    """Leave nothing behind."""
    connection.close()
    _drop_all(Postgres(Home.here()))


def _drop_all(postgres: Postgres) -> None:
    """This run's databases, and those of runs that were killed."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        left = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'sizhong_sim_%'").fetchall()
    for (name,) in left:
        owner = name.split("_")[2]
        if name.startswith(TEMPLATE) or not Path(f"/proc/{owner}").exists():
            drop_database(postgres.url("postgres"), name)
