"""Following: under whose terms a pledge stands, and the gate that campaigns ask."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import locks
from backend.common.actors import Actor
from backend.common.errors import Forbidden, NotFound, Refusal
from backend.common.fen import show_yuan
from crowdfunding.campaigns.gates import Wish
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import confirmations
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.leads.errors import LeadBound, LeadMissing, LeadNotFunded, StakeTooSmall
from crowdfunding.leads.models import Follow, Lead, LedRound
from crowdfunding.leads.states import Leading, Rounding

WAITING = (Rounding.SEARCHING, Rounding.CONFIRMING)


def _lead_of(wish: Wish) -> Lead | None:
    if not wish.campaign.is_led or wish.under is None:
        return None
    return Lead.objects.filter(pk=wish.under, campaign=wish.campaign).select_related("pledge").first()


def _is_stake(lead: Lead, wish: Wish) -> bool:
    """Whether this is the money that a checked lead declared, for the first time."""
    unpaid = lead.pledge is None or lead.pledge.state == PledgeState.EXPIRED
    return lead.party_id == wish.party_id and lead.state == Leading.CHECKED and unpaid


class LeadGate:
    """What led campaigns ask of a pledge: a lead whose money is there, and terms that were read."""

    def refusals(self, wish: Wish) -> list[Refusal]:
        if not wish.campaign.is_led:
            return []
        lead = _lead_of(wish)
        if lead is None:
            return [LeadMissing(field="lead_id")]
        if _is_stake(lead, wish):
            short = wish.goods_fen < lead.stake_fen
            return [StakeTooSmall(stake=show_yuan(lead.stake_fen), field="amount_fen")] if short else []
        led = LedRound.objects.get(campaign=wish.campaign)
        is_open = lead.state == Leading.ACTIVE and led.state == Rounding.FOLLOWING
        return [] if is_open else [LeadNotFunded(field="lead_id")]

    def lets_in(self, wish: Wish) -> bool:
        lead = _lead_of(wish) if wish.campaign.state == State.PAUSED else None
        return lead is not None and _is_stake(lead, wish)

    def bind(self, made: Pledge, wish: Wish) -> None:
        lead = _lead_of(wish)
        if lead is None:
            return
        if lead.party_id == wish.party_id:  # two windows at once: the second sees the first one's stake
            Lead.objects.select_for_update().get(pk=lead.pk)
            lead = Lead.objects.select_related("pledge").get(pk=lead.pk)
        if _is_stake(lead, wish):
            Lead.objects.filter(pk=lead.pk).update(pledge=made)
        elif lead.state == Leading.ACTIVE:
            Follow.objects.create(pledge=made, lead=lead, at=wish.at)
        else:
            raise LeadNotFunded(field="lead_id")

    def holds(self, made: Pledge) -> list[Refusal]:
        standing = Lead.objects.filter(pledge=made, state__in=(Leading.CHECKED, Leading.ACTIVE))
        return [LeadBound()] if standing.exists() else []

    def bars_yes(self, made: Pledge) -> list[Refusal]:
        astray = Follow.objects.filter(pledge=made).exclude(lead__state=Leading.ACTIVE)
        return [LeadMissing(field="lead_id")] if astray.exists() else []

    def waits(self, campaign: Campaign, at: datetime) -> bool:
        if not campaign.is_led:
            return False
        standing = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.OWED)
        astray = standing.filter(follow__isnull=False).exclude(follow__lead__state=Leading.ACTIVE)
        stakes = standing.filter(stake_of__isnull=False).exclude(stake_of__state=Leading.ACTIVE)
        led = LedRound.objects.get(campaign=campaign)
        return led.state in WAITING or astray.exists() or stakes.exists()


@transaction.atomic
def confirm(*, pledge_id: UUID, lead_id: UUID, by: Actor, at: datetime) -> Pledge:
    """A follower whose lead left stays under another one's terms (确认跟随新领投人).

    Raises:
        NotFound: not one's own pledge, or no such lead of its campaign.
        Forbidden: the hat's mandate does not cover pledges.
        LeadNotFunded: that lead does not lead now.
        MoveRefused: nothing is to be confirmed, or the time is over.
    """
    campaign_id = own_pledge(pledge_id, by).campaign_id
    if "pledge" not in by.scopes:
        raise Forbidden
    locks.share(campaign_lock(campaign_id))
    lead = Lead.objects.filter(pk=lead_id, campaign_id=campaign_id, state__in=Leading.PUBLIC).first()
    if lead is None:
        raise NotFound(field="lead_id")
    if lead.state != Leading.ACTIVE:
        raise LeadNotFunded(field="lead_id")
    Follow.objects.filter(pledge_id=pledge_id).update(lead=lead, at=at)
    return confirmations.confirm(pledge_id=pledge_id, by=by, at=at, reason=f"跟随领投人 {lead.pk}")
