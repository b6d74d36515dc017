"""What time does to a job: closed when full or late, settled when nothing is contested, paid; and the poster's few choices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common.actors import CLOCK, Actor
from backend.common.errors import Invalid
from marketplace import escrows
from marketplace.microtasks.errors import HasAnswers
from marketplace.microtasks.models import Answer, Job
from marketplace.microtasks.operations import drafts, money, verdicts
from marketplace.microtasks.operations.leases import drop_all
from marketplace.microtasks.operations.shared import KIND, held, move, of_owner
from marketplace.microtasks.states import Asking, Given, Pleading, Posted

LOOK_AGAIN = timedelta(minutes=10)


def _reason(reason: str) -> str:
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由", "Say why, in 5 characters at least", field="reason")
    return reason.strip()


@transaction.atomic
def cancel(*, job_id: UUID, reason: str, by: Actor, at: datetime) -> Job:
    """Call a job off that nobody has answered; the pay goes back (取消任务).

    Raises:
        HasAnswers: somebody has.
        MoveRefused: it is not open.
        Invalid: no reason.
        DisputeOpen: the poster's bank asks for the money already.
    """
    job, actor = of_owner(job_id, by)
    job.machine.step("cancel", job.state)
    why = _reason(reason)
    if Answer.objects.filter(participant__job=job, state__in=Given.WRITTEN).exists():
        raise HasAnswers
    drop_all(job, at)
    money.close_items(job, at)
    money.return_whole(job, reason="任务取消", at=at)
    move(job, "cancel", by=actor, at=at, reason=why)
    return job


@transaction.atomic
def close(*, job_id: UUID, reason: str, by: Actor, at: datetime) -> Job:
    """Hand out no more; what was handed in is checked and paid (提前结束).

    Raises:
        MoveRefused: it is not open.
        Invalid: no reason.
    """
    job, actor = of_owner(job_id, by)
    if job.state != Posted.OPEN:
        raise job.machine.refusal(job.state)
    drop_all(job, at)
    move(job, "close", by=actor, at=at, reason=_reason(reason))
    return job


@transaction.atomic
def advance(*, job_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat.

    Raises:
        DisputeOpen, Busy: the money cannot move now; asked again later.
    """
    job = held(job_id)
    if job.due_at is None or job.due_at > at:
        return
    match job.state:
        case Posted.DRAFT | Posted.RETURNED:
            move(job, "withdraw", by=CLOCK, at=at)
        case Posted.REVIEW:
            move(job, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Posted.FUNDING:
            escrows.refuse_paid_order((KIND, job.pk), paid_by_id=job.paid_by_id)
            move(job, "withdraw", by=CLOCK, at=at, reason="逾期未托管报酬")
        case Posted.OPEN:
            _close(job, "到期停止发题", at)
        case Posted.FROZEN:
            _close(job, "冻结期满，已提交的答案照常结算", at)
        case Posted.CHECKING:
            _settle(job, at)
        case Posted.PAYING:
            money.pay(job_id=job.pk, at=at)


@transaction.atomic
def close_when_full(*, job_id: UUID, at: datetime) -> None:
    """Every item has its answers: checking begins. Safe to repeat."""
    job = held(job_id)
    if job.state == Posted.OPEN and not job.items.filter(state=Asking.OPEN, is_gold=False).exists():
        _close(job, "全部题目已答完", at)


def _close(job: Job, why: str, at: datetime) -> None:
    drop_all(job, at)
    move(job, "close", by=CLOCK, at=at, reason=why)


def _settle(job: Job, at: datetime) -> None:
    """Nothing is contested any more: items that lack answers are weighed by what they have, and everybody is paid."""
    answers = Answer.objects.filter(participant__job=job)
    waiting = answers.filter(state__in=(Given.HELD, Given.REJECTED)).exists()
    if waiting or job.pleas.filter(state__in=Pleading.PENDING).exists():
        _look_again(job, at)
        return
    verdicts.weigh(job, list(job.items.filter(state=Asking.OPEN, good_n__gt=0)), at, at_least=1)
    money.close_items(job, at)
    move(job, "settle", by=CLOCK, at=at)


def _look_again(job: Job, at: datetime) -> None:
    job.due_at = at + LOOK_AGAIN
    job.save(update_fields=["due_at"])


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Job]] = {
    "withdraw": lambda key, _why, by, at: drafts.withdraw(job_id=key, by=by, at=at),
    "cancel": lambda key, why, by, at: cancel(job_id=key, reason=why, by=by, at=at),
    "close": lambda key, why, by, at: close(job_id=key, reason=why, by=by, at=at),
    "copy": lambda key, _why, by, at: drafts.copy(job_id=key, by=by, at=at),
}
"""What a poster decides with a reason alone, by the word in the address; pages and API alike."""
