"""Registers campaigns with Django, and what they know must agree with the ledger."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "crowdfunding.campaigns"
    label = "campaigns"
    verbose_name = "众筹"

    def ready(self) -> None:
        from backend.accounts import limits  # noqa: PLC0415 - models are not loaded before this
        from backend.disputes.subjects import SUBJECTS  # noqa: PLC0415
        from backend.ledger import queries as books  # noqa: PLC0415
        from backend.moderation import appeals  # noqa: PLC0415
        from backend.payments.payees import PAYEES  # noqa: PLC0415
        from crowdfunding.campaigns import queries  # noqa: PLC0415
        from crowdfunding.campaigns.operations import complaints, reviews  # noqa: PLC0415

        books.CHECKS.append(queries.STANDING)
        PAYEES["campaign"] = queries.owner_of
        SUBJECTS[complaints.KIND] = complaints.SUBJECT
        limits.OBSTACLES.append(queries.open_business)
        appeals.SUBJECTS["campaign"] = reviews.APPEALS
