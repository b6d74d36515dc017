"""What beat rings for: the clock of campaigns and of unanswered requests."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.operations import silence, verdicts


@shared_task(queue="deadlines")
def advance_due_campaigns(*, limit: int = 200) -> int:
    """Take the next step of campaigns whose time has come; the next beat takes the rest."""
    now = clock.now()
    return each("campaign", queries.due(at=now)[:limit], lambda key: verdicts.advance(campaign_id=key, at=now))


@shared_task(queue="deadlines")
def answer_by_silence() -> int:
    """Let time answer refund requests that nobody answered."""
    return silence.answer_by_silence(at=clock.now())
