"""What beat rings for in match pots."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from crowdfunding.pots import queries
from crowdfunding.pots.operations import matches, pots


@shared_task(queue="deadlines")
def advance_pots() -> int:
    """Carry out what became of matches, and take every step of pots whose time has come."""
    now = clock.now()
    return each("match", queries.matches_due(), lambda key: matches.carry_out(match_id=key, at=now)) + each(
        "match_pot", queries.pots_due(at=now), lambda key: pots.advance(pot_id=key, at=now)
    )
