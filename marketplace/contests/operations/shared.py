"""What every operation of a contest begins and ends with."""

from __future__ import annotations

from datetime import datetime

from backend.accounts.queries import belongs_to
from backend.common import outbox, rules
from backend.common.actors import Actor
from backend.judging.models import Judge
from backend.listings import operations as listings
from marketplace.contests.events import ContestMoved
from marketplace.contests.models import Contest
from marketplace.contests.states import Running
from marketplace.invitations.operations import is_open_to
from marketplace.postings import Postings

KIND = "contest"


def is_affiliated(contest: Contest, by: Actor) -> bool:
    """Whether a person is the host or may act for them, or acts under the hat of somebody who is."""
    return belongs_to(contest.owner_id, by)


def _is_for(contest: Contest, by: Actor) -> bool:
    """Where a contest is for the invited alone, it is its judges' too."""
    return is_open_to(contest, by) or _judges(contest, by)


def _judges(contest: Contest, by: Actor) -> bool:
    seats = Judge.objects.filter(call__subject_kind=KIND, call__subject_id=contest.pk, party=by.person_id)
    return by.person_id is not None and seats.exists()


CONTESTS = Postings(Contest, Running.PUBLIC, _is_for, beside=("owner", "paid_by"))
held, of_owner, may_see = CONTESTS.held, CONTESTS.held_by_owner, CONTESTS.may_see


def move(contest: Contest, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a contest whose row is held, set its clocks, show its listing, and announce it."""
    contest.move(event, by=by, at=at, reason=reason)
    contest.state_at = at
    contest.reason = reason[:300] or contest.reason
    set_clock(contest)
    contest.save()
    show(contest)
    outbox.record(
        ContestMoved(at=at, contest_id=contest.id, owner_id=contest.owner_id, move=event, state=contest.state)
    )


def set_clock(contest: Contest) -> None:
    """When time alone takes the next move; judging and publicity have clocks of their own."""
    since = contest.state_at
    match contest.state:
        case Running.DRAFT | Running.RETURNED:
            contest.until = since + rules.days("contests.draft_days", at=since)
        case Running.REVIEW:
            contest.until = since + rules.days("contests.review_days", at=since)
        case Running.FUNDING:
            contest.until = since + rules.days("contests.fund_days", at=since)
        case Running.OPEN | Running.FINAL:
            contest.until = contest.closes_at
        case Running.PAYING:
            contest.until = since
        case Running.FROZEN:
            contest.until = since + rules.days("contests.frozen_days", at=since)
        case _:
            contest.until = None
    contest.due_at = contest.until


def _nature(contest: Contest) -> list[str]:
    """What else people look for it by."""
    return ["科研众包 揭榜 两轮评选"] * bool(contest.finalists) + ["保密"] * bool(contest.secrecy_years)


def show(contest: Contest) -> None:
    """Bring the contest's listing up to date; what only the invited may see is listed for nobody (C9)."""
    listings.show(
        listings.Shown(
            kind=KIND,
            subject_id=contest.id,
            title=contest.title,
            summary=contest.summary,
            owner_id=contest.owner_id,
            owner_name=contest.owner.masked_name,
            category=contest.category,
            county=contest.county,
            state=contest.state,
            is_public=contest.state in Running.PUBLIC and not contest.is_restricted,
            is_open=contest.state == Running.OPEN,
            goal_fen=contest.total_fen,
            raised_fen=0,
            people_n=contest.entries_n,
            opens_at=contest.opens_at,
            closes_at=contest.closes_at,
            listed_at=contest.opens_at or contest.created_at,
            keywords=" ".join([*contest.skills, *_nature(contest)]),
        )
    )
