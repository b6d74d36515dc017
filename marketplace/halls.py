"""What every hall of listings shares: its whole choice is in the address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from backend.common.states import Machine


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
