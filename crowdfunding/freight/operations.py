"""Keeping a county's shipping prices, and charging by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.operations import clean_name
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen
from backend.common.rules import SHANGHAI
from backend.listings.facets import COUNTIES
from crowdfunding.campaigns.errors import RuleFixed
from crowdfunding.campaigns.models import Tier
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.freight.errors import QuoteNotValid
from crowdfunding.freight.models import Parcelling, Quote

MOST_G, MOST_FEN = 50_000, 100_000
"""Parcels of up to 50 kg, ¥1,000 a price: what is heavier is freight that nobody quotes by the parcel."""

FARTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Price:
    """A carrier's price: weights in grams, money in fen, `last_day` None where no end is agreed."""

    county: str
    carrier: str
    covers: str
    first_g: int
    first_fen: Fen
    step_g: int
    step_fen: Fen
    from_day: date
    last_day: date | None
    basis: str


def _require_keeper(by: Actor) -> UUID:
    if Role.MODERATOR not in by.roles or by.person_id is None:
        raise Forbidden
    return by.person_id


def _wrong_number(value: int, least: int, most: int, field: str) -> Refusal | None:
    if least <= value <= most:
        return None
    return Invalid(f"须在 {least} 至 {most} 之间", f"Between {least} and {most}", field=field)


def _empty(value: str, field: str) -> Refusal | None:
    return None if clean_name(value) else Invalid("此项必填", "This is needed", field=field)


def _wrong_days(price: Price, today: date) -> Refusal | None:
    if abs(price.from_day - today) > FARTHEST:
        return Invalid("生效日期距今不超过一年", "It must begin within a year", field="from_day")
    if price.last_day is not None and not price.from_day <= price.last_day <= price.from_day + 3 * FARTHEST:
        return Invalid(
            "最后一天须在生效之后三年内", "It must end within three years of its beginning", field="last_day"
        )
    return None


@transaction.atomic
def offer(*, price: Price, by: Actor, at: datetime) -> Quote:
    """Put a price on record that a carrier agreed on for a county's makers (登记共享运价).

    Raises:
        Forbidden: not a moderator.
        Invalid: all that is wrong with it, together.
    """
    person_id = _require_keeper(by)
    refuse_any(
        [
            None if price.county in COUNTIES else Invalid("没有这个选项", "There is no such choice", field="county"),
            _empty(price.carrier, "carrier"),
            _empty(price.covers, "covers"),
            _empty(price.basis, "basis"),
            _wrong_number(price.first_g, 1, MOST_G, "first_g"),
            _wrong_number(price.first_fen, 1, MOST_FEN, "first_fen"),
            _wrong_number(price.step_g, 1, MOST_G, "step_g"),
            _wrong_number(price.step_fen, 0, MOST_FEN, "step_fen"),
            _wrong_days(price, at.astimezone(SHANGHAI).date()),
        ]
    )
    return Quote.objects.create(
        county=price.county,
        carrier=clean_name(price.carrier)[:40],
        covers=clean_name(price.covers)[:80],
        first_g=price.first_g,
        first_fen=price.first_fen,
        step_g=price.step_g,
        step_fen=price.step_fen,
        from_day=price.from_day,
        last_day=price.last_day,
        basis=clean_name(price.basis)[:160],
        created_at=at,
        created_by=person_id,
    )


@transaction.atomic
def end(*, quote_id: UUID, last_day: date, by: Actor, at: datetime) -> Quote:
    """The price holds until a day (停用运价); what rewards charge by it already stays as it was promised.

    Raises:
        NotFound: there is none.
        Forbidden: not a moderator.
        Invalid: the day is over, or before the price begins.
    """
    _require_keeper(by)
    found = Quote.objects.select_for_update().filter(pk=quote_id).first()
    if found is None:
        raise NotFound
    yesterday = at.astimezone(SHANGHAI).date() - timedelta(days=1)
    if not max(found.from_day, yesterday) <= last_day <= found.from_day + 3 * FARTHEST:
        raise Invalid("最早到昨天为止", "At the earliest it ends yesterday", field="last_day")
    found.last_day = last_day
    found.save(update_fields=["last_day"])
    return found


def _draft_tier(tier_id: UUID, by: Actor) -> Tier:
    """A reward of a draft, its campaign held.

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        RuleFixed: the campaign is beyond editing; what backers have read stays.
    """
    tier = Tier.objects.filter(pk=tier_id).first()
    if tier is None:
        raise NotFound
    campaign = locked(tier.campaign_id)
    require_owner(campaign, by)
    if campaign.state not in EDITABLE:
        raise RuleFixed
    tier.campaign = campaign
    return tier


@transaction.atomic
def charge(*, tier_id: UUID, quote_id: UUID, weight_g: int, by: Actor, at: datetime) -> Tier:
    """Let a reward charge what its packed weight costs by a quote of the campaign's county (按共享运价设置运费).

    Raises:
        NotFound, Forbidden, RuleFixed: as for every reward of a draft; or there is no such quote.
        QuoteNotValid: it does not hold today, or is another county's.
        Invalid: a weight out of bounds.
    """
    tier = _draft_tier(tier_id, by)
    quote = Quote.objects.filter(pk=quote_id).first()
    if quote is None:
        raise NotFound(field="quote")
    if quote.county != tier.campaign.county or not quote.is_valid(at.astimezone(SHANGHAI).date()):
        raise QuoteNotValid(field="quote")
    refuse_any([_wrong_number(weight_g, 1, MOST_G, "weight_g")])
    tier.shipping_fen = quote.fen_for(weight_g)
    tier.save(update_fields=["shipping_fen"])
    Parcelling.objects.update_or_create(tier=tier, defaults={"quote": quote, "weight_g": weight_g})
    return tier


@transaction.atomic
def set_by_hand(*, tier_id: UUID, shipping_fen: Fen, by: Actor) -> Tier:
    """A reward charges what its maker says, by no quote (自定运费).

    Raises:
        NotFound, Forbidden, RuleFixed: as for `charge`.
        Invalid: a sum out of bounds.
    """
    tier = _draft_tier(tier_id, by)
    refuse_any([_wrong_number(shipping_fen, 0, MOST_FEN, "shipping_fen")])
    tier.shipping_fen = shipping_fen
    tier.save(update_fields=["shipping_fen"])
    Parcelling.objects.filter(tier=tier).delete()
    return tier
