"""What beat rings for in on-site errands."""

from celery import shared_task

from backend.common import clock
from backend.common.sweeps import each
from marketplace.errands import queries
from marketplace.errands.operations import course, dispatch, foresight, money, runners, work


@shared_task(queue="deadlines")
def advance_errands() -> int:
    """End what time ends, pay what was accepted, ask the next runner, complete what has no live stop."""
    now = clock.now()
    return sum(
        (
            each("licence", queries.ended_licences(at=now), lambda key: runners.expire(licence_id=key, at=now)),
            each("offer", queries.lapsed_offers(at=now), lambda key: dispatch.lapse(offer_id=key, at=now)),
            each("stop", queries.due_stops(at=now), lambda key: work.advance(stop_id=key, at=now)),
            each("stop", queries.unpaid_stops(at=now), lambda key: money.pay(stop_id=key, at=now)),
            each("stop", queries.stops_to_offer(at=now), lambda key: dispatch.offer_next(stop_id=key, at=now)),
            each("errand", queries.due(at=now), lambda key: course.advance(errand_id=key, at=now)),
            each("errand", queries.over(at=now), lambda key: course.complete(errand_id=key, at=now)),
        )
    )


@shared_task(queue="checks")
def reckon_outlooks() -> int:
    """Reckon the forecasts that posters wait for; seconds each, so not among the deadlines."""
    now = clock.now()
    return each("outlook", queries.asked_outlooks(), lambda key: foresight.reckon(outlook_id=key, at=now))
