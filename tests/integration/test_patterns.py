"""Patterns: every one begins a draft that says nothing wrong, and what a poster still has to add is named."""

from __future__ import annotations

import pytest

from backend.accounts.models import Party
from backend.common import clock
from backend.common.errors import NotFound, Refusal
from marketplace.contests.operations import drafts as contests
from marketplace.errands.operations import drafts as errands
from marketplace.ideas.operations import drafts as ideas
from marketplace.knowledge.operations import gaps
from marketplace.microtasks.operations import drafts as microtasks
from marketplace.patterns import begun, patterns
from marketplace.tasks.operations import drafts as tasks
from tests.builders import firm

LACKING = {
    "task": {"summary"},
    "contest": set(),
    "microtask": {"file", "gold_percent"},
    "errand": {"stops"},
    "solicitation": set(),
}
"""What a poster has to add to a draft of a pattern, by the field that a refusal names."""

KINDS = {"task": tasks, "contest": contests, "microtask": microtasks, "errand": errands, "solicitation": ideas}
ALL = [(kind, key) for kind in KINDS for key in patterns(kind)]


def _submit(kind: str, key, by) -> set[str]:
    """What is lacking when a draft is submitted as it began."""
    try:
        KINDS[kind].submit(**{f"{'job' if kind == 'microtask' else kind}_id": key}, by=by, at=clock.now())
    except Refusal as caught:
        return {reason.field for reason in getattr(caught, "reasons", [caught])}
    return set()


@pytest.mark.parametrize(("kind", "key"), ALL)
def test_a_draft_begins_with_it_and_lacks_only_what_is_the_posters_own(db, kind, key):
    by = firm()[1]
    made = KINDS[kind].start(by=by, at=clock.now(), like=key)
    made.refresh_from_db()
    assert len(made.brief) >= 50
    assert "<h2>" in made.brief_html
    assert made.county == Party.objects.get(pk=by.party_id).county
    assert _submit(kind, made.pk, by) == LACKING[kind]


@pytest.mark.parametrize("key", patterns("gap"))
def test_a_bounty_begins_with_it_and_lacks_only_its_sum(db, key):
    made = gaps.ask(terms=gaps.Terms(**begun("gap", key), county="", fen=20_000), by=firm()[1], at=clock.now())
    assert made.state == "review"


@pytest.mark.parametrize("kind", [*KINDS, "gap"])
def test_there_are_three_of_each_kind_and_no_other_name(kind):
    assert len(patterns(kind)) >= 3
    assert all(all(one.words) for one in patterns(kind).values())
    assert begun(kind, "") == {}
    with pytest.raises(NotFound):
        begun(kind, "nothing")


def test_what_a_draft_changes_is_not_the_pattern(db):
    by = firm()[1]
    made = contests.start(by=by, at=clock.now(), like="product")
    made.prizes.append(1)
    assert 1 not in begun("contest", "product")["prizes"]
