"""What a payee owes (欠款): the platform, after a chargeback that nothing of its own could bear; the backers of a
campaign that came to nothing after its first part was paid; or, of a prize that was revoked, those who are next in line.

What the payee earns pays it first, or the payee pays it by an order. What is owed to others goes to the escrow of their
campaign or the fund of their contest, and from there to them; the platform does not advance it, and cannot let go of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.models import Party
from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, require_other_person
from backend.common.errors import Forbidden, Invalid, Refusal
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import DebtOpen, NothingOwed, OwedToOthers
from backend.payments.events import DebtPaid, PrizeRepaid
from backend.payments.models import PRIZES, Debt, Dispute, PaymentIntent
from backend.payments.operations import intents
from backend.payments.states import Intent, Owing


def owe(*, dispute: Dispute, party_id: UUID, amount_fen: Fen, at: datetime) -> Debt:
    """Note what a payee owes; the transfer that made it is the chargeback's own."""
    return Debt.objects.create(party_id=party_id, dispute=dispute, amount_fen=amount_fen, created_at=at, state_at=at)


def owe_backers(*, campaign_id: UUID, party_id: UUID, amount_fen: Fen, at: datetime) -> Debt:
    """Note what a maker owes the backers of a campaign: what they paid and escrow no longer holds (补退责任)."""
    debt = Debt.objects.create(
        party_id=party_id, campaign_id=campaign_id, amount_fen=amount_fen, created_at=at, state_at=at
    )
    _claim(debt, key=f"claims:{campaign_id}", at=at)
    return debt


def owe_prize(*, prize_id: UUID, fund_id: UUID, party_id: UUID, amount_fen: Fen, at: datetime) -> Debt:
    """Note what somebody owes of a prize that was revoked: what reached them, to the fund of its contest (退回奖金)."""
    debt = Debt.objects.create(
        party_id=party_id, prize_id=prize_id, fund_id=fund_id, amount_fen=amount_fen, created_at=at, state_at=at
    )
    ledger.open_account(ledger.escrow_of(PRIZES, fund_id))
    _claim(debt, key=f"claims:{prize_id}", at=at)
    return debt


def _claim(debt: Debt, *, key: str, at: datetime) -> None:
    claims = ledger.open_account(ledger.claims_on(*_owed_on(debt)))
    leg = ledger.Leg(ledger.open_account(ledger.receivable_from(debt.party_id)), claims, debt.amount_fen)
    ledger.post(key=key, kind="claims", legs=[leg], cause=("debt", debt.id), at=at)


def _owed_on(debt: Debt) -> tuple[str, UUID]:
    if debt.owed_on is None:
        raise AssertionError(f"debt {debt.pk} is the platform's own")
    return debt.owed_on


@transaction.atomic
def settle(*, party_id: UUID, at: datetime) -> Fen:
    """Pay a party's debts from what it is owed, oldest first; return how much. Safe to repeat (抵扣欠款)."""
    open_debts = Debt.objects.select_for_update().filter(party_id=party_id, state__in=Owing.OPEN)
    paid = 0
    for debt in open_debts.order_by("created_at", "pk"):
        amount = min(debt.left_fen, books.available(ledger.payable_to(party_id)))
        if amount <= 0:
            break
        legs = [ledger.Leg(ledger.payable_to(party_id), ledger.receivable_from(party_id), amount)]
        if debt.owed_on is not None:
            legs.append(ledger.Leg(ledger.claims_on(*debt.owed_on), ledger.escrow_of(*debt.owed_on), amount))
            outbox.record(_repaid(debt, amount, at))
        key = f"debt:{debt.id}:{debt.paid_fen}"
        ledger.post(key=key, kind="debt", legs=legs, cause=("debt", debt.id), at=at)
        debt.paid_fen += amount
        _step(debt, "pay" if debt.left_fen == 0 else "pay_part", by=SYSTEM, at=at)
        paid += amount
    return paid


def _repaid(debt: Debt, fen: Fen, at: datetime) -> outbox.Event:
    kind, owed_to = _owed_on(debt)
    if kind == PRIZES:
        return PrizeRepaid(at=at, debt_id=debt.pk, party_id=debt.party_id, fund_id=owed_to, amount_fen=fen)
    return DebtPaid(at=at, debt_id=debt.pk, party_id=debt.party_id, campaign_id=owed_to, amount_fen=fen)


