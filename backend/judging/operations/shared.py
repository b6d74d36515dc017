"""What every operation of judging begins and ends with: rows held in order, clocks set, the word of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.queries import circles
from backend.common import outbox, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, NotFound
from backend.judging.errors import Conflicted
from backend.judging.events import ApplicationMoved, CallMoved, JudgeMoved, ObjectionMoved
from backend.judging.models import Application, Call, Judge, Objection
from backend.judging.ranking import Criterion
from backend.judging.states import Calling

SCOPE = "work"

Ties = Callable[[UUID, Collection[UUID], datetime], dict[UUID, tuple[str, str]]]

TIES: list[Ties] = []
"""Which of others a party is no stranger to, and why in Chinese and English; filled by higher packages (recent contracts)."""


def held(call_id: UUID) -> Call:
    """The call, its row held.

    Raises:
        NotFound: there is none.
    """
    found = Call.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=call_id).first()
    if found is None:
        raise NotFound
    return found


def held_application(application_id: UUID) -> tuple[Call, Application]:
    """An application and its call, both rows held, the call's first.

    Raises:
        NotFound: there is none.
    """
    call_id = Application.objects.filter(pk=application_id).values_list("call_id", flat=True).first()
    if call_id is None:
        raise NotFound
    call = held(call_id)
    found = Application.objects.select_for_update(of=("self",)).select_related("party").get(pk=application_id)
    found.call = call
    return call, found


def as_owner(call: Call, by: Actor) -> Actor:
    """The actor as the call's owner.

    Raises:
        NotFound: another hat.
        Forbidden: the hat's mandate does not cover work.
    """
    if by.party_id is None or by.party_id != call.owner_id:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    return by.wears(Role.OWNER)


def criteria_of(call: Call) -> list[Criterion]:
    """A call's criteria, the main one first."""
    return [Criterion(str(one["key"]), str(one["title"]), int(one["weight"])) for one in call.criteria]


def ties_of(one: UUID, others: Collection[UUID], at: datetime) -> dict[UUID, tuple[str, str]]:
    """Which of others a party is no stranger to: the same party, colleagues, or what higher packages know of them."""
    found: dict[UUID, tuple[str, str]] = {}
    for ties in TIES:
        found |= ties(one, others, at)
    around = circles([one, *others])
    same = ("同一主体或任职关系", "the same party, or one organisation")
    return found | {other: same for other in others if around[one] & around[other]}


def require_stranger(one: UUID | None, other: UUID, at: datetime) -> None:
    """Go on unless one party has a tie to another.

    Raises:
        Conflicted: there is one.
    """
    tie = ties_of(one, [other], at).get(other) if one is not None else ("身份不明", "nobody")
    if tie is not None:
        raise Conflicted(why_zh=tie[0], why_en=tie[1])


def move(call: Call, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a call whose row is held, set its clocks, and announce it."""
    call.move(event, by=by, at=at, reason=reason)
    call.state_at, call.is_reminded = at, False
    set_clock(call, at)
    call.save()
    outbox.record(
        CallMoved(
            at=at,
            call_id=call.pk,
            subject_kind=call.subject_kind,
            subject_id=call.subject_id,
            owner_id=call.owner_id,
            move=event,
            state=call.state,
        )
    )


def set_clock(call: Call, at: datetime) -> None:
    """When time alone takes the next move (`until`), and when the clock looks next (`due_at`)."""
    match call.state:
        case Calling.JUDGING:
            call.until = at + timedelta(days=call.judge_days)
            call.due_at = max(at, call.until - rules.days("judging.remind_days", at=at))
        case Calling.PUBLICITY:
            call.until = call.due_at = at + timedelta(days=call.publicity_days)
        case _:
            call.until = call.due_at = None


def move_application(application: Application, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of an application whose row is held, and announce it."""
    application.move(event, by=by, at=at, reason=reason)
    application.state_at = at
    application.reason = reason[:300] or application.reason
    application.save()
    tell_of_application(application, event, at)


def tell_of_application(application: Application, event: str, at: datetime) -> None:
    call = application.call
    outbox.record(
        ApplicationMoved(
            at=at,
            application_id=application.pk,
            call_id=call.pk,
            subject_kind=call.subject_kind,
            subject_id=call.subject_id,
            party_id=application.party_id,
            move=event,
            state=application.state,
        )
    )


def move_judge(judge: Judge, event: str, *, by: Actor, at: datetime) -> None:
    """Make a move of a judge whose row is held, and announce it."""
    judge.move(event, by=by, at=at)
    judge.state_at = at
    judge.save()
    tell_of_judge(judge, event, at)


def tell_of_judge(judge: Judge, event: str, at: datetime) -> None:
    outbox.record(
        JudgeMoved(
            at=at,
            judge_id=judge.pk,
            call_id=judge.call_id,
            party_id=judge.party_id,
            owner_id=judge.call.owner_id,
            move=event,
            state=judge.state,
        )
    )


def move_objection(objection: Objection, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of an objection whose row is held, and announce it."""
    objection.move(event, by=by, at=at, reason=reason)
    objection.state_at = at
    objection.save()
    tell_of_objection(objection, event, at)


def tell_of_objection(objection: Objection, event: str, at: datetime) -> None:
    outbox.record(
        ObjectionMoved(at=at, objection_id=objection.pk, call_id=objection.call_id, move=event, state=objection.state)
    )
