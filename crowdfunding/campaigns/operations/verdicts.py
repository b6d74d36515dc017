"""What the clock does to campaigns: open, close, judge, pay the parts, give back.

Each step is one transaction and safe to repeat; `advance` takes the next one that is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from backend.common import crash, locks, rules
from backend.common.actors import CLOCK
from backend.common.errors import Refusal
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.models import PaymentIntent
from backend.payments.operations import debts, payouts
from backend.payments.states import Intent
from crowdfunding.campaigns import gates, queries, verdicts
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import claims, delivery, pledges
from crowdfunding.campaigns.operations.drafts import open_now
from crowdfunding.campaigns.operations.shared import locked, move
from crowdfunding.campaigns.operations.shares import disputed, plan_shares
from crowdfunding.campaigns.states import PledgeState, State

A_HANDFUL = 200
SOON, AN_HOUR = timedelta(seconds=5), timedelta(hours=1)
SUCCESS_FEE = "campaign_success"
CAPS: list[Callable[[Campaign], int | None]] = []
"""What else bounds the first part, in bp of the sum; filled by higher packages when their apps are ready."""


def advance(*, campaign_id: UUID, at: datetime) -> bool:
    """Take a campaign's next step if its time has come; return whether anything was done."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.due_at is None or campaign.due_at > at:
        return False
    if campaign.state in State.GIVING_BACK:
        return give_back_some(campaign_id=campaign_id, at=at)
    return _step(campaign_id, at)


