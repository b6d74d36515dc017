"""Home, preferences, and the pages that say how the platform works."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from backend.common import clock
from backend.common.models import Rule
from backend.ledger.models import Fee
from crowdfunding.campaigns import queries as campaigns
from search.engines import Query
from search.queries import find

A_YEAR = 365 * 24 * 3600
CHOICES = {
    "theme": ("light", "dark", "auto"),
    "size": ("large", "normal"),
    "language": ("zh-hans", "en"),
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The front page: promise, search, four doors, what is funding now."""
    return render(
        request,
        "web/home.html",
        {
            "nav": "home",
            "now": clock.now(),
            "sums": campaigns.sums(),
            "closing": find(Query(kind="campaign", states=("live",), order="closing", size=3)).page,
            "newest": find(Query(kind="campaign", states=("live", "preheat"), order="newest", size=6)).page,
        },
    )


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme, size and language, kept in cookies; works without JavaScript."""
    back = request.POST.get("back", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    for name, values in CHOICES.items():
        value = request.POST.get(name)
        if value in values:
            response.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_GET
def fees(request: HttpRequest) -> HttpResponse:
    """The published fee schedule with its history (收费清单)."""
    rows = Fee.objects.order_by("code", "-valid_from")[:100]
    return render(request, "web/fees.html", {"fees": rows})


@require_GET
def rules_page(request: HttpRequest) -> HttpResponse:
    """The dated rules, each with its source: the same rows that the platform acts by."""
    rows = Rule.objects.filter(ruleset="city").order_by("key", "-valid_from")[:200]
    return render(request, "web/rules.html", {"rules": rows})


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "web/accessibility.html")
