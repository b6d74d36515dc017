"""Favourites of every kind of work, and kept searches: one's own, of what is there for one."""

from __future__ import annotations

import pytest

from backend.common import clock
from backend.common.errors import Invalid, NotFound
from backend.listings.models import Listing
from marketplace.contests.operations.shared import CONTESTS
from marketplace.invitations.operations import come_in
from marketplace.keeping import operations, queries
from marketplace.kinds_of_work import KINDS_OF_WORK, posted
from tests.builders import acting, firm, person
from tests.contest_builders import contest_draft, open_contest
from tests.work_builders import open_task


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _kept(by) -> list:
    return [(one.favourite.kind, one.favourite.subject_id) for one in queries.favourites(by.party_id)[0]]


def test_work_of_any_kind_is_kept_once_and_let_go(cashier):
    task, _by = open_task()
    contest, _host = open_contest(cashier)
    me = acting(person())
    for _ in range(2):
        operations.favour(kind="task", subject_id=task.pk, by=me, at=clock.now())
        operations.favour(kind="contest", subject_id=contest.pk, by=me, at=clock.now())
    assert set(_kept(me)) == {("task", task.pk), ("contest", contest.pk)}
    assert queries.is_favourite(contest.pk, me.party_id)
    assert _kept(acting(person())) == []
    operations.let_go(kind="task", subject_id=task.pk, by=me)
    operations.let_go(kind="task", subject_id=task.pk, by=me)
    assert _kept(me) == [("contest", contest.pk)]


def test_what_is_not_there_for_one_is_neither_kept_nor_shown(cashier):
    hidden = contest_draft(firm()[1])
    invited, _host = open_contest(cashier, visibility="invited")
    me = acting(person())
    for kind, key in (("contest", hidden.pk), ("contest", invited.pk), ("task", invited.pk), ("nothing", invited.pk)):
        with pytest.raises(NotFound):
            operations.favour(kind=kind, subject_id=key, by=me, at=clock.now())
    come_in(CONTESTS, "contest", invited.invite_code, by=me, at=clock.now())
    operations.favour(kind="contest", subject_id=invited.pk, by=me, at=clock.now())
    assert _kept(me) == [("contest", invited.pk)]


def test_there_is_a_bound(cashier, monkeypatch):
    monkeypatch.setattr(operations, "MOST_FAVOURITES", 1)
    me = acting(person())
    operations.favour(kind="task", subject_id=open_task()[0].pk, by=me, at=clock.now())
    with pytest.raises(Invalid):
        operations.favour(kind="contest", subject_id=open_contest(cashier)[0].pk, by=me, at=clock.now())


def test_searches_are_kept_by_kind_without_what_is_no_choice():
    me, other = acting(person()), acting(person())
    saved = operations.save_search(kind="task", name="设计", query="category=design&evil=1&q=竹", by=me, at=clock.now())
    operations.save_search(kind="contest", name="设计", query="q=竹", by=me, at=clock.now())
    again = operations.save_search(kind="task", name="设计", query="q=茶", by=me, at=clock.now())
    assert "evil" not in saved.query
    assert (again.pk, again.query) == (saved.pk, "q=%E8%8C%B6")
    assert [one.kind for one in queries.searches(me.party_id)] == ["contest", "task"]
    assert [one.kind for one in queries.searches(me.party_id, "task")] == ["task"]
    assert queries.searches(other.party_id) == queries.searches(None) == []
    with pytest.raises(NotFound):
        operations.drop_search(search_id=saved.pk, by=other)
    with pytest.raises(NotFound):
        operations.save_search(kind="nothing", name="x", query="", by=me, at=clock.now())
    with pytest.raises(Invalid):
        operations.save_search(kind="task", name=" ", query="", by=me, at=clock.now())
    operations.drop_search(search_id=saved.pk, by=me)
    assert queries.searches(me.party_id, "task") == []


def test_every_kind_of_work_has_a_name_a_page_and_a_hall():
    for kind in KINDS_OF_WORK.values():
        assert all(kind.words)
        assert "{}" in kind.url
        assert kind.hall.startswith("/")
    task, _by = open_task()
    shown = posted(Listing.objects.get(subject_id=task.pk))
    assert (shown.url, shown.listing.title) == (f"/work/{task.pk}/", task.title)
