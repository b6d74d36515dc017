"""A harvest that fell short: said by the maker, checked by somebody else, and every backer's part of it given back (歉收)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import crash, files, locks, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, require_other_person
from backend.common.errors import Forbidden, Invalid, NotFound, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.errors import InsufficientFunds
from backend.moderation import operations as moderation
from backend.payments.errors import DisputeOpen, RefundWindowPassed
from backend.payments.operations import refunds
from crowdfunding.campaigns.errors import Affiliated
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import delivery, late
from crowdfunding.campaigns.operations.pledges import intent_of
from crowdfunding.campaigns.operations.shared import as_owner, is_affiliated, locked, require_owner
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.harvest import queries
from crowdfunding.harvest.errors import AlreadySent, DeclaredAlready, EscrowShort, NoClause, OrdersOpen
from crowdfunding.harvest.events import PortionPayable, ShortfallMoved
from crowdfunding.harvest.models import Clause, Portion, Shortfall
from crowdfunding.harvest.portions import back_fen
from crowdfunding.harvest.states import Falling

KIND = "harvest"
REASON = "歉收，退还未收成部分"
BEFORE_SENDING = (State.PRODUCING, State.OVERDUE)
WAITS = (PledgeState.AGREED, PledgeState.IN_DISPUTE)
"""Somebody decides about the whole of such a pledge first."""
AN_HOUR = timedelta(hours=1)
MOST_WORDS = 2_000


@dataclass(frozen=True)
class Word:
    """What a maker says: the share of the promised harvest that came in, what happened, and a file by name and content."""

    percent: int
    account: str
    proof: tuple[str, bytes] | None = None


def _step(shortfall: Shortfall, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    shortfall.move(event, by=by, at=at, reason=reason)
    shortfall.state_at = at
    shortfall.due_at = at if shortfall.state == Falling.SHARING else None
    shortfall.save(update_fields=["state_at", "due_at", "decision"])
    _announce(shortfall, event, at)


def _announce(shortfall: Shortfall, event: str, at: datetime) -> None:
    owner_id = shortfall.campaign.owner_id
    if owner_id is not None:
        outbox.record(
            ShortfallMoved(
                at=at,
                shortfall_id=shortfall.pk,
                campaign_id=shortfall.campaign_id,
                owner_id=owner_id,
                move=event,
                state=shortfall.state,
                percent=shortfall.percent,
            )
        )


def _require_before_sending(campaign: Campaign) -> None:
    if campaign.state not in BEFORE_SENDING:
        raise campaign.machine.refusal(campaign.state)
    if queries.is_sent(campaign.pk):
        raise AlreadySent


@transaction.atomic
def declare(*, campaign_id: UUID, word: Word, by: Actor, at: datetime) -> Shortfall:
    """The maker says how much of the promised harvest came in (申报歉收).

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        MoveRefused: it is not in production, or overdue.
        AlreadySent: parcels went out whole.
        NoClause: backers were told of no such clause.
        DeclaredAlready: one is being checked, or stands.
        Invalid: no share of the whole, or nothing said of what happened.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if by.person_id is None:
        raise Forbidden
    _require_before_sending(campaign)
    account = word.account.strip()
    is_told = Clause.objects.filter(campaign=campaign).exists()
    refuse_any(
        [
            None if is_told else NoClause(),
            None
            if 0 <= word.percent <= 99
            else Invalid("实收须在 0% 至 99% 之间", "It must be between 0 and 99 percent", field="percent"),
            None
            if 10 <= len(account) <= MOST_WORDS
            else Invalid(
                f"请写明发生了什么（10 至 {MOST_WORDS} 字）",
                f"Say what happened, in 10 to {MOST_WORDS} characters",
                field="account",
            ),
        ]
    )
    days = rules.value("harvest.check_days", at=at, ruleset=campaign.ruleset)
    if campaign.is_open_late(at):
        late.stop(campaign, at)  # nobody orders a whole reward any more
    made = Shortfall(
        campaign=campaign,
        percent=word.percent,
        account=account,
        declared_by=by.person_id,
        declared_at=at,
        state_at=at,
        due_at=at + timedelta(days=days),
    )
    if word.proof is not None:
        kept = files.keep(*word.proof)
        made.mime, made.sha256 = kept.mime, kept.sha256
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise DeclaredAlready from error
    owner = campaign.owner.name if campaign.owner else ""
    moderation.enqueue(kind=KIND, subject_id=made.pk, title=f"歉收：{campaign.title}"[:80], owner_name=owner, at=at)
    _announce(made, "declare", at)
    return made


