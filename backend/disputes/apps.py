"""Registers disputes with Django, and what they know must agree with the ledger."""

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "backend.disputes"
    label = "disputes"
    verbose_name = "纠纷"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.disputes import queries  # noqa: PLC0415
        from backend.ledger import queries as books  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
