"""What both sides say of each other (互评): once, after a settled deal, and shown together."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import outbox
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.moderation import screening
from marketplace.engagements.errors import ReviewClosed
from marketplace.engagements.events import ReviewsShown
from marketplace.engagements.models import Contract, Review
from marketplace.engagements.operations.shared import SCOPE, as_side, held, other_of, side_of
from marketplace.engagements.states import Agreeing

MOST_WORDS = 500


def is_open(contract: Contract, at: datetime) -> bool:
    """Whether the deal is settled, and its time to be reviewed is not over."""
    until = contract.reviews_until
    is_time = until is not None and at < until and contract.reviews_shown_at is None
    return contract.state in Agreeing.OVER and is_time


@transaction.atomic
def review(*, contract_id: UUID, stars: int, text: str, by: Actor, at: datetime) -> Review:
    """Say how it was; the other side reads it when both have, or the time is over (评价).

    Raises:
        ReviewClosed: nothing was paid, the time is over, or one has said it already.
        Invalid: no stars, no words, or ways around the platform in them.
    """
    contract = held(contract_id)
    as_side(contract, by)
    side = side_of(contract, by)
    words = _clean(text)
    if not 1 <= stars <= 5:
        raise Invalid("请选择 1 至 5 星", "1 to 5 stars", field="stars")
    if not is_open(contract, at):
        raise ReviewClosed
    try:
        with transaction.atomic():
            made = Review.objects.create(
                contract=contract, side=side, about_id=other_of(contract, side), stars=stars, text=words, at=at
            )
    except IntegrityError as error:
        raise ReviewClosed from error
    if contract.reviews.count() == 2:
        _show(contract, at)
    return made


def _clean(text: str) -> str:
    words = text.strip()
    if not 5 <= len(words) <= MOST_WORDS:
        raise Invalid("请用 5 至 500 字评价", "5 to 500 characters", field="text")
    if next(screening.contacts("text", words), None) is not None:
        raise Invalid("请勿填写联系方式或链接", "Leave out contacts and links", field="text")
    return words


def _show(contract: Contract, at: datetime) -> None:
    contract.reviews_shown_at = at
    contract.save(update_fields=["reviews_shown_at"])
    if contract.reviews.update(is_shown=True):
        outbox.record(
            ReviewsShown(at=at, contract_id=contract.id, client_id=contract.client_id, worker_id=contract.worker_id)
        )


@transaction.atomic
def show_due(*, contract_id: UUID, at: datetime) -> None:
    """The time is over: what was said is shown, even of one side alone. Safe to repeat."""
    contract = held(contract_id)
    if contract.reviews_shown_at is None and contract.reviews_until is not None and contract.reviews_until <= at:
        _show(contract, at)


@transaction.atomic
def reply(*, review_id: UUID, text: str, by: Actor, at: datetime) -> Review:
    """Whoever was reviewed answers, once (回复评价).

    Raises:
        NotFound: not about the hat, or not shown yet.
        ReviewClosed: it was answered.
    """
    found = Review.objects.select_for_update().filter(pk=review_id, is_shown=True, about_id=by.party_id).first()
    if found is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    if found.replied_at is not None:
        raise ReviewClosed
    found.reply, found.replied_at = _clean(text), at
    found.save(update_fields=["reply", "replied_at"])
    return found
