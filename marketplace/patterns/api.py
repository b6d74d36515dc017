"""What the API of every kind of work takes to begin a draft."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class Beginning(serializers.Serializer[Any]):
    """The pattern that a draft begins with; empty for a blank one."""

    like = serializers.CharField(max_length=32, allow_blank=True, default="")
