"""Gaps: what is missing and what is paid for it, from the poster's words to the bounty paid or returned (知识悬赏)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.listings import operations as listings
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from backend.moderation import screening
from marketplace.knowledge.events import GapMoved
from marketplace.knowledge.models import Article, Gap
from marketplace.knowledge.states import Missing, Shelved
from marketplace.postings import SCOPE, Postings
from marketplace.reviewing import Reviewing

KIND = "gap"
LEAST_WORDS, MOST_WORDS = 20, 2_000

CHECKLIST = {
    "poster": ("悬赏方符合实名要求，名义真实", "The poster is verified and acts in their own name"),
    "lawful": (
        "所求知识合法，不涉及他人秘密或个人信息",
        "What is asked for is lawful, and nobody's secret or personal data",
    ),
    "clear": ("缺什么、怎样算补上写明", "What is missing and what fills it is stated"),
}
"""The lines that a moderator signs (审核清单)."""


@dataclass(frozen=True)
class Terms:
    """What a poster writes; the bounty in fen before fee and tax, `article_id` where an entry lacks it."""

    title: str
    wanted: str
    category: str
    county: str
    fen: Fen
    open_days: int
    article_id: UUID | None = None


def _is_for(_found: Gap, _by: Actor) -> bool:
    """What is to become everybody's knowledge is asked of everybody."""
    return True


GAPS = Postings(Gap, Missing.PUBLIC, _is_for, beside=("owner", "article", "filled_by__author"))
held, of_owner, may_see = GAPS.held, GAPS.held_by_owner, GAPS.may_see


def move(found: Gap, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a gap whose row is held, set its clocks, show its listing, and announce it."""
    found.move(event, by=by, at=at, reason=reason)
    found.state_at = at
    found.reason = reason[:300] or found.reason
    set_clock(found)
    found.save()
    show(found)
    outbox.record(GapMoved(at=at, gap_id=found.pk, owner_id=found.owner_id, move=event, state=found.state))


_CLOCKS = {
    Missing.REVIEW: "gap_review_days",
    Missing.RETURNED: "gap_returned_days",
    Missing.FUNDING: "gap_fund_days",
    Missing.DECIDING: "gap_decide_days",
    Missing.FILLED: "gap_contest_days",
    Missing.CONTESTED: "gap_finding_days",
    Missing.FROZEN: "gap_frozen_days",
}


def set_clock(found: Gap) -> None:
    """When time alone takes the next move."""
    key = _CLOCKS.get(found.state)
    if found.state == Missing.OPEN:
        found.until = found.closes_at
    else:
        found.until = found.state_at + rules.days(f"knowledge.{key}", at=found.state_at) if key else None
    found.due_at = found.until


def show(found: Gap) -> None:
    """Bring the gap's listing up to date."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=found.id,
            title=found.title,
            summary=found.wanted[:160],
            owner_id=found.owner_id,
            owner_name=found.owner.masked_name,
            category=found.category,
            county=found.county,
            state=found.state,
            is_public=found.state in Missing.PUBLIC,
            is_open=found.state == Missing.OPEN,
            goal_fen=found.fen,
            raised_fen=0,
            people_n=0,
            opens_at=found.opens_at,
            closes_at=found.closes_at,
            listed_at=found.opens_at or found.created_at,
            keywords="",
        )
    )


def _check(terms: Terms, at: datetime) -> list[Refusal | None]:
    most, least = rules.value("knowledge.gap_open_days_most", at=at), rules.value("knowledge.gap_least_fen", at=at)
    known = terms.category in WORK_CATEGORY_KEYS and terms.county in ("", *COUNTIES)
    words = terms.wanted.strip()
    return [
        Invalid("请填写至少 4 字的标题", "A title of 4 characters at least", field="title")
        if len(clean_name(terms.title)) < 4
        else None,
        Invalid(
            f"说明须为 {LEAST_WORDS} 至 {MOST_WORDS} 字", f"{LEAST_WORDS} to {MOST_WORDS} characters", field="wanted"
        )
        if not LEAST_WORDS <= len(words) <= MOST_WORDS or "\x00" in words
        else None,
        Invalid("说明中请勿填写联系方式", "Leave out contacts", field="wanted")
        if next(screening.contacts("wanted", f"{terms.title}\n{words}"), None) is not None
        else None,
        None if known else Invalid("没有这个选项", "There is no such choice", field="category"),
        Invalid(
            f"赏金不得低于 {show_yuan(least)}，也不能过大",
            f"At least {show_yuan(least)}, and not too large",
            field="fen",
        )
        if not least <= terms.fen <= MOST_FEN
        else None,
        Invalid(f"须在 1 到 {most} 天之间", f"Between 1 and {most} days", field="open_days")
        if not 1 <= terms.open_days <= most
        else None,
    ]


def _fill(found: Gap, terms: Terms) -> None:
    found.title, found.wanted = clean_name(terms.title)[:60], terms.wanted.strip()
    found.category, found.county, found.fen, found.open_days = terms.category, terms.county, terms.fen, terms.open_days
    if terms.article_id is None:
        found.article = None
        return
    found.article = Article.objects.filter(pk=terms.article_id, state=Shelved.PUBLISHED).first()
    if found.article is None:
        raise NotFound


def _queue(found: Gap, at: datetime) -> None:
    title = f"知识悬赏：{found.title}"[:80]
    moderation.enqueue(kind=KIND, subject_id=found.pk, title=title, owner_name=found.owner.name, at=at)


@transaction.atomic
def ask(*, terms: Terms, by: Actor, at: datetime) -> Gap:
    """Say what is missing and what one pays for it; it goes to review (发布悬赏).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: there is no such entry.
        LevelTooLow, Invalid: all that fail, together.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    owner = Party.objects.get(pk=by.party_id)
    refuse_any([*limits.failures(owner, "post_work", at=at), *_check(terms, at)])
    found = Gap(owner=owner, created_at=at, state_at=at)
    _fill(found, terms)
    set_clock(found)
    found.save(force_insert=True)
    show(found)
    _queue(found, at)
    return found


@transaction.atomic
def ask_again(*, gap_id: UUID, terms: Terms, by: Actor, at: datetime) -> Gap:
    """Mend what was returned; it goes to review again (修改后重新提交)."""
    found, owner = of_owner(gap_id, by)
    found.machine.step("submit", found.state)
    refuse_any([*limits.failures(found.owner, "post_work", at=at), *_check(terms, at)])
    _fill(found, terms)
    found.save()
    move(found, "submit", by=owner, at=at)
    _queue(found, at)
    return found


def open_for(found: Gap, at: datetime) -> None:
    """Set the window, before the move that opens it."""
    found.opens_at, found.closes_at = at, at + timedelta(days=found.open_days)


REVIEWING = Reviewing(KIND, "知识悬赏", GAPS, CHECKLIST, move)

Step = Callable[[UUID, str, Actor, datetime], Gap]
