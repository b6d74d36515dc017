"""The one state machine (状态机): a table of moves, a compare-and-set, a history row a move.

`Machine` and `Move` are plain data: the same table feeds operations, buttons, documentation,
diagrams, the trigger that refuses a jump in the database, and the test that tries every move
from every state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, models
from django.db.migrations.operations import RunSQL
from django.utils.translation import get_language

from backend.common.actors import Actor, Role
from backend.common.errors import Refusal
from backend.common.ids import new_id


class MoveRefused(Refusal):
    """The table of moves has no such way out of this state, or another actor was quicker."""

    status, code = 409, "move_refused"
    zh, en = "当前状态为“{state_zh}”，不能执行此操作", "This is “{state_en}” now, so that cannot be done"
    source = "features.md R1"


class MoveForbidden(Refusal):
    """The move exists, but not for this actor."""

    status, code = 403, "move_forbidden"
    zh, en = "您不能执行此操作", "You may not do this"
    source = "features.md R1"


@dataclass(frozen=True)
class Move:
    """One way from states to a state: the event, who may, and what it does to money.

    `after` says, for a move by the clock, when time alone takes it.
    """

    event: str
    source: str | tuple[str, ...]
    target: str
    by: Role | tuple[Role, ...]
    money: str = ""
    after: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset((self.by,) if isinstance(self.by, Role) else self.by)


@dataclass(frozen=True)
class Machine:
    """A life: its moves, first state, last states, and the states in which it holds somebody's money.

    `words` gives each state in Chinese and English. `refunds` are the events that give money back.
    """

    name: str
    zh: str
    initial: str
    finals: frozenset[str]
    moves: tuple[Move, ...]
    words: dict[str, tuple[str, str]]
    holds_money: frozenset[str] = frozenset()
    refunds: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        MACHINES[self.name] = self

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the first one first, in the order of the table."""
        seen = dict.fromkeys([self.initial])
        for move in self.moves:
            seen.update(dict.fromkeys((*move.sources, move.target)))
        return tuple(seen)

    def step(self, event: str, source: str) -> Move:
        """The move for an event in a state.

        Raises:
            MoveRefused: the table has none.
        """
        for move in self.moves:
            if move.event == event and source in move.sources:
                return move
        raise self.refusal(source)

    def leaving(self, source: str) -> Iterator[Move]:
        """The moves out of a state."""
        return (move for move in self.moves if source in move.sources)

    def pairs(self) -> set[tuple[str, str]]:
        """Every allowed jump, for the database."""
        return {(source, move.target) for move in self.moves for source in move.sources}

    def refusal(self, source: str) -> MoveRefused:
        zh, en = self.words.get(source, (source, source))
        return MoveRefused(state=source, state_zh=zh, state_en=en)

    def word(self, state: str) -> str:
        """A state as people read it."""
        return spoken(self.words.get(state, (state, state)))


def spoken(words: tuple[str, str]) -> str:
    """Chinese and English words, in the reader's language."""
    return words[1] if (get_language() or "zh").startswith("en") else words[0]


MACHINES: dict[str, Machine] = {}
"""Every machine of the platform by name; filled as apps are imported."""


class Stateful(models.Model):
    """A row with a life. `move` is the only writer of `state`."""

    machine: ClassVar[Machine]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField("状态", max_length=32, editable=False)

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args and "state" not in kwargs:
            kwargs["state"] = self.machine.initial
        super().__init__(*args, **kwargs)

    @property
    def state_word(self) -> str:
        """The state as people read it."""
        return self.machine.word(self.state)

    def may(self, event: str, actor: Actor) -> bool:
        """Whether a button for this move may be shown to this actor."""
        return any(m.event == event and m.roles & actor.roles for m in self.machine.leaving(self.state))

    def move(self, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
        """Make one move and write its history row, both in the caller's transaction.

        Raises:
            MoveRefused: no such move from this state, or another move won the race.
            MoveForbidden: this actor may not.
        """
        step = self.machine.step(event, self.state)
        if not step.roles & by.roles:
            raise MoveForbidden
        if not move_all(type(self), [self.pk], event=event, source=self.state, by=by, at=at, reason=reason):
            raise self.machine.refusal(self.state)
        self.state = step.target


def move_all(
    model: type[Stateful], ids: Sequence[UUID], *, event: str, source: str, by: Actor, at: datetime, reason: str = ""
) -> list[UUID]:
    """Make the same move for many rows in one statement and return the ids that moved.

    Rows that are no longer in `source` are left alone.

    Raises:
        MoveRefused: the table has no such move.
        MoveForbidden: this actor may not.
    """
    step = model.machine.step(event, source)
    if not step.roles & by.roles:
        raise MoveForbidden
    role = sorted(step.roles & by.roles)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH moved AS (
                UPDATE {model._meta.db_table} SET state = %(target)s
                WHERE id = ANY(%(ids)s) AND state = %(source)s RETURNING id
            )
            INSERT INTO common_statechange
                (machine, subject_id, event, source, target, role, person_id, party_id, reason, at)
            SELECT %(machine)s, id, %(event)s, %(source)s, %(target)s, %(role)s, %(person)s, %(party)s,
                   %(reason)s, %(at)s
            FROM moved RETURNING subject_id
            """,  # noqa: S608 - the table name comes from the model
            {
                "target": step.target,
                "source": source,
                "ids": list(ids),
                "machine": model.machine.name,
                "event": event,
                "role": role,
                "person": by.person_id,
                "party": by.party_id,
                "reason": reason,
                "at": at,
            },
        )
        return [row[0] for row in cursor.fetchall()]


def states_known(machine: Machine) -> models.CheckConstraint:
    """The database refuses a state that the table lacks."""
    known = models.Q(state__in=sorted(machine.states))
    return models.CheckConstraint(condition=known, name=f"{machine.name}_state_known")


def guard_jumps(table: str, machine: str) -> RunSQL:
    """A migration step: the database refuses a jump between states that the table of moves lacks."""
    return RunSQL(
        f"""
        CREATE TRIGGER {machine}_jumps BEFORE UPDATE OF state ON {table}
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
        EXECUTE FUNCTION common_refuse_jump('{machine}');
        """,
        f"DROP TRIGGER {machine}_jumps ON {table};",
    )


def publish_moves(machines: Iterable[Machine]) -> None:
    """Write the allowed jumps where the trigger reads them. Run by `sizhong migrate`."""
    rows = [(m.name, source, target) for m in machines for source, target in sorted(m.pairs())]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM common_allowedmove")
        cursor.executemany("INSERT INTO common_allowedmove (machine, source, target) VALUES (%s, %s, %s)", rows)


def mermaid(machine: Machine) -> str:
    """The machine as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.initial}"]
    for move in machine.moves:
        lines += [f"    {source} --> {move.target}: {move.event}" for source in move.sources]
    lines += [f"    {final} --> [*]" for final in sorted(machine.finals)]
    return "\n".join(lines)


def describe(machine: Machine) -> str:
    """The machine as a page of Markdown: table and diagram."""
    rows = [
        f"| {' / '.join(m.sources)} | {m.event} | {m.target} | {', '.join(sorted(m.roles))} | {m.after} | {m.money} |"
        for m in machine.moves
    ]
    head = "| from | event | to | who | when time takes it | money |\n|---|---|---|---|---|---|"
    return (
        f"## {machine.name} ({machine.zh})\n\n{head}\n" + "\n".join(rows) + f"\n\n```mermaid\n{mermaid(machine)}\n```\n"
    )
