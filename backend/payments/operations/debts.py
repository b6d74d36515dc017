"""What a payee owes the platform after a chargeback that nothing of its own could bear (欠款)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.models import Party
from backend.common import rules
from backend.common.actors import CLOCK, SYSTEM, Actor, require_other_person
from backend.common.errors import Invalid, Refusal
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import DebtOpen
from backend.payments.models import Debt, Dispute
from backend.payments.states import Owing


def owe(*, dispute: Dispute, party_id: UUID, amount_fen: Fen, at: datetime) -> Debt:
    """Note what a payee owes; the transfer that made it is the chargeback's own."""
    return Debt.objects.create(party_id=party_id, dispute=dispute, amount_fen=amount_fen, created_at=at, state_at=at)


@transaction.atomic
def settle(*, party_id: UUID, at: datetime) -> Fen:
    """Pay a party's debts from what it is owed, oldest first; return how much. Safe to repeat (抵扣欠款)."""
    open_debts = Debt.objects.select_for_update().filter(party_id=party_id, state__in=Owing.OPEN)
    paid = 0
    for debt in open_debts.order_by("created_at", "pk"):
        amount = min(debt.left_fen, books.available(ledger.payable_to(party_id)))
        if amount <= 0:
            break
        leg = ledger.Leg(ledger.payable_to(party_id), ledger.receivable_from(party_id), amount)
        key = f"debt:{debt.id}:{debt.paid_fen}"
        ledger.post(key=key, kind="debt", legs=[leg], cause=("debt", debt.id), at=at)
        debt.paid_fen += amount
        _step(debt, "pay" if debt.left_fen == 0 else "pay_part", by=SYSTEM, at=at)
        paid += amount
    return paid


def _step(debt: Debt, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    debt.move(event, by=by, at=at, reason=reason)
    debt.state_at = at
    debt.save(update_fields=["paid_fen", "state_at"])


@transaction.atomic
def write_off(*, debt_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """The platform's reserve bears what is left of a debt (核销).

    Raises:
        Invalid: no reason.
        SamePerson: the officer who recorded the chargeback.
        MoveRefused: it is paid, or written off before.
    """
    debt = Debt.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=debt_id)
    if not reason.strip():
        raise Invalid("请写明理由", "Say why", field="reason")
    require_other_person(by, debt.dispute.opened_by)
    _let_go(debt, "write_off", by=by, at=at, reason=reason)


@transaction.atomic
def lapse(*, debt_id: UUID, at: datetime) -> None:
    """The claim is barred by time; the reserve bears it (时效届满). Safe to repeat."""
    debt = Debt.objects.select_for_update().get(pk=debt_id)
    if debt.state in Owing.OPEN and debt.created_at + rules.days("payments.debt_days", at=at) <= at:
        _let_go(debt, "lapse", by=CLOCK, at=at, reason="诉讼时效届满")


def _let_go(debt: Debt, event: str, *, by: Actor, at: datetime, reason: str) -> None:
    left, reserve = debt.left_fen, ledger.open_account(ledger.RESERVE)
    _step(debt, event, by=by, at=at, reason=reason)
    leg = ledger.Leg(reserve, ledger.receivable_from(debt.party_id), left)
    ledger.post(key=f"debt-off:{debt.id}", kind="debt", legs=[leg], cause=("debt", debt.id), at=at)


def owed_by(party_id: UUID) -> Fen:
    """What a party still owes, in fen."""
    return sum(debt.left_fen for debt in Debt.objects.filter(party_id=party_id, state__in=Owing.OPEN))


def bars(party: Party, act: str, at: datetime) -> Refusal | None:
    """Whoever owes publishes nothing new (features.md §2.1: a debt blocks new campaigns)."""
    owed = owed_by(party.pk) if act in ("publish", "lead", "sponsor") else 0
    return DebtOpen(owed=show_yuan(owed)) if owed else None
