"""What happens to on-site errands when something has happened, and what people are told."""

from __future__ import annotations

from uuid import UUID

from backend.common.fen import show_yuan
from backend.common.outbox import Event, when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled
from backend.payments.operations import refunds
from marketplace.errands.events import ErrandMoved, LicenceMoved, StopMoved, StopOffered
from marketplace.errands.kinds import LICENCES
from marketplace.errands.models import Errand, Licence, Offer, Stop
from marketplace.errands.operations import money
from marketplace.errands.operations.shared import KIND

_ours = when(lambda event: event.subject_kind == KIND)


@_ours
def fund(event: PaymentSettled) -> None:
    money.fund(errand_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@_ours
def return_late(event: PaymentArrivedLate) -> None:
    """An order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == KIND and event.outcome == "lost")
def end_unpaid(event: DisputeEnded) -> None:
    money.lose(errand_id=event.subject_id, at=event.at)


_POSTER_HEARS = {
    "approve": (
        "现场任务《{title}》已通过审核，请在 {until} 前托管报酬 {pay}",
        "“{title}” passed: put the pay of {pay} into escrow by {until}",
    ),
    "return": ("现场任务《{title}》被退回：{reason}", "Your errand “{title}” was returned: {reason}"),
    "give_up_review": (
        "现场任务《{title}》逾期未审核，请重新提交",
        "Your errand “{title}” was not reviewed in time; submit it again",
    ),
    "fund": ("现场任务《{title}》报酬已托管，开始接单", "The pay for “{title}” is in escrow; stops may be taken"),
    "complete": ("现场任务《{title}》已全部结束", "“{title}” is over: every stop has ended"),
    "lose": ("现场任务《{title}》终止：{reason}", "“{title}” ended: the payment was taken back"),
    "freeze": ("现场任务《{title}》已冻结：{reason}", "Your errand “{title}” is frozen: {reason}"),
    "thaw": ("现场任务《{title}》已解冻", "“{title}” goes on"),
    "withdraw": ("现场任务《{title}》已撤回", "“{title}” is withdrawn"),
}


@when(lambda event: event.move in _POSTER_HEARS)
def tell_poster(event: ErrandMoved) -> None:
    found = Errand.objects.get(pk=event.errand_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    facts = {"title": found.title, "reason": found.reason, "until": until, "pay": show_yuan(found.total_fen)}
    zh, en = (text.format(**facts) for text in _POSTER_HEARS[event.move])
    _tell([event.owner_id], event, zh, en, f"/errands/{found.pk}/")


_STOPS = {
    "give_up": ("owner", "《{title}》{key} 的接单人放弃了预订，点位重新开放", "{key} of “{title}” was given up and is free again"),
    "release": ("both", "《{title}》{key}：接单人证照不再有效，点位重新开放", "{key} of “{title}” is free again: the runner's licence is no longer in force"),
    "miss": ("both", "《{title}》{key} 到期未提交，报酬将退回发布方", "{key} of “{title}” was not handed in in time; its pay goes back"),
    "lapse": ("owner", "《{title}》{key} 到期无人接单", "Nobody took {key} of “{title}” in time"),
    "submit": ("owner", "《{title}》{key} 已提交，请在 {due} 前验收，逾期视为通过", "{key} of “{title}” is handed in: answer by {due}, or it counts as accepted"),
    "redo": ("owner", "《{title}》{key} 已重做提交，请在 {due} 前验收", "{key} of “{title}” was done again: answer by {due}"),
    "refuse": ("runner", "《{title}》{key} 未通过：{reason}。可在 {due} 前重做或提出异议", "{key} of “{title}” was refused: do it again or contest it by {due}"),
    "contest": ("owner", "《{title}》{key}：接单人提出异议，平台将裁定", "The runner contests the refusal of {key} of “{title}”; the platform decides"),
    "find_for": ("both", "平台裁定：《{title}》{key} 应予通过", "The platform decided: {key} of “{title}” was done"),
    "find_against": ("both", "平台裁定：《{title}》{key} 未完成", "The platform decided: {key} of “{title}” was not done"),
    "let_go": ("runner", "《{title}》{key} 逾期未重做也未提出异议，不付报酬", "{key} of “{title}” was neither done again nor contested, and is not paid"),
    "pay": ("runner", "《{title}》{key} 报酬 {paid} 已到账 {net}", "{key} of “{title}”: {net} of {paid} arrived after fee and tax"),
}  # fmt: skip


@when(lambda event: event.move in _STOPS)
def tell_of_stop(event: StopMoved) -> None:
    stop = Stop.objects.select_related("errand").get(pk=event.stop_id)
    whom, zh, en = _STOPS[event.move]
    runner = [event.party_id] if event.party_id else []
    who = {"owner": [event.owner_id], "runner": runner, "both": [event.owner_id, *runner]}[whom]
    net = (stop.paid_fen or 0) - (stop.fee_fen or 0) - (stop.tax_fen or 0)
    facts = {
        "title": stop.errand.title,
        "key": stop.key,
        "reason": stop.refusal,
        "due": stop.due_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if stop.due_at else "—",
        "paid": show_yuan(stop.paid_fen or 0),
        "net": show_yuan(net),
    }
    _tell(who, event, zh.format(**facts), en.format(**facts), f"/errands/stops/{stop.pk}/")


def tell_of_offer(event: StopOffered) -> None:
    offer = Offer.objects.select_related("stop__errand").get(pk=event.offer_id)
    facts = {
        "title": offer.stop.errand.title,
        "km": f"{offer.away_m / 1_000:.1f}",
        "pay": show_yuan(offer.stop.price_fen),
        "until": offer.until.astimezone(SHANGHAI).strftime("%H:%M"),
    }
    zh = "派单：《{title}》距您 {km} 公里，{pay}，请在 {until} 前答复".format(**facts)
    en = "An offer: “{title}”, {km} km away, {pay}; answer by {until}".format(**facts)
    _tell([event.party_id], event, zh, en, "/errands/mine/")


_LICENCES = {
    "confirm": ("您的{zh}已核验", "Your {en} was checked and is in force"),
    "refuse": ("您的{zh}未通过核验：{reason}", "Your {en} was refused: {reason}"),
    "revoke": ("您的{zh}已停用：{reason}", "Your {en} is no longer accepted: {reason}"),
    "end": ("您的{zh}有效期已满，请更新", "Your {en} has ended; hand in a new one"),
}


def tell_of_licence(event: LicenceMoved) -> None:
    licence = Licence.objects.get(pk=event.licence_id)
    zh, en = LICENCES[licence.kind]
    zh, en = (text.format(zh=zh, en=en, reason=licence.reason) for text in _LICENCES[event.move])
    _tell([event.party_id], event, zh, en, "/errands/runner/")


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str) -> None:
    notifications.tell(who, key=str(event.id), kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [end_unpaid],
    ErrandMoved: [tell_poster],
    StopMoved: [tell_of_stop],
    StopOffered: [tell_of_offer],
    LicenceMoved: [tell_of_licence],
}
