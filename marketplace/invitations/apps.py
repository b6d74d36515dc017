"""Registers invitations with Django."""

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    name = "marketplace.invitations"
    label = "invitations"
    verbose_name = "邀请"
