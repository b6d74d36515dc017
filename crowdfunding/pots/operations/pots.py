"""A pot's life: proposed, reviewed, paid in, open by the clock, stopped, settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import people_behind
from backend.common import crash, outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.moderation import operations as moderation
from backend.moderation import screening
from backend.payments import queries as payments
from backend.payments.errors import DisputeOpen
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents, refunds
from backend.payments.states import Intent
from crowdfunding.campaigns.errors import Affiliated
from crowdfunding.pots.errors import (
    BeingPaid,
    CapTooHigh,
    NotAnOrganisation,
    PotTooSmall,
    RatioOutOfRange,
    WindowOutOfRange,
)
from crowdfunding.pots.events import PotMoved
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.states import Matching, Pooling

AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Plan:
    """What a sponsor offers; money in fen, the ratio in 1/10 000 of a pledge's goods."""

    title: str
    purpose: str
    amount_fen: Fen
    ratio_bp: int
    per_project_fen: Fen
    per_person_fen: Fen
    categories: tuple[str, ...]
    counties: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime


def step(pot: Pot, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a pot whose row is held, set when the clock looks again, and announce it."""
    pot.move(event, by=by, at=at, reason=reason)
    pot.state_at = at
    pot.due_at = _next_due(pot)
    pot.reason = reason[:300] or pot.reason
    pot.save(update_fields=["state_at", "due_at", "reason"])
    outbox.record(PotMoved(at=at, pot_id=pot.id, sponsor_id=pot.sponsor_id, move=event, state=pot.state))


def _next_due(pot: Pot) -> datetime | None:
    """When time alone takes a pot's next move; None in its last states."""
    match pot.state:
        case Pooling.REVIEW:
            return min(pot.state_at + rules.days("pots.answer_days", at=pot.state_at), pot.closes_at)
        case Pooling.APPROVED:
            return min(pot.state_at + rules.days("pots.fund_days", at=pot.state_at), pot.closes_at)
        case Pooling.FUNDED:
            return max(pot.opens_at, pot.state_at)
        case Pooling.OPEN | Pooling.EXHAUSTED:
            return pot.closes_at
        case Pooling.ENDED:
            return pot.state_at
    return None


@transaction.atomic
def propose(*, plan: Plan, by: Actor, at: datetime) -> Pot:
    """Offer a pot, for review (提交配捐方案).

    Raises:
        Forbidden: the hat's mandate does not cover campaigns.
        NotAnOrganisation, LevelTooLow, RatioOutOfRange, PotTooSmall, CapTooHigh, WindowOutOfRange, Invalid:
            all that fail, together.
    """
    if by.party_id is None or "campaigns" not in by.scopes:
        raise Forbidden
    sponsor = Party.objects.get(pk=by.party_id)
    refuse_any(
        [
            *(
                limits.failures(sponsor, "sponsor", at=at)
                if sponsor.kind == Party.ORGANISATION
                else [NotAnOrganisation()]
            ),
            *_check(plan, at),
        ]
    )
    pot = Pot(
        sponsor=sponsor,
        title=clean_name(plan.title),
        purpose=plan.purpose.strip(),
        amount_fen=plan.amount_fen,
        ratio_bp=plan.ratio_bp,
        per_project_fen=plan.per_project_fen,
        per_person_fen=plan.per_person_fen,
        categories=sorted(set(plan.categories)),
        counties=sorted(set(plan.counties)),
        opens_at=max(at, plan.opens_at),
        closes_at=plan.closes_at,
        created_at=at,
        state_at=at,
    )
    pot.due_at = _next_due(pot)
    pot.save(force_insert=True)
    moderation.enqueue(kind="pot", subject_id=pot.id, title=f"配捐：{pot.title}"[:80], owner_name=sponsor.name, at=at)
    return pot


def _check(plan: Plan, at: datetime) -> list[Refusal | None]:
    ratio, least = rules.value("pots.ratio_most_bp", at=at), rules.value("pots.amount_least_fen", at=at)
    longest = rules.days("pots.days_most", at=at)
    starts = max(at, plan.opens_at)
    fits = starts <= at + longest and starts < plan.closes_at <= starts + longest
    unknown = (set(plan.categories) - set(CATEGORY_KEYS)) | (set(plan.counties) - set(COUNTIES))
    money = next(screening.promises("purpose", f"{plan.title} {plan.purpose}"), None)

    def words(field: str, text: str, least: int, most: int) -> Refusal | None:
        if least <= len(text.strip()) <= most:
            return None
        return Invalid(f"须为 {least} 到 {most} 字", f"{least} to {most} characters", field=field)

    return [
        words("title", plan.title, 4, 60),
        words("purpose", plan.purpose, 20, 2_000),
        Invalid(f"不得出现：{money.words}", f"These words may not appear: {money.words}", field="purpose")
        if money is not None
        else None,
        RatioOutOfRange(most=ratio // 100, field="ratio_bp") if not 0 < plan.ratio_bp <= ratio else None,
        PotTooSmall(least=show_yuan(least), field="amount_fen") if plan.amount_fen < least else None,
        CapTooHigh(field="per_project_fen")
        if not 0 < plan.per_person_fen <= plan.per_project_fen <= plan.amount_fen
        else None,
        WindowOutOfRange(days=longest.days, field="closes_at") if not fits else None,
        Invalid("没有这个选项", "There is no such choice", field="categories") if unknown else None,
    ]


def held(pot_id: UUID) -> Pot:
    """The pot, its row held.

    Raises:
        NotFound: there is none.
    """
    pot = Pot.objects.select_for_update(of=("self",)).select_related("sponsor").filter(pk=pot_id).first()
    if pot is None:
        raise NotFound
    return pot


def is_sponsor(pot: Pot, by: Actor) -> bool:
    """Whether the hat is the sponsor's, for campaigns."""
    return by.party_id is not None and by.party_id == pot.sponsor_id and "campaigns" in by.scopes


@transaction.atomic
def review(*, pot_id: UUID, passes: bool, reason: str, by: Actor, at: datetime) -> Pot:
    """A moderator who does not belong to the sponsor decides (审核配捐方案).

    Raises:
        Affiliated: the moderator belongs to the sponsor.
        Invalid: no reason is given.
    """
    pot = held(pot_id)
    if by.person_id in people_behind(pot.sponsor_id):
        raise Affiliated
    step(pot, "approve" if passes else "decline", by=by, at=at, reason="" if passes else reason.strip())
    decision = "approve" if passes else "return"
    moderation.decide(kind="pot", subject_id=pot_id, decision=decision, reason=reason, checklist=(), by=by, at=at)
    return pot


@transaction.atomic
def withdraw(*, pot_id: UUID, by: Actor, at: datetime) -> Pot:
    """The sponsor takes a pot back before its money is there (撤回).

    Raises:
        NotFound: not the sponsor's hat.
        BeingPaid: its money is there and is being booked.
    """
    pot = held(pot_id)
    if not is_sponsor(pot, by):
        raise NotFound
    if pot.state == Pooling.APPROVED and _orders(pot.id).filter(state=Intent.SUCCEEDED).exists():
        raise BeingPaid
    step(pot, "withdraw", by=by.wears(Role.OWNER), at=at)
    intents.hurry_expiry(subject_ids=[pot.id], at=at)
    return pot


@transaction.atomic
def stop(*, pot_id: UUID, reason: str, by: Actor, at: datetime) -> Pot:
    """Match nothing more from now on; what is matched stays matched (停止配捐).

    Raises:
        NotFound: neither the sponsor's hat nor a moderator.
        Invalid: no reason that everyone may read.
    """
    pot = held(pot_id)
    as_owner = is_sponsor(pot, by)
    if not as_owner and Role.MODERATOR not in by.roles:
        raise NotFound
    if not reason.strip():
        raise Invalid("请写明公开的理由", "Give a reason that everyone may read", field="reason")
    step(pot, "stop", by=by.wears(Role.OWNER) if as_owner else by, at=at, reason=reason.strip())
    if not as_owner:
        moderation.note(act="pot.stop", subject_id=pot_id, reason=reason, by=by, at=at)
    return pot


@transaction.atomic
def stop_unpaid(*, pot_id: UUID, at: datetime) -> None:
    """The sponsor's bank took the money back: nothing more is matched. Safe to repeat."""
    pot = held(pot_id)
    if pot.state in (Pooling.FUNDED, Pooling.OPEN, Pooling.EXHAUSTED):
        step(pot, "stop", by=SYSTEM, at=at, reason="出资被拒付收回")


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Pot]] = {
    "approve": lambda key, why, by, at: review(pot_id=key, passes=True, reason=why, by=by, at=at),
    "decline": lambda key, why, by, at: review(pot_id=key, passes=False, reason=why, by=by, at=at),
    "withdraw": lambda key, _why, by, at: withdraw(pot_id=key, by=by, at=at),
    "stop": lambda key, why, by, at: stop(pot_id=key, reason=why, by=by, at=at),
}
"""What sponsor and moderator decide about a pot, by the word in the address; pages and API alike."""


