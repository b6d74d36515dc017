"""Registers micro-tasks with Django, and what they know that appeals, accounts, payments and the ledger ask for."""

from django.apps import AppConfig


class MicrotasksConfig(AppConfig):
    name = "marketplace.microtasks"
    label = "microtasks"
    verbose_name = "计件微任务"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from backend.payments.payees import PROMISED  # noqa: PLC0415
        from marketplace.microtasks import queries  # noqa: PLC0415
        from marketplace.microtasks.operations import reviews  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["microtask"] = reviews.REVIEWING.appeals("/microtasks/{}/")
        PROMISED["microtask"] = queries.is_promised
