"""Tasks, bids and contracts as tests need them, made through operations."""

from __future__ import annotations

from datetime import timedelta

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from backend.payments.operations import intents
from marketplace.engagements.models import Contract, Milestone
from marketplace.engagements.operations import contracts, money, work
from marketplace.tasks import tasks as task_tasks
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations import awards, bids, drafts, reviews
from marketplace.tasks.operations.bids import Proposal
from marketplace.tasks.operations.drafts import Terms
from tests.builders import acting, beat, deliver_events, firm, moderator, person

BRIEF = "为三款竹编食盒设计外包装，含主视觉、展开图和可印刷的源文件；尺寸以附件刀版为准，文字与条码由我方提供。" * 2
TWO_STAGES = (("初稿两套", 40), ("定稿与印刷文件", 60))


def terms(**more: object) -> Terms:
    """A complete task: packaging in two stages for at most 8,000 yuan."""
    words: dict[str, object] = {
        "title": "竹编食盒外包装设计",
        "summary": "三款食盒的外包装，可直接印刷",
        "brief": BRIEF,
        "category": "design",
        "skills": ("包装设计", "平面设计"),
        "county": "421223",
        "visibility": "public",
        "budget_fen": 800_000,
        "bid_days": 10,
        "work_days": 30,
        "accept_days": 7,
        "rights": "transfer",
        "stages": TWO_STAGES,
    } | more
    return Terms(**words)


def task_draft(by: Actor, **more: object) -> Task:
    """A complete draft."""
    at = clock.now()
    task = drafts.start(by=by, at=at)
    return drafts.write(task_id=task.pk, terms=terms(**more), version=task.version, by=by, at=at)


def open_task(by: Actor | None = None, **more: object) -> tuple[Task, Actor]:
    """A published task that takes bids, and its poster."""
    by = by or firm(name="楚竹坊")[1]
    task = task_draft(by, **more)
    drafts.submit(task_id=task.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=task.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return Task.objects.get(pk=task.pk), by


def proposal(
    amount_fen: int = 600_000, days: int = 20, text: str = "先走访作坊，再出两套方向；附近三年同类作品，可驻场沟通。"
) -> Proposal:
    return Proposal(amount_fen, days, text)


def sealed_bid(task: Task, who: User | None = None, **more: object) -> tuple[Bid, Actor]:
    """A bid that nobody can read, and its bidder."""
    by = acting(who or person(name="设计师"))
    task.refresh_from_db()
    found = bids.seal(task_id=task.pk, proposal=proposal(**more), terms_no=task.terms_no, by=by, at=clock.now())
    return found.bid, by


def open_bids(task: Task) -> Task:
    """Let the time of a task's opening come."""
    task.refresh_from_db()
    if task.closes_at is not None:
        clock.move_to(task.closes_at + timedelta(seconds=1))
    task_tasks.advance_tasks()
    deliver_events()
    return Task.objects.get(pk=task.pk)


def offered(amount_fen: int = 600_000, by: Actor | None = None, **more: object) -> tuple[Contract, Actor, Actor]:
    """A contract that waits for its worker: contract, client, worker."""
    task, client = open_task(by, **more)
    bid, worker = sealed_bid(task, amount_fen=amount_fen)
    open_bids(task)
    awards.award(bid_id=bid.pk, reason="方案最贴合", by=client, at=clock.now())
    deliver_events()
    return Contract.objects.get(subject_id=bid.pk), client, worker


def signed(amount_fen: int = 600_000, by: Actor | None = None, **more: object) -> tuple[Contract, Actor, Actor]:
    """A signed contract whose first stage waits for its money."""
    contract, client, worker = offered(amount_fen, by, **more)
    contracts.accept(contract_id=contract.pk, digest=contract.digest, by=worker, at=clock.now())
    deliver_events()
    return Contract.objects.get(pk=contract.pk), client, worker


def stage_of(contract: Contract, no: int = 1) -> Milestone:
    return Milestone.objects.select_related("contract").get(contract=contract, no=no)


def fund(cashier, contract: Contract, client: Actor, no: int = 1) -> Milestone:
    """The client pays a stage in."""
    intent = money.order(milestone_id=stage_of(contract, no).pk, by=client, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    return stage_of(contract, no)


def submitted(cashier, contract: Contract, client: Actor, worker: Actor, no: int = 1) -> Milestone:
    """A stage that waits for the client's word."""
    stage = fund(cashier, contract, client, no)
    work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    hand_in(stage, worker)
    return stage_of(contract, no)


def hand_in(stage: Milestone, worker: Actor) -> None:
    """The worker hands in by word alone."""
    text = "初稿两套已上传至双方约定的共享目录，文件名与任务书编号一致。"
    work.submit(milestone_id=stage.pk, text=text, attached=(), by=worker, at=clock.now())


def paid(cashier, contract: Contract, client: Actor, worker: Actor, no: int = 1) -> Milestone:
    """A stage that was accepted and paid."""
    stage = submitted(cashier, contract, client, worker, no)
    work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    beat()
    return stage_of(contract, no)
