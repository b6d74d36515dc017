"""What beat rings for in judging."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from backend.judging import queries
from backend.judging.operations import calls, objections


@shared_task(queue="deadlines")
def advance_judging() -> int:
    """Remind judges, publish or decide by default, settle, and end what nobody answered or decided."""
    now = clock.now()
    heard = each("objection", queries.objections_due(at=now), lambda key: objections.advance(objection_id=key, at=now))
    return heard + each("call", queries.due(at=now), lambda key: calls.advance(call_id=key, at=now))