def _held(shortfall_id: UUID) -> Shortfall:
    found = Shortfall.objects.select_for_update(of=("self",)).select_related("campaign").filter(pk=shortfall_id).first()
    if found is None:
        raise NotFound
    return found


def _decide(shortfall: Shortfall, event: str, reason: str, by: Actor, at: datetime) -> None:
    """A moderator's decision, as the second natural person, with its reason on record.

    Raises:
        SamePerson, Affiliated: the moderator declared it, or belongs to the maker.
        Invalid: no reason.
    """
    require_other_person(by, shortfall.declared_by)
    if is_affiliated(shortfall.campaign, by):
        raise Affiliated
    if not reason.strip():
        raise Invalid("请写明核实情况", "Say what was checked", field="reason")
    shortfall.decision = reason.strip()[:300]
    _step(shortfall, event, by=by, at=at, reason=shortfall.decision)
    moderation.decide(
        kind=KIND, subject_id=shortfall.pk, decision=event, reason=shortfall.decision, checklist=[], by=by, at=at
    )


@transaction.atomic
def confirm(*, shortfall_id: UUID, reason: str, by: Actor, at: datetime) -> Shortfall:
    """A moderator confirms what the maker said (核实歉收). Each backer's part is fixed; below the clause all ends.

    Raises:
        MoveForbidden, SamePerson, Affiliated, Invalid: of the decision.
        MoveRefused: it was decided, or the campaign went on meanwhile.
        AlreadySent: parcels went out meanwhile.
        OrdersOpen: an order that was placed before may still be paid, and would have no part of its own.
        EscrowShort: what would go back is not there.
    """
    campaign_id = queries.campaign_of(shortfall_id)
    locks.alone(campaign_lock(campaign_id))
    campaign = locked(campaign_id)
    shortfall = _held(shortfall_id)
    is_enough = shortfall.percent >= Clause.objects.get(campaign=campaign).least_percent
    _decide(shortfall, "confirm" if is_enough else "call_off", reason, by, at)
    _require_before_sending(campaign)
    if is_enough:
        _plan(shortfall, at)
    else:
        ruling = f"收成 {shortfall.percent}%，低于约定下限。{shortfall.decision}"
        delivery.cancel_signed(campaign_id=campaign_id, ruling=ruling, first_by=shortfall.declared_by, by=by, at=at)
    crash.point("harvest.decided")
    return shortfall


def _plan(shortfall: Shortfall, at: datetime) -> None:
    """Fix what each backer gets back, and see that escrow has it."""
    if Pledge.objects.filter(campaign_id=shortfall.campaign_id, state=PledgeState.RESERVED).exists():
        raise OrdersOpen
    owed = Pledge.objects.filter(campaign_id=shortfall.campaign_id, state__in=PledgeState.OWED, tier__isnull=False)
    rows = [
        Portion(pledge_id=pledge_id, shortfall=shortfall, amount_fen=back_fen(int(goods), shortfall.percent), due_at=at)
        for pledge_id, goods in owed.order_by("pk").values_list("pk", "goods_fen")
    ]
    due = sum(row.amount_fen for row in rows)
    held = books.available(ledger.escrow_of("campaign", shortfall.campaign_id))
    if due > held:
        raise EscrowShort(held=show_yuan(held), due=show_yuan(due))
    Portion.objects.bulk_create(rows, batch_size=500)


@transaction.atomic
def refuse(*, shortfall_id: UUID, reason: str, by: Actor, at: datetime) -> Shortfall:
    """A moderator does not confirm it; the promise stands as it was (不予核实)."""
    shortfall = _held(shortfall_id)
    _decide(shortfall, "refuse", reason, by, at)
    return shortfall


@transaction.atomic
def withdraw(*, shortfall_id: UUID, by: Actor, at: datetime) -> Shortfall:
    """The maker takes it back before it was checked (撤回申报)."""
    shortfall = _held(shortfall_id)
    require_owner(shortfall.campaign, by)
    _step(shortfall, "withdraw", by=as_owner(shortfall.campaign, by), at=at)
    _leave_queue(shortfall, at)
    return shortfall


