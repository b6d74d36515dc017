"""Registers patterns with Django."""

from django.apps import AppConfig


class PatternsConfig(AppConfig):
    """Drafts to begin with (模板)."""

    name = "marketplace.patterns"
    label = "patterns"
    verbose_name = "模板"
