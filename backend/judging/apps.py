"""Registers judging with Django, and what it knows that accounts and the ledger ask for."""

from django.apps import AppConfig


class JudgingConfig(AppConfig):
    name = "backend.judging"
    label = "judging"
    verbose_name = "评审"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.judging import queries  # noqa: PLC0415
        from backend.ledger import queries as books  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
