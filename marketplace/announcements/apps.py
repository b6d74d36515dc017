"""Registers announcements with Django."""

from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    """Announcements of posters (公告)."""

    name = "marketplace.announcements"
    label = "announcements"
    verbose_name = "公告"
