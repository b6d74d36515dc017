"""Every read of knowledge that spans rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from marketplace.knowledge.models import Article, Change, Version
from marketplace.knowledge.operations import verdicts
from marketplace.knowledge.operations.shared import may_see
from marketplace.knowledge.states import Changing

A_HANDFUL = 200
MOST_CREDITED = 50


def due(*, at: datetime) -> list[UUID]:
    """Changes whose clock has something to do."""
    return list(Change.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def visible(article_id: UUID, actor: Actor) -> Article:
    """An entry that one may read.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Article.objects.select_related("founder").filter(pk=article_id).first()
    if found is None or not may_see(found, actor):
        raise NotFound
    return found


def version_of(article: Article, no: int) -> Version:
    """One version of an entry.

    Raises:
        NotFound: none with this number.
    """
    found = Version.objects.select_related("author", "reviewer").filter(article=article, no=no).first()
    if found is None:
        raise NotFound
    return found


def versions_of(article: Article) -> QuerySet[Version]:
    """All versions of an entry."""
    return Version.objects.filter(article=article).select_related("author", "reviewer")


def credited(article: Article) -> list[str]:
    """Whose words are in an entry, as its licence asks it to be said, the first author first; at most fifty masked names."""
    rows = versions_of(article).order_by("no")[:A_HANDFUL]
    names = dict.fromkeys(version.author_id for version in rows)
    parties = Party.objects.in_bulk(list(names)[:MOST_CREDITED])
    return [parties[key].masked_name for key in list(names)[:MOST_CREDITED]]


def authors_of(article_id: UUID) -> list[UUID]:
    """The parties whose words are in an entry; at most fifty."""
    rows = Version.objects.filter(article=article_id).order_by("-no").values_list("author_id", flat=True)[:A_HANDFUL]
    return list(dict.fromkeys(rows))[:MOST_CREDITED]


def readable(change_id: UUID, actor: Actor) -> Change:
    """A change that one may read: its author's, its reviewer's, staff's; while it waits, that of all who may review.

    Raises:
        NotFound: none, or not for this reader.
    """
    rows = Change.objects.select_related("article__founder", "author", "reviewer")
    found = rows.filter(pk=change_id).first()
    if found is None or actor.person_id is None:
        raise NotFound
    if actor.party_id == found.author_id or actor.person_id in (found.person_id, found.reviewer_id):
        return found
    if found.state in Changing.EDITABLE:
        raise NotFound
    if actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return found
    if found.state in Changing.WAITING and may_review(actor, at=clock.now()):
        return found
    raise NotFound


def own(change_id: UUID, actor: Actor) -> Change:
    """A change of one's own.

    Raises:
        NotFound: none of this hat.
    """
    found = Change.objects.select_related("article__founder", "author", "reviewer").filter(pk=change_id).first()
    if found is None or actor.party_id is None or found.author_id != actor.party_id:
        raise NotFound
    return found


def open_change(article: Article, actor: Actor) -> Change | None:
    """What the person at hand is changing in an entry."""
    if actor.person_id is None:
        return None
    return Change.objects.filter(article=article, person_id=actor.person_id, state__in=Changing.OPEN).first()


def base_of(change: Change) -> Version | None:
    """The version that a change was made on; None for a new entry."""
    return Version.objects.filter(article=change.article_id, no=change.base_no).first()


def may_review(actor: Actor, *, at: datetime) -> bool:
    """Whether somebody has the standing to review anything."""
    try:
        verdicts.require_standing(actor, at=at)
    except Refusal:
        return False
    return True


def waiting(actor: Actor) -> QuerySet[Change]:
    """What waits for a reviewer, but for what the person at hand wrote themselves."""
    rows = Change.objects.filter(state=Changing.REVIEW).select_related("article", "author")
    return rows.exclude(Q(person_id=actor.person_id) | Q(author=actor.party_id))


def in_hand(actor: Actor) -> Change | None:
    """What the person at hand is reviewing."""
    rows = Change.objects.filter(reviewer=actor.person_id, state=Changing.REVIEWING).select_related("article")
    return rows.first() if actor.person_id is not None else None


def changes_of(party_id: UUID) -> QuerySet[Change]:
    """An author's changes."""
    return Change.objects.filter(author=party_id).select_related("article")


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether knowledge keeps a party's account from being closed."""
    if Change.objects.filter(author=party, state__in=Changing.WAITING).exists():
        return "您有评审中的知识修改", "you have changes under review"
    return None


STANDING: dict[str, str] = {
    "entry's latest version is not its last (entry, current, last)": """
        SELECT a.id, a.current_no, coalesce(max(v.no), 0) FROM knowledge_article a
        LEFT JOIN knowledge_version v ON v.article_id = a.id
        GROUP BY a.id HAVING a.current_no <> coalesce(max(v.no), 0) OR a.current_no <> count(v.id) ORDER BY 1""",
    "version was reviewed by its author (version)": """
        SELECT v.id FROM knowledge_version v JOIN knowledge_change c ON c.id = v.change_id
        WHERE v.reviewer_id IN (v.author_id, c.person_id) ORDER BY 1""",
    "change and its version say different things (change)": """
        SELECT c.id FROM knowledge_change c FULL JOIN knowledge_version v ON v.change_id = c.id
        WHERE (c.state = 'published') IS DISTINCT FROM (v.id IS NOT NULL)
           OR v.id IS NOT NULL AND (v.text, v.title, v.licence, v.reviewer_id, v.no)
              IS DISTINCT FROM (c.text, c.title, c.licence, c.reviewer_id, c.base_no + 1) ORDER BY 1""",
}
