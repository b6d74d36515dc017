"""Registers on-site errands with Django, and what they know that appeals, accounts, payments and the ledger ask for."""

from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    """On-site errands (现场任务)."""

    name = "marketplace.errands"
    label = "errands"
    verbose_name = "现场任务"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from backend.payments.payees import PROMISED  # noqa: PLC0415
        from marketplace.errands import queries  # noqa: PLC0415
        from marketplace.errands.operations import reviews, services  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        limits.FAREWELLS.append(services.forget)
        appeals.SUBJECTS["errand"] = reviews.REVIEWING.appeals("/errands/{}/")
        PROMISED["errand"] = queries.is_promised
