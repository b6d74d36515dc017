"""What beat rings for: asking about orders, sending refunds and payouts, checking the books."""

import logging

from celery import shared_task

from backend.common import clock
from backend.common.actors import CLOCK, SYSTEM
from backend.common.patience import unhurried
from backend.common.sweeps import each
from backend.ledger import queries as books
from backend.payments import queries
from backend.payments.errors import PayoutsHalted
from backend.payments.operations import debts, disputes, intents, payouts, reconciliation, refunds

log = logging.getLogger(__name__)


@shared_task(queue="money")
def sweep_intents() -> int:
    """Ask about unpaid orders that are due; one bad order does not stop the others."""
    now = clock.now()
    return each("order", queries.intents_due(at=now), lambda key: intents.look_after(intent_id=key, at=clock.now()))


@shared_task(queue="money")
def send_refunds() -> int:
    """Advance bulk refunds, and send or ask about the refunds that are due."""
    now = clock.now()
    each("refund_batch", queries.batches_running(), lambda key: refunds.advance_batch(batch_id=key, at=now))
    return each(
        "refund", queries.refunds_due(at=clock.now()), lambda key: refunds.send_refund(refund_id=key, at=clock.now())
    )


@shared_task(queue="money")
def send_payouts() -> int:
    """Send or ask about the payouts that are due, unless payouts are stopped."""
    try:
        payouts.require_running()
    except PayoutsHalted:
        return 0
    return each(
        "payout", queries.payouts_due(at=clock.now()), lambda key: payouts.send_payout(payout_id=key, at=clock.now())
    )


@shared_task(queue="money")
def watch_payouts() -> int:
    """Ask whether banks sent payouts back, and let chargebacks pass whose last day is over."""
    now = clock.now()
    each(
        "dispute",
        queries.disputes_past_due(at=now),
        lambda key: disputes.lose_dispute(dispute_id=key, by=CLOCK, at=now),
    )
    return each(
        "payout", queries.payouts_to_watch(at=now), lambda key: payouts.watch_payout(payout_id=key, at=clock.now())
    )


@shared_task(queue="money")
def settle_debts() -> int:
    """Take debts from what their parties are owed by now, and let those go that time has barred."""
    now = clock.now()
    each("debt", queries.debts_barred(at=now), lambda key: debts.lapse(debt_id=key, at=now))
    return each("debt", queries.debtors_with_money(), lambda key: debts.settle(party_id=key, at=now))


@shared_task(queue="checks")
def reconcile_bills() -> int:
    """Compare the bills of days that are over; a bill that is not ready comes up again."""
    now = clock.now()
    with unhurried(240):
        return reconciliation.reconcile(days=reconciliation.days_due(at=now), at=now)


@shared_task(queue="checks")
def verify_books() -> int:
    """Prove that the books agree; at the first difference payouts stop."""
    with unhurried(240):
        found = list(books.differences())
    if found and not queries.stop_switch().stopped:
        log.critical("ledger.differs", extra={"differences": found[:20]})
        payouts.stop_payouts(reason=f"账目不符：{found[0][:150]}", by=SYSTEM, at=clock.now())
    return len(found)
