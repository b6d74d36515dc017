"""What every operation of knowledge begins and ends with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.common import outbox, rules
from backend.common.actors import SYSTEM, Actor, Role
from backend.common.errors import NotFound
from backend.listings import operations as listings
from marketplace.knowledge.events import ChangeMoved
from marketplace.knowledge.models import Article, Change
from marketplace.knowledge.states import Changing, Shelved

KIND = "article"


def held_article(article_id: UUID) -> Article:
    """The entry, its row held.

    Raises:
        NotFound: there is none.
    """
    rows = Article.objects.select_for_update(no_key=True, of=("self",)).select_related("founder")
    found = rows.filter(pk=article_id).first()
    if found is None:
        raise NotFound
    return found


def held(change_id: UUID) -> tuple[Article, Change]:
    """A change and its entry, both rows held, the entry's first.

    Raises:
        NotFound: there is none.
    """
    key = Change.objects.filter(pk=change_id).values_list("article_id", flat=True).first()
    if key is None:
        raise NotFound
    article = held_article(key)
    change = (
        Change.objects.select_for_update(no_key=True, of=("self",)).select_related("author", "gap").get(pk=change_id)
    )
    change.article = article
    return article, change


def may_see(article: Article, by: Actor) -> bool:
    """Whether an entry is there for somebody: everybody's once it is published, staff's while it is hidden."""
    if article.state == Shelved.PUBLISHED:
        return True
    return article.state == Shelved.HIDDEN and bool(by.roles & {Role.MODERATOR, Role.AUDITOR})


def move(change: Change, event: str, *, by: Actor, at: datetime, reason: str = "", version_no: int = 0) -> None:
    """Make a move of a change whose row is held, set its clocks, and announce it.

    An entry whose only change ends unpublished ends with it.
    """
    change.move(event, by=by, at=at, reason=reason)
    change.state_at = at
    set_clock(change)
    change.save()
    article = change.article
    if change.state in (Changing.DECLINED, Changing.WITHDRAWN) and article.state == Shelved.BLANK:
        article.move("drop", by=SYSTEM, at=at)
    outbox.record(
        ChangeMoved(
            at=at,
            change_id=change.pk,
            article_id=change.article_id,
            author_id=change.author_id,
            move=event,
            state=change.state,
            version_no=version_no,
        )
    )


def set_clock(change: Change) -> None:
    """When time alone takes the next move."""
    since = change.state_at
    match change.state:
        case Changing.DRAFT | Changing.RETURNED:
            change.until = since + rules.days("knowledge.draft_days", at=since)
        case Changing.REVIEW:
            change.until = since + rules.days("knowledge.review_days", at=since)
        case Changing.REVIEWING:
            change.until = since + rules.days("knowledge.in_hand_days", at=since)
        case _:
            change.until = None
    change.due_at = change.until


def show(article: Article) -> None:
    """Bring the entry's listing up to date."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=article.id,
            title=article.title,
            summary=article.summary,
            owner_id=article.founder_id,
            owner_name=article.founder.masked_name,
            category=article.category,
            county=article.county,
            state=article.state,
            is_public=article.state == Shelved.PUBLISHED,
            is_open=False,
            goal_fen=0,
            raised_fen=0,
            people_n=article.current_no,
            opens_at=None,
            closes_at=None,
            listed_at=article.changed_at or article.made_at,
            keywords="",
        )
    )
