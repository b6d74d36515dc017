"""What a part of the platform brings to the simulator: acts of its people, invariants, what must settle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.sim.scheduler import Task
    from backend.sim.world import World


@dataclass(frozen=True)
class Act:
    """One thing that may be started now: how often, and how; several tasks start together, none when there is no occasion."""

    name: str
    weight: int
    begin: Callable[[World], Task | tuple[Task, ...] | None]


@dataclass(frozen=True)
class Invariant:
    """Something that is never false, numbered for `docs/invariants.md`; `broken` yields what breaks it."""

    number: str
    says: str
    broken: Callable[[World], Iterator[str]]


@dataclass(frozen=True)
class Law:
    """An invariant that the database alone can answer: `sql` returns a sentence for each row that breaks it.

    All laws are asked in one statement after every step.
    """

    number: str
    says: str
    sql: str


def among(*states: str) -> str:
    """States as a list in SQL, so that a law follows the machines' own groups."""
    return "(" + ", ".join(f"'{state}'" for state in states) + ")"


@dataclass(frozen=True)
class Part:
    """One app in the simulator.

    `settled` yields what has not come to rest after the faults have stopped; `bells` is what beat rings
    for; `dawn` prepares what a seed begins with.
    """

    name: str
    acts: tuple[Act, ...]
    laws: tuple[Law, ...]
    invariants: tuple[Invariant, ...]
    settled: Invariant
    bells: tuple[Callable[[], object], ...] = ()
    dawn: Callable[[World, Any], None] = lambda world, dawn: None
