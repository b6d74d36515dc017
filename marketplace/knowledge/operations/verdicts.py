"""The reviewer's side: take one change, read it, and publish it, send it back or decline it (评审)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.models import PERSON_LEVELS, Party
from backend.common import richtext, rules
from backend.common.actors import SYSTEM, Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.judging.operations.shared import ties_of
from marketplace.knowledge.errors import FillingUndecided, InHandAlready, NotIndependent, NotYetReviewer, Outdated
from marketplace.knowledge.models import Article, Change, Version
from marketplace.knowledge.operations import bounties, gaps
from marketplace.knowledge.operations.changes import digest_of
from marketplace.knowledge.operations.shared import held, move, show
from marketplace.knowledge.states import Changing, Shelved

LEVEL = "L2"
"""The real-name level of a reviewer."""
LEAST_COMMENT, MOST_COMMENT = 5, 1_000


def published_by(person_id: UUID) -> int:
    """How many changes of a natural person were published."""
    return Change.objects.filter(person_id=person_id, state=Changing.PUBLISHED).count()


def require_standing(by: Actor, *, at: datetime) -> UUID:
    """The natural person, if they may review at all: a moderator, or somebody verified whose changes were published.

    Raises:
        NotFound: nobody in person.
        NotYetReviewer: neither.
    """
    if by.person_id is None:
        raise NotFound
    if Role.MODERATOR in by.roles:
        return by.person_id
    needed = rules.value("knowledge.reviewer_changes", at=at)
    level, done = Party.objects.values_list("level", flat=True).get(pk=by.person_id), published_by(by.person_id)
    if done < needed or level not in PERSON_LEVELS or PERSON_LEVELS.index(level) < PERSON_LEVELS.index(LEVEL):
        raise NotYetReviewer(level=LEVEL, needed=needed, held=done)
    return by.person_id


def require_independent(change: Change, person_id: UUID, *, at: datetime) -> None:
    """Go on unless a person is the author, of the author's organisation or the bounty's, or had business with them lately.

    Raises:
        NotIndependent: one of these.
    """
    sides = {change.author_id, change.person_id}
    if person_id in sides:
        raise NotIndependent(why_zh="这是您自己的修改", why_en="it is your own")
    if change.gap is not None:
        sides.add(change.gap.owner_id)
    ties = ties_of(person_id, sides, at)
    if ties:
        zh, en = next(iter(ties.values()))
        raise NotIndependent(why_zh=zh, why_en=en)


@transaction.atomic
def take(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Take one change to read it; others do not read it at the same time (领取评审).

    Raises:
        NotFound: there is none.
        NotYetReviewer, NotIndependent: not for them.
        InHandAlready: they have one.
        MoveRefused: somebody else has it.
    """
    person_id = require_standing(by, at=at)
    _article, change = held(change_id)
    if change.state not in Changing.WAITING:
        raise NotFound
    require_independent(change, person_id, at=at)
    change.machine.step("take", change.state)
    change.reviewer_id, change.comment = person_id, ""
    try:
        with transaction.atomic():
            change.save(update_fields=["reviewer", "comment"])
            move(change, "take", by=by.wears(Role.JUDGE), at=at)
    except IntegrityError as error:
        raise InHandAlready from error
    return change


def _in_hand(change_id: UUID, by: Actor) -> tuple[Article, Change]:
    article, change = held(change_id)
    if by.person_id is None or change.reviewer_id != by.person_id or change.state != Changing.REVIEWING:
        raise NotFound
    return article, change


@transaction.atomic
def let_go(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Put it back for somebody else (放回)."""
    _article, change = _in_hand(change_id, by)
    move(change, "let_go", by=by.wears(Role.JUDGE), at=at)
    change.reviewer = None
    change.save(update_fields=["reviewer"])
    return change


@transaction.atomic
def publish(*, change_id: UUID, comment: str = "", fills_gap: bool | None = None, by: Actor, at: datetime) -> Change:
    """Make it what the entry says from now on; of one written for a gap, say whether it fills it (发布).

    Raises:
        FillingUndecided: written for a gap, and that is not said.
        NotFound: it is not in their hand.
        NotIndependent: a tie has come about since.
        Outdated: the entry has moved on since the change was made.
    """
    article, change = _in_hand(change_id, by)
    person_id = require_standing(by, at=at)
    require_independent(change, person_id, at=at)
    if change.base_no != article.current_no:
        raise Outdated(current=article.current_no, base=change.base_no)
    if change.gap_id is not None and fills_gap is None:
        raise FillingUndecided
    change.comment = comment.strip()[:MOST_COMMENT]
    version = Version.objects.create(
        article=article,
        no=article.current_no + 1,
        change=change,
        title=change.title,
        summary=change.summary,
        text=change.text,
        html=richtext.render(change.text),
        note=change.note,
        licence=change.licence,
        sha256=digest_of(change),
        author=change.author,
        reviewer_id=person_id,
        at=at,
    )
    article.title, article.summary, article.changed_at = change.title, change.summary, at
    article.current_no, article.licence = version.no, article.licence or change.licence
    article.save()  # what is published has a version
    if article.state == Shelved.BLANK:
        article.move("publish", by=SYSTEM, at=at)
    show(article)
    move(change, "publish", by=by.wears(Role.JUDGE), at=at, version_no=version.no)
    if change.gap_id is not None and fills_gap:
        bounties.filled(gaps.held(change.gap_id), change, at=at)
    return change


@transaction.atomic
def send_back(*, change_id: UUID, comment: str, by: Actor, at: datetime) -> Change:
    """Ask its author for something to be changed (退回修改)."""
    return _say_no(change_id, "send_back", comment, by, at)


@transaction.atomic
def decline(*, change_id: UUID, comment: str, by: Actor, at: datetime) -> Change:
    """Not use it, and say why (不采用)."""
    return _say_no(change_id, "decline", comment, by, at)


def _say_no(change_id: UUID, event: str, comment: str, by: Actor, at: datetime) -> Change:
    _article, change = _in_hand(change_id, by)
    if len(comment.strip()) < LEAST_COMMENT or "\x00" in comment:
        raise Invalid("请用至少 5 字写明意见，作者可见", "Say why, in 5 characters at least", field="comment")
    change.comment = comment.strip()[:MOST_COMMENT]
    move(change, event, by=by.wears(Role.JUDGE), at=at, reason=change.comment[:300])
    return change


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Change]] = {
    "take": lambda key, _why, by, at: take(change_id=key, by=by, at=at),
    "let-go": lambda key, _why, by, at: let_go(change_id=key, by=by, at=at),
    "publish": lambda key, why, by, at: publish(change_id=key, comment=why, by=by, at=at),
    "publish-filled": lambda key, why, by, at: publish(change_id=key, comment=why, fills_gap=True, by=by, at=at),
    "publish-unfilled": lambda key, why, by, at: publish(change_id=key, comment=why, fills_gap=False, by=by, at=at),
    "send-back": lambda key, why, by, at: send_back(change_id=key, comment=why, by=by, at=at),
    "decline": lambda key, why, by, at: decline(change_id=key, comment=why, by=by, at=at),
}
"""What a reviewer does, by the word in the address; pages and API alike."""
