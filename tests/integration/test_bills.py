"""The provider's bill against our records: what only it knows is booked, the rest is a work item."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.errors import Invalid, NotFound
from backend.common.rules import SHANGHAI
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.alipay import bills
from backend.payments.gateways import provider
from backend.payments.models import Bill, BillDifference, PaymentIntent
from backend.payments.operations import intents, reconciliation, refunds
from backend.payments.provider import BillLine, Refused
from backend.payments.tasks import reconcile_bills
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import pledges
from tests.builders import live_campaign, officer, paid_pledge, reserve


@pytest.fixture
def paid(own_db, cashier):
    _noon(cashier)
    campaign, tier = live_campaign(price_fen=10_000)
    return [paid_pledge(cashier, campaign, tier) for _ in range(3)]


def _noon(cashier):
    """Begin in the middle of a Shanghai day: what is paid near midnight is looked for in two days' bills."""
    now = clock.now().astimezone(SHANGHAI)
    noon = now.replace(hour=12, minute=0, second=0) + timedelta(days=now.hour >= 12)
    cashier.control(clock=clock.advance(noon - now).isoformat(), forget=True)


def _two_days_on(cashier):
    for _ in range(2):
        cashier.control(clock=clock.advance(timedelta(days=1, hours=2)).isoformat())
    return clock.now()


def _rest_clean():
    return [one for one in books.differences() if "bill" in one]


def test_a_day_that_agrees_leaves_no_difference(paid, cashier):
    refunds.refund_whole(intent_id=pledges.intent_of(paid[0].pk).pk, reason="test", at=clock.now())
    for refund_id in payments.refunds_due(at=clock.now()):
        refunds.send_refund(refund_id=refund_id, at=clock.now())
    _two_days_on(cashier)
    assert reconcile_bills() >= 1
    first = Bill.objects.order_by("day").first()
    assert (first.lines_n, first.total_fen) == (4, 20_000)
    assert BillDifference.objects.count() == 0
    assert not _rest_clean()
    assert reconcile_bills() == 0


def test_a_bill_that_is_not_ready_is_asked_for_again(paid, cashier):
    today = clock.now().date()
    assert isinstance(provider().bill(day=today, at=clock.now()), Refused)
    _two_days_on(cashier)
    cashier.fault("bill_not_ready", "*", left=50)
    reconcile_bills()
    assert Bill.objects.count() == 0
    cashier.control(reset_faults=True)
    reconcile_bills()
    assert Bill.objects.exists()


def test_a_payment_that_only_the_bill_knows_is_booked_and_on_record(own_db, cashier):
    _noon(cashier)
    campaign, tier = live_campaign(price_fen=10_000)
    paid_pledge(cashier, campaign, tier)
    cashier.fault("notice_lost", "*", left=1)
    unheard = reserve(campaign, tier)
    intent = pledges.intent_of(unheard.pk)
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    PaymentIntent.objects.update(next_try_at=None)  # and nobody asks
    _two_days_on(cashier)
    reconcile_bills()
    made = PaymentIntent.objects.get(subject_id=unheard.pk)
    assert made.state == "succeeded"
    noted = BillDifference.objects.get()
    assert (noted.what, noted.theirs_fen, noted.settled_note) == (
        "missing_here", 10_000, reconciliation.BOOKED_FROM_BILL,
    )  # fmt: skip
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 20_000
    assert not list(books.differences())


def test_a_payment_missing_in_the_bill_stops_the_books_until_an_officer_explains_it(paid, cashier):
    cashier.fault("bill_line_missing", "*", left=1)
    at = _two_days_on(cashier)
    reconcile_bills()
    found = BillDifference.objects.get()
    assert (found.kind, found.what, found.ours_fen) == ("payment", "missing_there", 10_000)
    assert _rest_clean()
    by = officer()
    with pytest.raises(Invalid):
        reconciliation.settle_difference(difference_id=found.pk, note=" ", by=by, at=at)
    reconciliation.settle_difference(difference_id=found.pk, note="支付机构补发了账单", by=by, at=at)
    with pytest.raises(NotFound):
        reconciliation.settle_difference(difference_id=found.pk, note="again", by=by, at=at)
    assert not _rest_clean()
    assert Pledge.objects.filter(state="paid").count() == 3


class _Saying:
    def __init__(self, lines):
        self.lines = lines

    def bill(self, *, day, at):
        return self.lines


def test_a_line_that_is_not_ours_or_differs_books_nothing(paid, monkeypatch):
    intent = pledges.intent_of(paid[0].pk)
    lines = [
        BillLine(BillLine.PAYMENT, intent.trade_no, intent.number, "", 9_999, fee_fen=6),
        BillLine(BillLine.PAYMENT, "2026112200000000", "NOT-OURS", "", 5_000),
        BillLine(BillLine.PAYMENT, "2026112200000001", intent.number, "", 1),
        BillLine(BillLine.REFUND, intent.trade_no, intent.number, "R-NOT-OURS", 700),
        BillLine(BillLine.PAYOUT, "", "W-NOT-OURS", "", 800),
    ]
    monkeypatch.setattr(reconciliation, "provider", lambda: _Saying(lines))
    before = books.totals()
    assert reconciliation.reconcile(days=[clock.now().date()], at=clock.now()) == 1
    kinds = sorted(BillDifference.objects.values_list("kind", "what"))
    assert kinds == [
        ("payment", "amount"), ("payment", "fee"), ("payment", "missing_here"), ("payment", "missing_here"),
        ("payout", "missing_here"), ("refund", "missing_here"),
    ]  # fmt: skip
    assert books.totals() == before


def test_a_bill_is_read_with_care():
    with pytest.raises(zipfile.BadZipFile):
        list(bills.table(b"not a zip"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    with pytest.raises(ValueError):
        list(bills.table(out.getvalue()))
