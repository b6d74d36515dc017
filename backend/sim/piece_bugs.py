"""Planted bugs of micro-tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.fen import Fen
from backend.common.states import move_all
from backend.sim.planting import Bug, swap
from marketplace.microtasks.models import Answer, Job
from marketplace.microtasks.operations import course, leases, money, verdicts
from marketplace.microtasks.operations.shared import move
from marketplace.microtasks.states import Given


def _slot_kept() -> object:
    """Let what ran out of time go, and forget that its slot is free."""

    def put_back(which: Q, by: Actor, at: datetime) -> None:
        ids = list(Answer.objects.filter(which, state=Given.LEASED).values_list("pk", flat=True))
        if ids:
            move_all(Answer, ids, event="lapse", source=Given.LEASED, by=by, at=at)

    return put_back


def _contested_settled() -> object:
    """Settle when the time to check is over, whatever is contested."""

    def settle(job: Job, at: datetime) -> None:
        money.close_items(job, at)
        move(job, "settle", by=CLOCK, at=at)

    return settle


def _rest_kept() -> object:
    """Forget what nobody earned."""

    def give_back(job: Job, fen: Fen, *, reason: str, at: datetime) -> None:
        return None

    return give_back


def _restored_uncounted() -> object:
    """Let answers count again without counting them."""

    def restore(job: Job, answers: Sequence[Answer], at: datetime, *, is_new: bool = False) -> None:
        for state in {answer.state for answer in answers}:
            ids = [answer.pk for answer in answers if answer.state == state]
            move_all(Answer, ids, event="restore", source=state, by=SYSTEM, at=at)

    return restore


PIECE_BUGS: dict[str, Bug] = {
    "slot_kept": swap(leases, "put_back_answers", _slot_kept()),
    "nobody_is_heard": swap(verdicts, "heard_until", lambda at: at),
    "contested_settled": swap(course, "_settle", _contested_settled()),
    "unused_pay_kept": swap(money, "give_back", _rest_kept()),
    "restored_uncounted": swap(verdicts, "restore", _restored_uncounted()),
}
