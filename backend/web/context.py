"""What every page of the site knows: reader's choices, hats, unread messages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from backend.accounts.doors import NOBODY, actor_of
from backend.common.actors import Role
from backend.notifications import queries as notifications


def site(request: HttpRequest) -> dict[str, Any]:
    """Theme, size and language from cookies, so that the first byte is right; the rest only when asked."""
    if not hasattr(request, "user"):
        return {"actor": NOBODY, "demo": settings.SIZHONG_DEMO}
    actor = SimpleLazyObject(lambda: actor_of(request))
    return {
        "theme": request.COOKIES.get("theme") if request.COOKIES.get("theme") in ("light", "dark") else "",
        "size": "large" if request.COOKIES.get("size") == "large" else "",
        "english": getattr(request, "LANGUAGE_CODE", "") == "en",
        "actor": actor,
        "unread": SimpleLazyObject(lambda: _unread(request)),
        "is_moderator": SimpleLazyObject(lambda: Role.MODERATOR in actor_of(request).roles),
        "is_finance": SimpleLazyObject(lambda: Role.FINANCE in actor_of(request).roles),
        "sockets_url": settings.SOCKETS_URL,
        "demo": settings.SIZHONG_DEMO,
    }


def _unread(request: HttpRequest) -> int:
    party = actor_of(request).party_id
    return notifications.unread(party) if party else 0
