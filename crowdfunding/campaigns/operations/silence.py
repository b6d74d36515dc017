"""What time alone answers: refund requests, staff requests and receipts that nobody took up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import locks, rules
from backend.common.actors import CLOCK
from backend.common.sweeps import each
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent, Payout, Refund, RefundBatch
from backend.payments.operations import payouts, refunds
from backend.payments.states import Batch, Paying, Refunding
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.models import Pledge, campaign_lock
from crowdfunding.campaigns.operations import confirmations, outside, pledges
from crowdfunding.campaigns.operations.shares import disputed
from crowdfunding.campaigns.states import PledgeState, State

A_HANDFUL = 200


def answer_by_silence(*, at: datetime) -> int:
    """Take every exit that time alone takes and no campaign's own clock does; return how many."""
    late = each("outside", queries.outside_due(at=at), lambda key: outside.lapse(settlement_id=key, at=at))
    return _decline_asked(at) + _lapse_unconfirmed(at) + _receive(at) + _lapse_staff_requests(at) + late


def _decline_asked(at: datetime) -> int:
    before = at - timedelta(days=rules.value("campaigns.asked_days", at=at))
    due = Pledge.objects.filter(state=PledgeState.ASKED, state_at__lte=before).order_by("state_at")
    ids = list(due.values_list("pk", flat=True)[:A_HANDFUL])
    return each("asked", ids, lambda key: _answer_asked(key, at))


@transaction.atomic
def _answer_asked(pledge_id: UUID, at: datetime) -> None:
    """Silence declines; where the law lets goods be sent back it grants what they cost, as far as escrow reaches."""
    locks.share(campaign_lock(Pledge.objects.values_list("campaign_id", flat=True).get(pk=pledge_id)))
    made = Pledge.objects.select_for_update(of=("self",)).select_related("tier").get(pk=pledge_id)
    if made.state != PledgeState.ASKED:
        return
    held = books.available(ledger.escrow_of("campaign", made.campaign_id))
    if pledges.may_be_sent_back(made) and held > 0:
        returned = PaymentIntent.objects.values_list("refunded_fen", flat=True).get(subject_id=pledge_id)
        made.share_fen = max(0, min(int(made.goods_fen - returned), held))
        made.save(update_fields=["share_fen"])
        pledges.give_back(pledge_id=pledge_id, reason="七日无理由退货", at=at)
    else:
        declined = "decline_by_silence" if made.received_at is None else "decline_received"
        pledges.step(made, declined, by=CLOCK, at=at, reason="逾期未答复")


def _lapse_unconfirmed(at: datetime) -> int:
    due = Pledge.objects.filter(state=PledgeState.TO_CONFIRM, confirm_by__lte=at)
    due = due.exclude(disputed()).order_by("confirm_by")
    ids = list(due.values_list("pk", flat=True)[:A_HANDFUL])
    return each("confirmation", ids, lambda key: confirmations.lapse(pledge_id=key, at=at))


def _receive(at: datetime) -> int:
    """Pledges of a delivered campaign that nobody confirmed count as received when it closes."""
    due = Pledge.objects.filter(state=PledgeState.PAID, campaign__state=State.CLOSED, campaign__ruleset="city")
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:A_HANDFUL])
    return each("receipt", ids, lambda key: pledges.receive_by_time(pledge_id=key, at=at))


def _lapse_staff_requests(at: datetime) -> int:
    reason = "逾期无人复核"
    refunds_before = at - timedelta(days=rules.value("payments.refund_patience_days", at=at))
    payouts_before = at - timedelta(days=rules.value("payments.payout_patience_days", at=at))
    old_refunds = Refund.objects.filter(state=Refunding.REQUESTED, batch=None, created_at__lte=refunds_before)
    old_batches = RefundBatch.objects.filter(state=Batch.PREVIEWED, created_at__lte=refunds_before)
    old_payouts = Payout.objects.filter(state__in=(Paying.PENDING, Paying.CHECKED), created_at__lte=payouts_before)
    lapsed = 0
    for refund_id in list(old_refunds.values_list("pk", flat=True)[:A_HANDFUL]):
        refunds.refuse_refund(refund_id=refund_id, by=CLOCK, at=at, reason=reason)
        lapsed += 1
    for batch_id in list(old_batches.values_list("pk", flat=True)[:20]):
        refunds.refuse_batch(batch_id=batch_id, by=CLOCK, at=at, reason=reason)
        lapsed += 1
    for payout_id in list(old_payouts.values_list("pk", flat=True)[:A_HANDFUL]):
        payouts.reject_payout(payout_id=payout_id, by=CLOCK, at=at, reason=reason)
        lapsed += 1
    return lapsed
