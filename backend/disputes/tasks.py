"""What beat rings for in disputes."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from backend.disputes import queries
from backend.disputes.operations import rulings


@shared_task(queue="deadlines")
def advance_disputes() -> int:
    """Take every step of disputes whose time has come."""
    now = clock.now()
    return each("case", queries.due(at=now), lambda key: rulings.advance(case_id=key, at=now))
