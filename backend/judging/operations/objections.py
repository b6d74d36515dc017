"""Objections: raised with evidence, answered, then decided by a person with no tie to either side (异议, D7, K2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import files, rules
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.rules import SHANGHAI
from backend.judging.errors import NotHeard, ObjectedAlready, ObjectionsClosed, TooManyObjections
from backend.judging.models import AGAINST, FOR, Application, Call, Objection, ObjectionFile
from backend.judging.operations import calls
from backend.judging.operations.shared import (
    SCOPE,
    held_application,
    move_application,
    move_objection,
    require_stranger,
    tell_of_objection,
)
from backend.judging.states import Calling, Objecting, Standing
from backend.judging.subjects import SUBJECTS
from backend.moderation import operations as moderation

LEAST_WORDS, MOST_WORDS, MOST_ANSWER, MOST_FILES = 10, 1_000, 2_000, 5


@transaction.atomic
def raise_objection(*, application_id: UUID, aim: str, grounds: str, by: Actor, at: datetime) -> Objection:
    """Say what is wrong with a result: a work that should not win, or one of one's own that was excluded (提出异议).

    In the publicity anybody signed in may, and for a time after it against a work that has won (回溯期, features.md X27).
    While it is being judged only those who run it may: the owner, a judge who sees a likeness, a moderator.

    Raises:
        NotFound: what is judged is not there for them.
        ObjectionsClosed: outside its time.
        ObjectedAlready, TooManyObjections: enough was said.
        Invalid: no grounds, or a work that this cannot be said of.
    """
    call, application = held_application(application_id)
    if by.party_id is None or by.person_id is None or SCOPE not in by.scopes:
        raise Forbidden
    if not SUBJECTS[call.subject_kind].may_see(call.subject_id, by):
        raise NotFound
    if not LEAST_WORDS <= len(grounds.strip()) <= MOST_WORDS:
        raise Invalid("请用 10 至 1000 字写明理由", "Give your grounds in 10 to 1,000 characters", field="grounds")
    _require_time(call, by, at)
    _require_aim(application, aim, by)
    mine = call.objections.filter(by_id=by.party_id)
    most = rules.value("judging.objections_most", at=at)
    if mine.exclude(state=Objecting.WITHDRAWN).count() >= most and Role.MODERATOR not in by.roles:
        raise TooManyObjections(most=most)
    answer_by = at + rules.days("judging.answer_days", at=at)
    made = Objection(
        call=call,
        application=application,
        aim=aim,
        by_id=by.party_id,
        person_id=by.person_id,
        grounds=grounds.strip(),
        raised_at=at,
        state_at=at,
        answer_by=answer_by,
        due_at=answer_by,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise ObjectedAlready from error
    tell_of_objection(made, "raise", at)
    return made


def looks_back_until(call: Call) -> datetime | None:
    """Until when a work that won may still be objected to; None where the result is not settled, or decides no prize."""
    if call.state != Calling.SETTLED or not call.is_last:
        return None
    return call.state_at + rules.days("judging.look_back_days", at=call.state_at)


def _require_time(call: Call, by: Actor, at: datetime) -> None:
    until = looks_back_until(call)
    if call.state == Calling.PUBLICITY or until is not None and at < until:
        return
    runs_it = (
        by.party_id == call.owner_id
        or Role.MODERATOR in by.roles
        or call.judges.filter(party=by.person_id, state="declared").exists()
    )
    if call.state != Calling.JUDGING or not runs_it:
        raise ObjectionsClosed


def _require_aim(application: Application, aim: str, by: Actor) -> None:
    against = (Standing.AWARDED,) if application.call.state == Calling.SETTLED else Standing.LIVE
    if aim == AGAINST and application.state in against and application.party_id != by.party_id:
        return
    if aim == FOR and application.state == Standing.INELIGIBLE and application.party_id == by.party_id:
        return
    raise Invalid("不能对这件作品提出这样的异议", "That cannot be said of this work", field="aim")


def _held(objection_id: UUID) -> tuple[Call, Application, Objection]:
    found = Objection.objects.filter(pk=objection_id).values_list("application_id", flat=True).first()
    if found is None:
        raise NotFound
    call, application = held_application(found)
    objection = Objection.objects.select_for_update().get(pk=objection_id)
    objection.call, objection.application = call, application
    return call, application, objection


def hears(objection: Objection) -> UUID:
    """Who has the word against an objection: the maker of the work, or the owner who excluded it."""
    return objection.application.party_id if objection.aim == AGAINST else objection.call.owner_id


@transaction.atomic
def answer(*, objection_id: UUID, text: str, by: Actor, at: datetime) -> Objection:
    """The other side's word, before anybody decides (答辩).

    Raises:
        NotFound: not theirs to answer.
        Invalid: no words.
    """
    _call, _application, objection = _held(objection_id)
    if by.party_id is None or by.party_id != hears(objection):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    if not LEAST_WORDS <= len(text.strip()) <= MOST_ANSWER:
        raise Invalid("请用 10 至 2000 字答辩", "Answer in 10 to 2,000 characters", field="text")
    objection.answer = text.strip()
    objection.due_at = at + rules.days("judging.decide_days", at=at)
    role = Role.WORKER if objection.aim == AGAINST else Role.OWNER
    move_objection(objection, "answer", by=by.wears(role), at=at)
    return objection


def attach(*, objection_id: UUID, name: str, body: bytes, by: Actor, at: datetime) -> ObjectionFile:
    """Add a file of evidence to an objection that is not decided; it is kept by its hash and never replaced (提交证据).

    Raises:
        NotFound: neither side.
        MoveRefused: it is decided.
        Invalid: a file that is not taken, or too many.
    """
    _require_side(objection_id, by)
    kept = files.keep(name, body)
    with transaction.atomic():
        _call, _application, objection = _held(objection_id)
        if objection.state not in Objecting.OPEN:
            raise objection.machine.refusal(objection.state)
        if objection.files.count() >= 2 * MOST_FILES or by.person_id is None:
            raise Invalid(f"双方合计最多 {2 * MOST_FILES} 个证据", f"At most {2 * MOST_FILES} files", field="file")
        return ObjectionFile.objects.create(objection=objection, person_id=by.person_id, at=at, **vars(kept))


def _require_side(objection_id: UUID, by: Actor) -> None:
    found = Objection.objects.select_related("call", "application").filter(pk=objection_id).first()
    if found is None or by.party_id is None or by.party_id not in (found.by_id, hears(found)):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden


@transaction.atomic
def withdraw(*, objection_id: UUID, by: Actor, at: datetime) -> Objection:
    """Take an objection back (撤回异议)."""
    call, _application, objection = _held(objection_id)
    if by.party_id is None or objection.by_id != by.party_id:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    objection.due_at = None
    move_objection(objection, "withdraw", by=by.wears(Role.WORKER), at=at)
    _wake(call, at)
    return objection


@transaction.atomic
def decide(*, objection_id: UUID, upheld: bool, reason: str, by: Actor, at: datetime) -> Objection:
    """A person finds for or against, with reasons, once the other side had its say (裁定).

    Upheld against a work: it is disqualified, and the next in line moves up with a publicity of its own; where the result
    is settled the award is revoked, and the package whose prize it was recovers it. Upheld for a work: it is judged with
    the others again.

    Raises:
        NotHeard: the other side may still answer.
        Conflicted: a tie to a side, to the owner, or to whoever objected.
        Invalid: no reason.
        MoveRefused: it is decided.
    """
    call, application, objection = _held(objection_id)
    if Role.MODERATOR not in by.roles:
        raise Forbidden
    if len(reason.strip()) < LEAST_WORDS:
        raise Invalid("请用至少 10 字写明裁定理由", "Give your reasons in 10 characters at least", field="reason")
    if objection.state == Objecting.RAISED:
        raise NotHeard(until=objection.answer_by.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"))
    for other in {application.party_id, call.owner_id, objection.by_id, objection.person_id}:
        require_stranger(by.person_id, other, at)
    objection.decision, objection.decided_by, objection.due_at = reason.strip()[:1_000], by.person_id, None
    move_objection(objection, "uphold" if upheld else "dismiss", by=by, at=at, reason=reason)
    moderation.note(
        act="objection.uphold" if upheld else "objection.dismiss", subject_id=objection.pk, reason=reason, by=by, at=at
    )
    if upheld:
        _carry_out(call, application, objection, by, at)
    else:
        _wake(call, at)
    return objection


def _carry_out(call: Call, application: Application, objection: Objection, by: Actor, at: datetime) -> None:
    if objection.aim == FOR:
        if application.state == Standing.INELIGIBLE:
            move_application(application, "reinstate", by=by, at=at, reason=objection.decision)
            calls.judge_again(call, by=by, at=at)
        return
    if application.state == Standing.AWARDED:
        calls.revoke(application, reason=objection.decision, by=by, at=at)
    if application.state not in Standing.LIVE:
        return
    won = application.state == Standing.PROVISIONAL
    move_application(application, "disqualify", by=by, at=at, reason=objection.decision)
    application.place = None
    application.save(update_fields=["place"])
    if won:
        calls.place_again(call, by=by, at=at)
    else:
        _wake(call, at)


def _wake(call: Call, at: datetime) -> None:
    """What waited for this objection goes on at its time."""
    if call.until is not None:
        call.due_at = max(call.until, at)
        call.save(update_fields=["due_at"])


@transaction.atomic
def advance(*, objection_id: UUID, at: datetime) -> None:
    """Time alone: who did not answer is heard no more; what nobody decided does not hold the prize for ever. Safe to repeat."""
    call, _application, objection = _held(objection_id)
    if objection.due_at is None or objection.due_at > at:
        return
    if objection.state == Objecting.RAISED:
        objection.due_at = at + rules.days("judging.decide_days", at=at)
        move_objection(objection, "hear", by=CLOCK, at=at)
    elif objection.state in Objecting.HEARD:
        objection.due_at = None
        move_objection(objection, "leave", by=CLOCK, at=at)
        _wake(call, at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Objection]] = {
    "uphold": lambda key, why, by, at: decide(objection_id=key, upheld=True, reason=why, by=by, at=at),
    "dismiss": lambda key, why, by, at: decide(objection_id=key, upheld=False, reason=why, by=by, at=at),
    "answer": lambda key, why, by, at: answer(objection_id=key, text=why, by=by, at=at),
    "withdraw": lambda key, _why, by, at: withdraw(objection_id=key, by=by, at=at),
}
"""What is done about an objection with words alone, by the word in the address; pages and API alike."""
