"""What a part of the platform brings to the simulator: acts of its people, invariants, what must settle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
class Part:
    """One app in the simulator.

    `settled` yields what has not come to rest after the faults have stopped; `bells` is what beat rings
    for; `dawn` prepares what a seed begins with.
    """

    name: str
    acts: tuple[Act, ...]
    invariants: tuple[Invariant, ...]
    settled: Invariant
    bells: tuple[Callable[[], object], ...] = ()
    dawn: Callable[[World], None] = lambda world: None
