"""The poster's side while answers come: reject one with a reason, decide an item on which answers differ (验收)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.common import outbox
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from marketplace.microtasks.errors import JobClosed
from marketplace.microtasks.events import AnswerRejected
from marketplace.microtasks.models import CHOICE, Answer, Item, Job
from marketplace.microtasks.operations import verdicts
from marketplace.microtasks.operations.answers import LONGEST
from marketplace.microtasks.operations.leases import lock_items
from marketplace.microtasks.operations.shared import of_owner
from marketplace.microtasks.states import Posted


def _checked(job_id: UUID, by: Actor, at: datetime) -> tuple[Job, Actor]:
    job, actor = of_owner(job_id, by)
    is_late = job.state == Posted.CHECKING and job.until is not None and at >= job.until
    if job.state not in (Posted.OPEN, Posted.CHECKING) or is_late:
        raise JobClosed
    return job, actor


@transaction.atomic
def reject(*, job_id: UUID, answer_id: UUID, reason: str, by: Actor, at: datetime) -> Answer:
    """Send an answer back with a reason (退回答案): its author may do it again, or plead; else it is not paid.

    Raises:
        NotFound: not the poster's job, or no answer of it.
        JobClosed: the time to check is over.
        MoveRefused: it is not an answer that counts.
        Invalid: no reason; or a gold item, which its known answer judges.
    """
    job, actor = _checked(job_id, by, at)
    if not 5 <= len(reason.strip()) <= LONGEST:
        raise Invalid("请用 5 至 300 字写明理由", "Say why, in 5 to 300 characters", field="reason")
    rows = Answer.objects.select_for_update(no_key=True, of=("self",)).select_related("participant", "item")
    answer = rows.filter(pk=answer_id, participant__job=job).first()
    if answer is None:
        raise NotFound
    if answer.item.is_gold:
        raise Invalid("校验题按标准答案判定", "Gold items are judged by their known answer", field="answer")
    answer.move("reject", by=actor, at=at, reason=reason.strip())
    answer.reason, answer.rejected_at = reason.strip(), at
    answer.due_at = verdicts.heard_until(at)
    answer.save(update_fields=["reason", "rejected_at", "due_at"])
    items = lock_items([answer.item_id])
    Item.objects.filter(pk=answer.item_id).update(good_n=F("good_n") - 1, note=reason.strip())
    verdicts.reopen(items, at)
    outbox.record(AnswerRejected(at=at, answer_id=answer.pk, job_id=job.pk, party_id=answer.participant.party_id))
    return answer


@transaction.atomic
def decide(*, job_id: UUID, item_id: UUID, value: str, by: Actor, at: datetime) -> Item:
    """Say what the answer to an item is; everybody who answered is paid all the same (裁定结果).

    Raises:
        NotFound: not the poster's job, or no item of it.
        JobClosed: the time to check is over.
        MoveRefused: it has not all its answers yet.
        Invalid: no answer.
    """
    job, actor = _checked(job_id, by, at)
    found = Item.objects.select_for_update(no_key=True, of=("self",)).filter(pk=item_id, job=job).first()
    if found is None:
        raise NotFound
    value = value.strip()
    if not 1 <= len(value) <= LONGEST or "\x00" in value or job.form == CHOICE and value not in job.options:
        raise Invalid("请选择或填写答案", "Choose or enter the answer", field="value")
    found.move("decide", by=actor, at=at)
    found.final = value
    found.save(update_fields=["final"])
    return found
