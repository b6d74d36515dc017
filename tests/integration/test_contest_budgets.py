"""Budgets of the pages of contests: SQL statements that do not grow with the rows."""

from __future__ import annotations

import pytest
from django.test import Client

from backend.accounts.models import User
from backend.common import clock
from backend.judging.operations import panel
from marketplace.contests.models import Contest
from tests.builders import acting, person
from tests.contest_builders import call_of, close, entered, give, judge_for, open_contest, publish, story
from tests.integration.test_budgets import statements
from tests.security.doors import signed_in


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)


def test_the_hall_a_desk_and_a_result_cost_the_same_for_two_and_for_many(cashier):
    counts = []
    for number in (2, 6):
        host = person(name="主办人")
        contest, by = open_contest(cashier, acting(host), entry_limit=1)
        made = [entered(contest, seed=seed, text=story(10 * number + seed))[0] for seed in range(1, number + 1)]
        judge = judge_for(contest)
        hall = statements(Client(), "/contests/")
        close(contest)
        for place, entry in enumerate(made):
            give(judge, entry, 90 - place, 80, 70)
        user = User.objects.get(party_id=judge.person_id)
        desk = statements(signed_in(user), f"/judging/{call_of(contest).pk}/")
        publish(contest, by)
        result = statements(Client(), f"/contests/{contest.pk}/")
        counts.append((hall, desk, result))
        assert Contest.objects.get(pk=contest.pk).state == "publicity"
    assert counts[0] == counts[1]
    hall, desk, result = counts[0]
    assert (hall <= 12, desk <= 20, result <= 26) == (True, True, True), counts[0]


def test_what_is_mine_stays_within_its_budget(cashier):
    host, maker, judge = person(name="主办人"), person(name="设计师"), person(name="评委")
    contest, _by = open_contest(cashier, acting(host))
    entry, _maker = entered(contest, maker)
    panel.come_in(code=call_of(contest).judge_code, by=acting(judge), at=clock.now())
    assert statements(signed_in(host), "/contests/board/") <= 12
    assert statements(signed_in(maker), "/contests/mine/") <= 12
    assert statements(signed_in(maker), f"/entries/{entry.pk}/") <= 14
    assert statements(signed_in(judge), "/judging/") <= 12
    assert statements(signed_in(maker), "/proofs/") <= 12
