"""Money leaving to whoever earned it: an account, a request, two officers, a transfer."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum

from backend.accounts import limits
from backend.accounts.models import Membership, Party
from backend.common import crash, encryption, outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor, SamePerson, require_other_person
from backend.common.errors import refuse_any
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.common.rules import SHANGHAI
from backend.ledger import operations as ledger
from backend.payments.errors import (
    AmountTooSmall,
    DailyCapReached,
    PayoutAccountMissing,
    PayoutInFlight,
    PayoutsHalted,
)
from backend.payments.events import PayoutEnded, PayoutPaid, PayoutsStopped
from backend.payments.gateways import provider
from backend.payments.models import Payout, PayoutAccount, StopSwitch, account_place, order_number
from backend.payments.operations import debts
from backend.payments.provider import Done, Outcome, Refused
from backend.payments.states import Paying

LEAST_FEN: Fen = 10
FIRST_GAP = timedelta(seconds=5)
LONGEST_GAP = timedelta(minutes=10)


@transaction.atomic
def set_account(*, party_id: UUID, login: str, holder: str, by: Actor, at: datetime) -> PayoutAccount:
    """Name the account a party is paid to; it may be used after a day (设置收款账户).

    The door has asked for a fresh proof of identity.
    """
    if by.person_id is None:
        raise AssertionError("an account is named by a person")
    PayoutAccount.objects.filter(party_id=party_id, removed_at=None).update(removed_at=at)
    account_id = new_id()
    return PayoutAccount.objects.create(
        id=account_id,
        party_id=party_id,
        login_sealed=encryption.encrypt(login, place=account_place(account_id)),
        login_masked=_mask(login),
        holder=holder,
        added_by=by.person_id,
        added_at=at,
        usable_from=at + timedelta(hours=rules.value("payments.account_hold_hours", at=at)),
    )


def _mask(login: str) -> str:
    name, mark, domain = login.partition("@")
    if mark:
        return f"{name[:2]}***@{domain}"
    return f"{login[:3]}****{login[-4:]}" if len(login) >= 8 else "****"


@transaction.atomic
def request_payout(*, party_id: UUID, amount_fen: Fen, title: str, by: Actor, at: datetime) -> Payout:
    """Ask for money to be paid out; it is set aside at once, what the party owes first (申请付款).

    Raises:
        LevelTooLow, PayoutAccountMissing, AmountTooSmall: all that fail, together.
        PayoutInFlight: another payout to the party has not ended.
        InsufficientFunds: less is payable.
    """
    party = Party.objects.get(pk=party_id)
    account = PayoutAccount.objects.filter(party_id=party_id, removed_at=None).first()
    refuse_any(
        [
            *limits.failures(party, "be_paid", at=at),
            PayoutAccountMissing() if account is None else None,
            AmountTooSmall() if amount_fen < LEAST_FEN else None,
        ]
    )
    if account is None:
        raise PayoutAccountMissing
    debts.settle(party_id=party_id, at=at)
    payout_id = new_id()
    try:
        with transaction.atomic():
            payout = Payout.objects.create(
                id=payout_id,
                number=order_number("T", at, payout_id),
                party=party,
                account=account,
                amount_fen=amount_fen,
                title=title,
                requested_by=by.person_id,
                created_at=at,
            )
    except IntegrityError as error:
        raise PayoutInFlight from error
    payout.hold_id = ledger.hold(
        key=f"payout-hold:{payout.id}",
        kind="payout",
        debit=ledger.open_account(ledger.payable_to(party_id)),
        credit=ledger.CLEARING,
        amount_fen=amount_fen,
        cause=("payout", payout.id),
        at=at,
    )
    payout.save(update_fields=["hold_id"])
    return payout


@transaction.atomic
def check_payout(*, payout_id: UUID, by: Actor, at: datetime) -> None:
    """The first officer's signature (初审).

    Raises:
        SamePerson: the officer asked for it, or belongs to the payee.
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    _require_independent(payout, by)
    payout.move("check", by=by, at=at)
    payout.checked_by = by.person_id
    payout.save(update_fields=["checked_by"])


