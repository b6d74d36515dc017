"""Pages of shared shipping prices: the comparison that everyone reads, the desk that keeps it, and the maker's choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from re import fullmatch
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.doors import actor_of, chosen_key, signed_in, take
from backend.common import clock, paging
from backend.common.actors import Actor, Role
from backend.common.days import parse_day
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.fen import Fen, parse_yuan
from backend.common.rules import SHANGHAI
from backend.listings.facets import COUNTIES
from crowdfunding.campaigns.queries import of_maker
from crowdfunding.freight import operations, queries
from crowdfunding.freight.models import Quote
from crowdfunding.freight.operations import MOST_G, Price

A_PARCEL_G = 3_000
FIELDS = ("county", "carrier", "covers", "first_kg", "first", "step_kg", "step", "from_day", "last_day", "basis")


@dataclass(frozen=True)
class Row:
    """One price, and what the parcel that is asked for costs by it, in fen."""

    quote: Quote
    fen: Fen


def _grams(text: str, field: str) -> int:
    """Grams from kilograms as people type them.

    Raises:
        Invalid: no number, a fourth decimal, nothing, or beyond 50 kg.
    """
    text = text.strip()
    grams = int(Decimal(text) * 1_000) if fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) else 0
    if not 0 < grams <= MOST_G:
        raise Invalid("重量须为 0.001 至 50 千克", "A weight is between 0.001 and 50 kg", field=field)
    return grams


def _price(data: QueryDict) -> Price:
    from_day = parse_day(data.get("from_day", ""), field="from_day")
    if from_day is None:
        raise Invalid("请填写日期", "Enter a date", field="from_day")
    return Price(
        county=data.get("county", "")[:6],
        carrier=data.get("carrier", "")[:120],
        covers=data.get("covers", "")[:240],
        first_g=_grams(data.get("first_kg", ""), "first_kg"),
        first_fen=parse_yuan(data.get("first", "").strip(), field="first"),
        step_g=_grams(data.get("step_kg", ""), "step_kg"),
        step_fen=parse_yuan(data.get("step", "").strip(), field="step"),
        from_day=from_day,
        last_day=parse_day(data.get("last_day", ""), field="last_day"),
        basis=data.get("basis", "")[:480],
    )


@require_http_methods(["GET", "POST"])
def freight(request: HttpRequest) -> HttpResponse:
    """What a parcel costs from each county, compared; moderators put prices on record here."""
    actor, refusal = actor_of(request), None
    if request.method == "POST":
        if Role.MODERATOR not in actor.roles:
            raise Forbidden
        try:
            operations.offer(price=_price(request.POST), by=actor, at=clock.now())
            messages.success(request, _("运价已登记"))
            return redirect("freight")
        except Refusal as caught:
            refusal = caught
    today = clock.now().astimezone(SHANGHAI).date()
    context = _compared(request, today) | {
        "nav": "browse",
        "refusal": refusal,
        "is_keeper": Role.MODERATOR in actor.roles,
        "ahead": queries.ahead(today),
        "form": {name: request.POST.get(name, "") for name in FIELDS},
    }
    return render(request, "freight/freight.html", context, status=refusal.status if refusal else 200)


def _compared(request: HttpRequest, today: date) -> dict[str, object]:
    county = request.GET.get("county", "")
    county = county if county in COUNTIES else ""
    try:
        weight_g = _grams(request.GET.get("kg", "") or str(A_PARCEL_G / 1_000), "kg")
    except Invalid:
        weight_g = A_PARCEL_G
    page = paging.page(
        queries.valid(today, county), order=("first_fen", "id"), cursor=request.GET.get("cursor", ""), size=20
    )
    rows = sorted((Row(quote, quote.fen_for(weight_g)) for quote in page.rows), key=lambda row: row.fen)
    return {
        "rows": rows,
        "page": page,
        "dearest": max((row.fen for row in rows), default=1),
        "county": county,
        "counties": COUNTIES,
        "weight_g": weight_g,
        "query": urlencode({"county": county, "kg": weight_g / 1_000}),
    }


@require_POST
@signed_in
def end(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """A moderator says until when a price holds."""
    if Role.MODERATOR not in actor_of(request).roles:
        raise Forbidden

    def until(by: Actor, at: datetime) -> None:
        day = parse_day(request.POST.get("last_day", ""), field="last_day")
        if day is None:
            raise Invalid("请填写日期", "Enter a date", field="last_day")
        operations.end(quote_id=quote_id, last_day=day, by=by, at=at)

    return take(request, until, _("已保存"), redirect("freight"))


@require_POST
@signed_in
def choose(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The maker says what a reward weighs and by which price it is charged, or what it charges by itself."""
    found = of_maker(campaign_id, actor_of(request).party_id)
    tier_id, quote_id = chosen_key(request.POST.get("tier", "")), chosen_key(request.POST.get("quote", ""))
    if tier_id is None or not found.tiers.filter(pk=tier_id).exists():
        raise NotFound

    def charge(by: Actor, at: datetime) -> None:
        if quote_id is None:
            fen = parse_yuan(request.POST.get("shipping", "").strip(), field="shipping")
            operations.set_by_hand(tier_id=tier_id, shipping_fen=fen, by=by)
            return
        grams = _grams(request.POST.get("kg", ""), "kg")
        operations.charge(tier_id=tier_id, quote_id=quote_id, weight_g=grams, by=by, at=at)

    return take(request, charge, _("运费已更新"), redirect("console-edit", campaign_id))
