"""The demo's contests: one takes entries, one is in publicity with its judges' scores, one asks for pieces at a price, one is an R&D challenge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.common.actors import Actor
from backend.common.fen import Fen
from backend.demo import people
from backend.demo.drawings import drawing
from backend.judging.models import Application, Call
from backend.judging.operations import calls, panel
from backend.payments.models import PaymentIntent
from marketplace.contests.models import SHOWN, Contest, Entry
from marketplace.contests.operations import course, drafts, entries, money, reviews, secrecy
from marketplace.contests.operations.drafts import Terms
from marketplace.contests.states import Running

OPEN, PUBLIC = "open", "public"
CRITERIA = (("切题与实用", 50), ("创意", 30), ("完成度", 20))
JUDGES = ("13800000005", "13800000004")


@dataclass(frozen=True)
class Prize:
    """One contest of the demo: who hosts it, for what, the prizes in fen, days ago, who enters, how far it is, and what is secret."""

    host: str
    title: str
    summary: str
    category: str
    county: str
    mode: str
    prizes: tuple[Fen, ...]
    days_ago: int
    entrants: tuple[str, ...]
    reaches: str = OPEN
    secret: str = ""


PRIZES = (
    Prize("13800000013", "竹器新生：三层食盒设计赛", "为楠竹食盒征集造型与纹样", "design", "421223", "several",
          (600_000, 300_000, 100_000), 4, ("13900000003", "13900000004", "13900000005")),
    Prize("13800000012", "青砖茶节主视觉征集", "一张主海报和一套延展规范", "design", "421281", "single",
          (800_000,), 19, ("13900000006", "13900000007", "13900000008", "13900000009"), PUBLIC),
    Prize("13800000011", "桂花故事短文征集", "三百字以内，写你与桂花的一件小事", "copywriting", "421202", "count",
          (10_000,) * 20, 2, ("13900000010", "13900000011")),
    Prize("13800000014", "药香囊缓释载体研发揭榜", "香气留存九十天，载体可降解", "research", "421222", "single",
          (2_000_000,), 3, ("13900000012",), OPEN, "现用载体为木粉压片，三十天后香气剩一成；配比和测试曲线见揭榜会资料。（演示数据，纯属虚构）"),
)  # fmt: skip

BRIEF = """
## 要什么

{summary}。

## 提交什么

一张效果图和一段创作说明；获奖后交付源文件。

## 怎样评

