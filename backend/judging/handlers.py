"""What people are told of judging."""

from __future__ import annotations

from uuid import UUID

from backend.common.outbox import Event
from backend.common.rules import SHANGHAI
from backend.judging.events import ApplicationMoved, CallMoved, CallReminded, JudgeMoved, ObjectionMoved
from backend.judging.models import Application, Call, Judge, Objection
from backend.judging.operations.objections import hears
from backend.judging.states import Sitting
from backend.notifications import operations as notifications

Words = dict[str, tuple[str, str]]

_MAKER_HEARS: Words = {
    "exclude": (
        "您在《{title}》的作品 {no} 号被认定不符合要求：{reason}；公示期内可提出异议",
        "Your work no. {no} in “{title}” was found not eligible; you may object in the publicity period",
    ),
    "reinstate": ("您在《{title}》的作品 {no} 号已恢复参评", "Your work no. {no} in “{title}” is judged again"),
    "propose": (
        "您在《{title}》的作品 {no} 号拟获奖，进入公示",
        "Your work no. {no} in “{title}” is a provisional winner",
    ),
    "award": ("您在《{title}》的作品 {no} 号获奖", "Your work no. {no} in “{title}” is awarded"),
    "pass_over": (
        "《{title}》结果已确定，作品 {no} 号未获奖；权利仍归您",
        "Your work no. {no} in “{title}” won no prize; it stays yours",
    ),
    "disqualify": (
        "您在《{title}》的作品 {no} 号被取消资格：{reason}",
        "Your work no. {no} in “{title}” was disqualified",
    ),
    "overtake": ("《{title}》已终止，作品 {no} 号随之结束", "“{title}” ended, and your work no. {no} with it"),
    "revoke": (
        "您在《{title}》的作品 {no} 号的奖项被撤销：{reason}",
        "The award of your work no. {no} in “{title}” was revoked",
    ),
    "move_up": (
        "《{title}》有奖项被撤销，您的作品 {no} 号递补获奖",
        "An award in “{title}” was revoked: your work no. {no} moves up to a prize",
    ),
}


_GOER_HEARS: Words = {
    **_MAKER_HEARS,
    "propose": (
        "您在《{title}》的作品 {no} 号拟入选下一轮，进入公示",
        "Your work no. {no} in “{title}” is provisionally in the next round",
    ),
    "award": ("您在《{title}》的作品 {no} 号已入选下一轮", "Your work no. {no} in “{title}” is in the next round"),
    "pass_over": (
        "《{title}》本轮结果已确定，作品 {no} 号未入选下一轮；权利仍归您",
        "Your work no. {no} in “{title}” does not go on; it stays yours",
    ),
}
"""What is said instead where the round is not the last."""


def tell_maker(event: ApplicationMoved) -> None:
    if event.move not in _MAKER_HEARS:
        return
    found = Application.objects.select_related("call").get(pk=event.application_id)
    facts = {"title": found.call.title, "no": found.no, "reason": found.reason}
    words = _MAKER_HEARS if found.call.is_last else _GOER_HEARS
    zh, en = (text.format(**facts) for text in words[event.move])
    _tell([event.party_id], event, zh, en, found.call.url)


_PANEL_HEARS: Words = {
    "close": ("《{title}》已截止，请在 {until} 前评分", "“{title}” is closed: give your scores by {until}"),
    "reopen": (
        "《{title}》有作品恢复参评，请在 {until} 前评分",
        "A work came back in “{title}”: give your scores by {until}",
    ),
}
_OWNER_HEARS: Words = {
    "close": ("《{title}》已截止，请在 {until} 前完成评审；逾期按公布的默认规则处理", "“{title}” is closed: have it judged by {until}, or the published default holds"),
    "tally": ("《{title}》评分结果已公示，至 {until}", "The result of “{title}” is public until {until}"),
    "default": ("《{title}》逾期未评完，按默认规则公示，至 {until}", "“{title}” was not judged in time: the default holds, public until {until}"),
    "renew": ("《{title}》名次递补，重新公示至 {until}", "The next in line moved up in “{title}”: public again until {until}"),
    "settle": ("《{title}》结果已确定", "The result of “{title}” is settled"),
}  # fmt: skip


