"""After success: shipping, receipts, the tail's conditions, and cancellation by two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from backend.common import rules
from backend.common.actors import CLOCK, Actor, Role, require_other_person
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.moderation import operations as moderation
from crowdfunding.campaigns.errors import Affiliated, SignedAlready, TailWaits
from crowdfunding.campaigns.models import Campaign, Cancellation, Pledge, Update
from crowdfunding.campaigns.operations import complaints
from crowdfunding.campaigns.operations.shared import after_promise, as_owner, is_affiliated, locked, move, require_owner
from crowdfunding.campaigns.operations.shares import disputed, plan_shares
from crowdfunding.campaigns.states import PledgeState, State

HOLDS: list[Callable[[Campaign, datetime], list[Refusal]]] = []
"""What else keeps a campaign from counting as delivered; filled by higher packages when their apps are ready."""


def held_by(campaign: Campaign, at: datetime) -> list[Refusal]:
    """Every reason of the higher packages."""
    return [reason for holds in HOLDS for reason in holds(campaign, at)]


@transaction.atomic
def start_shipping(*, campaign_id: UUID, by: Actor, at: datetime) -> None:
    """The maker has begun to ship; backers confirm what arrives (开始发货)."""
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    move(campaign, "ship", by=as_owner(campaign, by), at=at)


def see_whether_delivered(campaign: Campaign, at: datetime) -> bool:
    """Delivered when 98 % confirmed, or 15 days after shipping began if nothing is unsent or lost.

    What is still unsent when the promised date is long past makes the campaign overdue again.
    """
    counts = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.COUNTED).aggregate(
        every=Count("pk"), received=Count("pk", filter=Q(state=PledgeState.RECEIVED))
    )
    enough = rules.value("campaigns.received_bp", at=at, ruleset=campaign.ruleset)
    silence = timedelta(days=rules.value("campaigns.silence_days", at=at, ruleset=campaign.ruleset))
    confirmed = counts["received"] * 10_000 >= counts["every"] * enough
    held = held_by(campaign, at)
    if confirmed or at >= campaign.state_at + silence and not held:
        move(campaign, "deliver", by=CLOCK, at=at)
        return True
    if held and at >= after_promise(campaign, "overdue_days"):
        move(campaign, "fall_behind", by=CLOCK, at=at)
        return True
    hour, end = at + timedelta(hours=1), campaign.state_at + silence
    Campaign.objects.filter(pk=campaign.pk).update(due_at=min(hour, end) if at < end else hour)
    return False


def tail_obstacles(campaign: Campaign, at: datetime) -> list[Refusal]:
    """What keeps the tail back: open claims, or no word from the maker for too long (G5, G9)."""
    found: list[Refusal] = [TailWaits(what_zh=zh, what_en=en) for zh, en in complaints.claims_open(campaign, at)]
    if Pledge.objects.filter(campaign=campaign).filter(disputed()).exists():
        found.append(TailWaits(what_zh="有未结的拒付", what_en="a chargeback is open"))
    if Pledge.objects.filter(campaign=campaign, state=PledgeState.RESERVED).exists():
        found.append(TailWaits(what_zh="有待支付的订单", what_en="an order waits for its payment"))
    patience = timedelta(days=rules.value("campaigns.tail_patience_days", at=at, ruleset=campaign.ruleset))
    if at >= campaign.state_at + patience:
        return found  # delivered long ago and nobody claims: the tail is the maker's, and escrow is no place for ever
    found += held_by(campaign, at)
    days = rules.value("campaigns.update_days", at=at, ruleset=campaign.ruleset)
    recent = Update.objects.filter(campaign=campaign, at__gt=at - timedelta(days=days))
    if not recent.exists():
        found.append(TailWaits(what_zh=f"最近 {days} 天没有发布进展", what_en=f"no update in the last {days} days"))
    return found


@transaction.atomic
def ask_to_cancel(*, campaign_id: UUID, ruling: str, by: Actor, at: datetime) -> Cancellation:
    """Ask to cancel a successful campaign: the maker, or a first member of staff (申请取消).

    Raises:
        SignedAlready: the one record exists.
        Forbidden: neither the maker nor a moderator.
        Invalid: no ruling text.
    """
    campaign = locked(campaign_id)
    actor = as_owner(campaign, by)
    if not actor.roles & {Role.OWNER, Role.MODERATOR} or by.person_id is None:
        raise Forbidden if campaign.state in State.PUBLIC else NotFound
    if not ruling.strip():
        raise Invalid("请写明取消的理由和裁定", "Give the reason and the ruling", field="ruling")
    campaign.machine.step("cancel_after", campaign.state)
    try:
        with transaction.atomic():
            return Cancellation.objects.create(
                campaign=campaign, ruling=ruling[:5_000], first_by=by.person_id, first_at=at
            )
    except IntegrityError as error:
        raise SignedAlready from error


@transaction.atomic
def confirm_cancel(*, campaign_id: UUID, by: Actor, at: datetime) -> None:
    """A moderator confirms as the second natural person; what escrow holds goes back pro rata (确认取消).

    Raises:
        SamePerson: the same person asked.
        Affiliated: the moderator belongs to the maker.
    """
    campaign = locked(campaign_id)
    record = Cancellation.objects.select_for_update().get(campaign=campaign)
    _carry_out(campaign, record, by, at)


@transaction.atomic
def cancel_signed(*, campaign_id: UUID, ruling: str, first_by: UUID, by: Actor, at: datetime) -> None:
    """Cancel after success what one person asked for elsewhere and another confirms here; an older request is used.

    Raises:
        SamePerson, Affiliated, MoveRefused: as for `confirm_cancel`.
    """
    campaign = locked(campaign_id)
    wanted = {"ruling": ruling[:5_000], "first_by": first_by, "first_at": at}
    record, _new = Cancellation.objects.select_for_update().get_or_create(campaign=campaign, defaults=wanted)
    _carry_out(campaign, record, by, at)


def _carry_out(campaign: Campaign, record: Cancellation, by: Actor, at: datetime) -> None:
    require_other_person(by, record.first_by)
    if is_affiliated(campaign, by):
        raise Affiliated
    plan_shares(campaign, at)
    move(campaign, "cancel_after", by=by, at=at, reason=record.ruling)
    record.second_by, record.second_at = by.person_id, at
    record.save(update_fields=["second_by", "second_at"])
    moderation.note(act="campaign.cancel_after", subject_id=campaign.pk, reason=record.ruling, by=by, at=at)
