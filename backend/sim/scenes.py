"""Scenes (场景): which parts live together in a seed, and where its seeds begin.

Each has its own beginnings and its own chance, so that a new part of one leaves every other replaying as it did.
Money is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.sim.dawns import CONTEST_DAWNS, DAWNS, ERRAND_DAWNS, FINAL_DAWNS, LORE_DAWNS, PIECE_DAWNS, WORK_DAWNS
from backend.sim.part import Part
from backend.sim.parts import PARTS, contests, disputes, errands, finals, lore, money, pieces, work


@dataclass(frozen=True)
class Scene:
    """One scene: its parts, and its beginnings, which are made once a run."""

    name: str
    parts: tuple[Part, ...]
    dawns: Sequence[object]


def _of_work() -> Part:
    """Disputes as they are, without what is told of pledges."""
    laws = tuple(law for law in disputes.PART.laws if law.number == "D3")
    acts = tuple(act for act in disputes.PART.acts if act.name != "complain")
    return replace(disputes.PART, acts=acts, laws=laws, dawn=lambda _world, _dawn: None)


SCENES = {
    "funding": Scene("funding", PARTS, DAWNS),
    "work": Scene("work", (money.PART, work.PART, _of_work()), WORK_DAWNS),
    "contests": Scene("contests", (money.PART, contests.PART), CONTEST_DAWNS),
    "finals": Scene("finals", (money.PART, finals.PART), FINAL_DAWNS),
    "pieces": Scene("pieces", (money.PART, pieces.PART), PIECE_DAWNS),
    "errands": Scene("errands", (money.PART, errands.PART), ERRAND_DAWNS),
    "lore": Scene("lore", (money.PART, lore.PART), LORE_DAWNS),
}
