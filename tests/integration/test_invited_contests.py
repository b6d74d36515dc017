"""Contests for the invited alone: found by nobody else, in no list, count, call, objection or cover (C9)."""

from __future__ import annotations

import pytest
from django.test import Client

from backend.common import clock
from backend.common.errors import NotFound
from backend.judging import queries as judging
from backend.listings.models import Listing, Tally
from marketplace.contests import queries
from marketplace.contests.models import Contest
from marketplace.contests.operations import drafts, entries
from marketplace.contests.operations.shared import CONTESTS
from marketplace.invitations.models import Invitation
from marketplace.invitations.operations import come_in, renew
from marketplace.invitations.queries import invited_to
from tests.builders import acting, deliver_events, firm, moderator, person
from tests.contest_builders import (
    call_of,
    close,
    contest_draft,
    entered,
    give,
    judge_for,
    judged,
    objected,
    open_contest,
    publish,
    story,
    wait_out,
)


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _guest(contest: Contest, who=None):
    by = acting(who or person(name="受邀者"))
    come_in(CONTESTS, "contest", contest.invite_code, by=by, at=clock.now())
    return by


def _entered(contest: Contest, seed: int = 1):
    who = person(name=f"受邀者{seed}")
    _guest(contest, who)
    return entered(contest, who, seed=seed)[0]


def test_it_is_in_no_list_and_there_for_nobody_else(cashier):
    contest, host = open_contest(cashier, visibility="invited")
    stranger = acting(person())
    assert not Listing.objects.get(subject_id=contest.pk).is_public
    assert sum(row.n for row in Tally.objects.filter(kind="contest")) == 0
    with pytest.raises(NotFound):
        queries.visible(contest.pk, stranger)
    with pytest.raises(NotFound):
        entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        judging.readable(call_of(contest).pk, stranger)
    with pytest.raises(NotFound):
        come_in(CONTESTS, "contest", "0" * 32, by=stranger, at=clock.now())
    client = Client()
    paths = (f"/contests/{contest.pk}/", f"/api/v1/contests/{contest.pk}", f"/api/v1/calls/{call_of(contest).pk}")
    assert {client.get(path).status_code for path in paths} == {404}
    assert str(contest.pk) not in client.get("/sitemap.xml").content.decode()
    assert queries.visible(contest.pk, host).pk == contest.pk
    assert queries.visible(contest.pk, moderator()).pk == contest.pk


def test_who_has_the_address_comes_in_once_and_enters(cashier):
    contest, host = open_contest(cashier, visibility="invited")
    guest = _guest(contest)
    come_in(CONTESTS, "contest", contest.invite_code, by=guest, at=clock.now())
    assert Invitation.objects.filter(subject_id=contest.pk, party=guest.party_id).count() == 1
    assert [one.posted.listing.subject_id for one in invited_to(guest.party_id)[0]] == [contest.pk]
    made = entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=guest, at=clock.now())
    assert made.entrant_id == guest.party_id
    come_in(CONTESTS, "contest", contest.invite_code, by=host, at=clock.now())
    assert not Invitation.objects.filter(party=host.party_id).exists()


def test_a_renewed_address_closes_the_old_one_and_nobody_is_put_out(cashier):
    contest, host = open_contest(cashier, visibility="invited")
    guest, old = _guest(contest), contest.invite_code
    renew(CONTESTS, contest.pk, by=host)
    with pytest.raises(NotFound):
        come_in(CONTESTS, "contest", old, by=acting(person()), at=clock.now())
    with pytest.raises(NotFound):
        renew(CONTESTS, contest.pk, by=acting(person()))
    assert queries.visible(contest.pk, guest) == contest


def test_a_public_contest_has_no_address_to_come_in_by(cashier):
    contest, _host = open_contest(cashier)
    with pytest.raises(NotFound):
        come_in(CONTESTS, "contest", contest.invite_code, by=acting(person()), at=clock.now())


def test_an_unpublished_one_lets_nobody_in():
    made = contest_draft(firm()[1], visibility="invited")
    with pytest.raises(NotFound):
        come_in(CONTESTS, "contest", made.invite_code, by=acting(person()), at=clock.now())


def test_its_result_and_works_are_for_the_invited_and_its_judges(cashier):
    contest, host = open_contest(cashier, visibility="invited")
    one, two = _entered(contest, 1), _entered(contest, 2)
    judge = judge_for(contest)
    guest, stranger = _guest(contest), acting(person())
    close(contest)
    give(judge, one, 90, 90, 90)
    give(judge, two, 80, 80, 80)
    contest = publish(contest, host)
    for reader in (guest, judge):
        assert queries.visible(contest.pk, reader) == contest
        assert queries.readable_entry(one.pk, reader) == one
    with pytest.raises(NotFound):
        queries.readable_entry(one.pk, stranger)
    with pytest.raises(NotFound):
        objected(one, stranger)
    assert objected(one, guest).state == "raised"


def test_winning_it_shows_in_no_public_count(cashier):
    """The panel of a later contest says how often a winner won with this host before; not what was not public."""
    host, winner = firm()[1], person(name="常胜者")
    for visibility in ("invited", "public"):
        contest, _by = open_contest(cashier, host, visibility=visibility)
        if visibility == "invited":
            _guest(contest, winner)
        entry, _who = entered(contest, winner, seed=5 if visibility == "public" else 6)
        judge = judge_for(contest)
        close(contest)
        give(judge, entry, 90, 90, 90)
        wait_out(publish(contest, host))
        deliver_events()
    fairness = judging.fairness(call_of(contest))
    assert fairness is not None
    assert fairness.repeats == ()


def test_a_copy_of_it_is_for_the_invited_too(cashier):
    contest, host = open_contest(cashier, visibility="invited")
    copied = drafts.copy(contest_id=contest.pk, by=host, at=clock.now())
    assert copied.visibility == "invited"
    assert copied.invite_code != contest.invite_code


def test_public_contests_stay_open_to_everybody(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    stranger = acting(person())
    assert judging.readable(call_of(contest).pk, stranger).pk == call_of(contest).pk
    assert queries.readable_entry(made[0].pk, stranger) == made[0]