@transaction.atomic
def _step(campaign_id: UUID, at: datetime) -> bool:
    locks.alone(campaign_lock(campaign_id))
    campaign = locked(campaign_id)
    if campaign.due_at is None or campaign.due_at > at:
        return False
    match campaign.state:
        case State.DRAFT | State.RETURNED | State.APPROVED:
            move(campaign, "withdraw", by=CLOCK, at=at)
        case State.REVIEW:
            move(campaign, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case State.PREHEAT:
            open_now(campaign, at)
        case State.LIVE:
            move(campaign, "close", by=CLOCK, at=at)
        case State.SUSPENDED:
            move(campaign, "cancel", by=CLOCK, at=at, reason="暂停超过最长期限")
        case State.CLEARING:
            return _judge(campaign, at)
        case State.SUCCESSFUL:
            _release_first_part(campaign, at)
        case State.PRODUCING:
            move(campaign, "fall_behind", by=CLOCK, at=at)
        case State.OVERDUE:
            plan_shares(campaign, at)
            move(campaign, "default", by=CLOCK, at=at)
        case State.DELIVERING:
            return delivery.see_whether_delivered(campaign, at)
        case State.DELIVERED:
            return _release_tail(campaign, at)
    crash.point(f"campaign.{campaign.state}")
    return True


def _look_again(campaign: Campaign, when: datetime) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(due_at=when)


def _judge(campaign: Campaign, at: datetime) -> bool:
    """The verdict, once no payment can still clear and nobody is still asked to confirm (判定)."""
    pending = Pledge.objects.filter(campaign=campaign, state=PledgeState.RESERVED).exists()
    late = PaymentIntent.objects.filter(purpose_id=campaign.id, state=Intent.LATE, refunded_fen=0).exists()
    unsure = Pledge.objects.filter(campaign=campaign, state=PledgeState.TO_CONFIRM).exists()
    if pending or late or unsure or gates.waits(campaign, at):
        _look_again(campaign, at + SOON)
        return False
    cleared = cleared_fen(campaign.id)
    won = verdicts.has_succeeded(rule=campaign.rule, goal_fen=campaign.goal_fen, cleared_fen=cleared)
    if won and _has_second_round(campaign, cleared):
        campaign.round_no, campaign.closes_at = (
            2,
            at + rules.days("campaigns.second_round_days", at=at, ruleset=campaign.ruleset),
        )
        move(campaign, "second_round", by=CLOCK, at=at)
    else:
        move(campaign, "succeed" if won else "fail", by=CLOCK, at=at)
    return True


def _has_second_round(campaign: Campaign, cleared: Fen) -> bool:
    """Whether a campaign that reached its minimum goes on for its optimum (第二轮)."""
    return campaign.round_no == 1 and campaign.optimum_fen is not None and cleared < campaign.optimum_fen


def cleared_fen(campaign_id: UUID) -> Fen:
    """What paid pledges of a campaign sum to: the gross that counts to the goal."""
    counted = Pledge.objects.filter(campaign_id=campaign_id, state__in=PledgeState.COUNTED)
    return int(counted.aggregate(total=Coalesce(Sum("total_fen"), 0))["total"])


def _release_first_part(campaign: Campaign, at: datetime) -> None:
    """After the publicity period: the fee, and the first part to the maker (首款)."""
    if campaign.owner_id is None:
        raise AssertionError("a campaign of records is not paid out by the clock")
    escrow = ledger.escrow_of("campaign", campaign.id)
    held = books.available(escrow)
    fee = ledger.fee_due(SUCCESS_FEE, on=campaign.raised_fen, at=at) if held else None
    fee_fen = fee[1] if fee else 0
    share = first_share_bp(campaign, at)
    part_fen = min(verdicts.first_part(campaign.raised_fen, share_bp=share, fee_fen=fee_fen), held - fee_fen)
    legs = []
    if fee is not None:
        legs.append(
            ledger.Leg(
                escrow, ledger.open_account(ledger.PLATFORM_FEES), fee_fen, fee=fee[0], fee_base_fen=campaign.raised_fen
            )
        )
    if part_fen > 0:
        legs.append(ledger.Leg(escrow, ledger.open_account(ledger.payable_to(campaign.owner_id)), part_fen))
    move(campaign, "produce", by=CLOCK, at=at)
    if legs:
        ledger.post(key=f"first-part:{campaign.id}", kind="release", legs=legs, cause=("campaign", campaign.id), at=at)
    if part_fen > 0:
        _ask_for_payout(campaign, part_fen, f"首款：{campaign.title}", at)


def first_share_bp(campaign: Campaign, at: datetime) -> int:
    """Which part of the sum the maker has after the publicity period, the fee included, in bp."""
    whole = int(rules.value("campaigns.first_part_bp", at=at, ruleset=campaign.ruleset))
    return min([whole, *(cap for bound in CAPS if (cap := bound(campaign)) is not None)])


def _ask_for_payout(campaign: Campaign, amount: Fen, title: str, at: datetime) -> None:
    """Put the payout before the officers where the maker has an account; else the maker asks later."""
    if campaign.owner_id is None:
        return
    debts.settle(party_id=campaign.owner_id, at=at)
    amount = min(amount, books.available(ledger.payable_to(campaign.owner_id)))
    if amount <= 0 or payments.payout_account(campaign.owner_id) is None:
        return
    try:
        with transaction.atomic():
            payouts.request_payout(party_id=campaign.owner_id, amount_fen=amount, title=title[:120], by=CLOCK, at=at)
    except Refusal:
        return  # level or another payout in flight: the money stays payable, and the maker asks later


def _release_tail(campaign: Campaign, at: datetime) -> bool:
    """After delivery and the time for claims: what is left goes to the maker (尾款)."""
    if delivery.tail_obstacles(campaign, at):
        _look_again(campaign, at + AN_HOUR)
        return False
    if campaign.owner_id is None:
        raise AssertionError("a campaign of records is not paid out by the clock")
    escrow = ledger.escrow_of("campaign", campaign.id)
    rest = books.available(escrow)
    move(campaign, "finish", by=CLOCK, at=at)
    if rest > 0:
        fee_legs = _fee_on_late(campaign, rest, at)
        rest -= sum(leg.amount_fen for leg in fee_legs)
        legs = [*fee_legs, ledger.Leg(escrow, ledger.open_account(ledger.payable_to(campaign.owner_id)), rest)]
        ledger.post(key=f"tail:{campaign.id}", kind="release", legs=legs, cause=("campaign", campaign.id), at=at)
        _ask_for_payout(campaign, rest, f"尾款：{campaign.title}", at)
    return True


def _fee_on_late(campaign: Campaign, rest: Fen, at: datetime) -> list[ledger.Leg]:
    """The fee on what came after success and was delivered, which the first part did not bear."""
    late = queries.late_pledges(campaign)
    fee = ledger.fee_due(SUCCESS_FEE, on=late.fen, at=at) if late and late.fen else None
    if late is None or fee is None or not 0 < fee[1] < rest:
        return []
    escrow, fees = ledger.escrow_of("campaign", campaign.id), ledger.open_account(ledger.PLATFORM_FEES)
    return [ledger.Leg(escrow, fees, fee[1], fee=fee[0], fee_base_fen=late.fen)]


def give_back_some(*, campaign_id: UUID, at: datetime) -> bool:
    """Give back the next pledges of a campaign that came to nothing, one transaction each (批量退款)."""
    campaign = Campaign.objects.get(pk=campaign_id)
    owed = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.OWED)
    ids = list(owed.exclude(disputed()).order_by("pk").values_list("pk", flat=True)[:A_HANDFUL])
    for pledge_id in ids:
        pledges.give_back(pledge_id=pledge_id, reason=campaign.state_word, at=at)
    if len(ids) == A_HANDFUL:
        return True
    with transaction.atomic():
        locks.alone(campaign_lock(campaign_id))
        campaign = locked(campaign_id)
        if Pledge.objects.filter(campaign=campaign, state=PledgeState.RESERVED).exists():
            _look_again(campaign, at + SOON)
        elif owed.exists():  # under chargeback: given back, or lost, when that is decided
            _look_again(campaign, at + AN_HOUR)
        elif campaign.state == State.IN_DEFAULT:
            move(campaign, "settle_default", by=CLOCK, at=at)
            _leave_rest(campaign, at)
        else:
            Campaign.objects.filter(pk=campaign_id).update(due_at=None)
            _leave_rest(campaign, at)
    return True


def _leave_rest(campaign: Campaign, at: datetime) -> None:
    """What nobody has a claim to any more is the maker's: the part of those who have their goods."""
    escrow = ledger.escrow_of("campaign", campaign.id)
    rest = books.available(escrow) - claims.waiting_fen(campaign.pk)
    if rest > 0 and campaign.owner_id is not None:
        leg = ledger.Leg(escrow, ledger.open_account(ledger.payable_to(campaign.owner_id)), rest)
        ledger.post(key=f"rest:{campaign.id}", kind="release", legs=[leg], cause=("campaign", campaign.id), at=at)
