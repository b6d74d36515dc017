"""What time does to a change, and a moderator to an entry."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import CLOCK, Actor
from backend.moderation import operations as moderation
from marketplace.knowledge.models import Article
from marketplace.knowledge.operations.shared import held, held_article, move, show
from marketplace.knowledge.states import Changing


@transaction.atomic
def advance(*, change_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    _article, change = held(change_id)
    if change.due_at is None or change.due_at > at:
        return
    match change.state:
        case Changing.DRAFT | Changing.RETURNED:
            move(change, "withdraw", by=CLOCK, at=at)
        case Changing.REVIEW:
            change.comment = "逾期无人评审，请检查后重新提交"
            move(change, "give_up_review", by=CLOCK, at=at)
        case Changing.REVIEWING:
            move(change, "let_go", by=CLOCK, at=at)
            change.reviewer = None
            change.save(update_fields=["reviewer"])


@transaction.atomic
def moderate(*, article_id: UUID, event: str, reason: str, by: Actor, at: datetime) -> Article:
    """A moderator hides an entry, or shows it again, with a reason on record (隐藏条目).

    Raises:
        MoveRefused: it is not published, or not hidden.
        Invalid: no reason.
    """
    article = held_article(article_id)
    article.move(event, by=by, at=at, reason=reason.strip())
    article.save(update_fields=["state"])
    moderation.note(act=f"article.{event}", subject_id=article.pk, reason=reason, by=by, at=at)
    show(article)
    return article