def tell_of_call(event: CallMoved) -> None:
    found = Call.objects.get(pk=event.call_id)
    facts = {"title": found.title, "until": _time(found)}
    if event.move in _OWNER_HEARS:
        zh, en = (text.format(**facts) for text in _OWNER_HEARS[event.move])
        _tell([event.owner_id], event, zh, en, found.url)
    if event.move in _PANEL_HEARS:
        zh, en = (text.format(**facts) for text in _PANEL_HEARS[event.move])
        _tell(_panel(found), event, zh, en, f"/judging/{found.pk}/", key="panel")


def remind(event: CallReminded) -> None:
    found = Call.objects.get(pk=event.call_id)
    until = _time(found)
    zh = f"《{found.title}》请在 {until} 前完成评分，逾期按默认规则处理"
    en = f"Finish judging “{found.title}” by {until}, or the published default holds"
    _tell([event.owner_id, *_panel(found)], event, zh, en, f"/judging/{found.pk}/")


def tell_of_judge(event: JudgeMoved) -> None:
    """The owner hears who declares and who leaves."""
    if event.move not in ("declare", "recuse"):
        return
    found = Judge.objects.select_related("call", "party").get(pk=event.judge_id)
    name, title = found.party.masked_name, found.call.title
    zh = f"评委{name}已{'声明无利益冲突' if event.move == 'declare' else '回避'}：《{title}》"
    en = f"{name} {'declared to be free of conflicts' if event.move == 'declare' else 'recused themselves'}: “{title}”"
    _tell([event.owner_id], event, zh, en, found.call.url)


_SAID: Words = {
    "raise": ("《{title}》作品 {no} 号有异议，请在 {by} 前答辩", "Work no. {no} of “{title}” is objected to: answer by {by}"),
    "answer": ("《{title}》作品 {no} 号的异议已有答辩", "The objection to work no. {no} of “{title}” is answered"),
    "uphold": ("《{title}》作品 {no} 号的异议成立", "The objection to work no. {no} of “{title}” is upheld"),
    "dismiss": ("《{title}》作品 {no} 号的异议不成立", "The objection to work no. {no} of “{title}” is dismissed"),
    "leave": ("《{title}》作品 {no} 号的异议逾期未裁定", "The objection to work no. {no} of “{title}” was not decided in time"),
    "withdraw": ("《{title}》作品 {no} 号的异议已撤回", "The objection to work no. {no} of “{title}” was taken back"),
}  # fmt: skip


def tell_of_objection(event: ObjectionMoved) -> None:
    if event.move not in _SAID:
        return
    found = Objection.objects.select_related("call", "application").get(pk=event.objection_id)
    by = found.answer_by.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    facts = {"title": found.call.title, "no": found.application.no, "by": by}
    zh, en = (text.format(**facts) for text in _SAID[event.move])
    sides = [hears(found)] if event.move in ("raise", "withdraw") else [found.by_id]
    if event.move in ("uphold", "dismiss", "leave"):
        sides = [found.by_id, hears(found)]
    _tell(list(dict.fromkeys(sides)), event, zh, en, f"/objections/{found.pk}/")


def _panel(call: Call) -> list[UUID]:
    seats = Judge.objects.filter(call=call, state__in=Sitting.SEATED)
    return list(seats.order_by("pk").values_list("party_id", flat=True))


def _time(call: Call) -> str:
    return call.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if call.until else "—"


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str, *, key: str = "") -> None:
    notifications.tell(who, key=f"{event.id}{key}", kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    ApplicationMoved: [tell_maker],
    CallMoved: [tell_of_call],
    CallReminded: [remind],
    JudgeMoved: [tell_of_judge],
    ObjectionMoved: [tell_of_objection],
}
