"""Where somebody's money is: the steps of one pledge in words, from the same rows the books prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from backend.common.fen import Fen
from backend.ledger import queries as books
from backend.payments import queries as payments
from crowdfunding.campaigns.models import Claim, Pledge


@dataclass(frozen=True)
class Step:
    """One step of the money."""

    words: str
    amount_fen: Fen | None
    at: datetime | None
    number: str = ""
    is_done: bool = True


def of(made: Pledge) -> list[Step]:
    """Every step so far, oldest first, and what is still on its way."""
    orders = list(payments.intents_of([made.pk]))
    refunds = [refund for order in orders for refund in order.refunds.order_by("created_at", "pk")]
    transfers = {row.cause_id: row for row in books.caused_by([*(o.pk for o in orders), *(r.pk for r in refunds)])}
    steps = [Step(_("下单，名额已保留"), made.total_fen, made.created_at)]
    for order in orders:
        if order.paid_at is not None:
            steps.append(Step(_("支付宝收到付款"), order.amount_fen, order.paid_at, order.trade_no or ""))
        if order.pk in transfers:
            steps.append(
                Step(_("记入该项目的托管账户"), order.amount_fen, transfers[order.pk].at, f"#{transfers[order.pk].seq}")
            )
        elif order.state in ("created", "awaiting_payer"):
            steps.append(Step(_("等待付款，截止"), order.amount_fen, order.expires_at, order.number, is_done=False))
    for refund in refunds:
        done = refund.succeeded_at is not None
        words = _("已原路退回") if done else _("退款在途")
        steps.append(
            Step(words, refund.amount_fen, refund.succeeded_at or refund.created_at, refund.number, is_done=done)
        )
    claim = Claim.objects.filter(pledge=made).first()
    if claim is not None and claim.left_fen:
        steps.append(Step(_("发起人尚欠您，到账后原路退回"), claim.left_fen, None, is_done=False))
    return steps
