"""What beat rings for: the clock of campaigns and of unanswered requests."""

import logging

from celery import shared_task

from backend.common import clock
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.operations import silence, verdicts

log = logging.getLogger(__name__)


@shared_task(queue="deadlines")
def advance_due_campaigns(*, limit: int = 200) -> int:
    """Take the next step of campaigns whose time has come; the next beat takes the rest."""
    now = clock.now()
    due = queries.due(at=now)[:limit]
    for campaign_id in due:
        try:
            verdicts.advance(campaign_id=campaign_id, at=now)
        except Exception:
            log.exception("campaign.step_failed", extra={"campaign": str(campaign_id)})
    return len(due)


@shared_task(queue="deadlines")
def answer_by_silence() -> int:
    """Let time answer refund requests that nobody answered."""
    return silence.answer_by_silence(at=clock.now())
