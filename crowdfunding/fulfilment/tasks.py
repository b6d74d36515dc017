"""What beat rings for in fulfilment."""

from celery import shared_task

from backend.common import clock
from backend.common.actors import CLOCK
from backend.common.sweeps import each
from crowdfunding.fulfilment import queries
from crowdfunding.fulfilment.operations import parcels, surveys
from crowdfunding.fulfilment.states import Parceling


@shared_task(queue="deadlines")
def advance_fulfilment() -> int:
    """Take every step of surveys and parcels whose time has come."""
    now = clock.now()
    return (
        each("survey", queries.surveys_due(at=now), lambda key: surveys.advance(survey_id=key, at=now))
        + each(
            "parcel",
            queries.waiting(Parceling.SHIPPED, "arrive_days", at=now),
            lambda key: parcels.arrive_by_time(parcel_id=key, at=now),
        )
        + each(
            "parcel",
            queries.waiting(Parceling.LOST, "loss_answer_days", at=now),
            lambda key: parcels.refund_lost(parcel_id=key, by=CLOCK, at=now),
        )
        + each(
            "parcel",
            queries.waiting(Parceling.MISSED, "claim_days", at=now),
            lambda key: parcels.lapse(parcel_id=key, at=now),
        )
    )


@shared_task(queue="deadlines")
def forget_addresses() -> int:
    """Wipe the addresses of campaigns that ended long ago."""
    now = clock.now()
    return each("survey", queries.addresses_over(at=now), lambda key: surveys.forget_addresses(survey_id=key, at=now))
