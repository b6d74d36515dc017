"""The author's side: begin an entry or a change to one, write it, hand it in, bring it to the latest version, take it back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.accounts.queries import belongs_to
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.judging.operations import proofs
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from marketplace.knowledge.errors import (
    ChangeFixed,
    ChangeIncomplete,
    GapClosed,
    LicenceMissing,
    LicenceUnfit,
    OpenAlready,
    OwnGap,
)
from marketplace.knowledge.licences import LICENCES, goes_into
from marketplace.knowledge.models import Article, Change, Gap, Version
from marketplace.knowledge.operations import gaps
from marketplace.knowledge.operations.shared import held, held_article, may_see, move, set_clock
from marketplace.knowledge.states import Changing, Missing, Shelved
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale

UNTITLED = "未命名条目"
LEAST_WORDS, MOST_WORDS, MOST_LINES = 100, 50_000, 1_000


@dataclass(frozen=True)
class Terms:
    """What an author writes; category and county are of a new entry alone, `licence` may be chosen later."""

    title: str
    summary: str
    text: str
    note: str
    licence: str
    category: str = ""
    county: str = ""


def _author(by: Actor) -> tuple[Party, UUID]:
    if by.party_id is None or by.person_id is None or SCOPE not in by.scopes:
        raise Forbidden
    return Party.objects.get(pk=by.party_id), by.person_id


def _wanted(gap_id: UUID | None, by: Actor, at: datetime) -> Gap | None:
    """The gap that somebody writes for.

    Raises:
        NotFound: there is none for them.
        GapClosed: it is not open now.
        OwnGap: it is their own, or their organisation's.
    """
    if gap_id is None:
        return None
    gap = Gap.objects.filter(pk=gap_id).first()
    if gap is None or not gaps.may_see(gap, by):
        raise NotFound
    if not gap.is_wanted(at):
        raise GapClosed
    if belongs_to(gap.owner_id, by):
        raise OwnGap
    return gap


@transaction.atomic
def answer(*, gap_id: UUID, by: Actor, at: datetime) -> Change:
    """Begin what a gap asks for: a change to its entry, or a new one (补缺).

    Raises:
        NotFound, GapClosed, OwnGap: not for them, or not now.
        OpenAlready: they have a change to that entry open.
    """
    gap = _wanted(gap_id, by, at)
    if gap is not None and gap.article_id is not None:
        return propose(article_id=gap.article_id, gap_id=gap_id, by=by, at=at)
    return start(gap_id=gap_id, by=by, at=at)


@transaction.atomic
def start(*, gap_id: UUID | None = None, by: Actor, at: datetime) -> Change:
    """Begin a new entry, maybe for a gap: nobody else sees it before it is reviewed (新建条目).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound, GapClosed, OwnGap: the gap is not for them, or not now.
    """
    author, person_id = _author(by)
    gap = _wanted(gap_id, by, at)
    title = gap.title if gap else UNTITLED
    article = Article(founder=author, title=title, category="work_other", county=author.county, made_at=at)
    article.save(force_insert=True)
    change = Change(
        article=article,
        gap=gap,
        title=title,
        author=author,
        person_id=person_id,
        made_at=at,
        state_at=at,
        note="新建条目",
    )
    set_clock(change)
    change.save(force_insert=True)
    return change


@transaction.atomic
def propose(*, article_id: UUID, gap_id: UUID | None = None, by: Actor, at: datetime) -> Change:
    """Begin a change to what an entry says now, maybe for a gap in it (提出修改).

    Raises:
        NotFound: there is no such entry for them.
        Forbidden: the hat's mandate does not cover work.
        OpenAlready: they have one open.
        GapClosed, OwnGap: the gap is not for them, or not now.
    """
    gap = _wanted(gap_id, by, at)
    article = held_article(article_id)
    if article.state != Shelved.PUBLISHED or not may_see(article, by):
        raise NotFound
    author, person_id = _author(by)
    latest = Version.objects.get(article=article, no=article.current_no)
    change = Change(
        article=article,
        gap=gap,
        base_no=latest.no,
        title=latest.title,
        summary=latest.summary,
        text=latest.text,
        author=author,
        person_id=person_id,
        made_at=at,
        state_at=at,
    )
    set_clock(change)
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError as error:
        raise OpenAlready from error
    return change


def own(change_id: UUID, by: Actor) -> tuple[Article, Change]:
    """One's own change and its entry, both rows held.

    Raises:
        NotFound: none of this hat.
        Forbidden: the hat's mandate does not cover work.
    """
    article, change = held(change_id)
    if by.party_id is None or change.author_id != by.party_id:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    return article, change


@transaction.atomic
def write(*, change_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Change:
    """Save the editor (保存草稿). `version` is the one the editor showed.

    Raises:
        ChangeFixed: it is with a reviewer, or decided.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    article, change = own(change_id, by)
    if change.state not in Changing.EDITABLE:
        raise ChangeFixed
    if version != change.version:
        raise Stale
    is_new = article.state == Shelved.BLANK
    refuse_any(_check(terms, is_new=is_new))
    change.title = clean_name(terms.title)[:60] or UNTITLED
    change.summary = clean_name(terms.summary)[:160]
    change.text, change.note, change.licence = terms.text.strip(), clean_name(terms.note)[:300], terms.licence
    change.state_at, change.version = at, change.version + 1
    set_clock(change)
    change.save()
    if is_new:
        article.title, article.summary = change.title, change.summary
        article.category, article.county = terms.category, terms.county
        article.save(update_fields=["title", "summary", "category", "county"])
    return change


