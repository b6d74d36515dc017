"""What people are told of knowledge."""

from __future__ import annotations

from uuid import UUID

from backend.common.outbox import Event, when
from backend.notifications import operations as notifications
from marketplace.knowledge import queries
from marketplace.knowledge.events import ChangeMoved
from marketplace.knowledge.models import Change

_AUTHOR_HEARS = {
    "publish": ("您对《{title}》的修改已发布", "Your change to “{title}” is published"),
    "send_back": ("您对《{title}》的修改需要再改：{comment}", "Your change to “{title}” came back: {comment}"),
    "decline": ("您对《{title}》的修改未采用：{comment}", "Your change to “{title}” was declined: {comment}"),
    "give_up_review": (
        "您对《{title}》的修改逾期无人评审，请重新提交",
        "Nobody reviewed your change to “{title}” in time; hand it in again",
    ),
}


@when(lambda event: event.move in _AUTHOR_HEARS)
def tell_author(event: ChangeMoved) -> None:
    found = Change.objects.get(pk=event.change_id)
    facts = {"title": found.title, "comment": found.comment[:120]}
    zh, en = (text.format(**facts) for text in _AUTHOR_HEARS[event.move])
    _tell([event.author_id], event, zh, en, f"/knowledge/changes/{found.pk}/", key="author")


@when(lambda event: event.move == "publish" and event.version_no > 1)
def tell_other_authors(event: ChangeMoved) -> None:
    """Whoever's words are in an entry hears that it says something else now, and sees what."""
    title = Change.objects.values_list("title", flat=True).get(pk=event.change_id)
    others = [party_id for party_id in queries.authors_of(event.article_id) if party_id != event.author_id]
    url = f"/knowledge/{event.article_id}/diff/?from={event.version_no - 1}&to={event.version_no}"
    zh, en = f"您参与的《{title}》已更新到第 {event.version_no} 版", f"“{title}” is at version {event.version_no} now"
    _tell(others, event, zh, en, url, key="others")


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str, *, key: str) -> None:
    notifications.tell(who, key=f"{event.id}{key}", kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {ChangeMoved: [tell_author, tell_other_authors]}
