"""What match pots show on pages of campaigns."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.accounts.doors import actor_of
from backend.accounts.queries import people_behind
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import State
from crowdfunding.pots import queries
from crowdfunding.pots.models import Pot
from crowdfunding.pots.operations.matches import room

TAKES_PLEDGES = (State.PREHEAT, State.LIVE, State.PAUSED)


def _offers(campaign: Campaign, backer_id: UUID | None = None) -> list[tuple[Pot, int]]:
    """Open pots to which neither maker nor backer belongs, with what they still have for this campaign, or this backer of it, in fen."""
    pots = queries.open_for(campaign) if campaign.state in TAKES_PLEDGES else []
    makers = people_behind(campaign.owner_id) if pots else frozenset()
    backers = people_behind(backer_id) if pots else frozenset()
    if makers & backers:
        return []
    pots = [pot for pot in pots if not (makers | backers) & people_behind(pot.sponsor_id)]
    figures = queries.figures_of(pots)
    return [(pot, min(room(pot, campaign.pk, backer_id), figures[pot.pk].left)) for pot in pots]


def pots_card(request: HttpRequest, campaign: Campaign) -> str:
    """Who adds what to a pledge of this campaign, how much is left of it, and what was added so far."""
    received = queries.received(campaign.pk)
    offers = _offers(campaign)
    if not offers and not received.pledges:
        return ""
    return render_to_string("pots/pots_card.html", {"offers": offers, "received": received}, request)


def offer(request: HttpRequest, campaign: Campaign) -> str:
    """What may be added to the pledge that is being made; silent where the backer is affiliated."""
    offers = _offers(campaign, actor_of(request).party_id)
    return render_to_string("pots/offer.html", {"offers": offers}, request) if offers else ""


def match_card(request: HttpRequest, pledge: Pledge) -> str:
    """How much of my pledge was matched, by whom, and what becomes of it."""
    found = queries.match_of(pledge.pk)
    return render_to_string("pots/match_card.html", {"match": found}, request) if found is not None else ""


def maker_card(request: HttpRequest, campaign: Campaign) -> str:
    """What pots add to a maker's campaign."""
    received = queries.received(campaign.pk)
    offers = _offers(campaign)
    if not offers and not received.pledges:
        return ""
    context = {"offers": offers, "received": received, "paid_fen": queries.paid_to(campaign.pk)}
    return render_to_string("pots/maker_card.html", context, request)
