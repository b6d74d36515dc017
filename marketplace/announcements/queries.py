"""Every read of announcements that spans rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from marketplace.announcements.models import Announcement
from marketplace.kinds_of_work import kind_of

AT_ONCE = 500


def subject(kind: str, subject_id: UUID, actor: Actor) -> Any:
    """The work that is announced about, for whoever may see it.

    Raises:
        NotFound: none, or not for this reader.
    """
    return kind_of(kind).postings.visible(subject_id, actor)


def of_subject(kind: str, subject_id: UUID, actor: Actor) -> QuerySet[Announcement]:
    """What was announced about a work; what a moderator took from view is its poster's and staff's alone."""
    rows = Announcement.objects.filter(kind=kind, subject_id=subject_id)
    if actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return rows
    return rows.filter(Q(hidden_at=None) | Q(owner_id=actor.party_id))


def one(announcement_id: UUID) -> Announcement:
    """An announcement, for staff.

    Raises:
        NotFound: there is none.
    """
    found = Announcement.objects.filter(pk=announcement_id).first()
    if found is None:
        raise NotFound
    return found


def told(announcement: Announcement) -> Iterator[list[UUID]]:
    """Who takes part in the work now, each once, some hundreds at a time."""
    rows = kind_of(announcement.kind).parties(announcement.subject_id).exclude(pk=None).order_by().distinct()
    some: list[UUID] = []
    for party_id in rows.iterator(chunk_size=AT_ONCE):
        some.append(party_id)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some
