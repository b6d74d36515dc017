"""The demo's micro-tasks: one job is open and half answered, another waits for its poster to check it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.common.actors import Actor
from backend.common.fen import Fen
from backend.demo import people
from backend.payments.models import PaymentIntent
from marketplace.microtasks.models import Answer, Job
from marketplace.microtasks.operations import answers, course, drafts, leases, money, reviews
from marketplace.microtasks.operations.drafts import Terms
from marketplace.microtasks.states import Given, Posted


@dataclass(frozen=True)
class Piece:
    """One job of the demo: who posts it, what is asked of what, the price of an answer in fen, who answers how many sheets."""

    poster: str
    title: str
    summary: str
    question: str
    county: str
    options: tuple[str, ...]
    things: tuple[str, ...]
    price_fen: Fen
    days_ago: int
    workers: tuple[str, ...]
    sheets: int
    is_over: bool = False


PIECES = (
    Piece("13800000013", "竹制品材质标注（一批）", "看标题判断商品的主要材质，八十件", "主要材质是什么？", "421223",
          ("竹", "藤", "木"), ("竹编提篮", "藤编茶席", "木制托盘", "竹节茶筒"), 30, 2,
          ("13900000012", "13900000013", "13900000014"), 3),
    Piece("13800000012", "青砖茶评论情感判断", "买家评论是好评、中评还是差评，三十条", "这条评论是什么态度？", "421281",
          ("好评", "中评", "差评"), ("茶汤红亮，很满意", "包装一般，味道还行", "有受潮的味道，失望"), 20, 3,
          ("13900000015", "13900000016"), 3, True),
)  # fmt: skip

BRIEF = """
## 怎样判断

按标题的字面意思选一项；两种都沾的选主要的一种，看不出的请跳过。

## 校验题

题目中混有少量校验题，标准答案有误可以申诉。（演示数据，纯属虚构）
"""
KINDS = {"竹编提篮": "竹", "藤编茶席": "藤", "木制托盘": "木", "竹节茶筒": "竹"}


class Pieces:
    """The making of the demo's micro-tasks."""

    def __init__(
        self,
        users: Mapping[str, User],
        moderator: Actor,
        now: datetime,
        settle: Callable[[PaymentIntent, datetime], None],
    ) -> None:
        self.users, self.moderator, self.now, self.settle = users, moderator, now, settle

    def make(self) -> int:
        """Live every job that is not there yet; return how many were."""
        made = 0
        for piece in PIECES:
            owner = self.users[piece.poster].party_id
            if not Job.objects.filter(owner_id=owner, title=piece.title).exists():
                self._live(piece)
                made += 1
        return made

    def _acting(self, phone: str, at: datetime) -> Actor:
        return people.acting(self.users[phone], at)

    def _live(self, piece: Piece) -> None:
        at = self.now - timedelta(days=piece.days_ago)
        job_id, intent = self._prepare(piece, at)
        self.settle(intent, at)
        with transaction.atomic():  # the running clock must not meet a sheet whose time is over before it is answered
            money.fund(job_id=job_id, intent_id=intent.pk, at=at)
            job = Job.objects.select_for_update().get(pk=job_id)
            if job.state != Posted.OPEN:
                return  # it has met it all the same: the demo has one job less
            for number, phone in enumerate(piece.workers):
                self._answer(job, piece, phone, number, at + timedelta(hours=2 + number))
            if piece.is_over:
                by = self._acting(piece.poster, at)
                course.close(job_id=job_id, reason="已够用，提前结束", by=by, at=self.now - timedelta(hours=5))

    def _prepare(self, piece: Piece, at: datetime) -> tuple[UUID, PaymentIntent]:
        by = self._acting(piece.poster, at)
        made = drafts.start(by=by, at=at)
        terms = Terms(
            title=piece.title,
            summary=piece.summary,
            brief=BRIEF.strip(),
            category="data",
            skills=("数据标注",),
            county=piece.county,
            question=piece.question,
            form="choice",
            options=piece.options,
            price_fen=piece.price_fen,
            answers_each=3,
            gold_percent=0 if piece.is_over else 10,
            gold_least=60,
            agree_percent=60,
            lease_minutes=30,
            sheet_size=10,
            open_days=10,
        )
        drafts.write(job_id=made.pk, terms=terms, version=made.version, by=by, at=at)
        drafts.load(job_id=made.pk, body=self._items(piece), by=by, at=at)
        drafts.submit(job_id=made.pk, by=by, at=at)
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=self.moderator, at=at)
        return made.pk, money.order(job_id=made.pk, by=by, at=at)

    def _items(self, piece: Piece) -> bytes:
        count = 30 if piece.is_over else 80
        works = [
            {"id": f"w{number}", "text": f"{piece.things[number % len(piece.things)]}（第 {number + 1} 件）"}
            for number in range(count)
        ]
        golds = [
            {"id": f"g{number}", "text": f"{thing}（样品）", "gold": KINDS[thing], "why": "标题写明材质"}
            for number, thing in enumerate(piece.things)
            if thing in KINDS
        ]
        return json.dumps(works + golds).encode()

    def _answer(self, job: Job, piece: Piece, phone: str, number: int, at: datetime) -> None:
        by = self._acting(phone, at)
        for turn in range(piece.sheets - (not piece.is_over) * number):
            start = at + timedelta(minutes=20 * turn)
            sheet = leases.take(job_id=job.pk, by=by, at=start)
            rows = Answer.objects.filter(sheet=sheet, state=Given.LEASED).select_related("item")
            values = {row.item_id: self._value(piece, row.item.text, row.item.rank, number) for row in rows}
            answers.hand_in(sheet_id=sheet.pk, values=values, by=by, at=start + timedelta(minutes=8))

    def _value(self, piece: Piece, text: str, rank: int, number: int) -> str:
        """As the title says; of every eleventh item each worker thinks something else."""
        thing = text.split("（")[0]
        place = piece.options.index(KINDS[thing]) if thing in KINDS else piece.things.index(thing)
        return piece.options[(place + number * (rank % 11 == 0)) % len(piece.options)]
