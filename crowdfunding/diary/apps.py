"""Registers calendars and diaries with Django, and puts them on the pages of campaigns."""

from django.apps import AppConfig


class DiaryConfig(AppConfig):
    name = "crowdfunding.diary"
    label = "diary"
    verbose_name = "农事历与产地日志"

    def ready(self) -> None:
        from crowdfunding.campaigns import panels  # noqa: PLC0415 - models are not loaded before this
        from crowdfunding.diary import cards  # noqa: PLC0415

        panels.PUBLIC.append(cards.diary_card)
        panels.CONSOLE.append(cards.maker_card)
