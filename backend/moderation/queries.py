"""Reading the review queue."""

from uuid import UUID

from django.db.models import QuerySet

from backend.moderation.models import Review, StaffAct


def queue() -> QuerySet[Review]:
    """What waits for a moderator."""
    return Review.objects.filter(decision="")


def history(subject_id: UUID) -> QuerySet[Review]:
    """Everything decided about one thing, newest first."""
    return Review.objects.filter(subject_id=subject_id).exclude(decision="").order_by("-decided_at", "pk")[:20]


def last_return(subject_id: UUID) -> Review | None:
    """Why a thing was returned the last time."""
    found = Review.objects.filter(subject_id=subject_id, decision="return")
    return found.order_by("-decided_at", "pk").first()


def acts() -> QuerySet[StaffAct]:
    """What staff did."""
    return StaffAct.objects.all()
