"""Planted bugs of contests, their finals, and judging."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.common.actors import CLOCK, Actor
from backend.common.fen import Fen
from backend.judging.models import Application, Call
from backend.judging.operations import calls, shared
from backend.judging.states import Calling, Standing
from backend.sim.planting import Bug, swap
from marketplace.contests.models import Contest
from marketplace.contests.operations import money, recalls, rounds
from marketplace.tax import withholding


def _objections_overlooked() -> object:
    """Settle when the publicity is over, whatever was objected."""

    def settle(call: Call, at: datetime) -> None:
        for one in call.applications.select_for_update().filter(state=Standing.PROVISIONAL).order_by("place", "no"):
            one.call = call
            shared.move_application(one, "award", by=CLOCK, at=at)
        calls._rise(call, at)
        shared.move(call, "settle", by=CLOCK, at=at)

    return settle


def _no_publicity() -> object:
    """Let the publicity end as it begins."""
    real = shared.set_clock

    def set_clock(call: Call, at: datetime) -> None:
        real(call, at)
        if call.state == Calling.PUBLICITY:
            call.until = call.due_at = at

    return set_clock


def _rest_kept() -> object:
    """Forget what no place used."""

    def give_back(contest: Contest, fen: Fen, *, reason: str, at: datetime) -> None:
        return None

    return give_back


def _tied_paid_in_full() -> object:
    """Give everybody the prize of their place, however many share it."""

    def prizes_of(contest: Contest, winners: list[Application], *, defaulted: bool, left_fen: Fen) -> dict[UUID, Fen]:
        return {one.pk: contest.sums[(one.place or 1) - 1] for one in winners}

    return prizes_of


def _nobody_moves_up() -> object:
    """Disqualify a winner, and leave the place empty."""

    def place_again(call: Call, *, by: Actor, at: datetime) -> None:
        if call.state == Calling.PUBLICITY:
            shared.move(call, "renew", by=by, at=at)

    return place_again


def _kept_in_the_fund() -> object:
    """Recover a prize, and keep it."""

    def hand_on(*, contest_id: UUID, at: datetime) -> None:
        return None

    return hand_on


def _tax_stands() -> object:
    """Give the tax of a revoked prize back, and leave it on record."""

    def take_back(cause_id: UUID, *, at: datetime) -> Fen:
        return 0

    return take_back


CONTEST_BUGS: dict[str, Bug] = {
    "objections_overlooked": swap(calls, "_settle", _objections_overlooked()),
    "no_publicity": swap(shared, "set_clock", _no_publicity()),
    "unused_prize_kept": swap(money, "give_back", _rest_kept()),
    "tied_paid_in_full": swap(money, "prizes_of", _tied_paid_in_full()),
    "nobody_moves_up": swap(calls, "place_again", _nobody_moves_up()),
    "recovered_prize_kept": swap(recalls, "hand_on", _kept_in_the_fund()),
    "tax_of_revoked_stands": swap(withholding, "take_back", _tax_stands()),
}


def _anybody_goes_on() -> object:
    """Let everybody who took part in the first round into the final."""

    def chosen(contest: Contest) -> list[UUID]:
        rows = Application.objects.filter(call__subject_id=contest.pk, call__stage=1)
        return list(rows.order_by("no").values_list("party_id", flat=True))

    return chosen


def _grants_kept() -> object:
    """Give the grants back to the host, whoever worked for them."""

    def grants_of(contest: Contest, finalists: list[Application], *, left_fen: Fen) -> dict[UUID, Fen]:
        return {}

    return grants_of


def _grants_to_each() -> object:
    """Give each finalist what all of them share."""

    def grants_of(contest: Contest, finalists: list[Application], *, left_fen: Fen) -> dict[UUID, Fen]:
        return {one.pk: left_fen for one in finalists}

    return grants_of


FINAL_BUGS: dict[str, Bug] = {
    "anybody_goes_on": swap(rounds, "chosen", _anybody_goes_on()),
    "grants_kept": swap(money, "grants_of", _grants_kept()),
    "grants_to_each": swap(money, "grants_of", _grants_to_each()),
}
