"""What time and the judge block do to a contest: closed, judged, published, settled, paid; and the host's few choices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import rules
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid
from backend.judging.operations import calls
from backend.judging.states import Calling, Standing
from marketplace.contests.errors import HasEntries
from marketplace.contests.models import Contest
from marketplace.contests.operations import drafts, money, rounds
from marketplace.contests.operations.shared import KIND, held, move, of_owner
from marketplace.contests.states import Running


@transaction.atomic
def extend(*, contest_id: UUID, days: int, reason: str, by: Actor, at: datetime) -> Contest:
    """Give entrants more time, for a reason that they read; less time is never given (延长征集).

    Raises:
        MoveRefused: entries are not taken.
        Invalid: no reason, or longer than the rule allows.
    """
    contest, actor = of_owner(contest_id, by)
    contest.machine.step("extend", contest.state)
    most = rules.value("contests.entry_days_most", at=at)
    since = contest.final_at or contest.opens_at
    if contest.closes_at is None or since is None or at >= contest.closes_at:
        raise contest.machine.refusal(contest.state)
    if not 1 <= days <= 60 or contest.closes_at + timedelta(days=days) > since + timedelta(days=most):
        raise Invalid(f"征集期合计不超过 {most} 天", f"At most {most} days altogether", field="days")
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由", "Say why, in 5 characters at least", field="reason")
    contest.closes_at += timedelta(days=days)
    move(contest, "extend", by=actor, at=at, reason=reason.strip())
    return contest


@transaction.atomic
def cancel(*, contest_id: UUID, reason: str, by: Actor, at: datetime) -> Contest:
    """Call a contest off that nobody has entered; the prize goes back (取消赛事).

    Raises:
        HasEntries: somebody has.
        MoveRefused: it is over, or being judged.
        Invalid: no reason.
        DisputeOpen: the host's bank asks for the money already.
    """
    contest, actor = of_owner(contest_id, by)
    contest.machine.step("cancel", contest.state)
    if len(reason.strip()) < 5:
        raise Invalid("请用至少 5 字写明理由", "Say why, in 5 characters at least", field="reason")
    call = calls.call_of(KIND, contest.pk)
    if call.applications.exclude(state=Standing.WITHDRAWN).exists():
        raise HasEntries
    money.return_whole(contest, reason="赛事取消", at=at)
    move(contest, "cancel", by=actor, at=at, reason=reason.strip())
    calls.void(call, reason=reason.strip(), at=at)
    return contest


# --- the clock -----------------------------------------------------------------------------------------------


@transaction.atomic
def advance(*, contest_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat.

    Raises:
        DisputeOpen, Busy: the money cannot move now; asked again later.
    """
    contest = held(contest_id)
    if contest.due_at is None or contest.due_at > at:
        return
    match contest.state:
        case Running.DRAFT | Running.RETURNED:
            move(contest, "withdraw", by=CLOCK, at=at)
        case Running.REVIEW:
            move(contest, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Running.FUNDING:
            money.refuse_paid_order(contest)
            move(contest, "withdraw", by=CLOCK, at=at, reason="逾期未托管奖金")
        case Running.OPEN | Running.FINAL:
            _close(contest, at)
        case Running.PAYING:
            money.pay(contest_id=contest.pk, at=at)
        case Running.FROZEN:
            money.return_whole(contest, reason="冻结期满", at=at)
            move(contest, "call_off", by=CLOCK, at=at, reason="冻结期满，自动取消")
            calls.void(calls.call_of(KIND, contest.pk), reason="冻结期满", at=at)


def _close(contest: Contest, at: datetime) -> None:
    """The window is over: what was entered is judged; where nothing was, the prize goes back whole (X29)."""
    call = calls.call_of(KIND, contest.pk)
    if not call.applications.filter(state=Standing.SUBMITTED).exists():
        money.return_whole(contest, reason="没有作品", at=at)
    calls.close(call, at=at)
    if call.state == Calling.VOID:
        move(contest, "fail", by=CLOCK, at=at, reason="没有作品")
    else:
        move(contest, "judge", by=CLOCK, at=at)


@transaction.atomic
def follow(*, contest_id: UUID, at: datetime) -> None:
    """What became of the call becomes of the contest, as it stands now. Safe to repeat, in any order."""
    contest = held(contest_id)
    call = calls.call_of(KIND, contest_id)
    if call.state == Calling.PUBLICITY and contest.state == Running.JUDGING:
        move(contest, "publish", by=SYSTEM, at=at)
    elif call.state == Calling.JUDGING and contest.state == Running.PUBLICITY:
        move(contest, "judge_again", by=SYSTEM, at=at)
    elif (
        call.state == Calling.SETTLED
        and contest.state in (Running.JUDGING, Running.PUBLICITY)
        and not rounds.go_on(contest, call, at=at)
    ):
        move(contest, "settle", by=SYSTEM, at=at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Contest]] = {
    "withdraw": lambda key, _why, by, at: drafts.withdraw(contest_id=key, by=by, at=at),
    "cancel": lambda key, why, by, at: cancel(contest_id=key, reason=why, by=by, at=at),
    "copy": lambda key, _why, by, at: drafts.copy(contest_id=key, by=by, at=at),
}
"""What a host decides with a reason alone, by the word in the address; pages and API alike."""
