"""Judges: invited by an address, declaring or recusing themselves, scoring what they have no tie to (评委与评分)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.common import ids, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound, refuse_any
from backend.judging.errors import Conflicted, NoJudgeLeft, Undeclared
from backend.judging.models import Call, Judge, Scoring
from backend.judging.operations.shared import (
    as_owner,
    criteria_of,
    held,
    held_application,
    move_judge,
    require_stranger,
    tell_of_judge,
)
from backend.judging.states import Calling, Sitting, Standing

OPEN = (Calling.COLLECTING, Calling.JUDGING)
MOST_NOTE = 500


@transaction.atomic
def come_in(*, code: str, by: Actor, at: datetime) -> Judge:
    """Whoever was sent the address sits on the panel from now on, as the person they are (接受评委邀请).

    Raises:
        NotFound: the address opens nothing.
        NoJudgeLeft: the panel is full, or judging is over.
        Conflicted: they take part with a work of their own.
        LevelTooLow: not verified.
    """
    call_id = Call.objects.filter(judge_code=code).values_list("pk", flat=True).first()
    if call_id is None or by.person_id is None:
        raise NotFound
    call = held(call_id)
    return _seat(call, by.person_id, at)


@transaction.atomic
def sit_oneself(*, call_id: UUID, by: Actor, at: datetime) -> Judge:
    """The owner's person sits on the panel (发包方自评)."""
    call = held(call_id)
    as_owner(call, by)
    if by.person_id is None:
        raise NotFound
    return _seat(call, by.person_id, at)


def _seat(call: Call, person_id: UUID, at: datetime) -> Judge:
    found = call.judges.filter(party_id=person_id).first()
    if found is not None:
        return found
    if call.state not in OPEN or call.judges.count() >= rules.value("judging.judges_most", at=at):
        raise NoJudgeLeft
    party = Party.objects.get(pk=person_id)
    refuse_any(limits.failures(party, "work", at=at))
    if call.applications.exclude(state=Standing.WITHDRAWN).filter(party_id=person_id).exists():
        raise Conflicted(why_zh="您是参评人", why_en="you take part")
    judge = Judge(call=call, party=party, invited_at=at, state_at=at)
    try:
        with transaction.atomic():
            judge.save(force_insert=True)
    except IntegrityError as error:
        raise NoJudgeLeft from error
    tell_of_judge(judge, "invite", at)
    return judge


def _own_seat(call: Call, by: Actor) -> Judge:
    """One's own seat, its row held.

    Raises:
        NotFound: none.
    """
    found = Judge.objects.select_for_update().filter(call=call, party=by.person_id).first()
    if found is None:
        raise NotFound
    found.call = call
    return found


@transaction.atomic
def declare(*, call_id: UUID, declaration: str, by: Actor, at: datetime) -> Judge:
    """Say that one is free of conflicts, with what should be known all the same (声明无利益冲突)."""
    judge = _own_seat(held(call_id), by)
    judge.declaration = declaration.strip()[:300]
    move_judge(judge, "declare", by=by.wears(Role.JUDGE), at=at)
    return judge


@transaction.atomic
def recuse(*, call_id: UUID, reason: str, by: Actor, at: datetime) -> Judge:
    """Leave the panel; what one scored does not count any more (回避)."""
    call = held(call_id)
    if call.state not in OPEN:
        raise call.machine.refusal(call.state)
    judge = _own_seat(call, by)
    judge.declaration = reason.strip()[:300]
    move_judge(judge, "recuse", by=by.wears(Role.JUDGE), at=at)
    return judge


@transaction.atomic
def remove(*, judge_id: UUID, by: Actor, at: datetime) -> Judge:
    """Take somebody off the panel before judging begins: afterwards the owner does not choose who counts (移出评委).

    Raises:
        NoJudgeLeft: judging has begun.
    """
    call_id = Judge.objects.filter(pk=judge_id).values_list("call_id", flat=True).first()
    if call_id is None:
        raise NotFound
    call = held(call_id)
    actor = as_owner(call, by)
    if call.state != Calling.COLLECTING:
        raise NoJudgeLeft
    judge = Judge.objects.select_for_update().get(pk=judge_id)
    judge.call = call
    move_judge(judge, "remove", by=actor, at=at)
    return judge


@transaction.atomic
def renew_code(*, call_id: UUID, by: Actor) -> Call:
    """A new word for the judges' address; the old one opens nothing any more (更换评委邀请链接)."""
    call = held(call_id)
    as_owner(call, by)
    call.judge_code = ids.entropy(16).hex()
    call.save(update_fields=["judge_code"])
    return call


@transaction.atomic
def score(*, application_id: UUID, marks: Mapping[str, int], note: str, by: Actor, at: datetime) -> Scoring:
    """What one judge gives one work, or gives it anew, while it is being judged (评分).

    Raises:
        Undeclared: not declared to be free of conflicts.
        Conflicted: a tie to whoever made it.
        MoveRefused: the call is not being judged, or the work is not among those judged.
        Invalid: a mark is missing or outside 0 to 100.
    """
    call, application = held_application(application_id)
    judge = _own_seat(call, by)
    if judge.state != Sitting.DECLARED:
        raise Undeclared
    if call.state != Calling.JUDGING:
        raise call.machine.refusal(call.state)
    if application.state not in Standing.ELIGIBLE:
        raise application.machine.refusal(application.state)
    require_stranger(by.person_id, application.party_id, call.closed_at or at)
    keys = [one.key for one in criteria_of(call)]
    if sorted(marks) != sorted(keys) or not all(type(mark) is int and 0 <= mark <= 100 for mark in marks.values()):
        raise Invalid("每项标准打 0–100 的整数分", "A whole number from 0 to 100 for each criterion", field="marks")
    made, _new = Scoring.objects.update_or_create(
        application=application,
        judge=judge,
        defaults={"marks": dict(marks), "note": note.strip()[:MOST_NOTE], "at": at},
    )
    return made
