"""Every write of announcements."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.queries import belongs_to
from backend.common import locks, outbox, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, refuse_any
from backend.moderation import operations as moderation
from backend.moderation import screening
from marketplace.announcements.errors import NobodyThere, TooManyAnnouncements
from marketplace.announcements.events import AnnouncementMade
from marketplace.announcements.models import MOST_TEXT, Announcement
from marketplace.kinds_of_work import kind_of
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Affiliated

LEAST_TEXT = 5


@transaction.atomic
def announce(*, kind: str, subject_id: UUID, text: str, by: Actor, at: datetime) -> Announcement:
    """Say something to everybody who takes part in one's work; whoever may see the work can read it too (发布公告).

    Raises:
        NotFound, Forbidden: not the poster's, or the hat's mandate does not cover work.
        NobodyThere: nobody takes part.
        TooManyAnnouncements: as many as a day takes were made.
        Invalid: too short, too long, or with contacts that lead away.
    """
    work = kind_of(kind)
    subject = work.postings.own(subject_id, by)
    if SCOPE not in by.scopes:
        raise Forbidden
    said = text.strip()
    refuse_any(
        [
            None
            if LEAST_TEXT <= len(said) <= MOST_TEXT and "\x00" not in said
            else Invalid(
                f"请填写 {LEAST_TEXT} 至 {MOST_TEXT} 字", f"{LEAST_TEXT} to {MOST_TEXT} characters", field="text"
            ),
            Invalid("请勿填写联系方式或链接", "Leave out contacts and links", field="text")
            if next(screening.contacts("text", said), None) is not None
            else None,
        ]
    )
    locks.alone(f"announcements:{subject_id}")
    most = rules.value("announcements.a_day", at=at)
    if Announcement.objects.filter(kind=kind, subject_id=subject_id, at__gt=at - timedelta(days=1)).count() >= most:
        raise TooManyAnnouncements(most=most)
    told_n = work.parties(subject_id).order_by().distinct().count()
    if not told_n:
        raise NobodyThere
    made = Announcement.objects.create(
        kind=kind, subject_id=subject_id, owner_id=subject.owner_id, text=said, told_n=told_n, at=at
    )
    outbox.record(AnnouncementMade(at=at, announcement_id=made.pk))
    return made


@transaction.atomic
def moderate(*, announcement_id: UUID, hide: bool, reason: str, by: Actor, at: datetime) -> Announcement:
    """A moderator takes an announcement from view, or shows it again, with a reason on record (隐藏公告).

    Raises:
        NotFound: there is none.
        Affiliated: the moderator belongs to the poster.
        Invalid: no reason.
    """
    found = Announcement.objects.select_for_update(no_key=True).filter(pk=announcement_id).first()
    if found is None:
        raise NotFound
    if belongs_to(found.owner_id, by):
        raise Affiliated
    act = f"announcement.{'hide' if hide else 'unhide'}"
    moderation.note(act=act, subject_id=found.pk, reason=reason, by=by, at=at)
    found.hidden_at, found.hidden_why = (at, reason.strip()[:300]) if hide else (None, "")
    found.save(update_fields=["hidden_at", "hidden_why"])
    return found
