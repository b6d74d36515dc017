"""Pages of the desk: what I posted, and what waits until when."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend.accounts.doors import actor_of, signed_in
from backend.common import paging
from backend.common.errors import NotFound
from marketplace.desk import queries
from marketplace.desk.clocks import clocks
from marketplace.kinds_of_work import KINDS_OF_WORK, posted


@require_GET
@signed_in
def board(request: HttpRequest) -> HttpResponse:
    """All that I posted, of every kind, the latest first."""
    party_id, kind = actor_of(request).party_id, request.GET.get("kind", "")
    if party_id is None:
        raise NotFound
    counts = queries.counts_of(party_id)
    page = paging.page(
        queries.posted_by(party_id, kind),
        order=("-listed_at", "-id"),
        cursor=request.GET.get("cursor", ""),
        size=20,
    )
    context = {
        "nav": "work",
        "rows": [posted(row) for row in page.rows],
        "next_cursor": page.next_cursor,
        "counts": [(key, one.words, counts[key]) for key, one in KINDS_OF_WORK.items() if key in counts],
        "kind": kind,
        "kinds": KINDS_OF_WORK,
        "rest": f"kind={kind}&" if kind in KINDS_OF_WORK else "",
    }
    return render(request, "desk/board.html", context)


@require_GET
@signed_in
def agenda(request: HttpRequest) -> HttpResponse:
    """Every clock that runs for me, and what happens if nobody acts."""
    rows = clocks(actor_of(request))
    context = {
        "nav": "work",
        "mine": [row for row in rows if row.is_mine],
        "others": [row for row in rows if not row.is_mine],
    }
    return render(request, "desk/agenda.html", context)
