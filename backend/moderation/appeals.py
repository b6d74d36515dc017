"""Appeals against moderators' decisions: one a decision, answered by another person, ended by time (申诉)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.states import MoveRefused
from backend.moderation import queries
from backend.moderation.errors import AppealedAlready, NotAnother, NotAppealable
from backend.moderation.events import AppealMoved
from backend.moderation.models import Appeal, StaffAct
from backend.moderation.operations import note
from backend.moderation.states import Appealing

LEAST_WORDS, MOST_WORDS = 10, 2_000


@dataclass(frozen=True)
class Contested:
    """What stands against a thing: `act` as staff acts name it, empty where nothing does; `since` when.

    `silence_grants`: an appeal that nobody answers is granted, where that only means another review.
    """

    owner_id: UUID
    title: str
    act: str
    since: datetime
    silence_grants: bool


@dataclass(frozen=True)
class Subject:
    """How a kind of thing is appealed about: what stands, how it is lifted, who belongs to it, where it is read.

    `scope` is what a mandate must cover to appeal.
    """

    contested: Callable[[UUID], Contested | None]
    grant: Callable[[UUID, str, Actor, datetime], None]
    is_affiliated: Callable[[UUID, Actor], bool]
    url: str
    staff_url: str
    scope: str = "campaigns"


SUBJECTS: dict[str, Subject] = {}
"""Filled by the apps whose things are moderated, when they are ready."""


def _subject(kind: str, subject_id: UUID) -> tuple[Subject, Contested]:
    subject = SUBJECTS.get(kind)
    found = subject.contested(subject_id) if subject is not None else None
    if subject is None or found is None:
        raise NotFound
    return subject, found


def _appealable(subject_id: UUID, what: Contested, at: datetime) -> StaffAct | None:
    """What a person decided, if it stands and its time to be appealed is not over."""
    act = queries.last_act(subject_id, what.act) if what.act else None
    if act is None or act.at < what.since:
        return None
    return act if at < act.at + rules.days("moderation.appeal_within_days", at=act.at) else None


def may_appeal(kind: str, subject_id: UUID, *, at: datetime) -> bool:
    """Whether its owner may appeal now: a person decided, not long ago, and it was not appealed yet."""
    _how, what = _subject(kind, subject_id)
    act = _appealable(subject_id, what, at)
    return act is not None and not Appeal.objects.filter(against=act).exists()


@transaction.atomic
def file_appeal(*, kind: str, subject_id: UUID, text: str, by: Actor, at: datetime) -> Appeal:
    """Say against a decision why it is wrong (提出申诉). It costs nothing.

    Raises:
        NotFound: not the owner's, or nothing of this kind.
        Forbidden: the hat's mandate does not cover it.
        NotAppealable: no moderator's decision stands, or its time is over.
        AppealedAlready: this decision was appealed.
        Invalid: too few words, or too many.
    """
    how, what = _subject(kind, subject_id)
    if by.party_id is None or by.party_id != what.owner_id:
        raise NotFound
    if how.scope not in by.scopes:
        raise Forbidden
    if not LEAST_WORDS <= len(text.strip()) <= MOST_WORDS:
        raise Invalid("申诉理由须为 10 到 2000 字", "10 to 2,000 characters", field="text")
    act = _appealable(subject_id, what, at)
    if act is None:
        raise NotAppealable
    appeal = Appeal(
        kind=kind,
        subject_id=subject_id,
        title=what.title[:80],
        appellant_id=by.party_id,
        against=act,
        text=text.strip(),
        filed_at=at,
        due_at=at + rules.days("moderation.appeal_answer_days", at=at),
    )
    try:
        with transaction.atomic():
            appeal.save(force_insert=True)
    except IntegrityError as error:
        raise AppealedAlready from error
    return appeal


def _held(appeal_id: UUID) -> Appeal:
    found = Appeal.objects.select_for_update(of=("self",)).select_related("against").filter(pk=appeal_id).first()
    if found is None:
        raise NotFound
    return found


def _step(appeal: Appeal, event: str, *, by: Actor, at: datetime, answer: str = "") -> None:
    appeal.move(event, by=by, at=at, reason=answer)
    appeal.due_at, appeal.answer, appeal.answered_by, appeal.answered_at = None, answer, by.person_id, at
    appeal.save(update_fields=["due_at", "answer", "answered_by", "answered_at"])
    outbox.record(AppealMoved(at=at, appeal_id=appeal.id, appellant_id=appeal.appellant_id, move=event))


def _answer(event: str) -> Callable[[UUID, str, Actor, datetime], Appeal]:
    @transaction.atomic
    def answer(appeal_id: UUID, reason: str, by: Actor, at: datetime) -> Appeal:
        appeal = _held(appeal_id)
        if Role.MODERATOR not in by.roles or by.person_id is None:
            raise Forbidden
        subject, what = _subject(appeal.kind, appeal.subject_id)
        if by.person_id == appeal.against.person_id or subject.is_affiliated(appeal.subject_id, by):
            raise NotAnother
        if not reason.strip():
            raise Invalid("请填写理由", "Please give a reason", field="reason")
        if event == "grant":
            if what.act != appeal.against.act:
                raise NotAppealable  # the matter moved on; the clock ends the appeal
            subject.grant(appeal.subject_id, f"申诉成立：{reason.strip()}"[:300], by, at)
        _step(appeal, event, by=by, at=at, answer=reason.strip()[:2_000])
        note(act=f"appeal.{event}", subject_id=appeal.pk, reason=reason, by=by, at=at)
        return appeal

    return answer


grant = _answer("grant")
deny = _answer("deny")


@transaction.atomic
def withdraw(appeal_id: UUID, reason: str, by: Actor, at: datetime) -> Appeal:
    """The appellant takes it back (撤回申诉)."""
    appeal = _held(appeal_id)
    if by.party_id != appeal.appellant_id:
        raise NotFound
    if SUBJECTS[appeal.kind].scope not in by.scopes:
        raise Forbidden
    _step(appeal, "withdraw", by=by.wears(Role.OWNER), at=at)
    return appeal


@transaction.atomic
def advance(*, appeal_id: UUID, at: datetime) -> None:
    """End an appeal that nobody answered: granted where that means another review, moot where the matter moved on."""
    appeal = _held(appeal_id)
    if appeal.state != Appealing.OPEN or appeal.due_at is None or at < appeal.due_at:
        return
    subject, what = _subject(appeal.kind, appeal.subject_id)
    if what.act == appeal.against.act and what.silence_grants:
        try:
            with transaction.atomic():
                subject.grant(appeal.subject_id, "申诉逾期未答复，重新审核", CLOCK, at)
        except MoveRefused:
            _step(appeal, "lapse", by=CLOCK, at=at)
        else:
            _step(appeal, "grant", by=CLOCK, at=at, answer="逾期未答复，重新审核")
        return
    _step(appeal, "lapse", by=CLOCK, at=at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Appeal]] = {"grant": grant, "deny": deny, "withdraw": withdraw}
"""What is decided about an appeal, by name."""
