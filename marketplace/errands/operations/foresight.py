"""What prices are likely to bring (报酬预测): asked for on a draft, reckoned from how errands nearby ended before."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.common.actors import Actor
from backend.common.errors import Invalid, Refusal
from marketplace.errands import queries
from marketplace.errands.errors import ErrandFixed, NoHistory
from marketplace.errands.forecasts import LEAST_OF_EACH, Forecast, look_ahead
from marketplace.errands.forecasts import Outlook as Reckoned
from marketplace.errands.models import Errand, Outlook
from marketplace.errands.operations import drafts
from marketplace.errands.operations.shared import of_owner
from marketplace.errands.records import Place, Task
from marketplace.errands.states import Posted


@transaction.atomic
def ask(*, errand_id: UUID, target_percent: int, by: Actor, at: datetime) -> Outlook:
    """Ask how likely each stop of a draft is to be done, and at which price it would be as likely as wanted.

    Raises:
        NotFound: not the poster's.
        ErrandFixed: its prices are fixed.
        Invalid: no stops, or no percentage from 50 to 99.
    """
    errand, _actor = of_owner(errand_id, by)
    if errand.state not in Posted.EDITABLE:
        raise ErrandFixed
    if not 50 <= target_percent <= 99:
        raise Invalid("目标完成率须为 50 至 99", "50 to 99 percent", field="target")
    if not errand.stops_n:
        raise Invalid("请先添加点位", "Add stops first", field="stops")
    made, _new = Outlook.objects.update_or_create(
        errand=errand,
        defaults={"target_percent": target_percent, "asked_at": at, "made_at": None, "failure": "", "rows": []},
    )
    return made


def reckon(*, outlook_id: UUID, at: datetime) -> None:
    """Learn from what is known around a draft's stops, and write down what it says of each. Safe to repeat.

    Takes seconds, so nothing is held meanwhile; what was asked again since is reckoned again.
    """
    outlook = Outlook.objects.select_related("errand").get(pk=outlook_id)
    if outlook.made_at is not None:
        return
    errand, asked_at, failure, rows = outlook.errand, outlook.asked_at, "", []
    try:
        rows = _rows(errand, outlook.target_percent, at)
    except Refusal as refusal:
        failure = refusal.text()[:200]
    Outlook.objects.filter(pk=outlook_id, asked_at=asked_at, made_at=None).update(
        made_at=at, version=errand.version, failure=failure, rows=rows
    )


def _rows(errand: Errand, target_percent: int, at: datetime) -> list[dict[str, Any]]:
    stops = list(errand.stops.order_by("rank"))
    asked = [Task(str(stop.pk), Place(*stop.place), stop.price_fen, None) for stop in stops]
    known = queries.history_around(stops)
    if min(sum(bool(one.is_done) for one in known), sum(not one.is_done for one in known)) < LEAST_OF_EACH:
        raise NoHistory
    found = look_ahead(known, asked, queries.members_around(stops, at=at))
    return [
        _row(stop.key, one, found, target_percent) for stop, one in zip(stops, found.forecasts, strict=True)
    ]  # fmt: skip


def _row(key: str, one: Forecast, found: Reckoned, target_percent: int) -> dict[str, Any]:
    price = found.price_for(one, target_percent / 100)
    return {
        "stop_id": one.number,
        "key": key,
        "price_fen": one.price_fen,
        "in_ten": round(one.probability * 10),
        "probability": round(one.probability, 4),
        "near_done": one.near_done,
        "near_of": one.near_of,
        "suggested_fen": price,
        "in_ten_then": None if price is None else round(found.probability_at(one, price) * 10),
        "reasons": [{"fact": reason.fact, "effect": reason.effect} for reason in one.reasons],
    }


@transaction.atomic
def apply(*, errand_id: UUID, by: Actor, at: datetime) -> Errand:
    """Set every stop's price to the one that is suggested, where there is one (采用建议报酬).

    Raises:
        NotFound: not the poster's.
        Invalid: there is no forecast, or the draft has changed since.
    """
    errand, _actor = of_owner(errand_id, by)
    outlook = Outlook.objects.filter(errand=errand).exclude(made_at=None).first()
    if outlook is None or outlook.version != errand.version or not outlook.rows:
        raise Invalid("请先预测；草稿改过的须重新预测", "Ask for a forecast first; a changed draft needs a new one", field="target")  # fmt: skip
    prices = {UUID(row["stop_id"]): row["suggested_fen"] for row in outlook.rows if row["suggested_fen"]}
    return drafts.reprice(errand_id=errand_id, prices=prices, by=by, at=at)
