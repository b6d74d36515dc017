"""Planted bugs of errands."""

from __future__ import annotations

from datetime import datetime

from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.sim.planting import Bug, swap
from marketplace.errands.models import Errand, Licence, Runner, Stop
from marketplace.errands.operations import hands, money
from marketplace.errands.states import Licensed


def _any_licence() -> object:
    """Take a licence that is in force today for one that lasts."""

    def licence_for(runner: Runner, kind: str, stop: Stop) -> Licence | None:
        return runner.licences.filter(kind=kind, state=Licensed.IN_FORCE).first()

    return licence_for


def _whatever_the_bank_asks() -> object:
    """Pay what the books hold, whoever asks for it back."""

    def free_money(errand: Errand, *, at: datetime) -> Fen:
        return books.available(ledger.escrow_of(*money.subject_of(errand)))

    return free_money


def _rest_kept() -> object:
    """Forget what no stop earned."""

    def give_back(errand: Errand, *, reason: str, at: datetime) -> None:
        return None

    return give_back


ERRAND_BUGS: dict[str, Bug] = {
    "any_licence": swap(hands, "licence_for", _any_licence()),
    "stop_paid_in_chargeback": swap(money, "free_money", _whatever_the_bank_asks()),
    "stops_rest_kept": swap(money, "give_back", _rest_kept()),
    "offer_left_open": swap(hands, "close_offers", lambda stop, at: None),
}
