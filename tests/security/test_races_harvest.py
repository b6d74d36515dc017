"""Bounded acts of harvests and batches under fifty requests at once: one word, one check, one part back, one batch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connections
from django.db.models import F, Sum

from backend.common import clock
from backend.ledger import queries as books
from backend.payments.models import Refund
from crowdfunding.campaigns.models import Batch, Campaign, Pledge
from crowdfunding.campaigns.operations import pledges, verdicts
from crowdfunding.harvest.models import Portion, Shortfall
from crowdfunding.harvest.operations import shortfalls
from tests.builders import live_campaign, owner_of, paid_pledge, person, sharing
from tests.security.doors import by_browser, by_token, token_of
from tests.security.test_races import AT_ONCE, ROUNDS, moves, staffed, statuses  # noqa: F401 - a fixture

ACCOUNT = "四月下旬连续降雨，两片竹林未能出笋。"


def _producing(cashier) -> tuple[Campaign, Pledge]:
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=60_000, least_percent=60)
    made = paid_pledge(cashier, campaign, tier)
    Campaign.objects.filter(pk=campaign.pk).update(closes_at=clock.now())
    for _ in range(3):
        Campaign.objects.filter(pk=campaign.pk).update(due_at=clock.now() - timedelta(seconds=1))
        verdicts.advance(campaign_id=campaign.pk, at=clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "producing"
    return campaign, made


def test_a_harvest_is_declared_confirmed_and_given_back_once(site, cashier, staffed):  # noqa: F811
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        campaign, made = _producing(cashier)
        token, path = token_of(owner_of(campaign)), f"campaigns/{campaign.pk}/harvest"
        body = {"percent": 80, "account": ACCOUNT}
        assert statuses(site, [by_token(token, path, body) for _ in range(AT_ONCE)]) == {201: 1, 409: 49}
        said = Shortfall.objects.get(campaign=campaign)
        page, fields = f"/harvest/{said.pk}/confirm/", {"reason": "核对过磅单，属实"}
        statuses(site, [by_browser(staffed[2], page, fields) for _ in range(AT_ONCE)])
        assert (moves(said.pk, "confirm"), Portion.objects.filter(shortfall=said).count()) == (1, 1)
        _give_at_once(made)
        assert Portion.objects.get(pledge=made).given_fen == 12_000
        intent = pledges.intent_of(made.pk)
        assert list(Refund.objects.filter(intent=intent).values_list("amount_fen", flat=True)) == [12_000]
    assert not list(books.differences())


def _give_at_once(made: Pledge) -> None:
    """Eight workers take up one part."""
    barrier = Barrier(8)

    def give(_number: int) -> None:
        barrier.wait()
        try:
            shortfalls.give(pledge_id=made.pk, at=clock.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(8)))


def test_a_batch_of_five_is_five_whichever_reward_draws_from_it(site):
    for _ in range(ROUNDS):
        campaign, batch, rewards = sharing(5, 2, 1)
        path = f"campaigns/{campaign.pk}/pledges"
        knocks = [
            by_token(token_of(person()), path, {"tier_id": str(rewards[number % 2].pk)}) for number in range(AT_ONCE)
        ]
        statuses(site, knocks)
        taken = Pledge.objects.filter(campaign=campaign).aggregate(n=Sum(F("quantity") * F("tier__batch_units")))["n"]
        assert (taken, Batch.objects.get(pk=batch.pk).left) == (5, 0)
