"""Registers knowledge with Django, and what it knows that accounts, appeals, payments and the standing checks ask for."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "marketplace.knowledge"
    label = "knowledge"
    verbose_name = "知识众包"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from backend.payments.payees import PROMISED  # noqa: PLC0415
        from marketplace.knowledge import queries  # noqa: PLC0415
        from marketplace.knowledge.operations import gaps  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["gap"] = gaps.REVIEWING.appeals("/knowledge/gaps/{}/")
        PROMISED["gap"] = queries.is_promised
