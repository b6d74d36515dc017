"""Registers the gateway's own tables with Django."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "backend.payments.sandbox"
    label = "sandbox"
    default_auto_field = "django.db.models.BigAutoField"
