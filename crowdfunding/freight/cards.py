"""What shipping prices show on pages of campaigns."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from backend.common import clock
from backend.common.rules import SHANGHAI
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.freight import queries


def freight_form(request: HttpRequest, campaign: Campaign) -> str:
    """In the editor: the county's prices, and what each reward weighs."""
    if campaign.state not in EDITABLE:
        return ""
    chosen = {row.tier_id: row for row in queries.parcellings_of(campaign.pk)}
    context = {
        "campaign": campaign,
        "quotes": queries.for_campaign(campaign, clock.now().astimezone(SHANGHAI).date()),
        "rewards": [(tier, chosen.get(tier.pk)) for tier in campaign.tiers.order_by("position", "pk")],
    }
    return render_to_string("freight/freight_form.html", context, request)


def freight_note(request: HttpRequest, campaign: Campaign) -> str:
    """On the public page: by whose price the shipping is charged."""
    rows = queries.parcellings_of(campaign.pk)
    return render_to_string("freight/freight_note.html", {"rows": rows}, request) if rows else ""
