"""What beat rings for in solicitations."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.ideas import queries
from marketplace.ideas.operations import course


@shared_task(queue="deadlines")
def advance_solicitations() -> int:
    """Close what has run its time, and end what nobody answered."""
    now = clock.now()
    return each("solicitation", queries.due(at=now), lambda key: course.advance(solicitation_id=key, at=now))
