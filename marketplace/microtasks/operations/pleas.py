"""Pleas (答题申诉): a worker against a gold item or a rejection; the poster answers, then the platform decides; silence is for the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from backend.accounts.queries import belongs_to
from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.states import move_all
from backend.moderation import operations as moderation
from marketplace.microtasks.errors import PleaRefused
from marketplace.microtasks.events import PleaMoved
from marketplace.microtasks.models import GOLD, WORK, Answer, Item, Job, Participant, Plea
from marketplace.microtasks.operations import verdicts
from marketplace.microtasks.operations.shared import held, of_owner
from marketplace.microtasks.states import Asking, Given, Pleading, Posted
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Affiliated

QUEUE = "plea"


@transaction.atomic
def plead(*, answer_id: UUID, grounds: str, by: Actor, at: datetime) -> Plea:
    """Contest a gold item that one missed, or a rejection (申诉).

    Raises:
        NotFound: no answer of this person's under this hat.
        PleaRefused: nothing to contest, too late, or contested already.
        Invalid: no grounds.
    """
    _words(grounds, "grounds")
    if by.person_id is None or by.party_id is None:
        raise NotFound
    rows = Answer.objects.filter(pk=answer_id, person_id=by.person_id, participant__party_id=by.party_id)
    job_id = rows.values_list("participant__job_id", flat=True).first()
    if job_id is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    job = held(job_id)
    answer = (
        Answer.objects.select_for_update(no_key=True, of=("self",))
        .select_related("item", "participant")
        .get(pk=answer_id)
    )
    about = _about(job, answer, at)
    plea = Plea.objects.create(
        answer=answer,
        job=job,
        about=about,
        grounds=grounds.strip(),
        made_at=at,
        until=at + rules.days("microtasks.reply_days", at=at),
    )
    Answer.objects.filter(pk=answer.pk).update(due_at=None)
    _announce(plea, "plead", job, answer, at)
    return plea


def _words(text: str, field: str) -> None:
    if not 5 <= len(text.strip()) <= 500 or "\x00" in text:
        raise Invalid("请用 5 至 500 字写明理由", "Say why, in 5 to 500 characters", field=field)


def _about(job: Job, answer: Answer, at: datetime) -> str:
    """What there is to contest.

    Raises:
        PleaRefused: nothing, too late, or contested already.
    """
    days = rules.value("microtasks.plea_days", at=at)
    since = answer.rejected_at if answer.state == Given.REJECTED else answer.answered_at
    is_gold = answer.item.is_gold and answer.is_right is False and answer.item.state == Asking.OPEN
    open_for = job.state in (Posted.OPEN, Posted.CHECKING, Posted.FROZEN)
    in_time = since is not None and at < since + rules.days("microtasks.plea_days", at=at)
    if not (open_for and in_time and (is_gold or answer.state == Given.REJECTED)) or answer.pleas.exists():
        raise PleaRefused(days=days)
    return GOLD if is_gold else WORK


def _held(plea_id: UUID) -> tuple[Job, Plea]:
    """A plea and its job, both rows held, the job's first."""
    job_id = Plea.objects.filter(pk=plea_id).values_list("job_id", flat=True).first()
    if job_id is None:
        raise NotFound
    job = held(job_id)
    rows = Plea.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "answer__item", "answer__participant"
    )
    plea = rows.get(pk=plea_id)
    plea.job = job
    return job, plea


def _move(plea: Plea, event: str, *, by: Actor, at: datetime, days: str = "") -> None:
    plea.move(event, by=by, at=at)
    plea.until = at + rules.days(days, at=at) if days else None
    plea.save()
    _announce(plea, event, plea.job, plea.answer, at)


def _announce(plea: Plea, event: str, job: Job, answer: Answer, at: datetime) -> None:
    outbox.record(
        PleaMoved(
            at=at,
            plea_id=plea.pk,
            job_id=job.pk,
            owner_id=job.owner_id,
            party_id=answer.participant.party_id,
            move=event,
            state=plea.state,
        )
    )


@transaction.atomic
def reply(*, plea_id: UUID, agrees: bool, words: str, by: Actor, at: datetime) -> Plea:
    """The poster agrees, or says why not (答复申诉).

    Raises:
        NotFound: not a plea of the poster's job.
        MoveRefused: it is not for them to answer now.
        Invalid: no words where they do not agree.
    """
    job, plea = _held(plea_id)
    if by.party_id is None or job.owner_id != by.party_id:
        raise NotFound
    _job, owner = of_owner(job.pk, by)
    if agrees:
        plea.reply = words.strip()[:500]
        _grant(plea, "uphold", owner, at)
        return plea
    _words(words, "words")
    plea.machine.step("answer", plea.state)
    plea.reply = words.strip()
    _move(plea, "answer", by=owner, at=at, days="microtasks.plea_days")
    return plea


def _worker_of(plea: Plea, by: Actor) -> Actor:
    if by.person_id is None or plea.answer.person_id != by.person_id:
        raise NotFound
    if plea.answer.participant.party_id != by.party_id:
        raise NotFound
    return by.wears(Role.WORKER)


@transaction.atomic
def escalate(*, plea_id: UUID, by: Actor, at: datetime) -> Plea:
    """The worker does not accept the poster's answer: the platform decides (请求平台裁定)."""
    job, plea = _held(plea_id)
    worker = _worker_of(plea, by)
    _move(plea, "escalate", by=worker, at=at, days="microtasks.ruling_days")
    title = f"答题申诉：{job.title}"[:80]
    moderation.enqueue(kind=QUEUE, subject_id=plea.pk, title=title, owner_name=job.owner.name, at=at)
    return plea


