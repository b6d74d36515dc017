"""What beat rings for in knowledge."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.knowledge import queries
from marketplace.knowledge.operations import bounties, course


@shared_task(queue="deadlines")
def advance_changes() -> int:
    """Put back what a reviewer left lying, and end what nobody acted on."""
    now = clock.now()
    return each("change", queries.due(at=now), lambda key: course.advance(change_id=key, at=now))


@shared_task(queue="deadlines")
def advance_gaps() -> int:
    """Close bounties that have run their time, pay what is filled, and return what nobody filled."""
    now = clock.now()
    return each("gap", queries.gaps_due(at=now), lambda key: bounties.advance(gap_id=key, at=now))
