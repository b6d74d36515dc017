"""The poster's side before publication: draft, submit, withdraw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import richtext, rules
from backend.common.actors import Actor
from backend.common.errors import Forbidden, Invalid, Refusal, refuse_any
from backend.listings.facets import COUNTIES, WORK_CATEGORY_KEYS
from backend.moderation import operations as moderation
from marketplace.ideas.errors import SolicitationFixed, SolicitationIncomplete
from marketplace.ideas.models import LEVELS, Solicitation
from marketplace.ideas.operations.shared import KIND, move, of_owner, set_clock, show
from marketplace.ideas.states import Asking
from marketplace.invitations.models import PUBLIC
from marketplace.invitations.operations import unknown_visibility
from marketplace.patterns import begun
from marketplace.postings import SCOPE
from marketplace.tasks.errors import Stale

UNTITLED = "未命名征集"
MOST_WORDS, LEAST_WORDS = 20_000, 30


@dataclass(frozen=True)
class Terms:
    """What a poster writes; `level` is what a person needs to endorse."""

    title: str
    summary: str
    brief: str
    category: str
    county: str
    level: str
    open_days: int
    visibility: str = PUBLIC


@transaction.atomic
def start(*, by: Actor, at: datetime, like: str = "") -> Solicitation:
    """A new draft of one's own: empty, or begun from a pattern (新建征集).

    Raises:
        Forbidden: the hat's mandate does not cover work.
        NotFound: no such pattern.
    """
    if by.party_id is None or SCOPE not in by.scopes:
        raise Forbidden
    owner = Party.objects.get(pk=by.party_id)
    blank = {"title": UNTITLED, "category": "design"}
    made = Solicitation(**blank | begun(KIND, like), owner=owner, county=owner.county, created_at=at, state_at=at)
    made.brief_html = richtext.render(made.brief)
    set_clock(made)
    made.save(force_insert=True)
    show(made)
    return made


@transaction.atomic
def write(*, solicitation_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Solicitation:
    """Save the editor (保存草稿). `version` is the one the editor showed.

    Raises:
        SolicitationFixed: it is submitted or published.
        Stale: another window saved first.
        Invalid, Refusals: all that does not fit.
    """
    found, _actor = of_owner(solicitation_id, by)
    if found.state not in Asking.EDITABLE:
        raise SolicitationFixed
    if version != found.version:
        raise Stale
    refuse_any(_check(terms, at))
    found.title = clean_name(terms.title)[:60] or UNTITLED
    found.summary = clean_name(terms.summary)[:160]
    found.brief, found.brief_html = terms.brief, richtext.render(terms.brief)
    for name in ("category", "county", "level", "open_days", "visibility"):
        setattr(found, name, getattr(terms, name))
    found.state_at, found.version = at, found.version + 1
    set_clock(found)
    found.save()
    show(found)
    return found


def _check(terms: Terms, at: datetime) -> list[Refusal | None]:
    most = rules.value("ideas.open_days_most", at=at)
    known = terms.category in WORK_CATEGORY_KEYS and terms.county in ("", *COUNTIES) and terms.level in LEVELS
    return [
        Invalid(f"须在 1 到 {most} 天之间", f"Between 1 and {most} days", field="open_days")
        if not 1 <= terms.open_days <= most
        else None,
        None if known else Invalid("没有这个选项", "There is no such choice", field="category"),
        unknown_visibility(terms.visibility),
        Invalid("说明过长", "The brief is too long", field="brief") if len(terms.brief) > MOST_WORDS else None,
    ]


@transaction.atomic
def submit(*, solicitation_id: UUID, by: Actor, at: datetime) -> Solicitation:
    """Send a draft to review; every missing thing is named at once (提交审核).

    Raises:
        LevelTooLow, SolicitationIncomplete: all that fail, together.
    """
    found, actor = of_owner(solicitation_id, by)
    found.machine.step("submit", found.state)
    refuse_any([*limits.failures(found.owner, "post_work", at=at), *_gaps(found)])
    move(found, "submit", by=actor, at=at)
    moderation.enqueue(
        kind=KIND, subject_id=found.id, title=f"征集：{found.title}"[:80], owner_name=found.owner.name, at=at
    )
    return found


def _gaps(found: Solicitation) -> list[Refusal | None]:
    def missing(zh: str, en: str, field: str, *, fails: bool) -> Refusal | None:
        return SolicitationIncomplete(what_zh=zh, what_en=en, field=field) if fails else None

    return [
        missing("请填写标题", "Give it a title", "title", fails=found.title == UNTITLED or len(found.title) < 4),
        missing("请填写一句话说明", "Say in a sentence what it is", "summary", fails=not found.summary),
        missing(
            f"征集说明至少 {LEAST_WORDS} 字",
            f"The brief needs at least {LEAST_WORDS} characters",
            "brief",
            fails=len(found.brief.strip()) < LEAST_WORDS,
        ),
    ]


@transaction.atomic
def withdraw(*, solicitation_id: UUID, by: Actor, at: datetime) -> Solicitation:
    """Let it go before it was ever opened (撤回)."""
    found, actor = of_owner(solicitation_id, by)
    move(found, "withdraw", by=actor, at=at)
    return found
