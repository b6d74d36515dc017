"""What beat rings for in micro-tasks."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.microtasks import queries
from marketplace.microtasks.operations import course, leases, pleas


@shared_task(queue="deadlines")
def advance_jobs() -> int:
    """Put back what ran out of time; close, settle and pay jobs; end what nobody answered."""
    now = clock.now()
    return sum(
        (
            each("sheet", queries.lapsed_sheets(at=now), lambda key: leases.lapse(sheet_id=key, at=now)),
            each("plea", queries.due_pleas(at=now), lambda key: pleas.advance(plea_id=key, at=now)),
            each("answer", queries.due_answers(at=now), lambda key: pleas.forfeit_rejected(answer_id=key, at=now)),
            each(
                "worker",
                queries.due_participants(at=now),
                lambda key: pleas.forfeit_stopped(participant_id=key, at=now),
            ),
            each("job", queries.full(at=now), lambda key: course.close_when_full(job_id=key, at=now)),
            each("job", queries.due(at=now), lambda key: course.advance(job_id=key, at=now)),
        )
    )
