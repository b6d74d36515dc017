"""What calendars and diaries show on pages of campaigns."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.common import clock
from backend.common.rules import SHANGHAI
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import State
from crowdfunding.diary import queries


def diary_card(request: HttpRequest, campaign: Campaign) -> str:
    """The calendar and the last days of the diary; silent where there is neither."""
    steps, latest = queries.steps(campaign.pk), queries.latest(campaign.pk)
    if not steps and not latest:
        return ""
    context = {"campaign": campaign, "steps": steps, "latest": latest, "today": clock.now().astimezone(SHANGHAI).date()}
    return render_to_string("diary/diary_card.html", context, request)


def maker_card(request: HttpRequest, campaign: Campaign) -> str:
    """Where the maker keeps them."""
    steps = queries.steps(campaign.pk)
    today = clock.now().astimezone(SHANGHAI).date()
    if campaign.state in State.ENDED and not steps:
        return ""
    context = {
        "campaign": campaign,
        "next": next((step for step in steps if step.done_on is None), None),
        "late": sum(step.is_late(today) for step in steps),
        "done": sum(step.done_on is not None for step in steps),
        "steps": steps,
    }
    return render_to_string("diary/maker_card.html", context, request)
