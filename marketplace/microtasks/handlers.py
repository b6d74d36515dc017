"""What happens to micro-tasks when something has happened, and what people are told."""

from __future__ import annotations

from uuid import UUID

from backend.common.fen import show_yuan
from backend.common.outbox import Event, when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled
from backend.payments.operations import refunds
from marketplace.microtasks.events import AnswerRejected, JobMoved, PiecesPaid, PleaMoved, WorkerStopped
from marketplace.microtasks.models import Answer, Job, Participant, Plea
from marketplace.microtasks.operations import money
from marketplace.microtasks.operations.shared import KIND

_ours = when(lambda event: event.subject_kind == KIND)


@_ours
def fund(event: PaymentSettled) -> None:
    money.fund(job_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@_ours
def return_late(event: PaymentArrivedLate) -> None:
    """An order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == KIND and event.outcome == "lost")
def end_unpaid(event: DisputeEnded) -> None:
    money.lose(job_id=event.subject_id, at=event.at)


_POSTER_HEARS = {
    "approve": (
        "计件任务《{title}》已通过审核，请在 {until} 前托管报酬 {pay}，到账即开始发题",
        "“{title}” passed: put the pay of {pay} into escrow by {until}, and items are handed out",
    ),
    "return": ("计件任务《{title}》被退回：{reason}", "Your job “{title}” was returned: {reason}"),
    "give_up_review": (
        "计件任务《{title}》逾期未审核，请重新提交",
        "Your job “{title}” was not reviewed in time; submit it again",
    ),
    "fund": ("计件任务《{title}》报酬已托管，开放至 {until}", "The pay for “{title}” is in escrow; it is open until {until}"),
    "close": (
        "计件任务《{title}》停止发题：{reason}。请在 {until} 前验收，逾期视为认可",
        "“{title}” hands out no more: check the answers by {until}; what is not sent back is paid",
    ),
    "pay": ("计件任务《{title}》报酬已发放", "The pay for “{title}” is out"),
    "lose": ("计件任务《{title}》终止：{reason}", "“{title}” ended: the payment was taken back"),
    "freeze": ("计件任务《{title}》已冻结：{reason}", "Your job “{title}” is frozen: {reason}"),
    "thaw": ("计件任务《{title}》已解冻，截止时间顺延", "“{title}” goes on; its end moved"),
    "withdraw": ("计件任务《{title}》已撤回", "“{title}” is withdrawn"),
}  # fmt: skip


@when(lambda event: event.move in _POSTER_HEARS)
def tell_poster(event: JobMoved) -> None:
    found = Job.objects.get(pk=event.job_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    facts = {"title": found.title, "reason": found.reason, "until": until, "pay": show_yuan(found.total_fen)}
    zh, en = (text.format(**facts) for text in _POSTER_HEARS[event.move])
    _tell([event.owner_id], event, zh, en, f"/microtasks/{found.pk}/")


def tell_stopped(event: WorkerStopped) -> None:
    part = Participant.objects.select_related("job").get(pk=event.participant_id)
    title = part.job.title
    if event.is_back:
        zh = f"《{title}》的一道校验题有误，您可以继续领取，已交的答案重新计入"
        en = f"A gold item of “{title}” was wrong: go on, and what you handed in counts again"
    else:
        zh = f"您在《{title}》的校验题正确率低于 {part.job.gold_least}%，已暂停领取；可在 3 天内对校验题申诉，否则已交的答案不计报酬"
        en = f"Fewer than {part.job.gold_least}% of your gold items of “{title}” were right: contest them within 3 days, or what you handed in is not paid"
    _tell([event.party_id], event, zh, en, f"/microtasks/{part.job_id}/answers/")


def tell_rejected(event: AnswerRejected) -> None:
    answer = Answer.objects.select_related("item__job").get(pk=event.answer_id)
    zh = f"您在《{answer.item.job.title}》的一条答案被退回：{answer.reason}。可在 3 天内重做或申诉"
    en = f"An answer of yours to “{answer.item.job.title}” was sent back: do it again or contest it within 3 days"
    _tell([event.party_id], event, zh, en, f"/microtasks/{event.job_id}/answers/")


_PLEAS = {
    "plead": ("owner", "有人对《{title}》的判定申诉，请在 3 天内答复", "Somebody contests a judgement of “{title}”: answer within 3 days"),
    "answer": (
        "worker",
        "发布方不同意您对《{title}》的申诉，可在 3 天内请平台裁定",
        "The poster of “{title}” does not agree: ask the platform within 3 days",
    ),
    "uphold": ("worker", "您对《{title}》的申诉成立", "Your plea about “{title}” was upheld"),
    "find_for": ("both", "平台裁定：对《{title}》的申诉成立", "The platform upheld a plea about “{title}”"),
    "find_against": ("both", "平台裁定：对《{title}》的申诉不成立", "The platform dismissed a plea about “{title}”"),
}  # fmt: skip


@when(lambda event: event.move in _PLEAS)
def tell_of_plea(event: PleaMoved) -> None:
    plea = Plea.objects.select_related("job").get(pk=event.plea_id)
    whom, zh, en = _PLEAS[event.move]
    who = {"owner": [event.owner_id], "worker": [event.party_id], "both": [event.owner_id, event.party_id]}[whom]
    title = plea.job.title
    _tell(who, event, zh.format(title=title), en.format(title=title), f"/microtasks/pleas/{plea.pk}/")


def tell_paid(event: PiecesPaid) -> None:
    job = Job.objects.get(pk=event.job_id)
    net = show_yuan(event.paid_fen - event.fee_fen - event.tax_fen)
    parts = (show_yuan(event.paid_fen), show_yuan(event.fee_fen), show_yuan(event.tax_fen))
    zh = f"《{job.title}》计件报酬 {parts[0]} 已到账 {net}（服务费 {parts[1]}，代扣个税 {parts[2]}）"
    en = f"Your pay of {parts[0]} for “{job.title}”: {net} after a fee of {parts[1]} and tax of {parts[2]}"
    _tell([event.party_id], event, zh, en, f"/microtasks/{job.pk}/answers/")


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str) -> None:
    notifications.tell(who, key=str(event.id), kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [end_unpaid],
    JobMoved: [tell_poster],
    WorkerStopped: [tell_stopped],
    AnswerRejected: [tell_rejected],
    PleaMoved: [tell_of_plea],
    PiecesPaid: [tell_paid],
}
