"""Maker and backer say that they settled a pledge outside the platform, and answer each other."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backend.accounts.doors import actor_of, signed_in, take
from backend.common.errors import NotFound
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.operations import outside


@require_POST
@signed_in
def act(request: HttpRequest, pledge_id: UUID, act: str) -> HttpResponse:
    """What either side says or answers."""
    party_id = actor_of(request).party_id
    made = queries.pledge_of_either(pledge_id, party_id)
    back = (
        redirect("pledge", pledge_id) if made.backer_id == party_id else redirect("console-backers", made.campaign_id)
    )
    if act == "say":
        text = request.POST.get("text", "")[:1_000]
        done = _("已提出，等待对方确认")
        return take(request, lambda by, at: outside.say(pledge_id=pledge_id, text=text, by=by, at=at), done, back)
    if act not in outside.ANSWERS:
        raise NotFound
    answer = outside.ANSWERS[act]
    return take(request, lambda by, at: answer(pledge_id, by, at), _("已记录"), back)
