"""The adapter against the real gateway and its faults: done, refused or unknown; unknown is never failure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.gateways import provider
from backend.payments.models import PaymentIntent, Refund
from backend.payments.operations import intents, refunds
from backend.payments.provider import Refused, Unknown
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import pledges
from tests.builders import acting, live_campaign, move_on, paid_pledge, person, reserve


@pytest.fixture
def made(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=10_000)
    return paid_pledge(cashier, campaign, tier)


FAULTS = ["cut_after", "http_502", "unsigned_error", "wrong_signature", "system_error_done"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_that_meets_a_fault_moves_money_once(made, cashier, fault):
    intent = pledges.intent_of(made.pk)
    cashier.fault(fault, "alipay.trade.refund")
    cashier.fault("http_502", "alipay.trade.fastpay.refund.query")
    refund = refunds.refund_whole(intent_id=intent.pk, reason="test", at=clock.now())
    refunds.send_refund(refund_id=refund.pk, at=clock.now())
    refund.refresh_from_db()
    assert refund.state == "sending"

    later = clock.advance(timedelta(minutes=20))
    for refund_id in payments.refunds_due(at=later):
        refunds.send_refund(refund_id=refund_id, at=later)
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert cashier.trade(intent.number)["refunded_fen"] == 10_000
    assert books.balance(ledger.escrow_of("campaign", made.campaign_id)) == 0


@pytest.mark.parametrize("fault", ["cut_after", "http_502", "unsigned_error", "wrong_signature"])
def test_a_query_that_meets_a_fault_is_unknown(made, cashier, fault):
    intent = pledges.intent_of(made.pk)
    cashier.fault(fault, "alipay.trade.query")
    assert isinstance(provider().query(number=intent.number, at=clock.now()), Unknown)
    assert not isinstance(provider().query(number=intent.number, at=clock.now()), (Unknown, Refused))


def test_an_order_nobody_paid_expires_only_after_its_time(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=10_000, stock=1)
    made = reserve(campaign, tier)
    intent = pledges.intent_of(made.pk)
    intents.look_after(intent_id=intent.pk, at=clock.now())
    intent.refresh_from_db()
    assert intent.state == "created"
    cashier.control(clock=clock.advance(timedelta(minutes=31)).isoformat())
    intents.look_after(intent_id=intent.pk, at=clock.now())
    intent.refresh_from_db()
    assert intent.state == "expired"


def test_refunds_never_exceed_the_payment(made):
    from backend.common.actors import SYSTEM
    from backend.payments.errors import RefundTooLarge

    intent = pledges.intent_of(made.pk)
    refunds.request_refund(intent_id=intent.pk, amount_fen=6_000, reason="a", by=SYSTEM, at=clock.now())
    with pytest.raises(RefundTooLarge):
        refunds.request_refund(intent_id=intent.pk, amount_fen=4_001, reason="b", by=SYSTEM, at=clock.now())
    assert PaymentIntent.objects.get(pk=intent.pk).refunded_fen == 6_000
    assert Refund.objects.count() == 1


def test_a_gateway_that_is_silent_for_a_day_loses_and_doubles_nothing(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())
    campaign, tier = live_campaign(price_fen=10_000, stock=3)
    leaver = person()
    left = paid_pledge(cashier, campaign, tier, leaver)
    paid, unpaid = reserve(campaign, tier), reserve(campaign, tier)
    cashier.fault("notice_lost")
    cashier.pay(intents.cashier_url(intent_id=pledges.intent_of(paid.pk).pk, phone=False, at=clock.now()))
    cashier.fault("silent", left=100_000)
    pledges.cancel_pledge(pledge_id=left.pk, by=acting(leaver), at=clock.now())

    for _ in range(12):
        move_on(cashier, timedelta(hours=2))
    assert [_state(one) for one in (left, paid, unpaid)] == ["cancelled", "reserved", "reserved"]
    assert cashier.trade(pledges.intent_of(left.pk).number)["refunded_fen"] == 0

    cashier.control(reset_faults=True)
    move_on(cashier, timedelta(minutes=5))
    move_on(cashier, timedelta(minutes=5))
    assert [_state(one) for one in (left, paid, unpaid)] == ["cancelled", "paid", "expired"]
    assert cashier.trade(pledges.intent_of(left.pk).number)["refunded_fen"] == 10_000
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 10_000
    tier.refresh_from_db()
    assert tier.left == 2
    assert list(books.differences()) == []


def _state(made):
    return Pledge.objects.get(pk=made.pk).state
