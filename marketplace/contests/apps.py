"""Registers contests with Django, and what they know that judging, appeals, accounts and the ledger ask for."""

from django.apps import AppConfig


class ContestsConfig(AppConfig):
    name = "marketplace.contests"
    label = "contests"
    verbose_name = "赛事与悬赏"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.judging.operations import shared as judging  # noqa: PLC0415
        from backend.judging.subjects import SUBJECTS, Subject  # noqa: PLC0415
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from backend.payments.payees import PROMISED  # noqa: PLC0415
        from marketplace.contests import queries  # noqa: PLC0415
        from marketplace.contests.operations import reviews  # noqa: PLC0415
        from marketplace.engagements import queries as engagements  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["contest"] = reviews.REVIEWING.appeals("/contests/{}/")
        PROMISED["contest"] = queries.is_promised
        SUBJECTS["contest"] = Subject(queries.works, queries.may_see_one)
        judging.TIES.append(engagements.recent_ties)
