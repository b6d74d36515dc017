"""What happens to bounties when something has happened, and what people are told of knowledge."""

from __future__ import annotations

from uuid import UUID

from backend.common.fen import show_yuan
from backend.common.outbox import Event, when
from backend.common.rules import SHANGHAI
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled
from backend.payments.operations import refunds
from marketplace.knowledge import queries
from marketplace.knowledge.events import ChangeMoved, GapMoved
from marketplace.knowledge.models import Change, Gap
from marketplace.knowledge.operations import bounties
from marketplace.knowledge.operations.gaps import KIND

_ours = when(lambda event: event.subject_kind == KIND)


@_ours
def fund(event: PaymentSettled) -> None:
    bounties.fund(gap_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@_ours
def return_late(event: PaymentArrivedLate) -> None:
    """An order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == KIND and event.outcome == "lost")
def end_unpaid(event: DisputeEnded) -> None:
    bounties.lose(gap_id=event.subject_id, at=event.at)


@when(lambda event: event.move in ("publish", "decline", "withdraw"))
def settle_gap(event: ChangeMoved) -> None:
    """What was written for a bounty is decided: if nothing else waits after its window, it need not wait either."""
    gap_id = Change.objects.values_list("gap_id", flat=True).get(pk=event.change_id)
    if gap_id is not None:
        bounties.settle(gap_id=gap_id, at=event.at)


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


_POSTER_HEARS = {
    "approve": (
        "知识悬赏《{title}》已通过审核，请在 {until} 前托管赏金 {fen}",
        "“{title}” passed: put the bounty of {fen} into escrow by {until}",
    ),
    "return": ("知识悬赏《{title}》被退回：{reason}", "Your bounty “{title}” was returned: {reason}"),
    "give_up_review": (
        "知识悬赏《{title}》逾期未审核，请重新提交",
        "Your bounty “{title}” was not reviewed in time; submit it again",
    ),
    "fund": (
        "知识悬赏《{title}》赏金已托管，征求至 {until}",
        "The bounty of “{title}” is in escrow; open until {until}",
    ),
    "fill": (
        "知识悬赏《{title}》已有人补上；{until} 前可提异议，否则自动发放",
        "“{title}” is filled: contest it by {until}, or it is paid",
    ),
    "find_against": (
        "知识悬赏《{title}》异议成立，继续征求至 {until}",
        "“{title}” is not filled yet; open until {until}",
    ),
    "expire": ("知识悬赏《{title}》到期无人补上，赏金退回", "Nobody filled “{title}”; the bounty goes back"),
    "freeze": ("知识悬赏《{title}》已冻结：{reason}", "Your bounty “{title}” is frozen: {reason}"),
    "thaw": ("知识悬赏《{title}》已解冻，截止时间顺延", "“{title}” goes on; its end moved"),
    "call_off": ("知识悬赏《{title}》已取消，赏金退回", "“{title}” is cancelled; the bounty goes back"),
    "lose": ("知识悬赏《{title}》终止：{reason}", "“{title}” ended: the payment was taken back"),
}
_FILLER_HEARS = {
    "fill": (
        "您补上了悬赏《{title}》，{until} 后发放赏金 {fen}",
        "You filled “{title}”: the bounty of {fen} is paid after {until}",
    ),
    "contest": ("悬赏《{title}》的补缺有异议：{reason}", "The poster of “{title}” contests: {reason}"),
    "pay": ("悬赏《{title}》的赏金已发放", "The bounty of “{title}” is paid"),
    "find_for": ("悬赏《{title}》裁定已补上，赏金已发放", "“{title}” was found filled; the bounty is paid"),
    "lose": ("悬赏《{title}》终止：{reason}", "“{title}” ended: the payment was taken back"),
}


def tell_of_gap(event: GapMoved) -> None:
    found = Gap.objects.select_related("filled_by").get(pk=event.gap_id)
    until = found.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if found.until else "—"
    facts = {"title": found.title, "reason": found.reason, "until": until, "fen": show_yuan(found.fen)}
    if event.move in _POSTER_HEARS:
        zh, en = (text.format(**facts) for text in _POSTER_HEARS[event.move])
        _tell([event.owner_id], event, zh, en, f"/knowledge/gaps/{found.pk}/", key="poster")
    if event.move in _FILLER_HEARS and found.filled_by is not None:
        zh, en = (text.format(**facts) for text in _FILLER_HEARS[event.move])
        _tell([found.filled_by.author_id], event, zh, en, f"/knowledge/gaps/{found.pk}/", key="filler")


def _tell(who: list[UUID], event: Event, zh: str, en: str, url: str, *, key: str) -> None:
    notifications.tell(who, key=f"{event.id}{key}", kind="work", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [end_unpaid],
    ChangeMoved: [settle_gap, tell_author, tell_other_authors],
    GapMoved: [tell_of_gap],
}
