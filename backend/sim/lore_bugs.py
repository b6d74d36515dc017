"""Planted bugs of bounties and ideas."""

from __future__ import annotations

from datetime import datetime

from backend.common.fen import Fen
from backend.ledger import queries as books
from backend.sim.planting import Bug, swap
from marketplace.knowledge.models import Gap
from marketplace.knowledge.operations import bounties, gaps
from marketplace.knowledge.states import Missing


def _whatever_the_bank_asks() -> object:
    """Pay what the books hold, whoever asks for it back."""

    def free_money(gap: Gap, at: datetime) -> Fen:
        return books.available(bounties.escrow_of(gap))

    return free_money


def _rest_kept() -> object:
    """Forget the bounty that nobody earned."""

    def return_whole(gap: Gap, *, reason: str, at: datetime) -> None:
        return None

    return return_whole


def _paid_at_once() -> object:
    """Give the poster no time to contest."""
    right = gaps.set_clock

    def set_clock(found: Gap) -> None:
        right(found)
        if found.state == Missing.FILLED:
            found.until = found.due_at = found.state_at

    return set_clock


LORE_BUGS: dict[str, Bug] = {
    "bounty_paid_in_chargeback": swap(bounties, "_free_money", _whatever_the_bank_asks()),
    "bounty_kept": swap(bounties, "_return_whole", _rest_kept()),
    "no_time_to_contest": swap(gaps, "set_clock", _paid_at_once()),
}
