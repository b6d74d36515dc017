"""What higher packages have to say before a pledge is made, taken back or judged: filled when their apps are ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from backend.common.errors import Refusal
from backend.common.fen import Fen
from crowdfunding.campaigns.models import Campaign, Pledge


@dataclass(frozen=True)
class Wish:
    """A pledge that somebody is about to make: `goods_fen` without shipping, `under` the terms that they read."""

    campaign: Campaign
    party_id: UUID | None
    under: UUID | None
    goods_fen: Fen
    at: datetime


class Gate(Protocol):
    """What a package that binds pledges to more than a price answers."""

    def refusals(self, wish: Wish) -> list[Refusal]:
        """Every reason against the pledge."""

    def lets_in(self, wish: Wish) -> bool:
        """Whether this pledge may be made although the campaign takes none from others now."""

    def bind(self, made: Pledge, wish: Wish) -> None:
        """Note under what the pledge was made, in its transaction; may raise what `refusals` could not see yet."""

    def holds(self, made: Pledge) -> list[Refusal]:
        """Every reason against its backer's taking it back."""

    def bars_yes(self, made: Pledge) -> list[Refusal]:
        """Every reason against its backer's saying yes to changed terms without more."""

    def waits(self, campaign: Campaign, at: datetime) -> bool:
        """Whether the verdict has to wait."""


GATES: list[Gate] = []


def refusals(wish: Wish) -> list[Refusal]:
    """What all gates have against a pledge."""
    return [reason for gate in GATES for reason in gate.refusals(wish)]


def lets_in(wish: Wish) -> bool:
    """Whether a gate opens the campaign for this one pledge."""
    return any(gate.lets_in(wish) for gate in GATES)


def bind(made: Pledge, wish: Wish) -> None:
    """Let every gate note what a pledge was made under."""
    for gate in GATES:
        gate.bind(made, wish)


def holds(made: Pledge) -> list[Refusal]:
    """What all gates have against taking a pledge back."""
    return [reason for gate in GATES for reason in gate.holds(made)]


def bars_yes(made: Pledge) -> list[Refusal]:
    """What all gates have against a plain yes to changed terms."""
    return [reason for gate in GATES for reason in gate.bars_yes(made)]


def waits(campaign: Campaign, at: datetime) -> bool:
    """Whether a gate asks the verdict to wait."""
    return any(gate.waits(campaign, at) for gate in GATES)
