"""Registers listings with Django, and what the ledger's checks ask of them."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "backend.listings"
    label = "listings"
    verbose_name = "发现"

    def ready(self) -> None:
        from backend.ledger import queries as books  # noqa: PLC0415 - models are not loaded before this
        from backend.listings import queries  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
