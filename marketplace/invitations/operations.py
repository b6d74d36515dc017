"""Letting somebody in, and asking who was."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.common import ids
from backend.common.actors import Actor
from backend.common.errors import NotFound
from marketplace.invitations.models import INVITED, Invitation
from marketplace.postings import Postings, Row


def new_code() -> str:
    """A word for an invitation's address, which cannot be guessed."""
    return ids.entropy(16).hex()


def let_in(kind: str, subject_id: UUID, party_id: UUID, *, at: datetime) -> None:
    """Let a party see a piece of work from now on, in the caller's transaction. Safe to repeat."""
    Invitation.objects.get_or_create(subject_id=subject_id, party_id=party_id, defaults={"kind": kind, "at": at})


@transaction.atomic
def renew(postings: Postings[Row], subject_id: UUID, *, by: Actor) -> Row:
    """A new word for the invitation's address; the old one opens nothing any more (更换邀请链接).

    Raises:
        NotFound, Forbidden: not the poster's, or the hat's mandate does not cover work.
    """
    found, _poster = postings.held_by_owner(subject_id, by)
    row: Any = found
    row.invite_code = new_code()
    row.save(update_fields=["invite_code"])
    return found


@transaction.atomic
def come_in(postings: Postings[Row], kind: str, code: str, *, public: Collection[str], by: Actor, at: datetime) -> Row:
    """Whoever was sent the address may see the work from now on (接受邀请); `public` are the states in which
    others than its poster may.

    Raises:
        NotFound: the address opens nothing.
    """
    if by.party_id is None:
        raise NotFound
    key = (
        postings.all.filter(invite_code=code, visibility=INVITED, state__in=public).values_list("pk", flat=True).first()
    )
    if key is None:
        raise NotFound
    found = postings.held(key)
    if not postings.posted_by(by.party_id).filter(pk=key).exists():
        let_in(kind, key, by.party_id, at=at)
    return found


def is_invited(subject_id: UUID, party_id: UUID | None) -> bool:
    """Whether a party was let in."""
    return party_id is not None and Invitation.objects.filter(subject_id=subject_id, party_id=party_id).exists()


def subjects_of(kind: str, party_id: UUID) -> QuerySet[Invitation, UUID]:
    """What of a kind a party was let in to see."""
    return Invitation.objects.filter(kind=kind, party_id=party_id).values_list("subject_id", flat=True)
