"""What happens to engagements when something has happened, and what the two sides are told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.common.fen import show_yuan
from backend.common.outbox import when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled
from backend.payments.operations import refunds
from marketplace.engagements.events import (
    ClaimMoved,
    ClientReminded,
    ContractMoved,
    EndProposed,
    InvoiceMoved,
    MessageSent,
    MilestoneMoved,
    ReviewsShown,
    WorkerReminded,
)
from marketplace.engagements.models import Claim, Contract, Milestone
from marketplace.engagements.operations import claims, money

_ours = when(lambda event: event.subject_kind == money.KIND)


@_ours
def fund(event: PaymentSettled) -> None:
    money.fund(milestone_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@_ours
def return_late(event: PaymentArrivedLate) -> None:
    """An order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == money.KIND and event.outcome == "lost")
def end_unpaid(event: DisputeEnded) -> None:
    claims.end_with_payment(milestone_id=event.subject_id, at=event.at)


# --- what people are told ------------------------------------------------------------------------------------

Words = dict[str, tuple[str, str]]

_WORKER_HEARS: Words = {
    "offer": (
        "您中选了：《{title}》，请在 {until} 前阅读并确认协议",
        "You were chosen for “{title}”: read and sign the contract by {until}",
    ),
}
_CLIENT_HEARS: Words = {
    "accept": (
        "《{title}》协议已签订，请托管第一阶段款项",
        "The contract for “{title}” is signed: put the first stage's money into escrow",
    ),
    "decline": ("《{title}》的协议未签订", "The contract for “{title}” was not signed"),
    "lapse": (
        "《{title}》的协议逾期未确认，请另选承接方",
        "The contract for “{title}” was not answered; choose another",
    ),
}
_BOTH_HEAR: Words = {
    "complete": (
        "《{title}》已全部完成并结清，欢迎互相评价",
        "“{title}” is complete and paid; you may review each other",
    ),
    "end": ("《{title}》已提前终止：{reason}", "“{title}” ended early"),
}


def tell_of_contract(event: ContractMoved) -> None:
    found = Contract.objects.get(pk=event.contract_id)
    facts = {"title": found.title, "reason": found.reason, "until": _time(found.due_at)}
    told = (
        (_WORKER_HEARS, [event.worker_id]),
        (_CLIENT_HEARS, [event.client_id]),
        (_BOTH_HEAR, [event.client_id, event.worker_id]),
    )
    for words, who in told:
        if event.move in words:
            _tell(who, f"{event.id}", words[event.move], facts, found.pk, event.at)


_WORKER_OF_STAGE: Words = {
    "fund": (
        "《{title}》阶段“{stage}”的 {amount} 已托管，可以开工",
        "{amount} for “{stage}” of “{title}” is in escrow: you may begin",
    ),
    "ask_changes": ("《{title}》阶段“{stage}”需要修改，请查看意见", "Changes are asked for in “{stage}” of “{title}”"),
    "approve": ("《{title}》阶段“{stage}”已验收", "“{stage}” of “{title}” is accepted"),
    "release": (
        "《{title}》阶段“{stage}”已放款，税费后 {net}",
        "“{stage}” of “{title}” is paid: {net} after fee and tax",
    ),
}
_CLIENT_OF_STAGE: Words = {
    "submit": (
        "《{title}》阶段“{stage}”已交付，请在 {until} 前验收；逾期视为通过",
        "“{stage}” of “{title}” was delivered: look at it by {until}, or it counts as accepted",
    ),
    "start": ("《{title}》阶段“{stage}”已开工", "Work on “{stage}” of “{title}” has begun"),
}
_BOTH_OF_STAGE: Words = {
    "abandon": (
        "《{title}》阶段“{stage}”未完成，托管款 {back} 退还发包方",
        "“{stage}” of “{title}” was abandoned; {back} goes back to the client",
    ),
    "return": (
        "《{title}》阶段“{stage}”的 {back} 按双方约定退还发包方",
        "{back} of “{stage}” of “{title}” goes back as both agreed",
    ),
    "decide_release": ("《{title}》阶段“{stage}”已全额放款", "“{stage}” of “{title}” was paid whole"),
    "decide_refund": ("《{title}》阶段“{stage}”已全额退还发包方", "“{stage}” of “{title}” was refunded whole"),
    "decide_split": (
        "《{title}》阶段“{stage}”已分配：承接方 {given}（税费前），发包方 {back}",
        "“{stage}” of “{title}” was divided: {given} to the worker before fee and tax, {back} to the client",
    ),
    "decide_redo": (
        "《{title}》阶段“{stage}”裁定重做：请承接方在 {deliver_by} 前再次交付，款项仍在托管",
        "“{stage}” of “{title}” is to be done again: to be delivered by {deliver_by}; its money stays in escrow",
    ),
    "default": ("《{title}》阶段“{stage}”未按期托管，协议终止", "“{stage}” of “{title}” was not funded in time"),
    "lose": ("《{title}》阶段“{stage}”的付款被银行收回", "The bank took the payment of “{stage}” of “{title}” back"),
}


def tell_of_stage(event: MilestoneMoved) -> None:
    found = Milestone.objects.select_related("contract").get(pk=event.milestone_id)
    facts = {
        "title": found.contract.title,
        "stage": found.title,
        "amount": show_yuan(found.amount_fen),
        "net": show_yuan(found.net_fen),
        "given": show_yuan(found.given_fen or 0),
        "back": show_yuan(found.back_fen or 0),
        "until": _time(found.until),
        "deliver_by": _time(found.deliver_by),
    }
    told = (
        (_WORKER_OF_STAGE, [event.worker_id]),
        (_CLIENT_OF_STAGE, [event.client_id]),
        (_BOTH_OF_STAGE, [event.client_id, event.worker_id]),
    )
    for words, who in told:
        if event.move in words:
            _tell(who, f"{event.id}", words[event.move], facts, found.contract_id, event.at)


