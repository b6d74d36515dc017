"""Registers tasks with Django, and what they know that appeals, accounts and the ledger ask for."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "marketplace.tasks"
    label = "tasks"
    verbose_name = "众包任务"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from marketplace.tasks import queries  # noqa: PLC0415
        from marketplace.tasks.operations import reviews  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["task"] = reviews.REVIEWING.appeals("/work/{}/")