@transaction.atomic
def authorize_payout(*, payout_id: UUID, by: Actor, at: datetime) -> None:
    """The second officer's signature; a worker sends it (复核).

    Raises:
        SamePerson: the officer signed first, asked for it, or belongs to the payee.
        PayoutAccountMissing: the account still waits out its first day.
        LevelTooLow, ContactChangedLately: the payee may not be paid now.
        DailyCapReached: the day's payouts would exceed the cap.
        PayoutsHalted: the stop switch is on.
    """
    payout = Payout.objects.select_for_update(no_key=True).select_related("account", "party").get(pk=payout_id)
    _require_independent(payout, by, payout.checked_by)
    refuse_any(limits.failures(payout.party, "be_paid", at=at))
    require_running()
    _require_below_cap(payout, at)
    if payout.account.usable_from > at or payout.account.removed_at is not None:
        raise PayoutAccountMissing
    payout.move("authorize", by=by, at=at)
    payout.authorized_by = by.person_id
    payout.authorized_at = payout.next_try_at = at
    payout.save(update_fields=["authorized_by", "authorized_at", "next_try_at"])


def _require_independent(payout: Payout, by: Actor, *earlier: UUID | None) -> None:
    require_other_person(by, payout.requested_by, payout.party_id, *earlier)
    memberships = Membership.objects.filter(organisation_id=payout.party_id, user__party_id=str(by.person_id))
    if memberships.filter(revoked_at=None).exists():
        raise SamePerson


def _require_below_cap(payout: Payout, at: datetime) -> None:
    """Add up the day under the switch's row lock, so that two officers cannot both fit under the cap."""
    StopSwitch.objects.select_for_update().get_or_create(pk=1)
    midnight = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Payout.objects.filter(authorized_at__gte=midnight).exclude(state__in=(Paying.ERROR, Paying.REJECTED))
    spent = today.aggregate(total=Sum("amount_fen"))["total"] or 0
    if spent + payout.amount_fen > rules.value("payments.payout_daily_cap_fen", at=at):
        raise DailyCapReached


def require_running() -> None:
    """Go on unless the stop switch is on.

    Raises:
        PayoutsHalted: it is.
    """
    switch = StopSwitch.objects.filter(pk=1, stopped=True).first()
    if switch is not None:
        raise PayoutsHalted(reason=switch.reason)


@transaction.atomic
def stop_payouts(*, reason: str, by: Actor, at: datetime) -> None:
    """Throw the stop switch: nothing more is authorised or sent (停付)."""
    StopSwitch.objects.update_or_create(
        pk=1, defaults={"stopped": True, "reason": reason[:200], "by": by.person_id, "at": at}
    )
    outbox.record(PayoutsStopped(at=at, reason=reason[:200]))


@transaction.atomic
def resume_payouts(*, by: Actor, at: datetime) -> None:
    """Let payouts run again; never the person who stopped them (恢复付款).

    Raises:
        SamePerson: the same person stopped them.
    """
    switch = StopSwitch.objects.select_for_update().get(pk=1)
    require_other_person(by, switch.by)
    StopSwitch.objects.filter(pk=1).update(stopped=False, reason="", by=by.person_id, at=at)


@transaction.atomic
def reject_payout(*, payout_id: UUID, by: Actor, at: datetime, reason: str) -> None:
    """Turn a payout down; the money is payable again (驳回)."""
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    payout.move("lapse" if by is CLOCK else "reject", by=by, at=at, reason=reason)
    _let_go(payout, at)


def send_payout(*, payout_id: UUID, at: datetime) -> None:
    """Send one payout, or ask how it stands (发送付款)."""
    require_running()
    payout = _take_up(payout_id, at)
    if payout is None:
        return
    crash.point("payout.taken")
    login = encryption.decrypt(payout.account.login_sealed, place=payout.account.place)
    known = provider().query_transfer(number=payout.number, at=at) if payout.tries > 1 else None
    outcome: Outcome
    if isinstance(known, Done):
        outcome = known
    elif known is None or isinstance(known, Refused):
        outcome = provider().transfer(
            number=payout.number,
            amount_fen=payout.amount_fen,
            account=login,
            name=payout.account.holder,
            title=payout.title,
            at=at,
        )
        crash.point("payout.sent")
    else:
        outcome = known
    _record(payout_id, outcome, at)
    crash.point("payout.recorded")


def _take_up(payout_id: UUID, at: datetime) -> Payout | None:
    with transaction.atomic():
        payout = Payout.objects.select_for_update().get(pk=payout_id)
        if payout.next_try_at is None or payout.next_try_at > at:
            return None
        if payout.state == Paying.AUTHORIZED:
            payout.move("send", by=SYSTEM, at=at)
        elif payout.state != Paying.PROCESSING:
            return None
        payout.tries += 1
        payout.next_try_at = at + max(timedelta(seconds=30), min(FIRST_GAP * 2 ** min(payout.tries, 10), LONGEST_GAP))
        payout.save(update_fields=["tries", "next_try_at"])
    return Payout.objects.select_related("account").get(pk=payout_id)


