"""Fifty-fold races about micro-tasks, and leases under sixteen workers at once: no item lost, none answered twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Condition

import pytest
from django.db import OperationalError, connections

from backend.common import clock
from backend.common.errors import Refusal
from backend.ledger import queries as books
from marketplace.microtasks.errors import NothingToTake
from marketplace.microtasks.models import Answer, Participant, Plea, Sheet
from marketplace.microtasks.operations import answers, checks, leases, pleas
from marketplace.microtasks.states import Given
from tests.builders import moderator
from tests.microtask_builders import hand_in, open_job, part_of, take, wait_until_paid, work_all, worker

HANDS = 16
A_LONG_TIME = 120
"""Seconds that one sheet may take on a busy machine."""


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)


def together(acts: list[Callable[[], object]]) -> list[object]:
    """Begin all at once, each on a connection of its own; what each came to, or its refusal."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            gate.wait()
            return act()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class News:
    """How often one of many told the others that something changed; who sees nothing to do waits for the next time."""

    def __init__(self) -> None:
        self.told = 0
        self._changed = Condition()

    def tell(self) -> None:
        with self._changed:
            self.told += 1
            self._changed.notify_all()

    def wait_after(self, seen: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.told > seen, timeout=A_LONG_TIME), "there is no end to it"


def _sound() -> None:
    assert list(books.differences()) == []


def test_sixteen_workers_at_once_answer_everything_and_nothing_twice(cashier):
    job, _ = open_job(cashier, works=60, golds=8, gold_percent=10, sheet_size=5, answers_each=4)
    hands = [worker(f"工人{number}") for number in range(HANDS)]
    news = News()

    def work(by) -> int:
        done = 0
        while True:
            seen = news.told
            try:
                sheet = leases.take(job_id=job.pk, by=by, at=clock.now())
            except NothingToTake:
                waiting = job.items.filter(is_gold=False, state="open").exclude(answers__person_id=by.person_id)
                if not waiting.exists():
                    return done
                news.wait_after(seen)  # all is in others' hands
                continue
            hand_in(sheet, by)
            done += 1
            news.tell()

    came_to = together([lambda by=by: work(by) for by in hands])
    assert all(isinstance(one, int) for one in came_to), came_to
    works = job.items.filter(is_gold=False)
    assert works.filter(done_n=4, good_n=4, leased_n=0, state="agreed").count() == 60
    given = Answer.objects.filter(item__in=works)
    assert given.count() == given.values("item", "person_id").distinct().count() == 240
    assert Participant.objects.filter(job=job).count() == HANDS
    _sound()
    job = wait_until_paid(job)
    assert job.given_fen == 20 * Answer.objects.filter(state="paid").count()
    _sound()


def test_one_worker_in_fifty_windows_gets_one_sheet(cashier):
    job, _ = open_job(cashier, works=40)
    by = worker()
    came_to = together([lambda: leases.take(job_id=job.pk, by=by, at=clock.now())] * 50)
    assert sum(isinstance(one, Sheet) for one in came_to) == 1
    assert {one.code for one in came_to if isinstance(one, Refusal)} == {"sheet_in_hand"}
    assert job.items.filter(leased_n=1).count() == 5
    _sound()


def test_the_last_item_goes_to_so_many_as_answers_are_wanted(cashier):
    job, _ = open_job(cashier, works=1, answers_each=3)
    hands = [worker(f"工人{number}") for number in range(HANDS)]
    came_to: list[object] = []
    for _ in range(3):  # who was beaten to it tries again, as people do
        came_to += together([lambda by=by: leases.take(job_id=job.pk, by=by, at=clock.now()) for by in hands])
    assert sum(isinstance(one, Sheet) for one in came_to) == 3
    item = job.items.get()
    assert (item.leased_n, item.done_n) == (3, 0)
    _sound()


def test_a_sheet_handed_in_twice_at_once_counts_once(cashier):
    job, _ = open_job(cashier, works=5)
    by = worker()
    sheet = take(job, by)
    values = dict.fromkeys(sheet.answers.values_list("item_id", flat=True), "是")
    came_to = together(
        [lambda: answers.hand_in(sheet_id=sheet.pk, values=values, by=by, at=clock.now())] * HANDS
    )  # fmt: skip
    assert sum(isinstance(one, Sheet) for one in came_to) == 1
    assert part_of(job, by).answered_n == 5
    assert not job.items.exclude(done_n=1, good_n=1).exists()
    _sound()


def test_answering_meets_the_end_of_time_and_the_end_of_the_job(cashier):
    job, poster = open_job(cashier, works=30, answers_each=1)
    hands = [worker(f"工人{number}") for number in range(6)]
    sheets = [take(job, by) for by in hands]

    def close() -> object:
        from marketplace.microtasks.operations import course

        return course.close(job_id=job.pk, reason="数据已经够用了", by=poster, at=clock.now())

    came_to = together(
        [*(lambda sheet=sheet, by=by: hand_in(sheet, by) for sheet, by in zip(sheets, hands, strict=True)), close]
    )
    assert not [one for one in came_to if isinstance(one, Refusal) and one.code not in ("sheet_lapsed", "invalid")]
    assert not Answer.objects.filter(state=Given.LEASED).exists()
    assert not Sheet.objects.filter(state="live").exists()
    _sound()
    job = wait_until_paid(job)
    assert job.given_fen == (20 * Answer.objects.filter(state="paid").count() or None)
    _sound()


def test_a_plea_is_decided_once_and_a_gold_item_withdrawn_once(cashier):
    job, poster = open_job(cashier, works=30, golds=4, gold_percent=20, sheet_size=10, answers_each=1)
    by = worker("粗心人")
    work_all(job, by, wrong_golds=True)
    missed = Answer.objects.filter(participant=part_of(job, by), is_right=False).first()
    plea = pleas.plead(answer_id=missed.pk, grounds="标准答案有误", by=by, at=clock.now())
    pleas.reply(plea_id=plea.pk, agrees=False, words="标准答案无误", by=poster, at=clock.now())
    pleas.escalate(plea_id=plea.pk, by=by, at=clock.now())
    judges = [moderator() for _ in range(HANDS)]
    came_to = together(
        [
            lambda judge=judge, number=number: pleas.find(
                plea_id=plea.pk, for_worker=number % 2 == 0, reason="核对原图后裁定", by=judge, at=clock.now()
            )
            for number, judge in enumerate(judges)
        ]
    )
    assert sum(isinstance(one, Plea) for one in came_to) == 1
    _sound()


def test_an_answer_is_rejected_once_while_its_author_goes_on(cashier):
    job, poster = open_job(cashier, works=20, answers_each=1)
    by = worker()
    first = hand_in(take(job, by), by)
    answer = first.answers.first()
    second = take(job, by)

    def reject() -> object:
        return checks.reject(
            job_id=job.pk, answer_id=answer.pk, reason="图片与标题不符", by=poster, at=clock.now()
        )  # fmt: skip

    came_to = together([*[reject] * HANDS, lambda: hand_in(second, by)])
    assert sum(isinstance(one, Answer) for one in came_to) == 1
    assert not [one for one in came_to if isinstance(one, OperationalError)]
    _sound()
