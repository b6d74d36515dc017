"""What short harvests show on pages of campaigns."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.common import clock
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.states import State
from crowdfunding.harvest import queries
from crowdfunding.harvest.operations import clauses, shortfalls
from crowdfunding.harvest.states import Falling

SHOWN = (Falling.DECLARED, Falling.SHARING, Falling.SETTLED, Falling.CALLED_OFF)


def harvest_card(request: HttpRequest, campaign: Campaign) -> str:
    """What was agreed on for a short harvest, and what became of it."""
    clause = queries.clause_of(campaign)
    if clause is None:
        return ""
    said = queries.latest(campaign.pk) if campaign.state in State.SUCCEEDED else None
    said = said if said is not None and said.state in SHOWN else None
    context = {"clause": clause, "said": said, "figures": queries.figures(said) if said else None}
    return render_to_string("harvest/harvest_card.html", context, request)


def clause_note(request: HttpRequest, campaign: Campaign) -> str:
    """The clause, where a backer chooses."""
    clause = queries.clause_of(campaign)
    return render_to_string("harvest/clause_note.html", {"clause": clause}, request) if clause else ""


def portion_card(request: HttpRequest, pledge: Pledge) -> str:
    """What of my reward comes, and what of its price comes back."""
    portion = queries.portion_of(pledge.pk)
    if portion is not None:
        return render_to_string("harvest/portion_card.html", {"portion": portion}, request)
    return clause_note(request, pledge.campaign)


def maker_card(request: HttpRequest, campaign: Campaign) -> str:
    """The maker's clause, what they said of the harvest, and where to say it."""
    clause = queries.clause_of(campaign)
    if clause is None:
        return ""
    said = queries.latest(campaign.pk)
    is_open = said is None or said.state not in Falling.STANDING
    context = {
        "campaign": campaign,
        "clause": clause,
        "said": said,
        "figures": queries.figures(said) if said is not None and said.state in SHOWN else None,
        "may_declare": is_open and campaign.state in shortfalls.BEFORE_SENDING and not queries.is_sent(campaign.pk),
    }
    return render_to_string("harvest/maker_card.html", context, request)


def clause_form(request: HttpRequest, campaign: Campaign) -> str:
    """In the editor: the clause, where goods of the category grow."""
    clause, now = queries.clause_of(campaign), clock.now()
    applies = clauses.applies(campaign, now)
    if campaign.state not in EDITABLE or not (applies or clause):
        return ""
    least, most = clauses.bounds(campaign, now)
    context = {"campaign": campaign, "clause": clause, "least": least, "most": most, "applies": applies}
    return render_to_string("harvest/clause_form.html", context, request)
