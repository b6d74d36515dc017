"""What fulfilment shows on pages of campaigns."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.common import clock
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.fulfilment import addresses, queries
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.states import PARCEL, Parceling, Surveying


@dataclass(frozen=True)
class Share:
    """How many of a campaign's parcels are in a state."""

    state: str
    word: str
    n: int
    percent: int


def parcel_card(request: HttpRequest, pledge: Pledge) -> str:
    """Where the backer's reward is, what they can do, and what happens if they do nothing."""
    parcel = Parcel.objects.filter(pledge=pledge).first()
    if parcel is None:
        return ""
    survey = Survey.objects.get(campaign_id=parcel.campaign_id)
    sealed = parcel.address_sealed
    context = {
        "parcel": parcel,
        "pledge": pledge,
        "survey": survey,
        "masked": addresses.unseal(sealed, place=parcel.place).masked if sealed else "",
        "may_fill": parcel.state in Parceling.EDITABLE
        and survey.state != Surveying.LOCKED
        or parcel.state == Parceling.MISSED,
        "may_ask": parcel.state == Parceling.LOCKED,
        "now": clock.now(),
    }
    return render_to_string("fulfilment/parcel_card.html", context, request)


def fulfilment_card(request: HttpRequest, campaign: Campaign) -> str:
    """How far the maker's parcels are, and the way to them."""
    survey = Survey.objects.filter(campaign=campaign).first()
    if survey is None:
        return ""
    context = {"campaign": campaign, "survey": survey, "shares": shares(campaign)}
    return render_to_string("fulfilment/fulfilment_card.html", context, request)


def shares(campaign: Campaign) -> list[Share]:
    """A campaign's parcels by state, in the order of a parcel's life."""
    found = queries.counts(campaign.pk)
    every = sum(found.values())
    return [
        Share(state, PARCEL.word(state), found[state], round(100 * found[state] / every))
        for state in PARCEL.states
        if found.get(state)
    ]
