"""What beat rings for in fulfilment."""

import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from celery import shared_task

from backend.common import clock
from backend.common.actors import CLOCK
from backend.common.errors import Refusal
from crowdfunding.fulfilment import queries
from crowdfunding.fulfilment.operations import parcels, surveys
from crowdfunding.fulfilment.states import Parceling

log = logging.getLogger(__name__)


@shared_task(queue="deadlines")
def advance_fulfilment() -> int:
    """Take every step of surveys and parcels whose time has come."""
    now = clock.now()
    return (
        _each(queries.surveys_due(at=now), lambda key: surveys.advance(survey_id=key, at=now))
        + _each(
            queries.waiting(Parceling.SHIPPED, "arrive_days", at=now),
            lambda key: parcels.arrive_by_time(parcel_id=key, at=now),
        )
        + _each(
            queries.waiting(Parceling.LOST, "loss_answer_days", at=now),
            lambda key: parcels.refund_lost(parcel_id=key, by=CLOCK, at=now),
        )
        + _each(
            queries.waiting(Parceling.MISSED, "claim_days", at=now), lambda key: parcels.lapse(parcel_id=key, at=now)
        )
    )


@shared_task(queue="deadlines")
def forget_addresses() -> int:
    """Wipe the addresses of campaigns that ended long ago."""
    now = clock.now()
    return _each(queries.addresses_over(at=now), lambda key: surveys.forget_addresses(survey_id=key, at=now))


def _each(keys: Iterable[UUID], act: Callable[[UUID], object]) -> int:
    done = 0
    for key in keys:
        try:
            act(key)
        except Refusal as refusal:
            log.info("fulfilment.waits", extra={"subject": str(key), "code": refusal.code})
        except Exception:
            log.exception("fulfilment.step_failed", extra={"subject": str(key)})
        else:
            done += 1
    return done
