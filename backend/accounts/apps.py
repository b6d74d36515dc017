"""Registers people and organisations with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "backend.accounts"
    label = "accounts"
    verbose_name = "账户"

    def ready(self) -> None:
        from backend.accounts import contacts, limits  # noqa: PLC0415 - models are not loaded before this

        limits.CHECKS.append(contacts.bars)
