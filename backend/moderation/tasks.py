"""What beat rings for in moderation."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from backend.moderation import appeals, queries


@shared_task(queue="deadlines")
def advance_appeals() -> int:
    """End appeals whose time to be answered is over."""
    now = clock.now()
    return each("appeal", queries.appeals_due(at=now), lambda key: appeals.advance(appeal_id=key, at=now))
