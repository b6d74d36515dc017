"""What happens to contests when something has happened, and what people are told."""

from __future__ import annotations

from uuid import UUID

from backend.common import files
from backend.common.fen import show_yuan
from backend.common.outbox import Event, when
from backend.common.rules import SHANGHAI
from backend.judging.events import ApplicationMoved, CallMoved
from backend.judging.operations import likenesses
from backend.judging.states import Standing
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled, PrizeRepaid
from backend.payments.operations import refunds
from marketplace.contests.events import ContestMoved, PrizeHandedOn, PrizePaid, PrizeRecalled
from marketplace.contests.models import SHOWN, Contest, Entry
from marketplace.contests.operations import course, money, recalls, rounds
from marketplace.contests.operations.shared import KIND

_ours = when(lambda event: event.subject_kind == KIND)


@_ours
def fund(event: PaymentSettled) -> None:
    money.fund(contest_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@_ours
def return_late(event: PaymentArrivedLate) -> None:
    """An order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == KIND and event.outcome == "lost")
def end_unpaid(event: DisputeEnded) -> None:
    money.lose(contest_id=event.subject_id, at=event.at)


@_ours
def follow_call(event: CallMoved) -> None:
    course.follow(contest_id=event.subject_id, at=event.at)


@when(lambda event: event.subject_kind == KIND and event.move == "revoke")
def recall(event: ApplicationMoved) -> None:
    recalls.recall(application_id=event.application_id, at=event.at)


def hand_on(event: PrizeRepaid) -> None:
    recalls.hand_on(contest_id=event.fund_id, at=event.at)


@when(lambda event: event.subject_kind == KIND and event.move == "close")
def compare(event: CallMoved) -> None:
    """When the window has ended, every entry is compared with the others and with those of the past."""
    entries = Entry.objects.filter(application__call=event.call_id, application__state=Standing.SUBMITTED)
    for entry in entries.order_by("application__no"):
        if entry.application_id is None:
            continue
        pictures = [
            (file.received_sha256, files.read(file.sha256)) for file in entry.files.filter(use=SHOWN).order_by("pk")
        ]
        likenesses.look(
            application_id=entry.application_id, text=f"{entry.title}\n{entry.text}", pictures=pictures, at=event.at
        )


_HOST_HEARS = {
    "approve": (
        "赛事《{title}》已通过审核，请在 {until} 前托管奖金 {prize}，到账即开始征集",
        "“{title}” passed: put the prize of {prize} into escrow by {until}, and entries are taken",
    ),
    "return": ("赛事《{title}》被退回：{reason}", "Your contest “{title}” was returned: {reason}"),
    "give_up_review": (
        "赛事《{title}》逾期未审核，请重新提交",
        "Your contest “{title}” was not reviewed in time; submit it again",
    ),
    "fund": ("赛事《{title}》奖金已托管，征集至 {until}", "The prize of “{title}” is in escrow; entries are taken until {until}"),
    "fail": ("赛事《{title}》无人获奖，奖金退回：{reason}", "“{title}” ended without a winner; the prize goes back"),
    "lose": ("赛事《{title}》终止：{reason}", "“{title}” ended: the payment was taken back"),
    "pay": ("赛事《{title}》奖金已发放", "The prizes of “{title}” are paid"),
    "freeze": ("赛事《{title}》已冻结：{reason}", "Your contest “{title}” is frozen: {reason}"),
    "thaw": ("赛事《{title}》已解冻，截止时间顺延", "“{title}” goes on; its end moved"),
    "call_off": ("赛事《{title}》已取消，奖金退回", "“{title}” is cancelled; the prize goes back"),
    "withdraw": ("赛事《{title}》已撤回", "“{title}” is withdrawn"),
}  # fmt: skip


@when(lambda event: event.move in _HOST_HEARS)
def tell_host(event: ContestMoved) -> None:
    found = Contest.objects.get(pk=event.contest_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    facts = {"title": found.title, "reason": found.reason, "until": until, "prize": show_yuan(found.total_fen)}
    zh, en = (text.format(**facts) for text in _HOST_HEARS[event.move])
    _tell([event.owner_id], event, zh, en, found.pk)


@when(lambda event: event.move == "extend")
def tell_entrants(event: ContestMoved) -> None:
    found = Contest.objects.get(pk=event.contest_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    entrants = found.entries.order_by("pk").values_list("entrant_id", flat=True)[:2_000]
    zh = f"赛事《{found.title}》征集延长至 {until}：{found.reason}"
    _tell(list(dict.fromkeys(entrants)), event, zh, f"“{found.title}” takes entries until {until}", found.pk)


@when(lambda event: event.move == "go_on")
def tell_finalists(event: ContestMoved) -> None:
    found = Contest.objects.get(pk=event.contest_id)
    until = found.closes_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.closes_at else "—"
    zh = f"《{found.title}》决赛开始：请在 {until} 前提交方案"
    en = f"The final of “{found.title}” has begun: hand in your solution by {until}"
    _tell([event.owner_id, *rounds.chosen(found)], event, zh, en, found.pk)


def tell_winner(event: PrizePaid) -> None:
    entry = Entry.objects.select_related("contest").get(pk=event.entry_id)
    net = show_yuan(event.paid_fen - event.fee_fen - event.tax_fen)
    parts = (show_yuan(event.paid_fen), show_yuan(event.fee_fen), show_yuan(event.tax_fen))
    what, rights = ("奖金", "，作品权利按约定转移") if entry.rights_at else ("研发补助", "，权利仍归您")
    zh = f"《{entry.contest.title}》{what} {parts[0]} 已到账 {net}（服务费 {parts[1]}，代扣个税 {parts[2]}）{rights}"
    en = f"Your {'prize' if entry.rights_at else 'grant'} of {parts[0]} for “{entry.contest.title}”: {net} after a fee of {parts[1]} and tax of {parts[2]}"
    _tell([event.entrant_id], event, zh, en, entry.contest_id)


def tell_of_recall(event: PrizeRecalled) -> None:
    """Who had the prize hears what they owe, and the host what comes back."""
    entry = Entry.objects.select_related("contest").get(pk=event.entry_id)
    title, owed, whole = entry.contest.title, show_yuan(event.owed_fen), show_yuan(event.recalled_fen)
    zh = f"《{title}》作品“{entry.title}”的奖项已撤销：请退回到手奖金 {owed}，先从您的应付款中抵扣；服务费和个税由平台冲回"
    en = f"The award of “{entry.title}” in “{title}” was revoked: you owe the {owed} that reached you; fee and tax are undone"
    notifications.tell(
        [event.entrant_id], key=f"{event.id}", kind="work", zh=zh, en=en, url="/create/money/", at=event.at
    )
    zh = f"《{title}》一个奖项被撤销，奖金 {whole} 正在追回；到账后付给递补的获奖者，多余的退给您"
    en = f"An award of “{title}” was revoked: {whole} is being recovered for who moves up; what is left over is yours"
    _tell([event.owner_id], event, zh, en, event.contest_id, key="host")


def tell_next(event: PrizeHandedOn) -> None:
    entry = Entry.objects.select_related("contest").get(pk=event.entry_id)
    net, lacks = show_yuan(event.paid_fen - event.fee_fen - event.tax_fen), show_yuan(event.lacks_fen)
    more_zh, more_en = (f"，尚有 {lacks} 待追回", f"; {lacks} is still to come") if event.lacks_fen else ("", "")
    zh = f"《{entry.contest.title}》递补奖金 {show_yuan(event.paid_fen)} 已到账 {net}{more_zh}"
    en = (
        f"{show_yuan(event.paid_fen)} of a recovered prize of “{entry.contest.title}”: {net} after fee and tax{more_en}"
    )
    _tell([event.entrant_id], event, zh, en, entry.contest_id)


def _tell(who: list[UUID], event: Event, zh: str, en: str, contest_id: UUID, *, key: str = "") -> None:
    url = f"/contests/{contest_id}/"
    notifications.tell(who, key=f"{event.id}{key}", kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [end_unpaid],
    ApplicationMoved: [recall],
    CallMoved: [follow_call, compare],
    PrizeRepaid: [hand_on],
    ContestMoved: [tell_host, tell_entrants, tell_finalists],
    PrizePaid: [tell_winner],
    PrizeRecalled: [tell_of_recall],
    PrizeHandedOn: [tell_next],
}
