"""The moderator's side: approve, return, freeze, thaw; and appeals against it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import Actor
from backend.common.errors import Invalid
from backend.common.models import StateChange
from backend.moderation import operations as moderation
from backend.moderation.appeals import Contested, Subject
from marketplace.contests.models import Contest
from marketplace.contests.operations.shared import KIND, held, is_affiliated, move
from marketplace.contests.states import Running
from marketplace.tasks.errors import Affiliated, ChecklistOpen

CHECKLIST = {
    "poster": ("主办方符合实名要求，名义真实", "The host is verified and acts in their own name"),
    "lawful": ("征集内容合法，不借征集套取他人创意", "What is asked for is lawful, and not a way to harvest ideas"),
    "clear": ("评审标准、同分规则、公示期和默认处理写明", "Criteria, tie rule, publicity and default are stated"),
    "rights": (
        "未获奖作品的权利归作者，没有相反约定",
        "Entries that win nothing stay their makers', and nothing says otherwise",
    ),
    "contact": ("说明和附件没有站外联系方式", "Neither brief nor files lead away from the platform"),
}
"""The lines that a moderator signs (审核清单)."""


def _reviewed(contest_id: UUID, by: Actor) -> Contest:
    contest = held(contest_id)
    if is_affiliated(contest, by):
        raise Affiliated
    return contest


@transaction.atomic
def approve(*, contest_id: UUID, checklist: Collection[str], by: Actor, at: datetime) -> Contest:
    """Let the host put the prize into escrow, every line of the checklist signed; then entries are taken (通过).

    Raises:
        Affiliated: the reviewer belongs to the host.
        ChecklistOpen: a line is missing.
    """
    contest = _reviewed(contest_id, by)
    if not set(CHECKLIST) <= set(checklist):
        raise ChecklistOpen
    move(contest, "approve", by=by, at=at)
    moderation.decide(
        kind=KIND,
        subject_id=contest_id,
        decision="approve",
        reason="清单全部确认",
        checklist=set(CHECKLIST),
        by=by,
        at=at,
    )
    return contest


@transaction.atomic
def send_back(*, contest_id: UUID, reason: str, by: Actor, at: datetime) -> Contest:
    """Return a contest with what to mend (退回).

    Raises:
        Affiliated: the reviewer belongs to the host.
        Invalid: no reason.
    """
    contest = _reviewed(contest_id, by)
    if not reason.strip():
        raise Invalid("请写明退回理由", "Say why it is returned", field="reason")
    move(contest, "return", by=by, at=at, reason=reason.strip())
    moderation.decide(kind=KIND, subject_id=contest_id, decision="return", reason=reason, checklist=(), by=by, at=at)
    return contest


@transaction.atomic
def freeze(*, contest_id: UUID, reason: str, by: Actor, at: datetime) -> Contest:
    """Take no entries, as on an order of an authority or an upheld report (冻结)."""
    contest = _reviewed(contest_id, by)
    contest.frozen_at = at
    move(contest, "freeze", by=by, at=at, reason=reason.strip())
    moderation.note(act="contest.freeze", subject_id=contest_id, reason=reason, by=by, at=at)
    return contest


@transaction.atomic
def thaw(*, contest_id: UUID, reason: str, by: Actor, at: datetime) -> Contest:
    """Let it go on; the window ends as much later as it stood still (解冻)."""
    contest = _reviewed(contest_id, by)
    _go_on(contest, reason, by, at)
    moderation.note(act="contest.thaw", subject_id=contest_id, reason=reason, by=by, at=at)
    return contest


def _go_on(contest: Contest, reason: str, by: Actor, at: datetime) -> None:
    if contest.closes_at is not None and contest.frozen_at is not None:
        contest.closes_at += at - contest.frozen_at
    contest.frozen_at = None
    move(contest, "thaw", by=by, at=at, reason=reason)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Contest]] = {
    "return": lambda key, why, by, at: send_back(contest_id=key, reason=why, by=by, at=at),
    "freeze": lambda key, why, by, at: freeze(contest_id=key, reason=why, by=by, at=at),
    "thaw": lambda key, why, by, at: thaw(contest_id=key, reason=why, by=by, at=at),
}
"""What a moderator decides with a reason alone, by the word in the address; pages and API alike."""


# --- appeals -----------------------------------------------------------------------------------------------


def _contested(contest_id: UUID) -> Contested | None:
    """What of a moderator's stands against a contest."""
    found = Contest.objects.filter(pk=contest_id).first()
    if found is None:
        return None
    act = {Running.RETURNED: "contest.return", Running.FROZEN: "contest.freeze"}.get(found.state, "")
    change = StateChange.objects.filter(subject_id=found.pk, target=found.state).order_by("-pk").first()
    since = change.at if change is not None else found.state_at
    return Contested(found.owner_id, found.title, act, since, found.state == Running.RETURNED)


def _grant(contest_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    contest = held(contest_id)
    if contest.state == Running.FROZEN:
        _go_on(contest, reason, by, at)
        return
    move(contest, "reconsider", by=by, at=at, reason=reason)
    title = f"赛事：{contest.title}"[:80]
    moderation.enqueue(kind=KIND, subject_id=contest.id, title=title, owner_name=contest.owner.name, at=at)


def _belongs(contest_id: UUID, by: Actor) -> bool:
    return is_affiliated(Contest.objects.get(pk=contest_id), by)


APPEALS = Subject(_contested, _grant, _belongs, url="/contests/{}/", staff_url="/contests/{}/review/", scope="work")