@transaction.atomic
def lapse(*, shortfall_id: UUID, by: Actor, at: datetime) -> None:
    """Nobody checked it in time, or the campaign has ended: the promise stands as it was (作废). Safe to repeat."""
    shortfall = _held(shortfall_id)
    if shortfall.state == Falling.DECLARED:
        _step(shortfall, "lapse", by=by, at=at)
        _leave_queue(shortfall, at)


def _leave_queue(shortfall: Shortfall, at: datetime) -> None:
    moderation.decide(
        kind=KIND, subject_id=shortfall.pk, decision=shortfall.state, reason="", checklist=[], by=SYSTEM, at=at
    )


# --- giving back -------------------------------------------------------------------------------------------


@transaction.atomic
def give(*, pledge_id: UUID, at: datetime) -> None:
    """Give one backer back the price of what is not sent. Safe to repeat.

    The original route first; where the provider no longer takes it, the backer is owed it. What ended otherwise, or
    has its share of the whole, gets nothing here. While a refund of the whole or a dispute is undecided, it waits.
    """
    locks.share(campaign_lock(Pledge.objects.values_list("campaign_id", flat=True).get(pk=pledge_id)))
    made = Pledge.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=pledge_id)
    portion = Portion.objects.select_for_update().get(pk=pledge_id)
    if portion.due_at is None:
        return
    if made.state not in PledgeState.COUNTED or made.campaign.state in State.GIVING_BACK:
        _close(portion, 0)
    elif made.state in WAITS:
        _look_again(portion, at)
    else:
        _send_back(portion, made, at)
    crash.point("harvest.portion")


def _send_back(portion: Portion, made: Pledge, at: datetime) -> None:
    intent = refunds.held_without_requests(intent_id=intent_of(made.pk).pk, at=at, reason=REASON)
    back = min(int(portion.amount_fen), int(intent.amount_fen - intent.refunded_fen))
    if back == 0:
        _close(portion, 0)
        return
    try:
        with transaction.atomic():
            refunds.refund_by_rule(intent_id=intent.pk, amount_fen=back, reason=REASON, at=at)
    except (DisputeOpen, InsufficientFunds):
        _look_again(portion, at)
        return
    except RefundWindowPassed:
        if not _owe(portion, made, back, at):
            return
    _close(portion, back)


def _owe(portion: Portion, made: Pledge, back: Fen, at: datetime) -> bool:
    """Make it the backer's to be paid out; whether escrow had it."""
    escrow = ledger.escrow_of("campaign", made.campaign_id)
    if made.backer_id is None or books.available(escrow) < back:
        _look_again(portion, at)
        return False
    leg = ledger.Leg(escrow, ledger.open_account(ledger.payable_to(made.backer_id)), back)
    cause = ("campaign", made.campaign_id)
    ledger.post(key=f"portion:{made.pk}", kind="release", legs=[leg], cause=cause, at=at)
    outbox.record(PortionPayable(at=at, pledge_id=made.pk, backer_id=made.backer_id, amount_fen=back))
    return True


def _close(portion: Portion, given: Fen) -> None:
    portion.given_fen, portion.due_at = given, None
    portion.save(update_fields=["given_fen", "due_at"])


def _look_again(portion: Portion, at: datetime) -> None:
    portion.due_at = at + AN_HOUR
    portion.save(update_fields=["due_at"])


@transaction.atomic
def advance(*, shortfall_id: UUID, at: datetime) -> None:
    """Take the step that time brought: lapse unchecked, or settle once every part has gone. Safe to repeat."""
    shortfall = _held(shortfall_id)
    if shortfall.due_at is None or shortfall.due_at > at:
        return
    if shortfall.state == Falling.DECLARED:
        lapse(shortfall_id=shortfall_id, by=CLOCK, at=at)
    elif shortfall.portions.filter(due_at__isnull=False).exists():
        shortfall.due_at = at + timedelta(minutes=1)
        shortfall.save(update_fields=["due_at"])
    else:
        _step(shortfall, "settle", by=CLOCK, at=at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Shortfall]] = {
    "confirm": lambda key, reason, by, at: confirm(shortfall_id=key, reason=reason, by=by, at=at),
    "refuse": lambda key, reason, by, at: refuse(shortfall_id=key, reason=reason, by=by, at=at),
    "withdraw": lambda key, _reason, by, at: withdraw(shortfall_id=key, by=by, at=at),
}
"""What is decided about a declared shortfall, as pages and API name it."""
