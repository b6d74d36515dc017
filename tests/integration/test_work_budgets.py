"""Budgets of the pages of work: SQL statements that do not grow with the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from backend.accounts.models import User
from backend.common import clock
from marketplace.engagements.operations import talk
from marketplace.keeping import operations as keeping
from marketplace.tasks.operations import inquiries
from tests.builders import acting, person
from tests.integration.test_budgets import statements
from tests.security.doors import signed_in
from tests.work_builders import offered, open_bids, open_task, sealed_bid, signed

pytestmark = pytest.mark.django_db

WORDS = (
    "走访作坊后出两套方向", "以节令为题分三个系列", "材料取楠竹纤维可降解", "沿用老字号纹样重绘", "先做小样再定尺寸",
    "图文分册便于更换批次", "请篾匠口述编成说明", "按快递周转测试跌落",
)  # fmt: skip


def _bids(task, count: int) -> None:
    for number in range(count):
        sealed_bid(task, text=f"{WORDS[number % len(WORDS)]}，{WORDS[(number + 3) % len(WORDS)]}，第{number}号方案说明")


def test_the_hall_and_a_task_cost_the_same_for_one_and_for_many():
    task, _by = open_task()
    path = f"/work/{task.pk}/"
    hall, one = statements(Client(), "/work/"), statements(Client(), path)
    _bids(task, 6)
    for _ in range(6):
        open_task()
        inquiries.ask(task_id=task.pk, text="尺寸可以再确认一下吗？", by=acting(person()), at=clock.now())
    assert statements(Client(), "/work/") == hall <= 12
    assert statements(Client(), path) == one <= 15


def test_comparing_bids_costs_the_same_for_two_and_for_many():
    counts = []
    for number in (2, 8):
        poster = person(name="发包人")
        task, _by = open_task(acting(poster))
        _bids(task, number)
        open_bids(task)
        counts.append(statements(signed_in(poster), f"/work/{task.pk}/compare/"))
        clock.advance(timedelta(minutes=1))
    assert counts[0] == counts[1] <= 15


def test_a_contract_costs_the_same_for_one_message_and_for_many():
    poster = person(name="发包人")
    contract, client, worker = signed(by=acting(poster))
    path = f"/contracts/{contract.pk}/"
    talk.say(contract_id=contract.pk, text="你好", attached=None, by=client, at=clock.now())
    few = statements(signed_in(poster), path)
    for number in range(8):
        talk.say(contract_id=contract.pk, text=f"第 {number} 条", attached=None, by=worker, at=clock.now())
    assert statements(signed_in(poster), path) == few <= 20


def test_pages_of_posters_and_workers_stay_within_their_budget():
    poster = person(name="发包人")
    contract, _client, worker = offered(by=acting(poster))
    for _ in range(4):
        task, _by = open_task(acting(poster))
        sealed_bid(task, User.objects.select_related("party").get(party_id=worker.person_id), text=WORDS[0] * 2)
    doer = signed_in(User.objects.select_related("party").get(party_id=worker.person_id))
    boss = signed_in(poster)
    paths = [
        (doer, "/work/mine/"), (doer, "/contracts/"), (doer, "/earnings/"), (doer, f"/contracts/{contract.pk}/"),
        (boss, "/work/board/"), (boss, f"/work/people/{worker.party_id}/"),
    ]  # fmt: skip
    assert {path: count for client, path in paths if (count := statements(client, path)) > 20} == {}


def test_the_board_the_agenda_and_favourites_cost_the_same_for_one_and_for_many():
    boss, doer = person(name="发包人"), person(name="承接人")
    paths, counts = (("/work/posted/", boss), ("/work/agenda/", doer), ("/work/favourites/", doer)), []
    for number in (1, 5):
        for _ in range(number):
            task, _by = open_task(acting(boss))
            sealed_bid(task, doer, text=WORDS[number] * 3)
            keeping.favour(kind="task", subject_id=task.pk, by=acting(doer), at=clock.now())
            clock.advance(timedelta(minutes=1))
        counts.append([statements(signed_in(who), path) for path, who in paths])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 25
