"""Every read of payments that spans rows: what is due, what an officer sees, what must agree."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from backend.common import rules
from backend.payments.models import (
    Bill,
    BillDifference,
    Debt,
    Dispute,
    Notice,
    PaymentIntent,
    Payout,
    PayoutAccount,
    Refund,
    RefundBatch,
    StopSwitch,
)
from backend.payments.states import Batch, Disputing, Intent, Owing, Paying, Refunding


def intents_due(*, at: datetime, limit: int = 100) -> list[UUID]:
    """Unpaid orders to ask about, and expired ones that may have been paid at the last moment."""
    found = PaymentIntent.objects.filter(
        state__in=(Intent.CREATED, Intent.AWAITING, Intent.EXPIRED), next_try_at__lte=at
    )
    return list(found.order_by("next_try_at").values_list("pk", flat=True)[:limit])


def refunds_due(*, at: datetime, limit: int = 100) -> list[UUID]:
    """Refunds to send or to ask about."""
    sending = (Refunding.APPROVED, Refunding.SENDING, Refunding.MANUAL)
    found = Refund.objects.filter(state__in=sending, next_try_at__lte=at)
    return list(found.order_by("next_try_at").values_list("pk", flat=True)[:limit])


def payouts_due(*, at: datetime, limit: int = 50) -> list[UUID]:
    """Payouts to send or to ask about."""
    found = Payout.objects.filter(state__in=(Paying.AUTHORIZED, Paying.PROCESSING), next_try_at__lte=at)
    return list(found.order_by("next_try_at").values_list("pk", flat=True)[:limit])


def payouts_to_watch(*, at: datetime, limit: int = 50) -> list[UUID]:
    """Payouts made lately that a bank may still send back."""
    found = Payout.objects.filter(state=Paying.PAID, next_try_at__lte=at)
    return list(found.order_by("next_try_at").values_list("pk", flat=True)[:limit])


def disputes() -> QuerySet[Dispute]:
    """All chargebacks, for the finance desk."""
    return Dispute.objects.select_related("intent__payer")


def debts() -> QuerySet[Debt]:
    """All debts, for the finance desk."""
    return Debt.objects.select_related("party", "dispute")


def open_debts(party_id: UUID) -> QuerySet[Debt]:
    """What a party still owes, oldest first; at most fifty lines of it."""
    return Debt.objects.filter(party_id=party_id, state__in=Owing.OPEN).order_by("created_at", "pk")[:50]


def debt_to_backers(campaign_id: UUID) -> Debt | None:
    """What a maker owes the backers of a campaign."""
    return Debt.objects.filter(campaign_id=campaign_id).first()


def owes_backers(campaign_id: UUID) -> bool:
    """Whether a maker still owes the backers of a campaign."""
    return Debt.objects.filter(campaign_id=campaign_id, state__in=Owing.OPEN).exists()


def is_disputed(intent_id: UUID) -> bool:
    """Whether a chargeback about a payment is undecided."""
    return Dispute.objects.filter(intent_id=intent_id, state__in=Disputing.OPEN).exists()


def debts_barred(*, at: datetime, limit: int = 100) -> list[UUID]:
    """Open debts whose time is over."""
    before = at - rules.days("payments.debt_days", at=at)
    due = Debt.objects.filter(state__in=Owing.OPEN, created_at__lte=before)
    return list(due.order_by("created_at").values_list("pk", flat=True)[:limit])


def debtors_with_money(*, limit: int = 100) -> list[UUID]:
    """Parties that owe something and are owed something."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT d.party_id FROM payments_debt d JOIN ledger_account a ON a.code = 'payable:' || d.party_id "
            "LEFT JOIN LATERAL (SELECT sum(credits_fen - debits_fen) AS net FROM ledger_slot WHERE account_id = a.id) s "
            "ON true WHERE d.state IN ('due', 'part_paid') "
            "AND a.credits_fen - a.debits_fen + coalesce(s.net, 0) > a.held_fen LIMIT %s",
            [limit],
        )
        return [row[0] for row in cursor.fetchall()]


def disputes_past_due(*, at: datetime, limit: int = 100) -> list[UUID]:
    """Open chargebacks whose last day to answer is over."""
    due = Dispute.objects.filter(state__in=Disputing.OPEN, answer_by__lte=at)
    return list(due.order_by("answer_by").values_list("pk", flat=True)[:limit])


def order_by_number(number: str) -> PaymentIntent | None:
    """A paid order by our number or by the provider's trade number."""
    if not number.isascii() or not number.isprintable() or len(number) > 64:
        return None
    return PaymentIntent.objects.filter(Q(number=number) | Q(trade_no=number)).order_by("created_at").first()


def batches_running() -> list[UUID]:
    """Approved bulk refunds whose lines have not all ended."""
    return list(
        RefundBatch.objects.filter(state=Batch.APPROVED).order_by("created_at").values_list("pk", flat=True)[:20]
    )


def payouts() -> QuerySet[Payout]:
    """All payouts, for the finance desk."""
    return Payout.objects.select_related("party", "account")


