"""Registers payments with Django, and what they know must agree with the ledger."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "backend.payments"
    label = "payments"
    verbose_name = "支付"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415 - models are not loaded before this
        from backend.payments import queries  # noqa: PLC0415
        from backend.payments.operations import debts  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.CHECKS.append(debts.bars)
