"""The demo's tasks: some take bids, one has them opened, one is under way with its first stage delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from backend.accounts.models import User
from backend.common.actors import Actor
from backend.common.fen import Fen
from backend.demo import people
from backend.payments.models import PaymentIntent
from marketplace.engagements.models import Contract, Milestone
from marketplace.engagements.operations import contracts, money, work
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations import awards, bids, drafts, inquiries, reviews
from marketplace.tasks.operations.bids import Proposal
from marketplace.tasks.operations.drafts import Terms

OPEN, OPENED, UNDER_WAY = "open", "opened", "under_way"


@dataclass(frozen=True)
class Job:
    """One task of the demo: who posts it, what it is, for at most how much (fen), how many days ago, and how far it is."""

    poster: str
    title: str
    summary: str
    category: str
    skills: tuple[str, ...]
    county: str
    budget_fen: Fen
    days_ago: int
    stages: tuple[tuple[str, int], ...]
    bidders: tuple[str, ...]
    reaches: str = OPEN


TWO = (("初稿", 40), ("定稿与源文件", 60))
JOBS = (
    Job("13800000013", "竹编食盒外包装设计", "三款食盒的外包装，可直接印刷", "design", ("包装设计", "平面设计"), "421223",
        800_000, 3, TWO, ("13800000011", "13800000014")),
    Job("13800000012", "青砖茶英文产品手册翻译", "两万字中译英，附术语表", "translation", ("中译英", "校对"), "421281",
        600_000, 5, (("译稿与校对稿", 100),), ("13900000002",)),
    Job("13800000016", "湖区民宿订房小程序", "二十间房的订房、退改和入住登记", "software", ("小程序", "后端"), "421221",
        3_000_000, 2, (("原型确认", 30), ("开发完成", 40), ("上线与维护", 30)), ()),
    Job("13800000011", "桂花季短视频拍摄", "三条一分钟短视频，含航拍", "photography", ("短视频", "航拍"), "421202",
        900_000, 6, TWO, ("13800000015",)),
    Job("13800000014", "药香包防潮工艺测试", "三种内衬材料的吸湿率对比与报告", "research", ("材料测试",), "421222",
        1_200_000, 1, (("测试方案", 30), ("数据与报告", 70)), ()),
    Job("13800000015", "榫卯长凳装配图绘制", "六款长凳的装配图和爆炸图", "engineering", ("机械制图",), "421224",
        500_000, 12, TWO, ("13800000011", "13800000014", "13800000016"), OPENED),
    Job("13800000017", "园区导览系统图标设计", "四十个导览图标，提供矢量源文件", "design", ("图标设计",), "XNGX",
        700_000, 12, TWO, ("13800000014", "13800000013"), UNDER_WAY),
)  # fmt: skip

BRIEF = """
## 要什么

{summary}。

## 需要交付

按阶段交付成果和源文件；文件名与任务书编号一致。

## 怎样算合格

内容完整、可直接使用；不使用未获授权的素材；按意见修改不超过三轮。

## 我方提供

