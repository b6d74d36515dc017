"""What people are told of solicitations."""

from __future__ import annotations

from uuid import UUID

from backend.common.outbox import Event, when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from marketplace.ideas.events import IdeaMoved, SolicitationMoved
from marketplace.ideas.models import Idea, Solicitation

_POSTER_HEARS = {
    "approve": ("征集《{title}》已通过审核，征集至 {until}", "“{title}” is open until {until}"),
    "return": ("征集《{title}》被退回：{reason}", "“{title}” was returned: {reason}"),
    "give_up_review": ("征集《{title}》逾期未审核，请重新提交", "“{title}” was not reviewed in time; submit it again"),
    "close": (
        "征集《{title}》已截止，请在 {until} 前答复并公布结果",
        "“{title}” is closed: answer and conclude by {until}",
    ),
    "lapse": ("征集《{title}》逾期未公布结果，已对外显示", "“{title}” was left unanswered, and says so in public"),
    "freeze": ("征集《{title}》已冻结：{reason}", "“{title}” is frozen: {reason}"),
    "thaw": ("征集《{title}》已解冻，截止时间顺延", "“{title}” goes on; its end moved"),
    "call_off": ("征集《{title}》已取消", "“{title}” is cancelled"),
}


@when(lambda event: event.move in _POSTER_HEARS)
def tell_poster(event: SolicitationMoved) -> None:
    found = Solicitation.objects.get(pk=event.solicitation_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    facts = {"title": found.title, "reason": found.reason, "until": until}
    zh, en = (text.format(**facts) for text in _POSTER_HEARS[event.move])
    _tell([event.owner_id], event, zh, en, f"/ideas/{found.pk}/")


_AUTHOR_HEARS = {
    "adopt": ("您的创意《{title}》已被采纳", "Your idea “{title}” was adopted"),
    "decline": ("您的创意《{title}》有了答复", "Your idea “{title}” was answered"),
    "hide": ("您的创意《{title}》已被平台隐藏", "Your idea “{title}” was hidden by the platform"),
    "unhide": ("您的创意《{title}》已恢复显示", "Your idea “{title}” is shown again"),
}


@when(lambda event: event.move in _AUTHOR_HEARS)
def tell_author(event: IdeaMoved) -> None:
    title = Idea.objects.values_list("title", flat=True).get(pk=event.idea_id)
    zh, en = (text.format(title=title) for text in _AUTHOR_HEARS[event.move])
    _tell([event.author_id], event, zh, en, f"/ideas/one/{event.idea_id}/")


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str) -> None:
    notifications.tell(who, key=str(event.id), kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {SolicitationMoved: [tell_poster], IdeaMoved: [tell_author]}
