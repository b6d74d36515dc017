"""One simulated city: its clock, its people, its provider, what was acknowledged, and its story."""

from __future__ import annotations

import pickle
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import OperationalError

from backend.accounts import queries as people
from backend.accounts.models import User
from backend.common import clock, idempotency, ids
from backend.common.actors import Actor, Role
from backend.common.errors import Busy, Refusal
from backend.common.idempotency import Answer, StillRunning
from backend.ledger import queries as books
from backend.payments.operations import notices
from backend.sim.gateway import Gateway, signed
from backend.sim.part import Law
from backend.sim.scheduler import Scheduler, Task

DAWN = datetime(2040, 1, 2, 1, 0, tzinfo=UTC)
"""Every seed begins at the same moment, ahead of any real clock."""

_SAVEPOINT = re.compile(r'"s\d+_x')
"""Django names savepoints after their thread, which differs from run to run."""

Item = TypeVar("Item")


class Broken(Exception):
    """An invariant does not hold, or an act ended in a fault."""


@dataclass
class Request:
    """What a client sent under a key, and sends again until it is answered."""

    name: str
    actor: Actor
    route: str
    key: str
    body: dict[str, object]
    act: Callable[[], UUID]


@dataclass
class World:
    """Everything that a run knows beside the database."""

    luck: str
    rng: Random
    scheduler: Scheduler
    monitor: psycopg.Connection
    gateway: Gateway = field(init=False)
    story: list[str] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    acknowledged: dict[str, UUID] = field(default_factory=dict)
    pledged_at_dawn: int = 0
    step: int = 0
    acts: dict[str, int] = field(default_factory=dict)
    crashes: int = 0
    begun: int = 0
    _people: dict[str, list[User]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = threading.local()
        self.gateway = Gateway(self)
        ids.entropy = self._bytes
        ids.nanoseconds = lambda: int(DAWN.timestamp() * 1e9) + self.step * 1_000_000

    def _bytes(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    @property
    def chance(self) -> Random:
        """The random source of whoever asks: each task has its own, so that order of waking changes nothing."""
        found: Random | None = getattr(self.dice, "rng", None)
        return found or self.rng

    def prepare(self, laws: Sequence[Law]) -> None:
        """Build the one statement that asks every standing check and every law of the parts."""
        checks = [
            ("M1 Every standing check of `ledger verify`: " + title, text) for title, text in books.standing().items()
        ]
        checks += [(f"{law.number} {law.says}", law.sql) for law in laws]
        self._checks = " UNION ALL ".join(
            f"SELECT $t${title}$t$ AS title, x::text AS row FROM ({text}) AS x" for title, text in checks
        )

    def lawless(self) -> Iterator[str]:
        """What the standing checks of `ledger verify` and the laws of the parts find."""
        for title, row in self.monitor.execute(self._checks, prepare=True):
            yield f"{title} — {row}"

    def changes(self) -> int:
        """How many rows were written in this database so far, by its history and journals."""
        row = self.monitor.execute(
            "SELECT (SELECT count(*) FROM common_statechange) + (SELECT count(*) FROM ledger_transfer) "
            "+ (SELECT count(*) FROM common_outboxevent) + (SELECT count(*) FROM common_delivery WHERE state <> 'waiting') "
            "+ (SELECT count(*) FROM campaigns_pledge) + (SELECT count(*) FROM payments_refund)"
            "+ (SELECT count(*) FROM payments_notice) + (SELECT coalesce(sum(tries), 0) FROM payments_refund)"
            "+ (SELECT coalesce(sum(tries), 0) FROM payments_payout)"
        ).fetchone()
        return int(row[0]) if row else 0

    def has_changed(self) -> bool:
        """Whether anything was written since this was last asked."""
        now, self._seen = self.changes(), getattr(self, "_seen", -1)
        changed, self._seen = now != self._seen, now
        return changed

    def note_gateway(self) -> None:
        """Tell what happened at the provider."""
        for line in self.gateway.happened:
            self.tell(line)
        self.gateway.happened.clear()

    def deliver_letters(self) -> None:
        """All notices that are still under way arrive."""
        for letter in self.gateway.letters:
            notices.take(signed(letter), at=self.now())
        self.gateway.letters.clear()

    # --- beginning ----------------------------------------------------------------------------------

    def memory(self) -> bytes:
        """What is known outside the database when the seeds of this beginning begin."""
        return pickle.dumps((self.gateway.memory(), self.pledged_at_dawn, self.story))

    def remember(self) -> None:
        """Take over what was known when the beginning was made, which is kept beside the clock."""
        row = self.monitor.execute("SELECT memory FROM sim.dawn").fetchone()
        known, self.pledged_at_dawn, self.story = pickle.loads(row[0])  # type: ignore[index]  # noqa: S301 - we wrote it
        self.gateway.remember(known)

    # --- telling ------------------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """Add a line to the story."""
        self.story.append(f"{self.step:4d}  {line}")

    # --- people ---------------------------------------------------------------------------------------

    def person(self, prefix: str) -> User:
        """A person of a kind, by chance."""
        return self.pick(self.people(prefix))

    def people(self, prefix: str) -> list[User]:
        """Everybody of a kind: `maker`, `backer`, `moderator`, `officer`."""
        if prefix not in self._people:  # they are made with the template and nothing changes them
            found = User.objects.select_related("party").filter(party__name__startswith=prefix)
            self._people[prefix] = list(found.order_by("party__name"))
        return self._people[prefix]

    def acting(self, user: User, *roles: Role) -> Actor:
        """A person under their own hat."""
        return people.actor(user, hat=None, at=self.now()).wears(*roles)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of several, by chance."""
        return items[self.rng.randrange(len(items))]

    def now(self) -> datetime:
        """The simulated time."""
        return clock.now()

    def pass_time(self, by: timedelta) -> None:
        """Move the clock."""
        self.monitor.execute("UPDATE sim.clock SET at = at + %s", [by])

    # --- things that happen -----------------------------------------------------------------------

    def task(self, name: str, act: Callable[[], Any], on_end: Callable[[Task], None] | None = None) -> Task:
        """A task with its own chance, that may be killed at a statement or at a named point."""
        self.begun += 1
        rng = Random(f"{self.luck}:{self.begun}")

        def run() -> Any:
            self.dice.rng = rng
            try:
                return act()
            finally:
                self.dice.rng = None

        made = Task(name, run, on_end or self.judge)
        if self.gateway.faulty and self.rng.random() < 0.08:
            made.doomed_after = 1 + self.rng.randrange(40)
        elif self.gateway.faulty and self.rng.random() < 0.06:
            made.doomed_at = self.pick(POINTS)
        return made

    def judge(self, task: Task) -> None:
        """Say how a task ended; a fault that is no refusal breaks the run."""
        if task.is_dead:
            self.crashes += 1
            where = _SAVEPOINT.sub('"s_x', task.died_at)
            self.tell(f"{task.name}: KILLED at {where!r}")
        elif isinstance(task.error, Refusal):
            self.tell(f"{task.name}: refused, {','.join(reason.code for reason in task.error.reasons)}")
        elif isinstance(task.error, OperationalError):
            self.tell(f"{task.name}: the database ended it, {type(task.error).__name__}")
        elif task.error is not None:
            self.tell(f"{task.name}: FAULT {task.error!r}")
            raise Broken(f"{task.name} ended in a fault: {task.error!r}") from task.error
        else:
            self.tell(f"{task.name}: {_short(task.result)}")

    def send(self, request: Request) -> Task:
        """A client's request through the door that keeps answers under keys, sent again until it is answered."""
        self.asked.add(request.key)

        def act() -> Answer:
            return idempotency.once(
                actor=str(request.actor.party_id),
                route=request.route,
                key=request.key,
                request=request.body,
                act=lambda: Answer(201, {"id": str(request.act())}),
            )

        def answered(task: Task) -> None:
            self.judge(task)
            retry = task.is_dead or isinstance(task.error, (OperationalError, Busy, StillRunning))
            if retry:
                self.unanswered.append(request)
            elif task.error is None:
                made = UUID(str(task.result.body["id"]))
                known = self.acknowledged.setdefault(request.key, made)
                if known != made:
                    raise Broken(f"key {request.key} was answered with {known} and with {made}")

        return self.task(request.name, act, answered)


def _short(result: Any) -> str:
    if isinstance(result, Answer):
        return f"done {str(result.body.get('id', ''))[-6:]}"
    return "done" if result is None or result is True else str(result)[:60]


POINTS = (
    "refund.taken", "refund.sent", "refund.recorded", "payout.taken", "payout.sent", "payout.recorded",
    "intent.queried", "intent.closed", "relay.delivered", "pledge.given_back",
    "campaign.clearing", "campaign.successful", "campaign.producing", "led_round.tended",
    "match.made", "match.carried_out", "pot.advanced",
)  # fmt: skip
"""Named crash points that a task may die at."""
