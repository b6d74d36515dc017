"""The button that keeps an eye on a piece of work, or no longer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.template import Context

from marketplace.keeping import queries

register = template.Library()


@register.inclusion_tag("keeping/button.html", takes_context=True)
def favour_button(context: Context, kind: str, subject_id: UUID) -> dict[str, Any]:
    """The button, for who is signed in."""
    actor = context["actor"]
    return {
        "is_shown": actor.party_id is not None,
        "is_on": queries.is_favourite(subject_id, actor.party_id),
        "kind": kind,
        "pk": subject_id,
        "csrf_token": context.get("csrf_token"),
    }