def refunds() -> QuerySet[Refund]:
    """All refunds, for the finance desk."""
    return Refund.objects.select_related("intent__payer")


def quarantine() -> QuerySet[Notice]:
    """Notices that must not be booked and that nobody has looked into."""
    return Notice.objects.filter(outcome=Notice.QUARANTINED, settled_at=None)


def bill_differences() -> QuerySet[BillDifference]:
    """Where bills and records do not agree and nobody has explained it yet."""
    return BillDifference.objects.filter(settled_at=None)


def bills() -> QuerySet[Bill]:
    """The provider's bills that were compared, newest day first."""
    return Bill.objects.order_by("-day")


def batches() -> QuerySet[RefundBatch]:
    """All bulk refunds."""
    return RefundBatch.objects.all()


def batches_waiting() -> QuerySet[RefundBatch]:
    """Bulk refunds that wait for a second person or run, newest first."""
    ended = Count("refunds", filter=Q(refunds__state__in=(Refunding.SUCCEEDED, Refunding.REFUSED)))
    found = RefundBatch.objects.exclude(state__in=(Batch.DONE, Batch.REFUSED))
    return found.annotate(ended=ended).order_by("-created_at", "pk")


def stop_switch() -> StopSwitch:
    """The stop switch as it stands."""
    return StopSwitch.objects.filter(pk=1).first() or StopSwitch(pk=1, stopped=False)


def payout_account(party_id: UUID) -> PayoutAccount | None:
    """Where a party is paid now."""
    return PayoutAccount.objects.filter(party_id=party_id, removed_at=None).first()


def payouts_of(party_id: UUID) -> QuerySet[Payout]:
    """A payee's own payouts, newest first."""
    return Payout.objects.filter(party_id=party_id).select_related("account").order_by("-created_at", "-id")


def intents_of(subject_ids: list[UUID]) -> QuerySet[PaymentIntent]:
    """The orders of some pledges, oldest first."""
    return PaymentIntent.objects.filter(subject_id__in=subject_ids).order_by("created_at", "pk")


