"""Past errands and members from elsewhere (历史任务与会员), from which forecasts learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from marketplace.errands import geography
from marketplace.errands.models import PastErrand, RosterMember
from marketplace.errands.records import Member, Place, Task

AT_ONCE = 1_000
_PLACE = ("latitude", "longitude", "east", "north")


@transaction.atomic
def keep(tasks: Iterable[Task], members: Iterable[Member], *, at: datetime) -> None:
    """Keep tasks whose end is known, and members; what has the same number is brought up to date."""
    _keep(PastErrand, _past(tasks, at), ("price_fen", "is_done"))
    _keep(RosterMember, _roster(members), ("quota", "opens_minute", "reputation"))


def _placed(place: Place) -> dict[str, float]:
    east, north = geography.on_map(place.latitude, place.longitude)
    return {"latitude": place.latitude, "longitude": place.longitude, "east": east, "north": north}


def _past(tasks: Iterable[Task], at: datetime) -> list[PastErrand]:
    return [
        PastErrand(
            number=one.number, price_fen=one.price_fen, is_done=bool(one.is_done), ended_at=at, **_placed(one.place)
        )
        for one in tasks
    ]  # fmt: skip


def _roster(members: Iterable[Member]) -> list[RosterMember]:
    return [
        RosterMember(
            number=one.number,
            quota=one.quota,
            opens_minute=one.opens_minute,
            reputation=one.reputation,
            **_placed(one.place),
        )
        for one in members
    ]


def _keep(model: type[PastErrand] | type[RosterMember], rows: Sequence[Any], fields: Sequence[str]) -> None:
    """Insert, or bring what has the same number up to date."""
    model._default_manager.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=[*fields, *_PLACE],
    )