资料、尺寸和现有文件；一位对接人。（演示数据，纯属虚构）
"""
OFFERS = (
    "先了解用途和现场，再给两个方向；每阶段附说明，按意见修改。",
    "同类工作做过五年，可先看以往成果；进度每周更新一次。",
    "两人一组，一人制作一人校核，按约定时间交付全部源文件。",
)


class Jobs:
    """The making of the demo's tasks."""

    def __init__(
        self,
        users: Mapping[str, User],
        moderator: Actor,
        now: datetime,
        settle: Callable[[PaymentIntent, datetime], None],
    ) -> None:
        self.users, self.moderator, self.now, self.settle = users, moderator, now, settle

    def make(self) -> int:
        """Live every task that is not there yet; return how many were."""
        made = 0
        for job in JOBS:
            owner = self.users[job.poster].party_id
            if not Task.objects.filter(owner_id=owner, title=job.title).exists():
                self._live(job)
                made += 1
        return made

    def _acting(self, phone: str, at: datetime) -> Actor:
        return people.acting(self.users[phone], at)

    def _live(self, job: Job) -> None:
        at = self.now - timedelta(days=job.days_ago)
        with transaction.atomic():  # the running clock must not meet a task whose time is over before its bids are in
            task = self._publish(job, at)
            for number, phone in enumerate(job.bidders):
                self._bid(task, phone, number, job.budget_fen, at + timedelta(hours=9 + number))
            contract = self._open(task, job, at + timedelta(days=10, minutes=1)) if job.reaches != OPEN else None
        if contract is not None:
            self._begin(contract, at + timedelta(days=10, hours=2))

    def _publish(self, job: Job, at: datetime) -> Task:
        by = self._acting(job.poster, at)
        task = drafts.start(by=by, at=at)
        terms = Terms(
            title=job.title,
            summary=job.summary,
            brief=BRIEF.format(summary=job.summary).strip(),
            category=job.category,
            skills=job.skills,
            county=job.county,
            visibility="public",
            budget_fen=job.budget_fen,
            bid_days=10,
            work_days=30,
            accept_days=7,
            rights="transfer",
            stages=job.stages,
        )
        drafts.write(task_id=task.pk, terms=terms, version=task.version, by=by, at=at)
        drafts.submit(task_id=task.pk, by=by, at=at)
        approved: Task = reviews.REVIEWING.approve(
            subject_id=task.pk, checklist=reviews.CHECKLIST, by=self.moderator, at=at
        )
        return approved

    def _bid(self, task: Task, phone: str, number: int, budget_fen: Fen, at: datetime) -> None:
        by = self._acting(phone, at)
        if number == 0:
            asked = inquiries.ask(task_id=task.pk, text="现有文件可以先看一份样例吗？", by=by, at=at)
            poster = people.acting(User.objects.get(party_id=task.owner_id), at)
            inquiries.answer(inquiry_id=asked.pk, text="可以，样例已放在附件说明中。", by=poster, at=at)
        price = budget_fen * (92 - 9 * number) // 100
        bids.seal(task_id=task.pk, proposal=Proposal(price, 20 + 2 * number, OFFERS[number]), terms_no=1, by=by, at=at)

    def _open(self, task: Task, job: Job, at: datetime) -> Contract | None:
        """The bids are opened; where it goes on, one is chosen and its contract signed."""
        awards.advance(task_id=task.pk, at=at)
        if job.reaches != UNDER_WAY:
            return None
        chosen = Bid.objects.filter(task=task, state="opened").order_by("-amount_fen").first()
        if chosen is None:
            raise AssertionError("the demo's bids open")
        awards.award(bid_id=chosen.pk, reason="风格最贴合，工期合适", by=self._acting(job.poster, at), at=at)
        contract = Contract.objects.get(subject_id=chosen.pk)
        worker = people.acting(User.objects.get(party_id=contract.worker_id), at)
        contracts.accept(contract_id=contract.pk, digest=contract.digest, by=worker, at=at)
        awards.follow(bid_id=chosen.pk, at=at)
        return contract

    def _begin(self, contract: Contract, at: datetime) -> None:
        """The first stage is paid in, worked on and delivered."""
        client, worker = (
            people.acting(User.objects.get(party_id=party_id), at)
            for party_id in (contract.client_id, contract.worker_id)
        )
        stage = Milestone.objects.get(contract=contract, no=1)
        intent = money.order(milestone_id=stage.pk, by=client, at=at)
        self.settle(intent, at)
        money.fund(milestone_id=stage.pk, intent_id=intent.pk, at=at)
        work.start(milestone_id=stage.pk, by=worker, at=at + timedelta(hours=3))
        text = "二十个图标的初稿已按编号放在共享目录，附一页风格说明。"
        work.submit(milestone_id=stage.pk, text=text, attached=(), by=worker, at=self.now - timedelta(hours=8))
