"""What beat rings for in tasks."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.tasks import queries
from marketplace.tasks.operations import awards


@shared_task(queue="deadlines")
def advance_tasks() -> int:
    """Open bids, remind posters, and end what nobody acted on."""
    now = clock.now()
    return each("task", queries.due(at=now), lambda key: awards.advance(task_id=key, at=now))
