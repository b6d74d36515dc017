"""Every read of accounts that spans rows: who acts, and for whom they may."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.errors import NotAuthorised, TokenInvalid
from backend.accounts.models import SCOPES, ApiToken, Membership, Party, StaffRole, User
from backend.common.actors import Actor, Role


def hats(user: User, *, at: datetime) -> list[Membership]:
    """The live authorisations of a person, organisations in order of name."""
    found = Membership.objects.filter(user=user, revoked_at=None).select_related("organisation")
    return [m for m in found.order_by("organisation__name", "pk") if m.is_live(at)]


def owned_organisation(user: User, organisation_id: UUID, *, at: datetime) -> Party | None:
    """An organisation that the person owns now."""
    for membership in hats(user, at=at):
        if membership.organisation_id == organisation_id and membership.role == Membership.OWNER:
            return membership.organisation
    return None


def members(organisation_id: UUID) -> QuerySet[Membership]:
    """Everyone who was authorised and not revoked, owners first."""
    found = Membership.objects.filter(organisation_id=organisation_id, revoked_at=None).select_related("user__party")
    return found.order_by("-role", "valid_from", "pk")


def people_behind(*party_ids: UUID | None) -> frozenset[UUID]:
    """The parties themselves and everyone who may act for them, whatever for and until when."""
    ids = {party_id for party_id in party_ids if party_id is not None}
    members = Membership.objects.filter(organisation_id__in=ids, revoked_at=None)
    return frozenset(ids | set(members.values_list("user__party_id", flat=True)))


def belongs_to(owner_id: UUID, by: Actor) -> bool:
    """Whether somebody is a party or may act for it, or acts under the hat of somebody who is."""
    behind = people_behind(owner_id)
    mine = people_behind(by.party_id) if by.party_id is not None else frozenset()
    return bool(behind & {by.person_id, by.party_id}) or bool(behind & mine)


def circles(party_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """By party: itself, who may act for it, and what it may act for; parties whose circles meet are no strangers."""
    found = {party_id: {party_id} for party_id in party_ids}
    live = Membership.objects.filter(revoked_at=None)
    pairs = live.filter(Q(organisation__in=found) | Q(user__party__in=found))
    for organisation_id, person_id in pairs.values_list("organisation_id", "user__party_id"):
        for one, other in ((organisation_id, person_id), (person_id, organisation_id)):
            if one in found and other is not None:
                found[one].add(other)
    return found


def staff_roles(user: User, *, at: datetime) -> frozenset[Role]:
    """The live staff roles of a person."""
    if not user.is_staff:
        return frozenset()
    live = StaffRole.objects.filter(Q(valid_to=None) | Q(valid_to__gt=at), user=user)
    return frozenset(Role(role) for role in live.values_list("role", flat=True))


def actor(user: User, *, hat: UUID | None, at: datetime) -> Actor:
    """Who acts: the person, under their own hat or an organisation's.

    Raises:
        NotAuthorised: no live authorisation for that hat.
    """
    if hat is None or hat == user.party_id:
        return Actor(user.party_id, user.party_id, staff_roles(user, at=at), SCOPES, user.party.name)
    for membership in hats(user, at=at):
        if membership.organisation_id == hat:
            scopes = SCOPES if membership.role == Membership.OWNER else frozenset(membership.scopes)
            return Actor(user.party_id, hat, frozenset(), scopes, membership.organisation.name)
    raise NotAuthorised


def token_actor(text: str, *, at: datetime) -> tuple[User, Actor]:
    """Who a token acts for, within the token's scopes.

    Raises:
        TokenInvalid: unknown, expired, revoked, or its authorisation has ended.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    token = ApiToken.objects.select_related("user__party").filter(token_hash=digest, revoked_at=None).first()
    if token is None or token.expires_at <= at or not token.user.is_active:
        raise TokenInvalid
    try:
        full = actor(token.user, hat=token.party_id, at=at)
    except NotAuthorised as error:
        raise TokenInvalid from error
    # A token never carries staff roles: those need a second factor in a browser.
    return token.user, Actor(full.person_id, full.party_id, frozenset(), full.scopes & set(token.scopes), full.name)


def tokens(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that are not revoked, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None).select_related("party").order_by("-created_at", "-pk")