def _orders(pot_id: UUID) -> QuerySet[PaymentIntent]:
    return PaymentIntent.objects.filter(subject_id=pot_id, subject_kind="pot")


@transaction.atomic
def order(*, pot_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that pays a pot in; the open one where there is one (注资).

    Raises:
        NotFound: not the sponsor's hat.
        BeingPaid: it is paid already.
        MoveRefused: it is not approved, or no longer.
    """
    pot = held(pot_id)
    if not is_sponsor(pot, by):
        raise NotFound
    if pot.state != Pooling.APPROVED:
        raise pot.machine.refusal(pot.state)
    orders = list(_orders(pot.id).order_by("-created_at")[:5])
    if any(intent.state == Intent.SUCCEEDED for intent in orders):
        raise BeingPaid
    for intent in orders:
        if intent.state in (Intent.CREATED, Intent.AWAITING) and at < intent.expires_at:
            return intent
    ledger.open_account(ledger.escrow_of("pot", pot.id))
    return intents.open_intent(
        purpose=("pot", pot.id),
        subject=("pot", pot.id),
        payer_id=pot.sponsor_id,
        amount_fen=pot.amount_fen,
        title=f"配捐注资：{pot.title}"[:120],
        expires_at=at + timedelta(hours=rules.value("pots.order_hours", at=at)),
        at=at,
    )


@transaction.atomic
def fund(*, pot_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The money is in escrow: the pot opens at its time; a pot that is over gives it back (注资到账). Safe to repeat."""
    pot = held(pot_id)
    if pot.paid_by_id == intent_id:
        return
    if pot.state == Pooling.APPROVED:
        pot.paid_by_id = intent_id
        pot.save(update_fields=["paid_by"])
        step(pot, "fund", by=PROVIDER, at=at)
    else:
        refunds.refund_whole(intent_id=intent_id, reason="资金池已关闭或已注资", at=at)


@transaction.atomic
def advance(*, pot_id: UUID, at: datetime) -> None:
    """Take the step of a pot whose time has come. Safe to repeat."""
    pot = held(pot_id)
    if pot.due_at is None or pot.due_at > at:
        return
    match pot.state:
        case Pooling.REVIEW:
            step(pot, "decline", by=CLOCK, at=at, reason="超过审核时限")
        case Pooling.APPROVED:
            _lapse(pot, at)
        case Pooling.FUNDED:
            step(pot, "open", by=CLOCK, at=at)
        case Pooling.OPEN | Pooling.EXHAUSTED:
            step(pot, "end", by=CLOCK, at=at)
        case Pooling.ENDED:
            _settle(pot, at)
    crash.point("pot.advanced")


def _look_again(pot: Pot, when: datetime) -> None:
    Pot.objects.filter(pk=pot.pk).update(due_at=when)


def _lapse(pot: Pot, at: datetime) -> None:
    """Not while somebody is at the cashier: an order lives a day, and a new one is not opened after the time."""
    orders = _orders(pot.id)
    if orders.filter(state__in=(Intent.CREATED, Intent.AWAITING, Intent.SUCCEEDED)).exists() and at < pot.closes_at:
        _look_again(pot, min(at + AN_HOUR, pot.closes_at))
        return
    step(pot, "lapse", by=CLOCK, at=at, reason="逾期未注资")
    intents.hurry_expiry(subject_ids=[pot.id], at=at)


def _settle(pot: Pot, at: datetime) -> None:
    """Nothing is open any more: the rest goes back the way it came, or is payable where that way is closed (结清)."""
    if Match.objects.filter(pot=pot, state=Matching.MATCHED).exists():
        _look_again(pot, at + AN_HOUR)
        return
    try:
        with transaction.atomic():
            _return_rest(pot, at)
    except Refusal:  # a chargeback is open, or a request slipped in
        _look_again(pot, at + AN_HOUR)
        return
    step(pot, "settle", by=CLOCK, at=at)


def _return_rest(pot: Pot, at: datetime) -> None:
    """Back by the payment; what that no longer takes, late or after a chargeback, is owed to the sponsor."""
    escrow = ledger.escrow_of("pot", pot.id)
    if pot.paid_by_id is None:
        raise AssertionError(f"pot {pot.pk} was open without money")
    intent = refunds.held_without_requests(intent_id=pot.paid_by_id, at=at, reason="资金池结清")
    if payments.is_disputed(intent.pk):
        raise DisputeOpen  # all of the rest may be held: won, it would come back into the escrow of a settled pot
    rest = books.available(escrow)
    is_late = intent.refundable_until is not None and at.date() > intent.refundable_until
    back = 0 if is_late else min(rest, intent.amount_fen - intent.refunded_fen)
    if back > 0:
        refunds.refund_by_rule(intent_id=intent.pk, amount_fen=back, reason="资金池余额", at=at)
    if rest - back > 0:
        leg = ledger.Leg(escrow, ledger.open_account(ledger.payable_to(pot.sponsor_id)), rest - back)
        ledger.post(key=f"pot-rest:{pot.id}", kind="release", legs=[leg], cause=("pot", pot.id), at=at)
