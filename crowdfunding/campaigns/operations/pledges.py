"""Backing a campaign: reserve, pay, count, take back.

The hot path inserts rows and locks nothing that others share: stock is one guarded update of its
own tier, and the campaign is only read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from backend.accounts import limits
from backend.accounts.models import Party
from backend.common import crash, locks, outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.common.ids import new_id
from backend.listings import operations as listings
from backend.payments.models import PaymentIntent, Refund
from backend.payments.operations import intents, refunds
from crowdfunding.campaigns import gates
from crowdfunding.campaigns.errors import (
    CampaignNotLive,
    CancelTooLate,
    LateNeedsReward,
    OwnCampaign,
    PersonLimit,
    PriceChanged,
    ReturnTooLate,
    TierClosed,
    TierSoldOut,
)
from crowdfunding.campaigns.events import PledgeEnded, PledgePaid, PledgeReceived, RefundAsked
from crowdfunding.campaigns.models import Campaign, Pledge, Tier, campaign_lock
from crowdfunding.campaigns.operations import batches
from crowdfunding.campaigns.operations.shared import as_owner, confirm_until, is_affiliated
from crowdfunding.campaigns.states import PledgeState, State

STAMPS = {
    "receive": "received_at",
    "decline": "declined_at",
    "decline_received": "declined_at",
    "decline_by_silence": "declined_at",
}
"""What a move of a pledge is remembered by: windows for returns and complaints run from these."""


@transaction.atomic
def pledge(
    *,
    campaign_id: UUID,
    tier_id: UUID | None,
    quantity: int,
    amount_fen: Fen | None,
    expected_total_fen: Fen | None,
    is_anonymous: bool,
    under: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Pledge:
    """Reserve a reward, or a free amount without one, and open the order to pay it (支持).

    The total is computed here; what the client expected is only compared. `under` names the terms that
    the backer read, where a gate asks for some.

    Raises:
        Refusals of the gates, CampaignNotLive, TierClosed, OwnCampaign, LevelTooLow, PersonLimit, PriceChanged, Invalid: all
            that fail, together.
        TierSoldOut: no unit is left.
        Forbidden: the hat's mandate does not cover pledges.
    """
    if by.party_id is None or "pledge" not in by.scopes:
        raise Forbidden
    campaign = _public(campaign_id)
    backer = Party.objects.get(pk=by.party_id)
    tier = _tier(campaign, tier_id)
    goods, shipping = _price(tier, quantity, amount_fen)
    locks.share(campaign_lock(campaign_id))
    campaign = _public(campaign_id)
    wish = gates.Wish(campaign, by.party_id, under, goods, at)
    refuse_any(
        [
            None if gates.lets_in(wish) or campaign.is_open_late(at) else _not_live(campaign, at),
            LateNeedsReward(field="tier") if tier is None and campaign.is_open_late(at) else None,
            *gates.refusals(wish),
            TierClosed() if tier is not None and not tier.is_open else None,
            OwnCampaign() if is_affiliated(campaign, by) else None,
            *limits.failures(backer, "pledge", at=at),
            _out_of_bounds(campaign, goods + shipping, at),
            _over_person_limit(tier, by.party_id, quantity),
            PriceChanged(total=show_yuan(goods + shipping))
            if expected_total_fen is not None and expected_total_fen != goods + shipping
            else None,
        ]
    )
    if tier is not None:
        _take_stock(tier, quantity)
    made = Pledge(
        id=new_id(),
        campaign=campaign,
        tier=tier,
        backer=backer,
        quantity=quantity,
        goods_fen=goods,
        shipping_fen=shipping,
        total_fen=goods + shipping,
        is_anonymous=is_anonymous,
        is_late=campaign.is_open_late(at),
        created_at=at,
        state_at=at,
    )
    made.save(force_insert=True)
    gates.bind(made, wish)
    minutes = rules.value("campaigns.reservation_minutes", at=at, ruleset=campaign.ruleset)
    intents.open_intent(
        purpose=("campaign", campaign_id),
        subject=("pledge", made.id),
        payer_id=backer.id,
        amount_fen=made.total_fen,
        title=f"支持：{campaign.title}"[:120],
        expires_at=at + timedelta(minutes=minutes),
        at=at,
    )
    return made


def _public(campaign_id: UUID) -> Campaign:
    campaign = Campaign.objects.select_related("owner").filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if campaign is None:
        raise NotFound
    return campaign


def _not_live(campaign: Campaign, at: datetime) -> Refusal | None:
    if campaign.is_open(at):
        return None
    zh, en = campaign.machine.words[campaign.state]
    return CampaignNotLive(state_zh=zh, state_en=en)


def _tier(campaign: Campaign, tier_id: UUID | None) -> Tier | None:
    if tier_id is None:
        return None
    tier = Tier.objects.filter(pk=tier_id, campaign=campaign).first()
    if tier is None:
        raise NotFound(field="tier")
    return tier


def _price(tier: Tier | None, quantity: int, amount_fen: Fen | None) -> tuple[Fen, Fen]:
    """Goods and shipping in fen; shipping is paid once a unit."""
    if not 1 <= quantity <= 1_000:
        raise Invalid("份数须在 1 到 1000 之间", "The number must be between 1 and 1000", field="quantity")
    if tier is not None:
        return tier.price_fen * quantity, tier.shipping_fen * quantity
    if amount_fen is None or amount_fen <= 0 or quantity != 1:
        raise Invalid("请填写支持金额", "Enter an amount", field="amount_fen")
    return amount_fen, 0


def _out_of_bounds(campaign: Campaign, total: Fen, at: datetime) -> Refusal | None:
    least = rules.value("campaigns.pledge_least_fen", at=at, ruleset=campaign.ruleset)
    most = rules.value("campaigns.pledge_most_fen", at=at, ruleset=campaign.ruleset)
    if least <= total <= most:
        return None
    return Invalid(
        f"单笔金额须在 {show_yuan(least)} 至 {show_yuan(most)} 之间",
        f"One pledge must be between {show_yuan(least)} and {show_yuan(most)}",
        field="amount_fen",
    )


def _over_person_limit(tier: Tier | None, backer_id: UUID, quantity: int) -> Refusal | None:
    """Count under a lock of this person's own, so that two windows cannot both fit."""
    if tier is None or tier.per_person is None:
        return None
    locks.alone(f"per-person:{tier.id}:{backer_id}")
    mine = Pledge.objects.filter(tier=tier, backer_id=backer_id)
    mine = mine.filter(state__in=(PledgeState.RESERVED, *PledgeState.COUNTED))
    taken = mine.aggregate(n=Coalesce(Sum("quantity"), 0))["n"]
    return PersonLimit(limit=tier.per_person, field="quantity") if taken + quantity > tier.per_person else None


