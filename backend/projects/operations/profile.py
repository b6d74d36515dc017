"""What else a passport shows: team, needs, pictures, followers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F

from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import files, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.listings import operations as listings
from backend.projects.errors import LinkDead, NotWritable
from backend.projects.kinds import NEEDS
from backend.projects.models import Follower, Need, Passport, Picture, Teammate
from backend.projects.operations.passports import enqueue, locked, require_holder, require_only, touch
from backend.projects.states import Showing

MOST_TEAM, MOST_NEEDS, MOST_PICTURES = 30, 20, 12
_SALT = "projects.team"


def _held(passport_id: UUID, by: Actor, at: datetime) -> Passport:
    """The holder's passport while it may be changed; a moderator reads again what was published."""
    passport = locked(passport_id)
    require_holder(passport, by)
    if passport.state not in Showing.WRITABLE:
        raise NotWritable
    touch(passport, at)
    if passport.state == Showing.PUBLISHED:
        enqueue(passport, at)
    return passport


def team_link(*, passport_id: UUID, by: Actor, at: datetime) -> str:
    """A signed word that lets whoever has it join the team for some days (邀请链接)."""
    passport = Passport.objects.filter(pk=passport_id).first()
    if passport is None:
        raise NotFound
    require_holder(passport, by)
    until = at + rules.days("projects.link_days", at=at)
    return signing.dumps([str(passport_id), int(until.timestamp())], salt=_SALT)


def read_link(token: str, *, at: datetime) -> Passport:
    """The passport whose team a link leads to.

    Raises:
        LinkDead: it is not ours, too old, or the passport takes nobody.
    """
    try:
        key, until = signing.loads(token[:500], salt=_SALT)
        passport = Passport.objects.select_related("holder").get(pk=UUID(key))
    except (signing.BadSignature, ValueError, TypeError, Passport.DoesNotExist) as error:
        raise LinkDead from error
    if at.timestamp() >= until or passport.state not in (*Showing.WRITABLE, Showing.REVIEW):
        raise LinkDead
    return passport


@transaction.atomic
def join_team(*, token: str, shown_name: str, role: str, by: Actor, at: datetime) -> Teammate:
    """Say that one belongs to a team, under the name that is to be shown (加入团队).

    Raises:
        LinkDead: the link is dead, or the team is full.
        Forbidden: an organisation's hat; a team is of persons.
        PassportKnown: one stands behind another live passport of the same name.
        Invalid: no name, no part in it, or in the team already.
    """
    passport = locked(read_link(token, at=at).pk)
    if by.person_id is None or by.party_id != by.person_id:
        raise Forbidden
    name, part = clean_name(shown_name)[:20], clean_name(role)[:30]
    if not name or not part:
        raise Invalid("请填写公开的称呼和负责的事", "Enter the name to be shown and what you do", field="role")
    if Teammate.objects.filter(passport=passport).count() >= MOST_TEAM:
        raise LinkDead
    require_only(passport.key, frozenset({by.person_id}), passport.pk)
    try:
        with transaction.atomic():
            return Teammate.objects.create(
                passport=passport, party_id=by.person_id, shown_name=name, role=part, joined_at=at
            )
    except IntegrityError as error:
        raise Invalid("您已在团队中", "You are in the team already") from error


@transaction.atomic
def leave_team(*, teammate_id: UUID, by: Actor) -> UUID:
    """Somebody leaves a team, or its founder takes them off (退出团队); of which passport."""
    found = Teammate.objects.select_related("passport").filter(pk=teammate_id).first()
    if found is None:
        raise NotFound
    if found.party_id != by.person_id:
        require_holder(found.passport, by)
    found.delete()
    return found.passport_id


@transaction.atomic
def add_need(*, passport_id: UUID, kind: str, text: str, by: Actor, at: datetime) -> Need:
    """Say what a venture is looking for (提出需求)."""
    passport = _held(passport_id, by, at)
    words = clean_name(text)[:160]
    if kind not in NEEDS or not words:
        raise Invalid("请选择种类并写明需要什么", "Choose a kind and say what is needed", field="text")
    if passport.needs.filter(met_at=None).count() >= MOST_NEEDS:
        raise Invalid("需求数量已达上限", "There are too many needs", field="text")
    return Need.objects.create(passport=passport, kind=kind, text=words, at=at)


@transaction.atomic
def meet_need(*, need_id: UUID, by: Actor, at: datetime) -> UUID:
    """A need is met and shown no more (已解决); of which passport."""
    found = Need.objects.select_related("passport").filter(pk=need_id).first()
    if found is None:
        raise NotFound
    require_holder(found.passport, by)
    Need.objects.filter(pk=need_id, met_at=None).update(met_at=at)
    return found.passport_id


@transaction.atomic
def add_picture(*, passport_id: UUID, name: str, body: bytes, caption: str, by: Actor, at: datetime) -> Picture:
    """Show a picture of the work (上传展示图片).

    Raises:
        Invalid: no picture, the same again, no caption, or too many.
    """
    passport = _held(passport_id, by, at)
    words = clean_name(caption)[:80]
    if not words:
        raise Invalid("请填写图片说明", "Say what the picture shows", field="caption")
    if passport.pictures.count() >= MOST_PICTURES:
        raise Invalid("最多 12 张图片", "At most 12 pictures", field="file")
    kept, width, height = files.keep_picture(name, body)
    try:
        with transaction.atomic():
            return Picture.objects.create(
                passport=passport, caption=words, mime=kept.mime, sha256=kept.sha256, width=width, height=height, at=at
            )
    except IntegrityError as error:
        raise Invalid("这张图片已上传", "This picture is there already", field="file") from error


@transaction.atomic
def remove_picture(*, picture_id: UUID, by: Actor) -> UUID:
    """Take a picture off the page (移除图片); of which passport."""
    found = Picture.objects.select_related("passport").filter(pk=picture_id).first()
    if found is None:
        raise NotFound
    require_holder(found.passport, by)
    found.delete()
    return found.passport_id


@transaction.atomic
def follow(*, passport_id: UUID, is_wanted: bool, by: Actor, at: datetime) -> Passport:
    """Hear of a venture, or hear no more (关注、取消关注).

    Raises:
        NotFound: it is not published.
    """
    passport = locked(passport_id)
    if by.party_id is None or passport.state != Showing.PUBLISHED:
        raise NotFound
    party = Party.objects.get(pk=by.party_id)
    if is_wanted:
        _row, is_new = Follower.objects.get_or_create(passport=passport, party=party, defaults={"at": at})
        change = int(is_new)
    else:
        change = -Follower.objects.filter(passport=passport, party=party).delete()[0]
    if change:
        Passport.objects.filter(pk=passport.pk).update(followers_n=F("followers_n") + change)
        passport.refresh_from_db(fields=["followers_n"])
        listings.show_figures(
            kind="project", subject_id=passport.pk, raised_fen=0, people_n=passport.followers_n, percent=0
        )
    return passport


DROPS: dict[str, Callable[[UUID, Actor, datetime], UUID]] = {
    "picture": lambda key, by, at: remove_picture(picture_id=key, by=by),
    "need": lambda key, by, at: meet_need(need_id=key, by=by, at=at),
    "teammate": lambda key, by, at: leave_team(teammate_id=key, by=by),
}
"""What leaves a page, by its kind; each says of which passport it was."""