@transaction.atomic
def withdraw(*, plea_id: UUID, by: Actor, at: datetime) -> Plea:
    """The worker lets it go (撤回申诉)."""
    _job, plea = _held(plea_id)
    worker = _worker_of(plea, by)
    _move(plea, "withdraw", by=worker, at=at)
    _after_failing(plea, at)
    _leave_queue(plea, "withdraw", at)
    return plea


@transaction.atomic
def find(*, plea_id: UUID, for_worker: bool, reason: str, by: Actor, at: datetime) -> Plea:
    """A moderator decides (裁定申诉).

    Raises:
        Affiliated: the moderator belongs to the poster, or is the worker.
        MoveRefused: it is not for the platform to decide.
        Invalid: no reason.
    """
    job, plea = _held(plea_id)
    _words(reason, "reason")
    if belongs_to(job.owner_id, by) or by.person_id == plea.answer.person_id:
        raise Affiliated
    plea.machine.step("find_for", plea.state)
    plea.finding = reason.strip()
    if for_worker:
        _grant(plea, "find_for", by, at)
    else:
        _move(plea, "find_against", by=by, at=at)
        _after_failing(plea, at)
    decision = "uphold" if for_worker else "dismiss"
    moderation.decide(
        kind=QUEUE, subject_id=plea.pk, decision=decision, reason=reason.strip(), checklist=(), by=by, at=at
    )
    return plea


def _leave_queue(plea: Plea, decision: str, at: datetime) -> None:
    moderation.decide(
        kind=QUEUE, subject_id=plea.pk, decision=decision, reason="", checklist=(), by=SYSTEM, at=at
    )  # fmt: skip


def _grant(plea: Plea, event: str, by: Actor, at: datetime) -> None:
    """The worker was right: a gold item counts for nobody any more; a rejected answer counts again."""
    _move(plea, event, by=by, at=at)
    answer = Answer.objects.select_for_update(no_key=True, of=("self",)).get(pk=plea.answer_id)
    if plea.about == WORK and answer.state == Given.REJECTED:
        verdicts.restore(plea.job, [answer], at)
        Item.objects.filter(pk=answer.item_id).update(note="")
    if plea.about == GOLD:
        verdicts.annul(plea.job, answer.item_id, at)


def _after_failing(plea: Plea, at: datetime) -> None:
    """A rejection stands: the clock takes the answer up."""
    Answer.objects.filter(pk=plea.answer_id, state=Given.REJECTED).update(due_at=at)


@transaction.atomic
def advance(*, plea_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    _job, plea = _held(plea_id)
    if plea.until is None or plea.until > at:
        return
    match plea.state:
        case Pleading.RAISED:
            _grant(plea, "uphold", CLOCK, at)
        case Pleading.ANSWERED:
            _move(plea, "let_go", by=CLOCK, at=at)
            _after_failing(plea, at)
        case Pleading.ESCALATED:
            _grant(plea, "find_for", CLOCK, at)
            _leave_queue(plea, "lapse", at)


def withdraw_all(job: Job, at: datetime) -> None:
    """Pleas of a job whose money is gone have nothing to decide."""
    for state in Pleading.PENDING:
        ids = list(job.pleas.filter(state=state).values_list("pk", flat=True))
        if ids:
            move_all(Plea, ids, event="withdraw", source=state, by=SYSTEM, at=at)
            job.pleas.filter(pk__in=ids).update(until=None)


@transaction.atomic
def forfeit_rejected(*, answer_id: UUID, at: datetime) -> None:
    """Nobody contested a rejection, or in vain: it is not paid, and its slot is free. Safe to repeat."""
    job_id = Answer.objects.values_list("participant__job_id", flat=True).get(pk=answer_id)
    held(job_id)
    due = Answer.objects.select_for_update(no_key=True).filter(pk=answer_id, state=Given.REJECTED, due_at__lte=at)
    if due.exists() and not Plea.objects.filter(answer=answer_id, state__in=Pleading.PENDING).exists():
        verdicts.forfeit(Q(pk=answer_id), at)


@transaction.atomic
def forfeit_stopped(*, participant_id: UUID, at: datetime) -> None:
    """Who was stopped has not contested their gold items, or in vain: what they had answered is not paid. Safe to repeat."""
    job_id = Participant.objects.values_list("job_id", flat=True).get(pk=participant_id)
    held(job_id)
    part = Participant.objects.select_for_update(no_key=True, of=("self",)).get(pk=participant_id)
    if part.due_at is None or part.due_at > at:
        return
    pending = Plea.objects.filter(job_id=job_id, about=GOLD, state__in=Pleading.PENDING)
    missed = Answer.objects.filter(participant=part, is_right=False).values("item")
    if pending.filter(answer__item__in=missed).exists():
        part.due_at = at + rules.hours("microtasks.calm_hours", at=at)
        part.save(update_fields=["due_at"])
        return
    part.due_at = None
    part.save(update_fields=["due_at"])
    verdicts.forfeit(Q(participant=part, state=Given.HELD), at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Plea]] = {
    "agree": lambda key, why, by, at: reply(plea_id=key, agrees=True, words=why, by=by, at=at),
    "answer": lambda key, why, by, at: reply(plea_id=key, agrees=False, words=why, by=by, at=at),
    "escalate": lambda key, _why, by, at: escalate(plea_id=key, by=by, at=at),
    "withdraw": lambda key, _why, by, at: withdraw(plea_id=key, by=by, at=at),
}
"""What poster and worker decide with words alone, by the word in the address; pages and API alike."""
