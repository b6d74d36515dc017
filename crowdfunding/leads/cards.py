"""What led campaigns show on pages of campaigns."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.accounts.doors import actor_of
from backend.common import clock
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.leads import queries
from crowdfunding.leads.models import Follow, Lead, LedRound
from crowdfunding.leads.operations.candidacies import TAKES_LEADS, stake_range
from crowdfunding.leads.states import Leading, Rounding


@dataclass(frozen=True)
class Shown:
    """A lead with its stake as a part of the goal (percent), its followers and its record."""

    lead: Lead
    percent: int
    following: queries.Following
    record: queries.Record


def shown(campaign: Campaign, leads: list[Lead]) -> list[Shown]:
    """Leads as cards show them, in three statements."""
    behind, records = queries.following(leads), queries.records(lead.party_id for lead in leads)
    return [
        Shown(lead, int(lead.stake_fen * 100 // campaign.goal_fen), behind[lead.pk], records[lead.party_id])
        for lead in leads
    ]


def leads_card(request: HttpRequest, campaign: Campaign) -> str:
    """Who leads, with what, under which terms; what the round waits for, and until when."""
    led = queries.round_of(campaign)
    if led is None:
        return ""
    leads = list(queries.leads_of(campaign.pk)[:20])
    context = {
        "campaign": campaign,
        "led": led,
        "leads": shown(campaign, [lead for lead in leads if lead.state in (Leading.ACTIVE, Leading.ENDED)]),
        "others": [lead for lead in leads if lead.state not in (Leading.ACTIVE, Leading.ENDED)],
        "asked": queries.followers_asked(campaign.pk) if led.state == Rounding.CONFIRMING else 0,
        "wants_lead": led.state != Rounding.ENDED and campaign.state in TAKES_LEADS,
        "least_fen": stake_range(campaign, at=clock.now())[0],
    }
    return render_to_string("leads/leads_card.html", context, request)


def choice(request: HttpRequest, campaign: Campaign) -> str:
    """Whom to follow, among what a backer chooses before a pledge; a checked lead pays its stake here."""
    led = queries.round_of(campaign)
    if led is None:
        return ""
    party_id = actor_of(request).party_id
    checked = Lead.objects.filter(campaign=campaign, state=Leading.CHECKED)
    own = checked.filter(party_id=party_id).first() if party_id is not None else None
    context = {
        "led": led,
        "leads": shown(campaign, queries.active_leads(campaign.pk)),
        "own": own,
        "under": request.GET.get("under", ""),
        "is_open": led.state == Rounding.FOLLOWING,
    }
    return render_to_string("leads/choice.html", context, request)


def follower_card(request: HttpRequest, pledge: Pledge) -> str:
    """Whom a pledge follows; what to decide when that lead has left, and until when."""
    stake = Lead.objects.filter(pledge=pledge).first()
    follow = Follow.objects.select_related("lead__party").filter(pledge=pledge).first()
    if stake is None and follow is None:
        return ""
    led = LedRound.objects.get(campaign_id=pledge.campaign_id)
    context = {
        "pledge": pledge,
        "stake": stake,
        "lead": stake or (follow.lead if follow else None),
        "led": led,
        "must_confirm": pledge.state == PledgeState.TO_CONFIRM,
        "leads": shown(pledge.campaign, queries.active_leads(pledge.campaign_id)),
    }
    return render_to_string("leads/follower_card.html", context, request)


def maker_card(request: HttpRequest, campaign: Campaign) -> str:
    """The maker's side: whether backers follow a lead, and who offers to be one."""
    led = queries.round_of(campaign)
    if led is None and campaign.state not in EDITABLE:
        return ""
    context = {
        "campaign": campaign,
        "led": led,
        "may_choose": campaign.state in EDITABLE,
        "candidates": queries.candidates_of(campaign.pk) if led is not None else [],
    }
    return render_to_string("leads/maker_card.html", context, request)
