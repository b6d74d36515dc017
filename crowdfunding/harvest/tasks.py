"""What beat rings for in short harvests."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from crowdfunding.harvest import queries
from crowdfunding.harvest.operations import shortfalls


@shared_task(queue="deadlines")
def advance_harvests() -> int:
    """Give backers what was not harvested back, and take every step of shortfalls whose time has come."""
    now = clock.now()
    given = each("portion", queries.portions_due(at=now), lambda key: shortfalls.give(pledge_id=key, at=now))
    return given + each(
        "shortfall", queries.shortfalls_due(at=now), lambda key: shortfalls.advance(shortfall_id=key, at=now)
    )
