"""What every hall of listings shares: its whole choice is in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backend.accounts.doors import actor_of
from backend.common import clock
from backend.common.states import Machine
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.keeping.queries import searches
from search.engines import Query
from search.queries import find

ORDERS = (("newest", "最新发布", "Newest"), ("closing", "即将截止", "Closing soon"))


def hall(
    request: HttpRequest,
    *,
    kind: str,
    machine: Machine,
    template: str,
    orders: Sequence[tuple[str, str, str]] = ORDERS,
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    """All public listings of a kind, with facets whose every choice is in the address; `more` is for the template."""
    facets = {"category": WORK_CATEGORY_KEYS, "county": COUNTIES, "state": machine.states}
    chosen = {name: [value for value in request.GET.getlist(name) if value][:10] for name in facets}
    query = Query(
        text=request.GET.get("q", "").strip()[:100],
        kind=kind,
        categories=chosen["category"],
        counties=chosen["county"],
        states=chosen["state"],
        order=request.GET.get("order", "newest"),
        cursor=request.GET.get("cursor", ""),
    )
    found = find(query)
    context = {
        "nav": "work",
        "found": found,
        "query": query,
        "orders": [(key, (zh, en), link_with(request, order=key)) for key, zh, en in orders],
        "facets": [
            facet_of(request, name, known, dict(found.facets.get(name, {})), chosen[name], machine=machine)
            for name, known in facets.items()
        ],
        "chosen": any(chosen.values()),
        "rest": rest_of(request),
        "paged": bool(query.cursor),
        "address": request.GET.urlencode(),
        "searches": searches(actor_of(request).party_id, kind),
        "now": clock.now(),
    }
    return render(request, template, context | dict(more or {}))


def link_with(request: HttpRequest, **changed: str) -> str:
    """The address with other choices, from the first page on."""
    params = request.GET.copy()
    params.pop("cursor", None)
    for name, value in changed.items():
        params[name] = value
    return f"?{params.urlencode()}"


def rest_of(request: HttpRequest) -> str:
    """The address's choices without the cursor, to put before the next one."""
    params = request.GET.copy()
    params.pop("cursor", None)
    return params.urlencode() + "&" if params else ""


def facet_of(
    request: HttpRequest,
    name: str,
    known: Iterable[str],
    counts: dict[str, int],
    chosen: list[str],
    *,
    machine: Machine,
) -> dict[str, Any]:
    """One facet: its values that occur or are chosen, each with its count and the address that switches it."""
    rows = []
    for value in known:
        if not counts.get(value) and value not in chosen:
            continue
        params = request.GET.copy()
        params.pop("cursor", None)
        kept = [item for item in chosen if item != value]
        params.setlist(name, kept if value in chosen else [*kept, value])
        rows.append(
            {
                "value": value,
                "word": machine.word(value) if name == "state" else value,
                "count": counts.get(value, 0),
                "on": value in chosen,
                "url": f"?{params.urlencode()}",
            }
        )
    return {"name": name, "rows": rows}
