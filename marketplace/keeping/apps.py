"""Registers keeping with Django."""

from django.apps import AppConfig


class KeepingConfig(AppConfig):
    """What people keep for themselves (收藏)."""

    name = "marketplace.keeping"
    label = "keeping"
    verbose_name = "收藏"