@transaction.atomic
def _record(payout_id: UUID, outcome: Outcome, at: datetime) -> None:
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.state != Paying.PROCESSING:
        return
    payout.last_answer = str(outcome)[:80]
    status = outcome.data.get("status") if isinstance(outcome, Done) else None
    if status == "SUCCESS" and isinstance(outcome, Done):
        _succeed(payout, str(outcome.data.get("order_id", "")), at)
    elif status in ("FAIL", "REFUND") or (isinstance(outcome, Refused) and outcome.code != "ORDER_NOT_EXIST"):
        payout.move("fail", by=PROVIDER, at=at, reason=payout.last_answer)
        payout.next_try_at = None
        payout.save(update_fields=["next_try_at", "last_answer"])
        _let_go(payout, at)
    else:
        payout.next_try_at = at + min(FIRST_GAP * 2 ** min(payout.tries, 10), LONGEST_GAP)
        payout.save(update_fields=["next_try_at", "last_answer"])


def _succeed(payout: Payout, order_id: str, at: datetime) -> None:
    payout.move("succeed", by=PROVIDER, at=at)
    if payout.hold_id is None:
        raise AssertionError(f"payout {payout.id} is being sent without a hold")
    ledger.capture(key=f"payout:{payout.id}", hold_id=payout.hold_id, at=at)
    payout.paid_at, payout.order_id = at, order_id
    payout.next_try_at = at + timedelta(days=1)  # a bank may still send it back
    payout.save(update_fields=["paid_at", "order_id", "next_try_at", "last_answer"])
    outbox.record(PayoutPaid(at=at, payout_id=payout.id, party_id=payout.party_id, amount_fen=payout.amount_fen))


@transaction.atomic
def turn_back_unsigned(*, party_id: UUID, reason: str, at: datetime) -> None:
    """Turn back what was asked for and not authorised, because the payee owes the money now (撤回待审付款)."""
    waiting = Payout.objects.select_for_update().filter(party_id=party_id, state__in=(Paying.PENDING, Paying.CHECKED))
    for payout in waiting.order_by("pk"):
        payout.move("reject", by=SYSTEM, at=at, reason=reason)
        _let_go(payout, at)


def _let_go(payout: Payout, at: datetime) -> None:
    if payout.hold_id is not None:
        ledger.void(key=f"payout-void:{payout.id}", hold_id=payout.hold_id, at=at)
    outbox.record(
        PayoutEnded(
            at=at,
            payout_id=payout.id,
            party_id=payout.party_id,
            amount_fen=payout.amount_fen,
            outcome=payout.state,
        )
    )


def watch_payout(*, payout_id: UUID, at: datetime) -> None:
    """Ask once a day, for as long as the rule says, whether a bank sent a payout back (退汇)."""
    payout = Payout.objects.get(pk=payout_id)
    if payout.state != Paying.PAID or payout.paid_at is None:
        return
    outcome = provider().query_transfer(number=payout.number, at=at)
    if isinstance(outcome, Done) and outcome.data.get("status") == "REFUND":
        take_return(payout_id=payout_id, at=at)
        return
    last_look = payout.paid_at + timedelta(days=rules.value("payments.return_watch_days", at=payout.paid_at))
    again = at + timedelta(days=1)
    Payout.objects.filter(pk=payout_id, state=Paying.PAID).update(next_try_at=again if again <= last_look else None)


@transaction.atomic
def take_return(*, payout_id: UUID, at: datetime) -> None:
    """The money came back to us; it is payable again. Safe to repeat."""
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.state == Paying.RETURNED:
        return
    payout.move("return", by=PROVIDER, at=at)
    Payout.objects.filter(pk=payout_id).update(next_try_at=None)
    captured = ledger.transfer_of(f"payout:{payout.id}")
    ledger.reverse(key=f"payout-return:{payout.id}", transfer_id=captured, at=at)
    outbox.record(
        PayoutEnded(
            at=at, payout_id=payout.id, party_id=payout.party_id, amount_fen=payout.amount_fen, outcome=payout.state
        )
    )
