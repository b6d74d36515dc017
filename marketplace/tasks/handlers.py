"""What happens to tasks when something has happened, and what people are told."""

from __future__ import annotations

from uuid import UUID

from backend.common.outbox import when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from marketplace.engagements.events import ContractMoved
from marketplace.tasks.events import BidMoved, TaskAsked, TaskMoved, TaskReminded
from marketplace.tasks.models import Bid, Inquiry, Task
from marketplace.tasks.operations import awards
from marketplace.tasks.states import Bidding


@when(lambda event: event.subject_kind == awards.KIND and event.move != "offer")
def follow_contract(event: ContractMoved) -> None:
    awards.follow(bid_id=event.subject_id, at=event.at)


_POSTER_HEARS = {
    "approve": ("任务《{title}》已通过审核并发布", "Your task “{title}” passed and is published"),
    "return": ("任务《{title}》被退回：{reason}", "Your task “{title}” was returned: {reason}"),
    "give_up_review": (
        "任务《{title}》逾期未审核，请重新提交",
        "Your task “{title}” was not reviewed in time; submit it again",
    ),
    "close": (
        "任务《{title}》已开标，共 {bids} 份，请在 {until} 前选定；逾期未选定将流标",
        "The {bids} bids for “{title}” are opened: choose by {until}, or it ends without one",
    ),
    "fail": ("任务《{title}》流标：{reason}", "“{title}” ended without a bid"),
    "freeze": ("任务《{title}》已冻结：{reason}", "Your task “{title}” is frozen: {reason}"),
    "thaw": ("任务《{title}》已解冻，开标时间顺延", "“{title}” goes on; the opening moved"),
    "choose_again": (
        "任务《{title}》的承接方未签订，请另选",
        "The one you chose for “{title}” did not sign; choose another",
    ),
    "cancel": ("任务《{title}》已取消", "“{title}” is cancelled"),
}


@when(lambda event: event.move in _POSTER_HEARS)
def tell_poster(event: TaskMoved) -> None:
    task = Task.objects.get(pk=event.task_id)
    opened = task.bids.filter(state__in=Bidding.READABLE).count()
    until = task.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if task.until else "—"
    facts = {"title": task.title, "reason": task.reason, "bids": opened, "until": until}
    zh, en = (text.format(**facts) for text in _POSTER_HEARS[event.move])
    _tell([event.owner_id], str(event.id), zh, en, task.pk, event)


def remind_poster(event: TaskReminded) -> None:
    task = Task.objects.get(pk=event.task_id)
    until = task.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if task.until else "—"
    zh = f"任务《{task.title}》请在 {until} 前选定承接方，逾期流标"
    en = f"Choose a bid for “{task.title}” by {until}, or it ends without one"
    _tell([event.owner_id], str(event.id), zh, en, task.pk, event)


_BIDDER_HEARS = {
    "ask_again": (
        "任务《{title}》的条款有变，请查看并重新确认应标，否则开标时失效",
        "The terms of “{title}” have changed: read them and confirm your bid, or it lapses at the opening",
    ),
    "lapse": ("您对《{title}》的应标未重新确认，已失效", "Your bid for “{title}” was not confirmed and has lapsed"),
    "open": ("您对《{title}》的应标已开标", "Your bid for “{title}” was opened"),
    "spoil": ("您对《{title}》的应标无法开启，已作废", "Your bid for “{title}” could not be opened"),
    "shortlist": ("您对《{title}》的应标已入围", "Your bid for “{title}” is shortlisted"),
    "pass_over": ("您对《{title}》的应标未中选：{reason}", "Your bid for “{title}” was not chosen"),
    "overtake": ("任务《{title}》已取消，应标随之结束：{reason}", "“{title}” is cancelled, and your bid with it"),
}


@when(lambda event: event.move in _BIDDER_HEARS)
def tell_bidder(event: BidMoved) -> None:
    task = Task.objects.get(pk=event.task_id)
    chosen = Bid.objects.filter(task=task).exclude(reason="").values_list("reason", flat=True).first()
    facts = {"title": task.title, "reason": (chosen if event.move == "pass_over" and chosen else task.reason) or "—"}
    zh, en = (text.format(**facts) for text in _BIDDER_HEARS[event.move])
    _tell([event.bidder_id], str(event.id), zh, en, task.pk, event)


def tell_of_inquiry(event: TaskAsked) -> None:
    """The poster hears of a question; whoever asked, and everyone who bid, hears of the answer."""
    found = Inquiry.objects.select_related("task").get(pk=event.inquiry_id)
    if not event.is_answer:
        zh, en = f"任务《{found.task.title}》有新的提问", f"A new question about “{found.task.title}”"
        _tell([found.task.owner_id], str(event.id), zh, en, found.task_id, event)
        return
    bidders = Bid.objects.filter(task_id=found.task_id, state__in=Bidding.CLOSED_UP).values_list("bidder_id", flat=True)
    zh, en = f"任务《{found.task.title}》的提问有了答复", f"A question about “{found.task.title}” was answered"
    _tell([found.asker_id, *bidders], str(event.id), zh, en, found.task_id, event)


def _tell(
    who: list[UUID], key: str, zh: str, en: str, task_id: UUID, event: TaskMoved | TaskReminded | BidMoved | TaskAsked
) -> None:
    notifications.tell(who, key=key, kind="work", zh=zh, en=en, url=f"/work/{task_id}/", at=event.at)


HANDLERS = {
    ContractMoved: [follow_contract],
    TaskMoved: [tell_poster],
    TaskReminded: [remind_poster],
    BidMoved: [tell_bidder],
    TaskAsked: [tell_of_inquiry],
}
