"""Registers solicitations with Django, and what they know that appeals, accounts and the standing checks ask for."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    name = "marketplace.ideas"
    label = "ideas"
    verbose_name = "创意征集"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from marketplace.ideas import queries  # noqa: PLC0415
        from marketplace.ideas.operations import reviews  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["solicitation"] = reviews.REVIEWING.appeals("/ideas/{}/")
