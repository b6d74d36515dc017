"""Registers the desk with Django."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """What one posted and what waits, of all kinds of work (工作台)."""

    name = "marketplace.desk"
    label = "desk"
    verbose_name = "工作台"
