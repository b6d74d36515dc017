"""Ventures, found: the list that everybody sees."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from backend.listings.facets import CATEGORY_KEYS, COUNTIES
from backend.projects import queries
from backend.projects.kinds import STAGES
from search.engines import Query
from search.queries import find


@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    """Published ventures, found by words, category, county and stage; every choice is in the address."""
    chosen = {name: request.GET.get(name, "")[:32] for name in ("category", "county", "stage")}
    query = Query(
        text=request.GET.get("q", "").strip()[:100],
        kind="project",
        categories=[chosen["category"]] if chosen["category"] else (),
        counties=[chosen["county"]] if chosen["county"] else (),
        states=[chosen["stage"]] if chosen["stage"] else (),
        cursor=request.GET.get("cursor", ""),
        size=24,
    )
    found = find(query)
    covers = queries.covers([row.subject_id for row in found.page.rows])
    params = request.GET.copy()
    params.pop("cursor", None)
    context = {
        "nav": "projects",
        "query": query,
        "chosen": chosen,
        "found": found,
        "rows": [(row, covers.get(row.subject_id)) for row in found.page.rows],
        "stages": STAGES.items(),
        "categories": CATEGORY_KEYS,
        "counties": COUNTIES,
        "rest": params.urlencode() + "&" if params else "",
        "narrowed": bool(query.text or any(chosen.values())),
    }
    return render(request, "projects/projects.html", context)
