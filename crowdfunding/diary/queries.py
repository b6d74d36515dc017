"""Every read of calendars and diaries."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from backend.common.errors import NotFound
from crowdfunding.campaigns.queries import visible
from crowdfunding.diary.models import Entry, Step
from crowdfunding.diary.operations import MOST_STEPS

LATEST = 3


def steps(campaign_id: UUID) -> list[Step]:
    """The calendar, by day."""
    return list(Step.objects.filter(campaign_id=campaign_id).order_by("planned_on", "pk")[:MOST_STEPS])


def entries(campaign_id: UUID) -> QuerySet[Entry]:
    """The diary with the steps it speaks of."""
    return Entry.objects.filter(campaign_id=campaign_id).select_related("step")


def latest(campaign_id: UUID) -> list[Entry]:
    """The last days of the diary that stand."""
    return list(entries(campaign_id).filter(withdrawn_at=None).order_by("-day", "-pk")[:LATEST])


def photo_for(entry_id: UUID, party_id: UUID | None) -> Entry:
    """A day with a photo that one may see.

    Raises:
        NotFound: not for this reader, taken back, or without a photo.
    """
    found = Entry.objects.filter(pk=entry_id, withdrawn_at=None).exclude(sha256="").first()
    if found is None:
        raise NotFound
    visible(found.campaign_id, party_id)
    return found
