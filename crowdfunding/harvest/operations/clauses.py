"""The clause for a short harvest: agreed on before the review, read before every pledge (歉收条款)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.operations import clean_name
from backend.common import rules
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from crowdfunding.campaigns.errors import RuleFixed
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.operations.shared import require_owner
from crowdfunding.harvest import queries
from crowdfunding.harvest.errors import NoHarvest
from crowdfunding.harvest.models import Clause


def applies(campaign: Campaign, at: datetime) -> bool:
    """Whether goods of the campaign's category grow."""
    return campaign.category in rules.named("harvest.categories.", at=at, ruleset=campaign.ruleset)


def bounds(campaign: Campaign, at: datetime) -> tuple[int, int]:
    """Between which percentages the least harvest may be agreed on."""
    keys = ("harvest.least_percent", "harvest.most_percent")
    least, most = (rules.value(key, at=at, ruleset=campaign.ruleset) for key in keys)
    return least, most


def _editable(campaign_id: UUID, by: Actor) -> Campaign:
    campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound
    require_owner(campaign, by)
    if campaign.state not in EDITABLE:
        raise RuleFixed
    return campaign


@transaction.atomic
def agree(*, campaign_id: UUID, least_percent: int, basis: str, by: Actor, at: datetime) -> Clause:
    """Put the clause into a draft, or another one in its place (订立歉收条款).

    Raises:
        NotFound, Forbidden: not the maker's hat, or one that may not.
        RuleFixed: the campaign is beyond editing.
        NoHarvest: its goods do not grow.
        Invalid: a percentage outside the rules, or nothing said of what the harvest is measured by.
    """
    campaign = _editable(campaign_id, by)
    if not applies(campaign, at):
        raise NoHarvest
    least, most = bounds(campaign, at)
    if not least <= least_percent <= most:
        raise Invalid(
            f"最低收成须在 {least}% 至 {most}% 之间",
            f"The least harvest must be between {least} and {most} percent",
            field="least_percent",
        )
    said = clean_name(basis)[:120]
    if not said:
        raise Invalid("请写明收成怎么算", "Say what the harvest is measured by", field="basis")
    clause, _new = Clause.objects.update_or_create(
        campaign=campaign, defaults={"least_percent": least_percent, "basis": said, "created_at": at}
    )
    return clause


@transaction.atomic
def drop(*, campaign_id: UUID, by: Actor) -> None:
    """Take the clause out of a draft: a short harvest is then a broken promise like any other (删除歉收条款).

    Raises:
        NotFound, Forbidden, RuleFixed: as for `agree`; there is none.
    """
    campaign = _editable(campaign_id, by)
    gone, _rows = Clause.objects.filter(campaign=campaign).delete()
    if not gone:
        raise NotFound


def caps_first_part(campaign: Campaign) -> int | None:
    """At most how much of the sum the maker has before the harvest is in, in bp; None where there is no clause."""
    clause = queries.clause_of(campaign)
    return None if clause is None else clause.least_percent * 100