def _take_stock(tier: Tier, quantity: int) -> None:
    """Decide and take in one statement: no row touched means that others were quicker."""
    fits = Q(left__isnull=True) | Q(left__gte=quantity)
    if not Tier.objects.filter(fits, pk=tier.pk, is_open=True).update(left=F("left") - quantity):
        raise TierSoldOut(field="tier")
    batches.take(tier, quantity)


def _give_stock_back(made: Pledge) -> None:
    if made.tier_id is not None:
        batches.give_back(made.tier_id, made.quantity)
        Tier.objects.filter(pk=made.tier_id, left__isnull=False).update(left=F("left") + made.quantity)


def step(made: Pledge, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a pledge whose row is held, and note since when it is there."""
    made.move(event, by=by, at=at, reason=reason)
    made.state_at = at
    stamp = STAMPS.get(event)
    if stamp is not None:
        setattr(made, stamp, at)
    made.save(update_fields=["state_at", *([stamp] if stamp else [])])


@transaction.atomic
def settle_pledge(*, pledge_id: UUID, at: datetime) -> None:
    """The money is in escrow: the pledge counts and the bar moves, unless it came late (支付到账). Safe to repeat."""
    locks.share(campaign_lock(Pledge.objects.values_list("campaign_id", flat=True).get(pk=pledge_id)))
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state != PledgeState.RESERVED:
        return
    made.move("settle", by=PROVIDER, at=at)
    _ask_if_extended(made, _count(made, at), at)
    _return_if_over(made, at)


def _count(made: Pledge, at: datetime) -> Campaign:
    """The pledge counts from now on; its campaign as it is with it."""
    made.paid_at = made.state_at = at
    made.save(update_fields=["paid_at", "state_at"])
    campaign = _add_to_bar(made, +1)
    outbox.record(
        PledgePaid(
            at=at,
            pledge_id=made.id,
            campaign_id=made.campaign_id,
            backer_id=made.backer_id,
            amount_fen=made.total_fen,
            is_late=made.is_late,
        )
    )
    if made.replaces_id is not None:
        _take_the_place_of(made.replaces_id, at)
    return campaign


def _take_the_place_of(pledge_id: UUID, at: datetime) -> None:
    """The reward was changed (换档): the old pledge ends as the new one counts, unless it has ended already."""
    old = Pledge.objects.select_for_update().get(pk=pledge_id)
    if old.state in (PledgeState.PAID, PledgeState.TO_CONFIRM):
        return_money(old, "cancel", by=SYSTEM, reason="已更换回报", at=at)


def _ask_if_extended(made: Pledge, campaign: Campaign, at: datetime) -> None:
    """Who ordered before the campaign was given more time, and paid after, is asked like everybody else."""
    if campaign.extended_at is None or made.is_late or made.created_at >= campaign.extended_at:
        return
    made.confirm_by = confirm_until(campaign, at)
    made.save(update_fields=["confirm_by"])
    step(made, "ask_again", by=SYSTEM, at=at, reason="众筹延期")


def _add_to_bar(made: Pledge, sign: int) -> Campaign:
    if made.is_late:
        return Campaign.objects.get(pk=made.campaign_id)
    Campaign.objects.filter(pk=made.campaign_id).update(
        raised_fen=F("raised_fen") + sign * made.total_fen, pledges_n=F("pledges_n") + sign
    )
    campaign = Campaign.objects.get(pk=made.campaign_id)
    listings.show_figures(
        kind="campaign",
        subject_id=campaign.id,
        raised_fen=campaign.raised_fen,
        people_n=campaign.pledges_n,
        percent=campaign.percent,
    )
    return campaign


def _return_if_over(made: Pledge, at: datetime) -> None:
    """A pledge paid into a campaign that is giving back gives back too: its clock looks again."""
    Campaign.objects.filter(pk=made.campaign_id, state__in=State.GIVING_BACK).update(due_at=at)


@transaction.atomic
def take_late_payment(*, pledge_id: UUID, intent_id: UUID, at: datetime) -> None:
    """Money after expiry: it counts if the window is open and stock remains, else it goes back whole (X4)."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    intent = PaymentIntent.objects.get(pk=intent_id)
    if intent.state != "late_success" or intent.refunded_fen:
        return
    campaign = Campaign.objects.get(pk=made.campaign_id)
    locks.share(campaign_lock(campaign.id))
    is_open = campaign.is_open_late(at) if made.is_late else campaign.is_open(at)
    if made.state == PledgeState.EXPIRED and is_open and _still_fits(made):
        intents.honour_late(intent_id=intent_id, at=at)
        made.move("revive", by=SYSTEM, at=at)
        _ask_if_extended(made, _count(made, at), at)
    else:
        refunds.refund_whole(intent_id=intent_id, reason="超时后到账，无法计入", at=at)


def _still_fits(made: Pledge) -> bool:
    """Whether stock remains and the person's limit allows it; takes the stock when so.

    A late change of reward fits only while the old pledge stands: its backer may have left, or changed otherwise.
    """
    if made.replaces_id is not None:
        old = Pledge.objects.select_for_update().get(pk=made.replaces_id)
        if old.state != PledgeState.PAID:
            return False
    if made.tier is None:
        return True
    if made.backer_id is not None and _over_person_limit(made.tier, made.backer_id, made.quantity) is not None:
        return False
    try:
        _take_stock(made.tier, made.quantity)
    except TierSoldOut:
        return False
    return True


@transaction.atomic
def expire_pledge(*, pledge_id: UUID, at: datetime) -> None:
    """Its order was not paid in time: what it reserved is free again (超时释放). Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state != PledgeState.RESERVED:
        return
    step(made, "expire", by=CLOCK, at=at)
    _give_stock_back(made)
    _end(made, at)


def _end(made: Pledge, at: datetime) -> None:
    outbox.record(
        PledgeEnded(
            at=at,
            pledge_id=made.id,
            campaign_id=made.campaign_id,
            backer_id=made.backer_id,
            state=made.state,
            amount_fen=made.total_fen,
        )
    )


def abandon(*, pledge_id: UUID, by: Actor, at: datetime) -> None:
    """Change one's mind before paying: the provider closes the order, then the unit is free (放弃支付)."""
    made = own_pledge(pledge_id, by)
    if made.state != PledgeState.RESERVED:
        raise made.machine.refusal(made.state)
    intents.hurry_expiry(subject_ids=[made.id], at=at)


def own_pledge(pledge_id: UUID, by: Actor) -> Pledge:
    """One's own pledge; another's does not exist.

    Raises:
        NotFound: not the backer's hat.
    """
    made = Pledge.objects.select_related("campaign__owner", "tier").filter(pk=pledge_id).first()
    if made is None or by.party_id is None or made.backer_id != by.party_id:
        raise NotFound
    return made


@transaction.atomic
def cancel_pledge(*, pledge_id: UUID, by: Actor, at: datetime) -> Pledge:
    """Take a paid pledge back while the campaign runs, up to the last hour; refunded whole (取消支持).

    Who follows a lead, or is asked to confirm, leaves whenever they like.

    Raises:
        Refusals of the gates: it is bound otherwise.
        CancelTooLate: the last hour has begun.
        MoveRefused: it is not paid, or no longer.
    """
    locks.share(campaign_lock(own_pledge(pledge_id, by).campaign_id))
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    campaign = Campaign.objects.get(pk=made.campaign_id)
    refuse_any([*gates.holds(made), None if may_cancel(made, campaign, at) else _too_late(campaign, at)])
    return_money(made, "cancel", by=by.wears(Role.BACKER), reason="支持者取消", at=at)
    return made


def may_cancel(made: Pledge, campaign: Campaign, at: datetime) -> bool:
    """Whether the time for leaving is not over."""
    if made.state == PledgeState.TO_CONFIRM or campaign.state == State.PAUSED:
        return True
    if made.is_late:
        return campaign.is_open_late(at)
    hours = 0 if campaign.is_led else rules.value("campaigns.no_cancel_hours", at=at, ruleset=campaign.ruleset)
    ends = campaign.closes_at
    return campaign.is_open(at) and ends is not None and at < ends - timedelta(hours=hours)


def _too_late(campaign: Campaign, at: datetime) -> CancelTooLate:
    return CancelTooLate(hours=rules.value("campaigns.no_cancel_hours", at=at, ruleset=campaign.ruleset))


def return_money(made: Pledge, event: str, *, by: Actor, reason: str, at: datetime) -> None:
    """A pledge of a running campaign ends: unit, bar and the whole sum go back."""
    step(made, event, by=by, at=at, reason=reason)
    _give_stock_back(made)
    _add_to_bar(made, -1)
    refunds.refund_whole(intent_id=intent_of(made.id).id, reason=reason, at=at)
    _end(made, at)


def intent_of(pledge_id: UUID) -> PaymentIntent:
    """The order that pays a pledge."""
    return PaymentIntent.objects.get(subject_id=pledge_id, subject_kind="pledge")


@transaction.atomic
def give_back(*, pledge_id: UUID, reason: str, at: datetime) -> None:
    """Refund a pledge of a campaign that came to nothing: whole, or its share of what escrow holds."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state not in PledgeState.OWED:
        return
    step(made, "give_back", by=SYSTEM, at=at)
    intent = refunds.held_without_requests(intent_id=intent_of(made.id).id, at=at, reason=reason)
    due = intent.amount_fen - intent.refunded_fen
    due = due if made.share_fen is None else min(due, made.share_fen)
    if due > 0:
        refunds.refund_by_rule(intent_id=intent.id, amount_fen=due, reason=reason, at=at)
    _end(made, at)
    crash.point("pledge.given_back")


@transaction.atomic
def close_returned(*, pledge_id: UUID, at: datetime) -> None:
    """All that was paid has gone back, by a refund or a lost chargeback: the pledge ends. Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state not in PledgeState.OWED:
        return
    step(made, "give_back", by=SYSTEM, at=at)
    _end(made, at)


def settle_outside(made: Pledge, *, by: Actor, at: datetime, reason: str) -> None:
    """Both sides say that they settled it outside: the pledge, whose row is held, ends; its money stays the maker's.

    Raises:
        MoveRefused: it is not open.
    """
    step(made, "settle_outside", by=by, at=at, reason=reason)
    _end(made, at)


@transaction.atomic
def reopen_asked(*, pledge_id: UUID, at: datetime) -> None:
    """The second person did not confirm an agreed refund: it is asked for again. Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state != PledgeState.AGREED:
        return
    step(made, "turn_down", by=SYSTEM, at=at)


@transaction.atomic
def ask_refund(*, pledge_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Ask the maker for a refund after success, or within seven days of receipt (申请退款).

    Raises:
        ReturnTooLate: the goods came longer ago.
    """
    own_pledge(pledge_id, by)
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    campaign = Campaign.objects.get(pk=made.campaign_id)
    if campaign.state not in State.UNDER_WAY:
        raise campaign.machine.refusal(campaign.state)
    if not reason.strip():
        raise Invalid("请写明退款理由", "Say why", field="reason")
    if made.received_at is not None and at >= return_until(made, campaign):
        raise ReturnTooLate(days=rules.value("campaigns.claim_days", at=at, ruleset=campaign.ruleset))
    step(made, "ask_refund", by=by.wears(Role.BACKER), at=at, reason=reason)
    made.ask_reason = reason[:200]
    made.save(update_fields=["ask_reason"])
    if campaign.owner_id is not None:
        outbox.record(RefundAsked(at=at, pledge_id=made.id, campaign_id=campaign.id, owner_id=campaign.owner_id))


def may_ask(made: Pledge, campaign: Campaign, at: datetime) -> bool:
    """Whether a backer may ask for a refund now."""
    if campaign.state not in State.UNDER_WAY or made.state not in (PledgeState.PAID, PledgeState.RECEIVED):
        return False
    return made.received_at is None or at < return_until(made, campaign)


def return_until(made: Pledge, campaign: Campaign) -> datetime:
    """Until when a backer who has the goods may claim (七日): the date of receipt and the days after it."""
    if made.received_at is None:
        raise AssertionError(f"pledge {made.pk} was not received")
    return made.received_at + rules.days("campaigns.claim_days", at=made.received_at, ruleset=campaign.ruleset)


def may_be_sent_back(made: Pledge) -> bool:
    """Whether the backer has goods of a class that the law lets them return without a reason (消费者权益保护法 art. 25)."""
    return made.received_at is not None and made.tier is not None and made.tier.right_class == "seven_days"


@transaction.atomic
def answer_refund(*, pledge_id: UUID, agree: bool, reason: str, by: Actor, at: datetime) -> Refund | None:
    """The maker agrees, and a finance officer confirms it as the second person; or declines (答复退款).

    Until the money is back the pledge stands: it counts as refunded when the refund succeeds, and is
    asked for again when the second person says no.

    Raises:
        InsufficientFunds: on confirmation, if the escrow no longer holds as much.
    """
    made = Pledge.objects.select_for_update(no_key=True).select_related("campaign").get(pk=pledge_id)
    actor = as_owner(made.campaign, by)
    declined = "decline" if made.received_at is None else "decline_received"
    step(made, "agree" if agree else declined, by=actor, at=at, reason=reason)
    if not agree:
        return None
    intent = intent_of(made.id)
    left = intent.amount_fen - intent.refunded_fen
    return refunds.request_refund(intent_id=intent.id, amount_fen=left, reason="发起人同意退款", by=by, at=at)


@transaction.atomic
def confirm_receipt(*, pledge_id: UUID, by: Actor, at: datetime) -> None:
    """The backer has the goods (确认收货)."""
    own_pledge(pledge_id, by)
    made = Pledge.objects.select_for_update(no_key=True).select_related("campaign").get(pk=pledge_id)
    if made.campaign.state not in (State.DELIVERING, State.DELIVERED):
        raise made.campaign.machine.refusal(made.campaign.state)
    step(made, "receive", by=by.wears(Role.BACKER), at=at)
    outbox.record(PledgeReceived(at=at, pledge_id=made.id, campaign_id=made.campaign_id))


@transaction.atomic
def receive_by_time(*, pledge_id: UUID, at: datetime) -> None:
    """Shipped long ago and nobody says otherwise: the backer has the goods (视为收货). Safe to repeat."""
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    if made.state == PledgeState.PAID:
        step(made, "receive", by=CLOCK, at=at)