STANDING: dict[str, str] = {
    "the provider's bill differs, unexplained (day, kind, number, what, our fen, bill's fen)": """
        SELECT day, kind, key, what, ours_fen, theirs_fen FROM payments_billdifference
        WHERE settled_at IS NULL ORDER BY found_at LIMIT 200""",
    "paid order differs from its transfers (number, state, order fen, posted fen)": """
        SELECT i.number, i.state, i.amount_fen, coalesce(t.total, 0) FROM payments_paymentintent i
        LEFT JOIN (
            SELECT cause_id, sum(amount_fen) total FROM ledger_transfer
            WHERE cause_kind = 'intent' AND kind IN ('contribution', 'late') AND key NOT LIKE 'honour:%' GROUP BY 1
        ) t ON t.cause_id = i.id
        WHERE coalesce(t.total, 0) <> CASE WHEN i.trade_no IS NULL THEN 0 ELSE i.amount_fen END
           OR (i.trade_no IS NULL) <> (i.state IN ('created', 'awaiting_payer', 'failed', 'expired'))
        ORDER BY 1""",
    "payment transfer without its order (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN payments_paymentintent i ON i.id = t.cause_id
        WHERE t.cause_kind = 'intent' AND i.id IS NULL ORDER BY t.seq""",
    "refund differs from its transfers (number, state, refund fen, moved fen)": """
        SELECT r.number, r.state, r.amount_fen, coalesce(t.total, 0) FROM payments_refund r
        LEFT JOIN (
            SELECT cause_id, sum(amount_fen) total FROM ledger_transfer
            WHERE cause_kind = 'refund' AND phase IN ('captured', 'posted') GROUP BY 1
        ) t ON t.cause_id = r.id
        WHERE coalesce(t.total, 0) <> CASE WHEN r.state = 'succeeded' THEN r.amount_fen ELSE 0 END ORDER BY 1""",
    "refund transfer without its refund (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN payments_refund r ON r.id = t.cause_id
        WHERE t.cause_kind = 'refund' AND r.id IS NULL ORDER BY t.seq""",
    "refunds of an order differ from what it says (number, says, refunds)": """
        SELECT i.number, i.refunded_fen, coalesce(r.total, 0) + coalesce(d.total, 0) FROM payments_paymentintent i
        LEFT JOIN (SELECT intent_id, sum(amount_fen) total FROM payments_refund WHERE state <> 'refused' GROUP BY 1) r
            ON r.intent_id = i.id
        LEFT JOIN (SELECT intent_id, sum(counted_fen) total FROM payments_dispute GROUP BY 1) d
            ON d.intent_id = i.id
        WHERE i.refunded_fen > i.amount_fen
           OR i.refunded_fen <> coalesce(r.total, 0) + coalesce(d.total, 0) ORDER BY 1""",
    "chargeback differs from its transfers (number, state, chargeback fen, moved fen)": """
        SELECT d.provider_no, d.state, d.amount_fen, coalesce(t.total, 0) FROM payments_dispute d
        LEFT JOIN (
            SELECT cause_id, sum(amount_fen) total FROM ledger_transfer
            WHERE cause_kind = 'dispute' AND phase IN ('captured', 'posted') GROUP BY 1
        ) t ON t.cause_id = d.id
        WHERE coalesce(t.total, 0) <> CASE WHEN d.state = 'lost' THEN d.amount_fen ELSE 0 END
           OR (d.state <> 'lost' AND d.counted_fen <> 0) ORDER BY 1""",
    "hold of something that has ended (key, cause)": """
        SELECT h.key, h.cause_kind FROM ledger_transfer h
        LEFT JOIN payments_refund r ON h.cause_kind = 'refund' AND r.id = h.cause_id
        LEFT JOIN payments_payout p ON h.cause_kind = 'payout' AND p.id = h.cause_id
        LEFT JOIN payments_dispute d ON h.cause_kind = 'dispute' AND d.id = h.cause_id
        WHERE h.phase = 'pending' AND h.cause_kind IN ('refund', 'payout', 'dispute')
          AND NOT EXISTS (SELECT 1 FROM ledger_transfer x WHERE x.resolves_id = h.id)
          AND (coalesce(r.state IN ('succeeded', 'refused'), false)
               OR coalesce(p.state IN ('paid', 'error', 'rejected', 'returned'), false)
               OR coalesce(d.state IN ('won', 'lost'), false)
               OR coalesce(r.id, p.id, d.id) IS NULL) ORDER BY h.seq""",
    "payout differs from its transfers (number, state, payout fen, moved fen)": """
        SELECT p.number, p.state, p.amount_fen, coalesce(t.total, 0) FROM payments_payout p
        LEFT JOIN (
            SELECT cause_id, sum(CASE WHEN reverses_id IS NULL THEN amount_fen ELSE -amount_fen END) total
            FROM ledger_transfer WHERE cause_kind = 'payout' AND phase IN ('captured', 'posted') GROUP BY 1
        ) t ON t.cause_id = p.id
        WHERE coalesce(t.total, 0) <> CASE WHEN p.state = 'paid' THEN p.amount_fen ELSE 0 END ORDER BY 1""",
    "payout transfer without its payout (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN payments_payout p ON p.id = t.cause_id
        WHERE t.cause_kind = 'payout' AND p.id IS NULL ORDER BY t.seq""",
    "payout sent without two officers (number)": """
        SELECT number FROM payments_payout WHERE state IN ('authorized', 'processing', 'paid', 'returned')
        AND (checked_by IS NULL OR authorized_by IS NULL OR checked_by = authorized_by) ORDER BY 1""",
    "debts differ from what is owed (party, owed fen, receivable fen)": """
        SELECT coalesce(d.code, a.code), coalesce(d.owed, 0), coalesce(a.net, 0) FROM (
            SELECT 'receivable:' || party_id AS code, sum(amount_fen - paid_fen) owed FROM payments_debt
            WHERE state IN ('due', 'part_paid') GROUP BY 1
        ) d FULL JOIN (
            SELECT a.code, a.debits_fen - a.credits_fen + coalesce(s.net, 0) AS net FROM ledger_account a
            LEFT JOIN (SELECT account_id, sum(debits_fen - credits_fen) net FROM ledger_slot GROUP BY 1) s
                ON s.account_id = a.id WHERE a.kind = 'receivable'
        ) a ON a.code = d.code
        WHERE coalesce(d.owed, 0) <> coalesce(a.net, 0) ORDER BY 1""",
    "claims differ from what is owed on to others (account, owed fen, account fen)": """
        SELECT coalesce(d.code, a.code), coalesce(d.owed, 0), coalesce(a.net, 0) FROM (
            SELECT CASE WHEN fund_id IS NULL THEN 'claims:campaign:' || campaign_id ELSE 'claims:prizes:' || fund_id END
                   AS code, sum(amount_fen - paid_fen) AS owed FROM payments_debt
            WHERE dispute_id IS NULL AND state IN ('due', 'part_paid') GROUP BY 1
        ) d FULL JOIN (
            SELECT a.code, a.credits_fen - a.debits_fen + coalesce(s.net, 0) AS net FROM ledger_account a
            LEFT JOIN (SELECT account_id, sum(credits_fen - debits_fen) net FROM ledger_slot GROUP BY 1) s
                ON s.account_id = a.id WHERE a.kind = 'claims'
        ) a ON a.code = d.code
        WHERE coalesce(d.owed, 0) <> coalesce(a.net, 0) ORDER BY 1""",
    "one provider trade pays two orders (trade)": """
        SELECT trade_no FROM payments_paymentintent WHERE trade_no IS NOT NULL
        GROUP BY clearing, trade_no HAVING count(*) > 1 ORDER BY 1""",
    "transfer without a cause (key)": """
        SELECT t.key FROM ledger_transfer t
        WHERE t.cause_kind NOT IN ('intent', 'refund', 'payout', 'campaign', 'dispute', 'pledge', 'debt', 'case', 'match',
            'pot', 'repayment', 'deposit', 'milestone', 'contest', 'prizes', 'microtask', 'errand', 'gap')
        ORDER BY t.seq""",
}
