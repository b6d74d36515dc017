"""Registers engagements with Django, and what they know that disputes, accounts and the ledger ask for."""

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "marketplace.engagements"
    label = "engagements"
    verbose_name = "承接协议"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.disputes.subjects import SUBJECTS  # noqa: PLC0415
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.payments.payees import PAYEES  # noqa: PLC0415
        from marketplace.engagements import queries  # noqa: PLC0415
        from marketplace.engagements.operations import claims  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        PAYEES["milestone"] = queries.worker_of
        SUBJECTS[claims.KIND] = claims.SUBJECT
        limits.OBSTACLES.append(queries.open_business)
