"""What every operation of a campaign does at its end: note the time, show the listing, announce."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.models import Membership
from backend.common import outbox, rules, working_days
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, NotFound
from backend.listings import operations as listings
from crowdfunding.campaigns.events import CampaignMoved
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State


def locked(campaign_id: UUID) -> Campaign:
    """The campaign, its row held; rows that only point at it are written meanwhile."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def as_owner(campaign: Campaign, by: Actor) -> Actor:
    """The actor, with the role of owner where the hat is the campaign's."""
    is_owner = by.party_id is not None and by.party_id == campaign.owner_id and "campaigns" in by.scopes
    return by.wears(Role.OWNER) if is_owner else by


def require_owner(campaign: Campaign, by: Actor) -> None:
    """Go on only for the maker; to others a draft does not exist.

    Raises:
        NotFound: not the maker's hat.
        Forbidden: the hat's mandate does not cover campaigns.
    """
    if by.party_id is None or campaign.owner_id != by.party_id:
        raise NotFound
    if "campaigns" not in by.scopes:
        raise Forbidden


def is_affiliated(campaign: Campaign, by: Actor) -> bool:
    """Whether a person is the maker, or may act for it."""
    if by.person_id is None or by.person_id == campaign.owner_id:
        return by.person_id is not None
    mine = Membership.objects.filter(organisation_id=campaign.owner_id, user__party_id=by.person_id, revoked_at=None)
    return mine.exists()


def move(campaign: Campaign, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Move a campaign, set when the clock looks again, show its listing, and announce it.

    Its window is saved too; the figures of the bar belong to pledges and stay as they are.
    """
    campaign.move(event, by=by, at=at, reason=reason)
    campaign.state_at = at
    campaign.due_at = next_due(campaign)
    campaign.save(update_fields=["state_at", "due_at", "opens_at", "closes_at", "round_no", "extended_at"])
    show(campaign)
    if campaign.owner_id is not None:
        outbox.record(
            CampaignMoved(
                at=at,
                campaign_id=campaign.id,
                owner_id=campaign.owner_id,
                move=event,
                state=campaign.state,
                is_led=campaign.is_led,
            )
        )


def next_due(campaign: Campaign) -> datetime | None:
    """When time alone takes the campaign's next move; None in its last states."""
    since = campaign.state_at

    def days(key: str) -> datetime:
        return since + timedelta(days=rules.value(f"campaigns.{key}", at=since, ruleset=campaign.ruleset))

    match campaign.state:
        case State.DRAFT | State.RETURNED:
            return days("draft_days")
        case State.REVIEW:
            return days("review_days")
        case State.APPROVED:
            return days("approved_days")
        case State.PREHEAT:
            return campaign.opens_at
        case State.LIVE:
            return campaign.closes_at
        case State.PAUSED:
            return None  # the clock of whoever paused it goes on or fails it
        case State.SUSPENDED:
            return days("suspended_days")
        case State.CLEARING | State.FAILED | State.CANCELLED | State.CANCELLED_AFTER | State.IN_DEFAULT:
            return since
        case State.SUCCESSFUL:
            return days("publicity_days")
        case State.PRODUCING:
            return after_promise(campaign, "overdue_days")
        case State.OVERDUE:
            return after_promise(campaign, "default_days")
        case State.DELIVERING:
            return since + timedelta(hours=1)
        case State.DELIVERED:
            return days("claim_days")
    return None


def after_promise(campaign: Campaign, key: str) -> datetime:
    """Some days after midnight of the promised date, Shanghai."""
    promised = campaign.promised_on or campaign.state_at.date()
    grace = rules.value(f"campaigns.{key}", at=campaign.state_at, ruleset=campaign.ruleset)
    midnight = datetime(promised.year, promised.month, promised.day, tzinfo=rules.SHANGHAI)
    return midnight + timedelta(days=grace + 1)


def confirm_until(campaign: Campaign, at: datetime) -> datetime:
    """Until when a backer who is asked now has to say yes to changed terms."""
    return working_days.after(at, rules.value("campaigns.confirm_working_days", at=at, ruleset=campaign.ruleset))


def show(campaign: Campaign) -> None:
    """Bring the campaign's listing up to date; drafts are listed for nobody."""
    owner = campaign.owner
    listings.show(
        listings.Shown(
            kind="campaign",
            subject_id=campaign.id,
            title=campaign.title,
            summary=campaign.summary,
            owner_id=campaign.owner_id,
            owner_name=owner.masked_name if owner else "",
            category=campaign.category,
            county=campaign.county,
            state=campaign.state,
            is_public=campaign.state in State.PUBLIC,
            is_open=campaign.state == State.LIVE,
            goal_fen=campaign.goal_fen,
            raised_fen=campaign.raised_fen,
            people_n=campaign.pledges_n,
            opens_at=campaign.opens_at,
            closes_at=campaign.closes_at,
            listed_at=campaign.opens_at or campaign.created_at,
            keywords=campaign.get_category_display() if hasattr(campaign, "get_category_display") else "",
        )
    )
