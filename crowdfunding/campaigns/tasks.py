"""What beat rings for: the clock of campaigns and of unanswered requests."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.operations import claims, deposits, reminders, silence, verdicts


@shared_task(queue="deadlines")
def advance_due_campaigns(*, limit: int = 200) -> int:
    """Take the next step of campaigns whose time has come; the next beat takes the rest."""
    now = clock.now()
    return each("campaign", queries.due(at=now)[:limit], lambda key: verdicts.advance(campaign_id=key, at=now))


@shared_task(queue="deadlines")
def answer_by_silence() -> int:
    """Let time answer refund requests that nobody answered."""
    return silence.answer_by_silence(at=clock.now())


@shared_task(queue="money")
def repay_claims(*, limit: int = 200) -> int:
    """Give backers back what makers paid of what they owe them."""
    now = clock.now()
    return each("claim", queries.claims_due(limit=limit), lambda key: claims.repay(pledge_id=key, at=now))


@shared_task(queue="money")
def end_deposits() -> int:
    """Give back the deposits of campaigns that ended."""
    now = clock.now()
    return each("deposit", queries.deposits_ended(), lambda key: deposits.end(deposit_id=key, at=now))


@shared_task(queue="deadlines")
def remind_of_ends() -> int:
    """Remind people of campaigns that end soon, a batch each."""
    now = clock.now()
    soon = queries.ending_soon(at=now, within=reminders.before_end(now))
    return each("reminder", soon, lambda key: reminders.tell_end(campaign_id=key, at=now))
