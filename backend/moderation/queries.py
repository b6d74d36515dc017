"""Reading the review queue."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.moderation.models import Appeal, Review, StaffAct
from backend.moderation.states import Appealing


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


def last_act(subject_id: UUID, act: str) -> StaffAct | None:
    """Who last did a thing to a subject, and why."""
    return StaffAct.objects.filter(subject_id=subject_id, act=act).order_by("-at", "-pk").first()


def appeals_waiting() -> QuerySet[Appeal]:
    """Appeals that wait for an answer."""
    return Appeal.objects.filter(state=Appealing.OPEN).select_related("appellant")


def appeals_due(*, at: datetime) -> list[UUID]:
    """Appeals whose time to be answered is over."""
    return list(Appeal.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:200])


def appeal_of(subject_id: UUID) -> Appeal | None:
    """The last appeal about a thing."""
    return Appeal.objects.filter(subject_id=subject_id).order_by("-filed_at", "-pk").first()


def appeal_for(appeal_id: UUID, actor: Actor) -> Appeal:
    """An appeal that one may read: the appellant's and moderators'.

    Raises:
        NotFound: not for this reader.
    """
    found = Appeal.objects.select_related("appellant", "against").filter(pk=appeal_id).first()
    is_own = found is not None and actor.party_id == found.appellant_id
    if found is None or not (is_own or Role.MODERATOR in actor.roles):
        raise NotFound
    return found
