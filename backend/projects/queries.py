"""Every read of project passports that spans rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.moderation.screening import Finding, contacts, promises
from backend.projects.models import Evidence, Follower, Need, Passport, Picture, Teammate
from backend.projects.states import Proving, Showing

A_HANDFUL = 200


def passports_due(*, at: datetime) -> list[UUID]:
    """Passports whose clock has something to do."""
    return list(Passport.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def evidence_due(*, at: datetime) -> list[UUID]:
    """Documents whose clock has something to do."""
    return list(Evidence.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def held_by(party_id: UUID) -> QuerySet[Passport]:
    """A holder's passports."""
    return Passport.objects.filter(holder_id=party_id)


def published() -> QuerySet[Passport]:
    """What everybody sees."""
    return Passport.objects.filter(state=Showing.PUBLISHED).select_related("holder")


def usable(party_id: UUID) -> list[Passport]:
    """What a holder may start something from, the newest first."""
    found = held_by(party_id).filter(state__in=Showing.LIVE).order_by("-created_at", "-pk")
    return list(found[:20])


def is_holder(passport: Passport, actor: Actor) -> bool:
    """Whether a passport is the hat's."""
    return actor.party_id is not None and actor.party_id == passport.holder_id


def visible(passport_id: UUID, actor: Actor) -> Passport:
    """A passport: published for everybody, before and after that for its holder and moderators.

    Raises:
        NotFound: not for this reader.
    """
    found = Passport.objects.select_related("holder").filter(pk=passport_id).first()
    if found is None:
        raise NotFound
    if not (found.state == Showing.PUBLISHED or is_holder(found, actor) or Role.MODERATOR in actor.roles):
        raise NotFound
    return found


def own(passport_id: UUID, actor: Actor) -> Passport:
    """A passport of one's own; another's does not exist here.

    Raises:
        NotFound: not this hat's.
    """
    found = Passport.objects.select_related("holder").filter(pk=passport_id).first()
    if found is None or not is_holder(found, actor):
        raise NotFound
    return found


def proved(passport: Passport) -> list[Evidence]:
    """What is verified now, by kind."""
    return list(passport.evidence.filter(state=Proving.VERIFIED).order_by("kind", "-filed_at", "pk")[:60])


def documents(passport: Passport) -> list[Evidence]:
    """Every document that was filed, newest first: for the holder and moderators."""
    return list(passport.evidence.order_by("-filed_at", "-pk")[:60])


def document_for(evidence_id: UUID, actor: Actor) -> Evidence:
    """A document whose file one may read: the holder's and moderators'; the public reads the fact alone.

    Raises:
        NotFound: not for this reader.
    """
    found = Evidence.objects.select_related("passport__holder").filter(pk=evidence_id).first()
    if found is None:
        raise NotFound
    is_own = is_holder(found.passport, actor) and "campaigns" in actor.scopes
    if not (is_own or Role.MODERATOR in actor.roles):
        raise NotFound
    return found


def kinds_filed(passport_id: UUID | None) -> frozenset[str]:
    """Kinds of documents that are verified, or wait to be."""
    return frozenset(kind for kind, _until in _standing(passport_id, Proving.STANDING))


def kinds_proved(passport_id: UUID | None, *, on: date) -> frozenset[str]:
    """Kinds of documents that are verified, and valid on a day."""
    verified = _standing(passport_id, (Proving.VERIFIED,))
    return frozenset(kind for kind, until in verified if until is None or on <= until)


def _standing(passport_id: UUID | None, states: Collection[str]) -> list[tuple[str, date | None]]:
    if passport_id is None:
        return []
    found = Evidence.objects.filter(passport_id=passport_id, state__in=states)
    return list(found.values_list("kind", "valid_until")[:200])


def team(passport: Passport) -> list[Teammate]:
    """Who belongs to it, in the order in which they joined."""
    return list(passport.team.order_by("joined_at", "pk")[:30])


def open_needs(passport: Passport) -> list[Need]:
    """What it is looking for, newest first."""
    return list(passport.needs.filter(met_at=None).order_by("-at", "-pk")[:20])


def pictures(passport: Passport) -> list[Picture]:
    """Its showcase, in the order in which it grew."""
    return list(passport.pictures.order_by("at", "pk")[:12])


def picture_for(picture_id: UUID, actor: Actor) -> Picture:
    """A picture of a passport that one may see.

    Raises:
        NotFound: not for this reader.
    """
    found = Picture.objects.filter(pk=picture_id).first()
    if found is None:
        raise NotFound
    visible(found.passport_id, actor)
    return found


def followers(passport_id: UUID) -> list[UUID]:
    """Who wants to hear of it."""
    return list(Follower.objects.filter(passport_id=passport_id).order_by("pk").values_list("party_id", flat=True))


def is_followed(passport: Passport, actor: Actor) -> bool:
    """Whether the reader follows it."""
    return actor.party_id is not None and Follower.objects.filter(passport=passport, party_id=actor.party_id).exists()


def followed_by(party_id: UUID) -> QuerySet[Follower]:
    """What somebody follows."""
    return Follower.objects.filter(party_id=party_id, passport__state=Showing.PUBLISHED).select_related("passport")


def findings(passport: Passport) -> list[Finding]:
    """What a moderator should look at twice in a passport's words."""
    texts = {"name": passport.name, "summary": passport.summary, "story": passport.story}
    found = [one for field, text in texts.items() for scan in (contacts, promises) for one in scan(field, text)]
    return found[:50]


def covers(passport_ids: Collection[UUID]) -> dict[UUID, Picture]:
    """The first picture of each passport that has one."""
    found = Picture.objects.filter(passport_id__in=passport_ids)
    return {
        picture.passport_id: picture for picture in found.order_by("passport_id", "at", "pk").distinct("passport_id")
    }
