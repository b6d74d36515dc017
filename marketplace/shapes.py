"""Shapes of the API that every kind of posted work shares."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from marketplace.invitations.models import PUBLIC, VISIBILITIES


class WorkWhy(serializers.Serializer[Any]):
    """A reason, and for an approval the signed lines of the checklist."""

    reason = serializers.CharField(max_length=600, allow_blank=True, default="")
    checklist = serializers.ListField(child=serializers.CharField(max_length=20), max_length=30, default=list)


def visibility_field() -> serializers.ChoiceField:
    """Everybody, or those alone who were sent the work's address."""
    return serializers.ChoiceField(VISIBILITIES, default=PUBLIC)
