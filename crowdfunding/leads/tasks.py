"""What beat rings for in led campaigns."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from crowdfunding.leads import queries
from crowdfunding.leads.operations import reports, rounds


@shared_task(queue="deadlines")
def advance_leads() -> int:
    """Take every step of rounds, candidacies and reports whose time has come."""
    now = clock.now()
    return (
        each("led_round", queries.rounds_due(at=now), lambda key: rounds.tend(campaign_id=key, at=now))
        + each("lead", queries.candidates_due(at=now), lambda key: rounds.lapse_candidate(lead_id=key, at=now))
        + each("lead_report", queries.reports_due(at=now), lambda key: reports.miss(report_id=key, at=now))
    )
