"""Registers match pots with Django, and what they know that campaigns and the ledger ask for."""

from django.apps import AppConfig


class PotsConfig(AppConfig):
    name = "crowdfunding.pots"
    label = "pots"
    verbose_name = "配捐"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from crowdfunding.campaigns import panels  # noqa: PLC0415
        from crowdfunding.pots import cards, queries  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        panels.PUBLIC.append(cards.pots_card)
        panels.PLEDGE_FORM.append(cards.offer)
        panels.PLEDGE.append(cards.match_card)
        panels.CONSOLE.append(cards.maker_card)
