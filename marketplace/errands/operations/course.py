"""What the poster decides about the whole, and what time does to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import CLOCK, Actor
from backend.common.errors import Invalid, NotFound
from marketplace import escrows
from marketplace.errands.errors import HasTakers
from marketplace.errands.models import Errand, Stop
from marketplace.errands.operations import drafts, hands, money, work
from marketplace.errands.operations.shared import KIND, errand_of, held, move, of_owner
from marketplace.errands.states import At, Posted

AT_ONCE = 200


def _reason(reason: str) -> str:
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由", "Say why, in 5 characters at least", field="reason")
    return reason.strip()


@transaction.atomic
def cancel(*, errand_id: UUID, reason: str, by: Actor, at: datetime) -> Errand:
    """Call an errand off of which nobody holds or did a stop; the pay goes back (取消任务).

    Raises:
        HasTakers: somebody does or did.
        MoveRefused: it is not open.
        Invalid: no reason.
        DisputeOpen: the poster's bank asks for the money already.
    """
    errand, actor = of_owner(errand_id, by)
    errand.machine.step("cancel", errand.state)
    why = _reason(reason)
    if errand.stops.exclude(state__in=(At.READY, At.UNDONE)).exists():
        raise HasTakers
    for key in errand.stops.filter(state=At.READY).values_list("pk", flat=True):
        hands.end(key, "drop", by=actor, at=at, reason=why)
    money.give_back(errand, reason="任务取消", at=at)
    move(errand, "cancel", by=actor, at=at, reason=why)
    return errand


@transaction.atomic
def drop_stop(*, stop_id: UUID, reason: str, by: Actor, at: datetime) -> Stop:
    """Take a stop away that nobody holds; its pay goes back when the errand ends (撤下点位).

    Raises:
        NotFound: not the poster's.
        MoveRefused: somebody holds it, or it is over.
    """
    _errand, actor = of_owner(errand_of(stop_id), by)
    hands.end(stop_id, "drop", by=actor, at=at, reason=_reason(reason))
    return Stop.objects.select_related("errand__owner").get(pk=stop_id)


def accept_all(*, errand_id: UUID, by: Actor, at: datetime) -> int:
    """Accept everything that is handed in, a few hundred at a time; return how many (全部通过).

    Raises:
        NotFound, Forbidden: not the poster's.
    """
    with transaction.atomic():
        errand, _actor = of_owner(errand_id, by)
    keys = list(errand.stops.filter(state=At.SUBMITTED).order_by("rank").values_list("pk", flat=True)[:AT_ONCE])
    for key in keys:
        work.accept(stop_id=key, by=by, at=at)
    return len(keys)


@transaction.atomic
def advance(*, errand_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    errand = held(errand_id)
    if errand.due_at is None or errand.due_at > at:
        return
    match errand.state:
        case Posted.DRAFT | Posted.RETURNED:
            move(errand, "withdraw", by=CLOCK, at=at)
        case Posted.REVIEW:
            move(errand, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Posted.FUNDING:
            escrows.refuse_paid_order((KIND, errand.pk), paid_by_id=errand.paid_by_id)
            move(errand, "withdraw", by=CLOCK, at=at, reason="逾期未托管报酬")


@transaction.atomic
def complete(*, errand_id: UUID, at: datetime) -> None:
    """Every stop has ended: what none of them earned goes back. Safe to repeat.

    Raises:
        DisputeOpen, Busy: the money cannot move now; asked again later.
    """
    errand = held(errand_id)
    if errand.state not in Posted.HOLDING or errand.stops.filter(state__in=At.LIVE).exists():
        return
    money.give_back(errand, reason="未完成点位的报酬退回", at=at)
    move(errand, "complete", by=CLOCK, at=at)


def _copy(key: UUID, _why: str, by: Actor, at: datetime) -> Errand:
    return drafts.copy(errand_id=key, by=by, at=at)


def _accept_all(key: UUID, _why: str, by: Actor, at: datetime) -> Errand:
    accept_all(errand_id=key, by=by, at=at)
    found = Errand.objects.select_related("owner").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Errand]] = {
    "withdraw": lambda key, _why, by, at: drafts.withdraw(errand_id=key, by=by, at=at),
    "cancel": lambda key, why, by, at: cancel(errand_id=key, reason=why, by=by, at=at),
    "copy": _copy,
    "accept-all": _accept_all,
}
"""What a poster decides about an errand, by the word in the address; pages and API alike."""