def _step(debt: Debt, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    debt.move(event, by=by, at=at, reason=reason)
    debt.state_at = at
    debt.save(update_fields=["paid_fen", "state_at"])


@transaction.atomic
def write_off(*, debt_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """The platform's reserve bears what is left of a debt (核销).

    Raises:
        Invalid: no reason.
        OwedToOthers: it is not the platform's to let go.
        SamePerson: the officer who recorded the chargeback.
        MoveRefused: it is paid, or written off before.
    """
    debt = Debt.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=debt_id)
    if not reason.strip():
        raise Invalid("请写明理由", "Say why", field="reason")
    if debt.dispute is None:
        raise OwedToOthers
    require_other_person(by, debt.dispute.opened_by)
    _let_go(debt, "write_off", by=by, at=at, reason=reason)


@transaction.atomic
def lapse(*, debt_id: UUID, at: datetime) -> None:
    """The claim is barred by time; whoever had it bears it (时效届满). Safe to repeat."""
    debt = Debt.objects.select_for_update().get(pk=debt_id)
    if debt.state in Owing.OPEN and debt.created_at + rules.days("payments.debt_days", at=at) <= at:
        _let_go(debt, "lapse", by=CLOCK, at=at, reason="诉讼时效届满")


def _let_go(debt: Debt, event: str, *, by: Actor, at: datetime, reason: str) -> None:
    left = debt.left_fen
    _step(debt, event, by=by, at=at, reason=reason)
    bearer = ledger.RESERVE if debt.owed_on is None else ledger.claims_on(*debt.owed_on)
    leg = ledger.Leg(ledger.open_account(bearer), ledger.receivable_from(debt.party_id), left)
    ledger.post(key=f"debt-off:{debt.id}", kind="debt", legs=[leg], cause=("debt", debt.id), at=at)


@transaction.atomic
def order(*, by: Actor, at: datetime) -> PaymentIntent:
    """The order by which a party pays what it owes; the open one while it is of the same sum (还款).

    Raises:
        Forbidden: the hat may not move money.
        NothingOwed: there is nothing to pay.
    """
    if by.party_id is None or "money" not in by.scopes:
        raise Forbidden
    party = Party.objects.select_for_update(no_key=True).get(pk=by.party_id)
    owed = owed_by(party.pk)
    if owed == 0:
        raise NothingOwed
    standing = PaymentIntent.objects.filter(
        subject_kind="debts",
        subject_id=party.pk,
        amount_fen=owed,
        state__in=(Intent.CREATED, Intent.AWAITING),
        expires_at__gt=at,
    ).first()
    if standing is not None:
        return standing
    ledger.open_account(ledger.escrow_of("debts", party.pk))
    return intents.open_intent(
        purpose=("debts", party.pk),
        subject=("debts", party.pk),
        payer_id=party.pk,
        amount_fen=owed,
        title="偿还欠款",
        expires_at=at + timedelta(hours=rules.value("payments.repayment_hours", at=at)),
        at=at,
    )


@transaction.atomic
def take_repayment(*, party_id: UUID, intent_id: UUID, amount_fen: Fen, at: datetime) -> None:
    """A repayment arrived: it is the party's own, and pays its debts; what they no longer need stays payable.

    Safe to repeat.
    """
    escrow = ledger.escrow_of("debts", party_id)
    leg = ledger.Leg(escrow, ledger.open_account(ledger.payable_to(party_id)), amount_fen)
    ledger.post(key=f"repayment:{intent_id}", kind="repayment", legs=[leg], cause=("repayment", intent_id), at=at)
    settle(party_id=party_id, at=at)


def owed_by(party_id: UUID) -> Fen:
    """What a party still owes, in fen."""
    return sum(debt.left_fen for debt in Debt.objects.filter(party_id=party_id, state__in=Owing.OPEN))


def bars(party: Party, act: str, at: datetime) -> Refusal | None:
    """Whoever owes publishes nothing new (features.md §2.1: a debt blocks new campaigns)."""
    owed = owed_by(party.pk) if act in ("publish", "lead", "sponsor") else 0
    return DebtOpen(owed=show_yuan(owed)) if owed else None
