"""A worker dies at every named point of outgoing money: afterwards the money has moved exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from backend.common import clock
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Payout
from backend.payments.operations import payouts, refunds
from crowdfunding.campaigns.operations import pledges
from tests.builders import acting, live_campaign, officer, owner_of, paid_pledge, payable_account
from tests.conftest import ROOT, database_url

WORK = "import django; django.setup(); from backend.payments import tasks; tasks.send_refunds(); tasks.send_payouts()"


def work(name: str, point: str = "") -> int:
    env = os.environ | {"SIZHONG_DATABASE_URL": database_url(name), "SIZHONG_CRASH_AT": point}
    return subprocess.run([sys.executable, "-c", WORK], env=env, cwd=ROOT, check=False).returncode


@pytest.mark.parametrize("point", ["refund.taken", "refund.sent", "refund.recorded"])
def test_a_refund_survives_a_worker_killed_at(own_db, cashier, point):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=10_000)
    made = paid_pledge(cashier, campaign, tier)
    intent = pledges.intent_of(made.pk)
    refund = refunds.refund_whole(intent_id=intent.pk, reason="test", at=clock.now())

    assert work(own_db, point) == -signal.SIGKILL
    cashier.control(clock=clock.advance(timedelta(hours=1)).isoformat())
    assert work(own_db) == 0

    refund.refresh_from_db()
    assert (refund.state, cashier.trade(intent.number)["refunded_fen"]) == ("succeeded", 10_000)
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0


@pytest.mark.parametrize("point", ["payout.taken", "payout.sent", "payout.recorded"])
def test_a_payout_survives_a_worker_killed_at(own_db, cashier, point):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=60_000)
    paid_pledge(cashier, campaign, tier)
    owner = owner_of(campaign)
    payable_account(owner)
    at, payable = clock.now(), ledger.open_account(ledger.payable_to(owner.party_id))
    leg = ledger.Leg(ledger.escrow_of("campaign", campaign.pk), payable, 60_000)
    ledger.post(key="r", kind="release", legs=[leg], cause=("campaign", campaign.pk), at=at)
    payout = payouts.request_payout(party_id=owner.party_id, amount_fen=60_000, title="t", by=acting(owner), at=at)
    payouts.check_payout(payout_id=payout.pk, by=officer(), at=at)
    payouts.authorize_payout(payout_id=payout.pk, by=officer(), at=at)
    before = cashier.control()["balance_fen"]

    assert work(own_db, point) == -signal.SIGKILL
    cashier.control(clock=clock.advance(timedelta(hours=1)).isoformat())
    assert work(own_db) == 0

    assert Payout.objects.get().state == "paid"
    assert before - cashier.control()["balance_fen"] == 60_000
    assert (books.balance(payable), books.available(payable)) == (0, 0)
