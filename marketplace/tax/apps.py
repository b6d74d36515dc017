"""The app of tax on labour income."""

from django.apps import AppConfig


class TaxConfig(AppConfig):
    """Tax on what people earn by tasks (劳务报酬个人所得税)."""

    name = "marketplace.tax"
    label = "tax"
    verbose_name = "劳务报酬个税"

    def ready(self) -> None:
        from backend.ledger import queries as books  # noqa: PLC0415 - models are not loaded before this
        from marketplace.tax import queries  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
