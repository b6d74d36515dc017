"""Solicitations and ideas as tests need them, made through operations."""

from __future__ import annotations

from backend.common import clock
from backend.common.actors import Actor
from marketplace.ideas.models import Idea, Solicitation
from marketplace.ideas.operations import drafts, ideas, reviews
from marketplace.ideas.operations.drafts import Terms
from tests.builders import acting, firm, moderator, person

BRIEF = "老码头仓库空置三年，想听听大家的主意：做什么、给谁用、谁来运营。每条都会公开答复。" * 2


def terms(**more: object) -> Terms:
    """A complete question to the public."""
    words: dict[str, object] = {
        "title": "老码头仓库能做什么",
        "summary": "为空置仓库征集用途",
        "brief": BRIEF,
        "category": "design",
        "county": "421202",
        "level": "L1",
        "open_days": 10,
    } | more
    return Terms(**words)


def solicitation_draft(by: Actor | None = None, **more: object) -> tuple[Solicitation, Actor]:
    """A complete draft, and its poster."""
    by = by or firm(name="城投集团")[1]
    made = drafts.start(by=by, at=clock.now())
    made = drafts.write(solicitation_id=made.pk, terms=terms(**more), version=1, by=by, at=clock.now())
    return made, by


def open_solicitation(by: Actor | None = None, **more: object) -> tuple[Solicitation, Actor]:
    """A solicitation that takes ideas, and its poster."""
    made, by = solicitation_draft(by, **more)
    drafts.submit(solicitation_id=made.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return Solicitation.objects.get(pk=made.pk), by


def proposed(made: Solicitation, by: Actor | None = None, title: str = "周末手作市集") -> tuple[Idea, Actor]:
    """An idea, and its author."""
    by = by or acting(person(name="提议人"))
    text = "把码头仓库改成周末手作市集，本地匠人轮流摆摊，冬天搬进室内，平日借给学校上课。"
    return ideas.propose(solicitation_id=made.pk, title=title, text=text, by=by, at=clock.now()), by
