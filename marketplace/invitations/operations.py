"""Letting somebody in, and asking who was."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from marketplace.invitations.models import INVITED, VISIBILITIES, Invitation, Restrictable, new_code
from marketplace.postings import Postings


def unknown_visibility(chosen: str) -> Invalid | None:
    """The refusal of a visibility that there is none of."""
    if chosen in dict(VISIBILITIES):
        return None
    return Invalid("没有这个选项", "There is no such choice", field="visibility")


def address(kind: str, code: str) -> str:
    """Where a word lets others in."""
    return f"{settings.SITE_URL}{reverse('invited', args=[kind, code])}"


def own(postings: Postings[Any], subject_id: UUID, *, by: Actor) -> Restrictable:
    """One's own work that only the invited see.

    Raises:
        NotFound: not the poster's, or it is everybody's.
    """
    return _restricted(postings.own(subject_id, by))


@transaction.atomic
def renew(postings: Postings[Any], subject_id: UUID, *, by: Actor) -> Restrictable:
    """A new word for the invitation's address; the old one opens nothing any more (更换邀请链接).

    Raises:
        NotFound: not the poster's, or it is everybody's.
        Forbidden: the hat's mandate does not cover work.
    """
    found, _poster = postings.held_by_owner(subject_id, by)
    row = _restricted(found)
    row.invite_code = new_code()
    row.save(update_fields=["invite_code"])
    return row


def _restricted(found: Any) -> Restrictable:
    if not isinstance(found, Restrictable) or not found.is_restricted:
        raise NotFound
    return found


@transaction.atomic
def come_in(postings: Postings[Any], kind: str, code: str, *, by: Actor, at: datetime) -> Restrictable:
    """Whoever was sent the address may see the work from now on, as far as it is published (接受邀请). Safe to repeat.

    Raises:
        NotFound: the address opens nothing.
    """
    if by.party_id is None or not issubclass(postings.model, Restrictable):
        raise NotFound
    rows = postings.all.filter(invite_code=code, visibility=INVITED, state__in=postings.public)
    key = rows.values_list("pk", flat=True).first()
    if key is None:
        raise NotFound
    found = postings.held(key)
    if found.owner_id != by.party_id:
        Invitation.objects.get_or_create(subject_id=key, party_id=by.party_id, defaults={"kind": kind, "at": at})
    return _restricted(found)


def is_open_to(found: Restrictable, by: Actor) -> bool:
    """Whether published work is there for somebody: it is everybody's, or they were let in."""
    return not found.is_restricted or is_invited(found.pk, by.party_id)


def is_invited(subject_id: UUID, party_id: UUID | None) -> bool:
    """Whether a party was let in."""
    return party_id is not None and Invitation.objects.filter(subject_id=subject_id, party_id=party_id).exists()


def invited(subject_id: UUID) -> QuerySet[Invitation, UUID]:
    """The parties that were let in to see a piece of work."""
    return Invitation.objects.filter(subject_id=subject_id).values_list("party_id", flat=True)
