"""The rounds of a contest: the call of each, who goes on to the final, what finalists are told to do (两轮评选)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from backend.common.actors import SYSTEM
from backend.judging.models import Application, Call
from backend.judging.operations import calls
from backend.judging.ranking import Criterion
from backend.judging.states import Standing
from marketplace.contests.models import FINAL, QUALIFYING, Contest
from marketplace.contests.operations.shared import KIND, move


def open_round(contest: Contest, *, at: datetime) -> Call:
    """The call of the round that a contest is in; a round before the final has as many places as the final has seats."""
    is_last = not contest.finalists or contest.stage == FINAL
    return calls.open_call(
        subject=(KIND, contest.pk),
        owner_id=contest.owner_id,
        title=contest.title,
        url=f"/contests/{contest.pk}/",
        terms=calls.Terms(
            criteria=tuple(Criterion(one["key"], one["title"], one["weight"]) for one in contest.criteria),
            seats=len(contest.prizes) if is_last else contest.finalists,
            tie_rule=contest.tie_rule,
            is_blind=contest.is_blind,
            judge_days=contest.judge_days,
            publicity_days=contest.publicity_days,
            stage=contest.stage,
            is_last=is_last,
            is_public=not contest.is_restricted,
        ),
        at=at,
    )


def chosen(contest: Contest) -> list[UUID]:
    """The parties that the first round sent into the final."""
    rows = Application.objects.filter(
        call__subject_kind=KIND, call__subject_id=contest.pk, call__stage=QUALIFYING, call__is_last=False
    )
    return list(rows.filter(state=Standing.AWARDED).order_by("place", "no").values_list("party_id", flat=True))


def go_on(contest: Contest, before: Call, *, at: datetime) -> bool:
    """Open the final for those whom the round before chose, with the same panel, in the caller's transaction.

    Returns whether there is one: not after the last round, and not where nobody was left to choose.
    """
    if before.is_last or not chosen(contest):
        return False
    contest.stage, contest.entries_n = FINAL, 0
    contest.final_at, contest.closes_at = at, at + timedelta(days=contest.final_days)
    contest.save(update_fields=["stage", "entries_n", "final_at", "closes_at"])  # a final has its round
    move(contest, "go_on", by=SYSTEM, at=at)
    calls.seat_again(open_round(contest, at=at), before, at=at)
    return True
