"""Batches of goods that several rewards draw from (批次库存): a box of two and a box of five are one harvest."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from backend.accounts.operations import clean_name
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from crowdfunding.campaigns.errors import BatchTaken, RuleFixed, TierSoldOut
from crowdfunding.campaigns.models import Batch, Campaign, Tier
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import State

MOST_BATCHES, MOST_UNITS = 12, 10_000_000
CLOSED_IN = (*State.ENDED, *State.GIVING_BACK)


def _of_maker(campaign_id: UUID, by: Actor) -> Campaign:
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state in CLOSED_IN:
        raise RuleFixed
    return campaign


def _require_number(total: int) -> None:
    if not 0 < total <= MOST_UNITS:
        raise Invalid(f"数量须在 1 至 {MOST_UNITS} 之间", f"Between 1 and {MOST_UNITS}", field="total")


@transaction.atomic
def add(
    *, campaign_id: UUID, name: str, unit: str, total: int, harvested_on: date | None, by: Actor, at: datetime
) -> Batch:
    """Put a batch of goods on record: what it is called, in what it is counted, and how much there is (新增批次).

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        RuleFixed: the campaign has ended.
        Invalid: no name or unit, a number out of bounds, the same name twice, or more than twelve.
    """
    campaign = _of_maker(campaign_id, by)
    said, counted = clean_name(name)[:40], clean_name(unit)[:8]
    if not said or not counted:
        raise Invalid("请填写批次名称和单位", "Name the batch and its unit", field="name" if not said else "unit")
    _require_number(total)
    if campaign.batches.count() >= MOST_BATCHES:
        raise Invalid(f"最多 {MOST_BATCHES} 个批次", f"At most {MOST_BATCHES} batches", field="name")
    try:
        with transaction.atomic():
            return Batch.objects.create(
                campaign=campaign,
                name=said,
                unit=counted,
                total=total,
                left=total,
                harvested_on=harvested_on,
                created_at=at,
            )
    except IntegrityError as error:
        raise Invalid("已有同名批次", "There is a batch of this name", field="name") from error


@transaction.atomic
def resize(*, batch_id: UUID, total: int, by: Actor) -> Batch:
    """There is more of it, or less; never less than what backers have (调整批次数量).

    Raises:
        NotFound, Forbidden, RuleFixed: as for `add`.
        Invalid: a number out of bounds.
        BatchTaken: backers have more than that.
    """
    found = Batch.objects.filter(pk=batch_id).first()
    if found is None:
        raise NotFound
    _of_maker(found.campaign_id, by)
    _require_number(total)
    enough = Batch.objects.filter(pk=batch_id, total__lte=total + F("left"))
    if not enough.update(left=F("left") + total - F("total"), total=total):
        raise BatchTaken
    return Batch.objects.get(pk=batch_id)


def take(tier: Tier, quantity: int) -> None:
    """Take what a reward is made of, in one statement like its own stock.

    Raises:
        TierSoldOut: the batch has not as much left.
    """
    if tier.batch_id is None:
        return
    need = tier.batch_units * quantity
    if not Batch.objects.filter(pk=tier.batch_id, left__gte=need).update(left=F("left") - need):
        raise TierSoldOut(field="tier")


def give_back(tier_id: UUID, quantity: int) -> None:
    """What a reward was made of is free again."""
    drawn = Tier.objects.filter(pk=tier_id, batch__isnull=False).values_list("batch_id", "batch_units").first()
    if drawn is not None:
        Batch.objects.filter(pk=drawn[0]).update(left=F("left") + drawn[1] * quantity)
