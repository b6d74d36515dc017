"""Every read of shipping prices."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from crowdfunding.campaigns.models import Campaign
from crowdfunding.freight.models import Parcelling, Quote

MOST_SHOWN = 40


def valid(day: date, county: str = "") -> QuerySet[Quote]:
    """The prices that hold on a day, of all counties or of one."""
    found = Quote.objects.filter(Q(last_day=None) | Q(last_day__gte=day), from_day__lte=day)
    return found.filter(county=county) if county else found


def for_campaign(campaign: Campaign, day: date) -> list[Quote]:
    """The prices that a campaign's rewards may be charged by, the cheapest first."""
    if not campaign.county:
        return []
    return list(valid(day, campaign.county).order_by("first_fen", "pk")[:MOST_SHOWN])


def ahead(day: date) -> list[Quote]:
    """Prices that are on record and do not hold yet."""
    return list(Quote.objects.filter(from_day__gt=day).order_by("from_day", "pk")[:MOST_SHOWN])


def parcellings_of(campaign_id: UUID) -> list[Parcelling]:
    """Which rewards charge by a price, in the order of rewards."""
    found = Parcelling.objects.filter(tier__campaign_id=campaign_id).select_related("tier", "quote")
    return list(found.order_by("tier__position", "pk")[:MOST_SHOWN])


STANDING: dict[str, str] = {
    "reward charges another shipping than its quote and weight say (reward, charged, quoted)": """
        SELECT t.id, t.shipping_fen, q.first_fen + ceil(greatest(p.weight_g - q.first_g, 0)::numeric / q.step_g) * q.step_fen
        FROM freight_parcelling p JOIN freight_quote q ON q.id = p.quote_id JOIN campaigns_tier t ON t.id = p.tier_id
        WHERE t.shipping_fen <> q.first_fen + ceil(greatest(p.weight_g - q.first_g, 0)::numeric / q.step_g) * q.step_fen
        ORDER BY 1""",
}
