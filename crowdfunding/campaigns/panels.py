"""Panels that higher packages put on pages of campaigns: filled when their apps are ready."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from crowdfunding.campaigns.models import Campaign, Pledge

PLEDGE: list[Callable[[HttpRequest, Pledge], str]] = []
"""On a backer's page of one pledge."""

CONSOLE: list[Callable[[HttpRequest, Campaign], str]] = []
"""On a maker's page of one campaign."""

PUBLIC: list[Callable[[HttpRequest, Campaign], str]] = []
"""On a campaign's public page."""

EDITOR: list[Callable[[HttpRequest, Campaign], str]] = []
"""Beside a maker's draft."""

PLEDGE_FORM: list[Callable[[HttpRequest, Campaign], str]] = []
"""Among the choices that a backer makes before a pledge."""
