"""Shared shipping prices: kept by moderators, chosen by makers of the county, fixed once backers have read them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.common import clock
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusals
from backend.common.rules import SHANGHAI
from backend.ledger import queries as books
from crowdfunding.campaigns.errors import RuleFixed
from crowdfunding.campaigns.models import Campaign, Tier
from crowdfunding.freight import operations, queries
from crowdfunding.freight.errors import QuoteNotValid
from crowdfunding.freight.models import Parcelling, Quote
from crowdfunding.freight.operations import Price
from tests.builders import acting, draft, live_campaign, moderator, offer, owner_of, person

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "421223", "421221"


def today() -> date:
    return clock.now().astimezone(SHANGHAI).date()


def price(**more: object) -> Price:
    terms: dict[str, object] = {
        "county": HERE, "carrier": "邮政快递包裹", "covers": "全国", "first_g": 1_000, "first_fen": 600,
        "step_g": 500, "step_fen": 150, "from_day": today(), "last_day": None, "basis": "2026 年运价协议 3 号",
    }  # fmt: skip
    return Price(**(terms | more))  # type: ignore[arg-type]


def quoted(by: Actor | None = None, **more: object) -> Quote:
    return operations.offer(price=price(**more), by=by or moderator(), at=clock.now())


def written() -> tuple[Campaign, Tier]:
    """A draft from the county of the quotes, with one reward."""
    maker = person()
    campaign = draft(maker)
    return campaign, offer(campaign, maker)


@given(
    weight=st.integers(1, 50_000), first_g=st.integers(1, 50_000), step_g=st.integers(1, 50_000),
    first=st.integers(1, 100_000), step=st.integers(0, 100_000),
)  # fmt: skip
def test_every_step_that_is_begun_counts_and_none_beyond(weight, first_g, step_g, first, step):
    quote = Quote(first_g=first_g, first_fen=first, step_g=step_g, step_fen=step)
    steps = 0
    while first_g + steps * step_g < weight and steps < 50_000:
        steps += max(1, (weight - first_g - steps * step_g) // step_g)
    assert quote.fen_for(weight) == first + steps * step


def test_a_reward_charges_what_the_quote_says_and_by_hand_again():
    campaign, tier = written()
    quote, by = quoted(), acting(owner_of(campaign))
    operations.charge(tier_id=tier.pk, quote_id=quote.pk, weight_g=2_001, by=by, at=clock.now())
    tier.refresh_from_db()
    assert tier.shipping_fen == 600 + 3 * 150
    assert [row.weight_g for row in queries.parcellings_of(campaign.pk)] == [2_001]
    assert not list(books.differences())
    Tier.objects.filter(pk=tier.pk).update(shipping_fen=1)
    assert any("another shipping" in line for line in books.differences())
    operations.set_by_hand(tier_id=tier.pk, shipping_fen=900, by=by)
    tier.refresh_from_db()
    assert (tier.shipping_fen, Parcelling.objects.count()) == (900, 0)


def test_a_price_of_another_county_or_another_day_is_refused():
    campaign, tier = written()
    by, at = acting(owner_of(campaign)), clock.now()
    others = (
        quoted(county=ELSEWHERE),
        quoted(from_day=today() + timedelta(days=1)),
        quoted(from_day=today() - timedelta(days=9), last_day=today() - timedelta(days=1)),
    )
    for quote in others:
        with pytest.raises(QuoteNotValid):
            operations.charge(tier_id=tier.pk, quote_id=quote.pk, weight_g=500, by=by, at=at)
    for grams in (0, 50_001):
        with pytest.raises(Invalid):
            operations.charge(tier_id=tier.pk, quote_id=quoted().pk, weight_g=grams, by=by, at=at)
    assert not Parcelling.objects.exists()


def test_what_backers_have_read_stays():
    campaign, tier = live_campaign()
    by = acting(owner_of(campaign))
    before = tier.shipping_fen
    with pytest.raises(RuleFixed):
        operations.charge(tier_id=tier.pk, quote_id=quoted().pk, weight_g=500, by=by, at=clock.now())
    with pytest.raises(RuleFixed):
        operations.set_by_hand(tier_id=tier.pk, shipping_fen=1, by=by)
    tier.refresh_from_db()
    assert tier.shipping_fen == before


def test_only_the_maker_sets_it_and_only_moderators_keep_prices():
    _campaign, tier = written()
    quote, stranger = quoted(), acting(person())
    with pytest.raises(NotFound):
        operations.charge(tier_id=tier.pk, quote_id=quote.pk, weight_g=500, by=stranger, at=clock.now())
    with pytest.raises(Forbidden):
        quoted(by=stranger)
    with pytest.raises(Forbidden):
        operations.end(quote_id=quote.pk, last_day=today(), by=stranger, at=clock.now())


def test_all_that_is_wrong_with_a_price_is_said_at_once():
    with pytest.raises(Refusals) as caught:
        quoted(county="999999", carrier=" ", first_fen=0, step_g=0, last_day=today() - timedelta(days=1))
    assert {one.field for one in caught.value.reasons} == {"county", "carrier", "first_fen", "step_g", "last_day"}
    assert not Quote.objects.exists()


def test_a_price_that_ends_leaves_what_was_charged_by_it():
    campaign, tier = written()
    quote, by = quoted(from_day=today() - timedelta(days=5)), acting(owner_of(campaign))
    operations.charge(tier_id=tier.pk, quote_id=quote.pk, weight_g=900, by=by, at=clock.now())
    operations.end(quote_id=quote.pk, last_day=today() - timedelta(days=1), by=moderator(), at=clock.now())
    tier.refresh_from_db()
    assert tier.shipping_fen == 600
    assert queries.for_campaign(campaign, today()) == []
    with pytest.raises(Invalid):
        operations.end(quote_id=quote.pk, last_day=today() - timedelta(days=3), by=moderator(), at=clock.now())
