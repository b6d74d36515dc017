"""Registers fulfilment with Django, and what it knows that campaigns ask for."""

from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    name = "crowdfunding.fulfilment"
    label = "fulfilment"
    verbose_name = "交付"

    def ready(self) -> None:
        from crowdfunding.campaigns import panels  # noqa: PLC0415 - models are not loaded before this
        from crowdfunding.campaigns.operations import delivery  # noqa: PLC0415
        from crowdfunding.fulfilment import cards, queries  # noqa: PLC0415

        delivery.HOLDS.append(queries.holds)
        panels.PLEDGE.append(cards.parcel_card)
        panels.CONSOLE.append(cards.fulfilment_card)
