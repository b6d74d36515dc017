"""Registers shared shipping prices with Django, and puts them where rewards are written and read."""

from django.apps import AppConfig


class FreightConfig(AppConfig):
    name = "crowdfunding.freight"
    label = "freight"
    verbose_name = "共享运价"

    def ready(self) -> None:
        from backend.ledger import queries as books  # noqa: PLC0415 - models are not loaded before this
        from crowdfunding.campaigns import panels  # noqa: PLC0415
        from crowdfunding.freight import cards, queries  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        panels.PUBLIC.append(cards.freight_note)
        panels.EDITOR.append(cards.freight_form)