def remind_worker(event: WorkerReminded) -> None:
    found = Milestone.objects.select_related("contract").get(pk=event.milestone_id)
    words = (
        "《{title}》阶段“{stage}”请尽快更新进展或交付；到 {until} 仍无进展，款项将退还发包方",
        "“{stage}” of “{title}”: say how it goes or deliver; without a word by {until} the client gets the money back",
    )
    facts = {"title": found.contract.title, "stage": found.title, "until": _time(found.until)}
    _tell([event.worker_id], str(event.id), words, facts, found.contract_id, event.at)


_REMINDS: Words = {
    "planned": (
        "《{title}》阶段“{stage}”请在 {until} 前托管，逾期协议终止",
        "Put the money of “{stage}” of “{title}” into escrow by {until}, or the contract ends",
    ),
    "submitted": (
        "《{title}》阶段“{stage}”请在 {until} 前验收，逾期视为通过",
        "Look at “{stage}” of “{title}” by {until}, or it counts as accepted",
    ),
}


def remind_client(event: ClientReminded) -> None:
    found = Milestone.objects.select_related("contract").get(pk=event.milestone_id)
    facts = {"title": found.contract.title, "stage": found.title, "until": _time(found.until)}
    _tell([event.client_id], str(event.id), _REMINDS[event.state], facts, found.contract_id, event.at)


_CLAIMS: Words = {
    "make": (
        "《{title}》：对方就阶段“{stage}”提出诉求 {wanted}，请在 {until} 前答复",
        "“{title}”: the other side claims {wanted} of “{stage}”; answer by {until}",
    ),
    "refuse": (
        "《{title}》：对方不同意您就阶段“{stage}”的诉求，可提交裁定",
        "“{title}”: the other side refused your claim on “{stage}”; you may bring it before a decider",
    ),
    "grant": ("《{title}》：对方同意您就阶段“{stage}”的诉求", "“{title}”: your claim on “{stage}” is granted"),
    "withdraw": ("《{title}》：对方撤回了就阶段“{stage}”的诉求", "“{title}”: the claim on “{stage}” was withdrawn"),
    "lapse": ("《{title}》：就阶段“{stage}”的诉求已作废", "“{title}”: the claim on “{stage}” has lapsed"),
}


@when(lambda event: event.move in _CLAIMS)
def tell_of_claim(event: ClaimMoved) -> None:
    found = Claim.objects.select_related("milestone__contract").get(pk=event.claim_id)
    stage = found.milestone
    facts = {
        "title": stage.contract.title,
        "stage": stage.title,
        "wanted": show_yuan(found.wanted_fen),
        "until": _time(found.answer_by),
    }
    _tell([event.to_id], str(event.id), _CLAIMS[event.move], facts, stage.contract_id, event.at)


def tell_of_end(event: EndProposed) -> None:
    words = ("《{title}》：对方提议提前终止，请查看", "“{title}”: the other side proposes to end it")
    _tell([event.to_id], str(event.id), words, _title(event.contract_id), event.contract_id, event.at)


def tell_of_message(event: MessageSent) -> None:
    words = ("《{title}》：对方给您留言", "“{title}”: a message from the other side")
    _tell([event.to_id], str(event.id), words, _title(event.contract_id), event.contract_id, event.at)


def tell_of_reviews(event: ReviewsShown) -> None:
    words = ("《{title}》的互评已公开", "What both said of “{title}” can be read now")
    who = [event.client_id, event.worker_id]
    _tell(who, str(event.id), words, _title(event.contract_id), event.contract_id, event.at)


def tell_of_invoice(event: InvoiceMoved) -> None:
    words = {
        "ask": ("《{title}》：发包方索取发票，请上传", "“{title}”: the client asks for an invoice"),
        "attach": ("《{title}》：发票已上传", "“{title}”: the invoice is there"),
        "differs": (
            "《{title}》：发票已上传，金额与实付不符，请查看说明",
            "“{title}”: the invoice is there, and its sum differs from what was paid; see why",
        ),
    }["differs" if event.differs else event.move]
    _tell([event.to_id], str(event.id), words, _title(event.contract_id), event.contract_id, event.at)


def _title(contract_id: UUID) -> dict[str, str]:
    return {"title": Contract.objects.values_list("title", flat=True).get(pk=contract_id)}


def _time(moment: datetime | None) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else "—"


def _tell(
    who: list[UUID], key: str, words: tuple[str, str], facts: dict[str, str], contract_id: UUID, at: datetime
) -> None:
    zh, en = (text.format(**facts) for text in words)
    notifications.tell(who, key=key, kind="work", zh=zh, en=en, url=f"/contracts/{contract_id}/", at=at)


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [end_unpaid],
    ContractMoved: [tell_of_contract],
    MilestoneMoved: [tell_of_stage],
    WorkerReminded: [remind_worker],
    ClientReminded: [remind_client],
    ClaimMoved: [tell_of_claim],
    EndProposed: [tell_of_end],
    MessageSent: [tell_of_message],
    ReviewsShown: [tell_of_reviews],
    InvoiceMoved: [tell_of_invoice],
}
