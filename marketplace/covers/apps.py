"""Registers covers with Django."""

from django.apps import AppConfig


class CoversConfig(AppConfig):
    """Pictures of posted work (封面)."""

    name = "marketplace.covers"
    label = "covers"
    verbose_name = "封面"
