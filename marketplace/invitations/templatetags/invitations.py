"""What shows and makes an invitation: the poster's card and the choice in an editor."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.translation import gettext

from marketplace.invitations import operations
from marketplace.invitations.models import VISIBILITIES, Restrictable

register = template.Library()


@register.inclusion_tag("invitations/card.html", takes_context=True)
def invitation_card(context: Context, kind: str, found: Restrictable) -> dict[str, Any]:
    """The address to send to the invited, for the poster of work that only they see."""
    return {
        "is_shown": found.is_restricted and getattr(found, "state", "") != "draft",
        "address": operations.address(kind, found.invite_code),
        "kind": kind,
        "found": found,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("invitations/choice.html")
def visibility_choice(chosen: str) -> dict[str, Any]:
    """Everybody, or the invited alone: a choice of an editor."""
    return {"visibilities": VISIBILITIES, "chosen": chosen}


@register.simple_tag
def visibility_of(found: Restrictable) -> str:
    """Who sees a piece of work, in words."""
    return gettext(dict(VISIBILITIES)[found.visibility])
