"""Planted bugs of tenders and engagements."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.common.actors import Actor, Role
from backend.common.fen import Fen
from backend.ledger import queries as books
from backend.sim.planting import Bug, swap
from marketplace.engagements.models import Milestone
from marketplace.engagements.operations import money
from marketplace.tasks.models import Bid
from marketplace.tasks.operations import awards, bids
from marketplace.tasks.operations.shared import move_bid
from marketplace.tasks.states import Bidding
from marketplace.tax import withholding


def _paid_in_spite_of_the_bank() -> object:
    """Look only at what escrow holds, and not whether the bank asks for it."""

    def free(milestone: Milestone, *, at: datetime) -> Fen:
        return books.available(money.escrow_of(milestone))

    return free


def _rest_kept() -> object:
    """Pay the worker's part of a division and forget the client's."""

    def divide(milestone: Milestone, to_worker_fen: Fen, *, reason: str, at: datetime) -> str:
        rest = money.free_money(milestone, at=at) - to_worker_fen
        if to_worker_fen > 0:
            money.pay_out(milestone, to_worker_fen, at=at)
        return "decide_refund" if to_worker_fen <= 0 else "decide_split" if rest > 0 else "decide_release"

    return divide


def _ended_without_refund() -> object:
    """End a contract that both want to end, and leave its money where it is."""

    def keep(milestone: Milestone, *, reason: str, at: datetime) -> None:
        return None

    return keep


def _tax_forgotten() -> object:
    """Reckon the tax and do not write it down."""

    def keep(payment: Any, *, at: datetime) -> object:
        return withholding.foresee(payee=payment.payee, paid_fen=payment.paid_fen, project_id=payment.project_id, at=at)

    return keep


def _unconfirmed_counts() -> object:
    """Take every bid as it is, whether or not it was confirmed on the changed terms."""
    real = bids.open_all

    def open_all(task: Any, at: datetime) -> int:
        for bid in Bid.objects.filter(task=task, state=Bidding.UNCONFIRMED):
            move_bid(bid, "confirm", by=Actor(None, None, frozenset(Role)), at=at)
        return real(task, at)

    return open_all


def _worker_forgotten() -> object:
    """The contract was signed, and nobody tells the task."""

    def follow(*, bid_id: UUID, at: datetime) -> None:
        return None

    return follow


WORK_BUGS: dict[str, Bug] = {
    "paid_in_spite_of_the_bank": swap(money, "free_money", _paid_in_spite_of_the_bank()),
    "rest_of_a_division_kept": swap(money, "divide", _rest_kept()),
    "ended_without_refund": swap(money, "return_whole", _ended_without_refund()),
    "tax_not_recorded": swap(withholding, "keep", _tax_forgotten()),
    "unconfirmed_bid_counts": swap(bids, "open_all", _unconfirmed_counts()),
    "contract_not_followed": swap(awards, "follow", _worker_forgotten()),
}
