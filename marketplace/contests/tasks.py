"""What beat rings for in contests."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.contests import queries
from marketplace.contests.operations import course


@shared_task(queue="deadlines")
def advance_contests() -> int:
    """Close what has run its time, pay what is settled, and end what nobody acted on."""
    now = clock.now()
    return each("contest", queries.due(at=now), lambda key: course.advance(contest_id=key, at=now))