def _check(terms: Terms, *, is_new: bool) -> list[Refusal | None]:
    known = terms.category in WORK_CATEGORY_KEYS and terms.county in ("", *COUNTIES)
    return [
        Invalid("没有这个选项", "There is no such choice", field="category") if is_new and not known else None,
        Invalid("没有这个选项", "There is no such choice", field="licence")
        if terms.licence not in ("", *LICENCES)
        else None,
        Invalid(f"正文不超过 {MOST_WORDS} 字", f"At most {MOST_WORDS} characters", field="text")
        if len(terms.text) > MOST_WORDS
        else None,
        Invalid(f"正文不超过 {MOST_LINES} 行", f"At most {MOST_LINES} lines", field="text")
        if len(terms.text.splitlines()) > MOST_LINES
        else None,
        Invalid("内容无效", "The text is not valid", field="text") if "\x00" in terms.text else None,
    ]


@transaction.atomic
def submit(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Hand a change in to be reviewed; its hash is on record before anybody reads it (提交评审).

    Raises:
        LevelTooLow, ChangeIncomplete, LicenceMissing, LicenceUnfit, GapClosed: all that fail, together.
    """
    article, change = own(change_id, by)
    change.machine.step("submit", change.state)
    refuse_any(
        [
            *limits.failures(change.author, "work", at=at),
            *_lacks(article, change),
            _licence(article, change),
            _late(change, at),
        ]
    )
    change.reviewer = None
    change.proof_id = proofs.record(
        party_id=change.author_id, title=f"知识：{change.title}", sha256=digest_of(change), at=at
    ).pk
    change.save(update_fields=["reviewer", "proof_id"])
    move(change, "submit", by=by.wears(Role.AUTHOR), at=at)
    return change


def _late(change: Change, at: datetime) -> Refusal | None:
    """A bounty takes what is handed in before it closes; what came back to be mended may come again while it is decided."""
    if change.gap_id is None:
        return None
    gap = gaps.held(change.gap_id)  # so that it is not called off at this very moment
    is_again = gap.state == Missing.DECIDING and change.proof_id is not None
    return None if gap.is_wanted(at) or is_again else GapClosed(field="gap")


def digest_of(words: Change | Version) -> str:
    """The SHA-256 of what a change or a version says: title, summary, text, one after the other on lines."""
    return hashlib.sha256(f"{words.title}\n{words.summary}\n{words.text}".encode()).hexdigest()


def _lacks(article: Article, change: Change) -> list[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return ChangeIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    base = Version.objects.filter(article=article, no=change.base_no).first()
    return [
        missing("请填写标题", "Give it a title", "title", fails=change.title == UNTITLED or len(change.title) < 2),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not change.summary),
        missing(
            f"正文至少 {LEAST_WORDS} 字",
            f"The text needs at least {LEAST_WORDS} characters",
            "text",
            fails=len(change.text) < LEAST_WORDS,
        ),
        missing(
            "请用至少 5 字说明改了什么、为什么",
            "Say what you changed and why, in 5 characters at least",
            "note",
            fails=base is not None and len(change.note) < 5,
        ),
        missing(
            "与基准版本没有差别",
            "It says what the version before it says",
            "text",
            fails=base is not None and digest_of(base) == digest_of(change),
        ),
    ]


def _licence(article: Article, change: Change) -> Refusal | None:
    """What is given must be allowed to go into the entry; the first version fixes the entry's licence."""
    entry = article.licence or change.licence
    if change.licence in LICENCES and goes_into(change.licence, entry):
        return None
    choices = LICENCES[article.licence].accepts if article.licence else tuple(LICENCES)
    names = "、".join(LICENCES[key].name for key in choices)
    if change.licence not in LICENCES:
        return LicenceMissing(choices=names, field="licence")
    given = LICENCES[change.licence].name
    return LicenceUnfit(entry=LICENCES[entry].name, given=given, choices=names, field="licence")


@transaction.atomic
def rebase(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Take the latest version as the base, having compared it with one's own (更新基准版本).

    Raises:
        ChangeFixed: it is with a reviewer, or decided.
    """
    article, change = own(change_id, by)
    if change.state not in (*Changing.EDITABLE, Changing.REVIEW):
        raise ChangeFixed
    change.base_no, change.version = article.current_no, change.version + 1
    change.save(update_fields=["base_no", "version"])
    return change


@transaction.atomic
def leave_gap(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Keep a change without the bounty it was written for, as when that is over (不再领赏)."""
    _article, change = own(change_id, by)
    if change.state not in Changing.EDITABLE:
        raise ChangeFixed
    change.gap = None
    change.save(update_fields=["gap"])
    return change


@transaction.atomic
def withdraw(*, change_id: UUID, by: Actor, at: datetime) -> Change:
    """Take a change back before somebody reviews it (撤回)."""
    _article, change = own(change_id, by)
    move(change, "withdraw", by=by.wears(Role.AUTHOR), at=at)
    return change


STEPS: dict[str, Callable[[UUID, Actor, datetime], Change]] = {
    "submit": lambda key, by, at: submit(change_id=key, by=by, at=at),
    "rebase": lambda key, by, at: rebase(change_id=key, by=by, at=at),
    "leave-gap": lambda key, by, at: leave_gap(change_id=key, by=by, at=at),
    "withdraw": lambda key, by, at: withdraw(change_id=key, by=by, at=at),
}
"""What an author does without more words, by the word in the address; pages and API alike."""
