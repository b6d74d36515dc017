"""What beat rings for in project passports."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from backend.projects import queries
from backend.projects.operations import documents, passports


@shared_task(queue="deadlines")
def advance_projects() -> int:
    """Take every step of passports and documents whose time has come."""
    now = clock.now()
    return each(
        "passport", queries.passports_due(at=now), lambda key: passports.advance(passport_id=key, at=now)
    ) + each("evidence", queries.evidence_due(at=now), lambda key: documents.advance(evidence_id=key, at=now))
