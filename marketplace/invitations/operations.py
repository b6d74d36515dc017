"""Letting somebody in, and asking who was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from backend.common import ids
from marketplace.invitations.models import Invitation


def new_code() -> str:
    """A word for an invitation's address, which cannot be guessed."""
    return ids.entropy(16).hex()


def let_in(kind: str, subject_id: UUID, party_id: UUID, *, at: datetime) -> None:
    """Let a party see a piece of work from now on, in the caller's transaction. Safe to repeat."""
    Invitation.objects.get_or_create(subject_id=subject_id, party_id=party_id, defaults={"kind": kind, "at": at})


def is_invited(subject_id: UUID, party_id: UUID | None) -> bool:
    """Whether a party was let in."""
    return party_id is not None and Invitation.objects.filter(subject_id=subject_id, party_id=party_id).exists()


def subjects_of(kind: str, party_id: UUID) -> QuerySet[Invitation, UUID]:
    """What of a kind a party was let in to see."""
    return Invitation.objects.filter(kind=kind, party_id=party_id).values_list("subject_id", flat=True)
