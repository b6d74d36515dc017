"""What a finance officer decides, one table for every door: pages and API alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen
from backend.moderation import operations as record
from backend.payments import queries as payments
from backend.payments.models import Dispute, RefundBatch
from backend.payments.operations import debts, disputes, notices, payouts, reconciliation, refunds
from backend.payments.payees import payee_of
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State

Decision = Callable[[str, Actor, datetime, str], object]


@transaction.atomic
def decide(*, kind: str, key: str, act: str, reason: str, by: Actor, at: datetime) -> None:
    """Make one decision of the table and put it on record, both or neither.

    Raises:
        NotFound: no such decision or object.
        Refusal: what the operation refuses.
    """
    decision = DECISIONS.get((kind, act))
    if decision is None:
        raise NotFound
    try:
        decision(key, by, at, reason[:500])
    except ObjectDoesNotExist as error:
        raise NotFound from error
    subject = UUID(key) if len(key) == 36 else None
    record.note(act=f"{kind}.{act}", subject_id=subject, reason=reason.strip() or act, by=by, at=at)


@transaction.atomic
def record_dispute(*, order: str, provider_no: str, amount_fen: Fen, by: Actor, at: datetime) -> Dispute:
    """Record a chargeback that the provider's desk told of, for an order by our number or the provider's.

    Raises:
        Invalid: no such order.
    """
    intent = payments.order_by_number(order.strip())
    if intent is None:
        raise Invalid("没有这样的订单", "There is no such order", field="order")
    payee = payee_of(intent)
    made = disputes.open_dispute(
        intent_id=intent.pk, provider_no=provider_no[:64], amount_fen=amount_fen, payee_id=payee, by=by, at=at
    )
    record.note(act="dispute.open", subject_id=made.pk, reason=made.provider_no, by=by, at=at)
    return made


def refundable(campaign_id: UUID) -> tuple[Campaign, list[tuple[UUID, Fen]]]:
    """A successful campaign and the lines of its bulk refund's dry run.

    Raises:
        NotFound: none, or not successful.
    """
    found = Campaign.objects.filter(pk=campaign_id, state__in=State.SUCCEEDED).first()
    if found is None:
        raise NotFound
    return found, queries.refundable_lines(campaign_id)


def ask_bulk_refund(*, campaign_id: UUID, digest: str, reason: str, by: Actor, at: datetime) -> RefundBatch:
    """Ask for exactly what was previewed, or nothing."""
    _campaign, lines = refundable(campaign_id)
    return refunds.request_batch(
        purpose_id=campaign_id, lines=lines, reason=reason.strip()[:120] or "批量退款", digest=digest, by=by, at=at
    )


def _id(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError as error:
        raise NotFound from error


def _required(reason: str) -> str:
    if not reason.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    return reason


def _settle_notice(key: str, by: Actor, at: datetime, reason: str) -> None:
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        raise NotFound
    if not notices.settle_quarantined(notice_id=int(key), by=by, note=_required(reason), at=at):
        raise NotFound


DECISIONS: dict[tuple[str, str], Decision] = {
    ("payout", "check"): lambda key, by, at, why: payouts.check_payout(payout_id=_id(key), by=by, at=at),
    ("payout", "authorize"): lambda key, by, at, why: payouts.authorize_payout(payout_id=_id(key), by=by, at=at),
    ("payout", "reject"): lambda key, by, at, why: payouts.reject_payout(
        payout_id=_id(key), by=by, at=at, reason=_required(why)
    ),
    ("refund", "approve"): lambda key, by, at, why: refunds.approve_refund(refund_id=_id(key), by=by, at=at),
    ("refund", "refuse"): lambda key, by, at, why: refunds.refuse_refund(
        refund_id=_id(key), by=by, at=at, reason=_required(why)
    ),
    ("batch", "approve"): lambda key, by, at, why: refunds.approve_batch(batch_id=_id(key), by=by, at=at),
    ("batch", "refuse"): lambda key, by, at, why: refunds.refuse_batch(
        batch_id=_id(key), by=by, at=at, reason=_required(why)
    ),
    ("dispute", "evidence"): lambda key, by, at, why: disputes.file_evidence(
        dispute_id=_id(key), evidence=_required(why), by=by, at=at
    ),
    ("dispute", "win"): lambda key, by, at, why: disputes.win_dispute(dispute_id=_id(key), by=by, at=at),
    ("dispute", "lose"): lambda key, by, at, why: disputes.lose_dispute(dispute_id=_id(key), by=by, at=at),
    ("debt", "write_off"): lambda key, by, at, why: debts.write_off(debt_id=_id(key), reason=why, by=by, at=at),
    ("notice", "settle"): _settle_notice,
    ("difference", "settle"): lambda key, by, at, why: reconciliation.settle_difference(
        difference_id=_id(key), note=why, by=by, at=at
    ),
    ("switch", "stop"): lambda key, by, at, why: payouts.stop_payouts(reason=_required(why), by=by, at=at),
    ("switch", "resume"): lambda key, by, at, why: payouts.resume_payouts(by=by, at=at),
}
"""Every decision of the finance desk by kind and act; each asks for a fresh proof of identity, but the stop."""