按公布的标准匿名打分，结果公示，期间可提出异议。未获奖的作品归作者。（演示数据，纯属虚构）
"""
NOTES = (
    "以二十七道编织工序为线索，疏密相间，盖面留白刻月桂一枝，提梁可拆，便于清洗和收纳。",
    "取河岸晨雾的层次，由深到浅三段过渡；纹样只用两种篾宽，手工可以完成，损耗很少。",
    "从老茶砖的压印里提取几何格，重新排布成可以连续拼接的单元，远看成山，近看成叶。",
    "用一条连续的折线串起制作、赶集和待客三个场景，颜色克制，印在任何材料上都清楚。",
)


class Prizes:
    """The making of the demo's contests."""

    def __init__(
        self,
        users: Mapping[str, User],
        moderator: Actor,
        now: datetime,
        settle: Callable[[PaymentIntent, datetime], None],
    ) -> None:
        self.users, self.moderator, self.now, self.settle = users, moderator, now, settle

    def make(self) -> int:
        """Live every contest that is not there yet; return how many were."""
        made = 0
        for prize in PRIZES:
            owner = self.users[prize.host].party_id
            if not Contest.objects.filter(owner_id=owner, title=prize.title).exists():
                self._live(prize)
                made += 1
        return made

    def _acting(self, phone: str, at: datetime) -> Actor:
        return people.acting(self.users[phone], at)

    def _live(self, prize: Prize) -> None:
        at = self.now - timedelta(days=prize.days_ago)
        contest_id, intent = self._prepare(prize, at)
        self.settle(intent, at)
        with transaction.atomic():  # the running clock must not meet a contest whose time is over before it is entered
            money.fund(contest_id=contest_id, intent_id=intent.pk, at=at)
            contest = Contest.objects.select_for_update().get(pk=contest_id)
            if contest.state != Running.OPEN:
                return  # it has met it all the same: the demo has one contest less
            self._seat(contest, at)
            for number, phone in enumerate(prize.entrants):
                self._enter(contest, phone, number, at + timedelta(hours=20 + number))
            if prize.reaches == PUBLIC:
                self._judge(contest, prize, at + timedelta(days=10, minutes=1))

    def _prepare(self, prize: Prize, at: datetime) -> tuple[UUID, PaymentIntent]:
        by = self._acting(prize.host, at)
        made = drafts.start(by=by, at=at)
        terms = Terms(
            title=prize.title,
            summary=prize.summary,
            brief=BRIEF.format(summary=prize.summary).strip(),
            category=prize.category,
            skills=(),
            county=prize.county,
            mode=prize.mode,
            prizes=prize.prizes,
            criteria=CRITERIA,
            tie_rule="share",
            is_blind=True,
            rights="transfer",
            gallery="after",
            entry_limit=1,
            entry_days=10,
            judge_days=10,
            publicity_days=5,
            finalists=2 if prize.secret else 0,
            grant_fen=200_000 if prize.secret else 0,
            secrecy_years=3 if prize.secret else 0,
            secret=prize.secret,
        )
        drafts.write(contest_id=made.pk, terms=terms, version=made.version, by=by, at=at)
        drafts.submit(contest_id=made.pk, by=by, at=at)
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=self.moderator, at=at)
        return made.pk, money.order(contest_id=made.pk, by=by, at=at)

    def _seat(self, contest: Contest, at: datetime) -> None:
        call = Call.objects.get(subject_id=contest.pk)
        for phone in JUDGES:
            judge = self._acting(phone, at)
            panel.come_in(code=call.judge_code, by=judge, at=at)
            panel.declare(call_id=call.pk, declaration="", by=judge, at=at)

    def _enter(self, contest: Contest, phone: str, number: int, at: datetime) -> None:
        by = self._acting(phone, at)
        text = f"{NOTES[number % len(NOTES)]}{NOTES[(number + 2) % len(NOTES)]}"
        if contest.secrecy_years:
            sha256 = secrecy.hash_of(secrecy.text_for(contest, by))
            secrecy.promise(contest_id=contest.pk, sha256=sha256, by=by, at=at)
        made = entries.begin(
            contest_id=contest.pk, title=f"{'山水茶月'[number % 4]}之{number + 1}", text=text, by=by, at=at
        )
        body = drawing(number + len(contest.title) * 7)
        entries.attach(entry_id=made.pk, use=SHOWN, name="效果图.png", body=body, by=by, at=at)
        entries.hand_in(entry_id=made.pk, by=by, at=at)

    def _judge(self, contest: Contest, prize: Prize, at: datetime) -> None:
        """The window ends, both judges score, and the host publishes the result four days ago."""
        course.advance(contest_id=contest.pk, at=at)
        call = Call.objects.get(subject_id=contest.pk)
        for place, phone in enumerate(JUDGES):
            judge = self._acting(phone, at)
            for work in Application.objects.filter(call=call).order_by("no"):
                base = (84, 91, 76, 69)[(work.no - 1) % 4] + 3 * place
                marks = {"c1": base, "c2": base - 4, "c3": base + 2}
                panel.score(application_id=work.pk, marks=marks, note="", by=judge, at=at + timedelta(hours=5))
        shown = self.now - timedelta(days=2)
        calls.tally(call_id=call.pk, by=self._acting(prize.host, shown), at=shown)
        course.follow(contest_id=contest.pk, at=shown)
        if Entry.objects.filter(contest=contest, application__state="provisional").count() != 1:
            raise AssertionError("the demo's contest has its winner")
