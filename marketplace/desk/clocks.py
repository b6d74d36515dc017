"""Every clock that runs for a party: what is under way, until when, and what it becomes if nobody acts.

What time alone does is read from the table of moves of each machine, so that this page says nothing else than the clock
does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from backend.common.actors import Actor, Role
from backend.common.states import Stateful
from backend.judging.models import AGAINST, FOR, Judge, Objection
from backend.judging.states import Calling, Objecting, Sitting, Standing
from marketplace.contests.models import Entry
from marketplace.contests.states import Running
from marketplace.engagements import queries as engagements
from marketplace.errands.models import Offer, Stop
from marketplace.errands.states import At, Offered
from marketplace.kinds_of_work import KINDS_OF_WORK
from marketplace.knowledge.models import Change
from marketplace.knowledge.states import Changing
from marketplace.microtasks.models import Sheet
from marketplace.microtasks.states import Taking
from marketplace.tasks.models import Bid
from marketplace.tasks.states import Bidding, Posting

MOST = 50
"""Clocks of one kind that are looked at, the first to ring; the page shows as many of all kinds together, twice over."""

Words = tuple[str, str]


@dataclass(frozen=True)
class Clock:
    """Something that is under way: what (its machine's name, as in docs/states.md), how it stands, until when, what it
    becomes then by itself, and who can act."""

    at: datetime
    thing: str
    title: str
    words: Words
    state: str
    becomes: tuple[str, ...]
    url: str
    is_mine: bool


def clocks(actor: Actor) -> list[Clock]:
    """What runs for somebody under the hat they wear, the first to ring at the top; at most a hundred."""
    if actor.party_id is None:
        return []
    sources = (_posted, _awaiting_my_word, _bids, _entries, _seats, _objections, _sheets, _stops, _offers, _changes, _contracts)  # fmt: skip
    found = [clock for source in sources for clock in source(actor.party_id, actor.person_id)]
    return sorted(found, key=lambda one: (one.at, one.title))[: 2 * MOST]


def _clock(
    row: Stateful, at: datetime | None, title: str, words: Words, url: str, *, runs: Stateful | None = None, is_mine: bool
) -> Iterator[Clock]:  # fmt: skip
    """The clock of a row; `runs` is what it waits for, where that is another thing."""
    if at is None:
        return
    by = runs or row
    moves = [move for move in by.machine.leaving(by.state) if Role.CLOCK in move.roles]
    becomes = tuple(dict.fromkeys(by.machine.word(move.target) for move in moves if move.target != by.state))
    yield Clock(at, row.machine.name, title, words, row.state_word, becomes, url, is_mine)


# --- what one posted -----------------------------------------------------------------------------------------

_OWNERS_TURN = ("returned", "funding", "selecting")
"""States of posted work in which its poster is the one who can act."""


def _posted(me: UUID, person: UUID | None) -> Iterator[Clock]:
    for kind in KINDS_OF_WORK.values():
        rows = kind.postings.posted_by(me).filter(until__isnull=False).exclude(state="draft")
        for row in rows.order_by("until", "pk")[:MOST]:
            is_mine = row.state in _OWNERS_TURN
            yield from _clock(row, row.until, row.title, kind.words, kind.url.format(row.pk), is_mine=is_mine)


def _awaiting_my_word(me: UUID, person: UUID | None) -> Iterator[Clock]:
    """Stops that were handed in to me."""
    rows = Stop.objects.filter(errand__owner_id=me, state=At.SUBMITTED, due_at__isnull=False)
    for row in rows.select_related("errand").order_by("due_at", "pk")[:MOST]:
        words = ("点位待验收", "Stop to accept")
        yield from _clock(row, row.due_at, row.errand.title, words, f"/errands/stops/{row.pk}/", is_mine=True)


# --- what one works on ---------------------------------------------------------------------------------------


def _bids(me: UUID, person: UUID | None) -> Iterator[Clock]:
    rows = Bid.objects.filter(bidder_id=me, task__state__in=(Posting.OPEN, Posting.SELECTING))
    rows = rows.exclude(state=Bidding.WITHDRAWN).filter(task__until__isnull=False)
    for row in rows.select_related("task").order_by("task__until", "pk")[:MOST]:
        yield from _clock(
            row, row.task.until, row.task.title, ("我的应标", "My bid"), f"/work/{row.task_id}/", runs=row.task, is_mine=False
        )  # fmt: skip


def _entries(me: UUID, person: UUID | None) -> Iterator[Clock]:
    stands = Q(application=None) | Q(application__state__in=(*Standing.LIVE, Standing.INELIGIBLE))
    rows = Entry.objects.filter(stands, entrant_id=me, contest__state__in=Running.HOLDING, stage=F("contest__stage"))
    for row in rows.select_related("contest", "application__call").order_by("-made_at", "-pk")[:MOST]:
        contest, application, url = row.contest, row.application, f"/entries/{row.pk}/"
        words = ("我的作品", "My entry")
        if contest.state in Running.TAKING:
            yield from _clock(
                application or contest,
                contest.closes_at,
                row.title,
                words,
                url,
                runs=contest,
                is_mine=application is None,
            )
        elif application is not None:
            yield from _clock(
                application, application.call.until, row.title, words, url, runs=application.call, is_mine=False
            )


def _seats(me: UUID, person: UUID | None) -> Iterator[Clock]:
    if person is None:
        return
    rows = Judge.objects.filter(party_id=person, state__in=Sitting.SEATED, call__state=Calling.JUDGING)
    for row in rows.select_related("call").order_by("call__until", "pk")[:MOST]:
        call = row.call
        yield from _clock(
            row, call.until, call.title, ("请您评审", "You judge"), f"/judging/{call.pk}/", runs=call, is_mine=True
        )


def _objections(me: UUID, person: UUID | None) -> Iterator[Clock]:
    hears = Q(aim=AGAINST, application__party_id=me) | Q(aim=FOR, call__owner_id=me)
    rows = Objection.objects.filter(hears, state=Objecting.RAISED).select_related("call")
    for row in rows.order_by("answer_by", "pk")[:MOST]:
        words = ("请您答辩", "Yours to answer")
        yield from _clock(row, row.answer_by, row.call.title, words, f"/objections/{row.pk}/", is_mine=True)


def _sheets(me: UUID, person: UUID | None) -> Iterator[Clock]:
    rows = Sheet.objects.filter(participant__party_id=me, state=Taking.LIVE)
    for row in rows.select_related("participant__job").order_by("until", "pk")[:MOST]:
        job = row.participant.job
        yield from _clock(
            row, row.until, job.title, ("领取的题目", "Items in hand"), f"/microtasks/{job.pk}/", is_mine=True
        )


def _stops(me: UUID, person: UUID | None) -> Iterator[Clock]:
    rows = Stop.objects.filter(runner__party_id=me, due_at__isnull=False)
    for row in rows.select_related("errand").order_by("due_at", "pk")[:MOST]:
        is_mine = row.state in (At.BOOKED, At.REFUSED)
        words = ("我的点位", "My stop")
        yield from _clock(row, row.due_at, row.errand.title, words, f"/errands/stops/{row.pk}/", is_mine=is_mine)


def _offers(me: UUID, person: UUID | None) -> Iterator[Clock]:
    rows = Offer.objects.filter(runner__party_id=me, state=Offered.MADE)
    for row in rows.select_related("stop__errand").order_by("until", "pk")[:MOST]:
        words = ("派给您的点位", "Offered to you")
        yield from _clock(row, row.until, row.stop.errand.title, words, f"/errands/stops/{row.stop_id}/", is_mine=True)


def _changes(me: UUID, person: UUID | None) -> Iterator[Clock]:
    rows = Change.objects.filter(Q(author_id=me) | Q(reviewer_id=person, reviewer__isnull=False), until__isnull=False)
    for row in rows.order_by("until", "pk")[:MOST]:
        reviews = person is not None and row.reviewer_id == person and row.state == Changing.REVIEWING
        words = ("请您评审", "You review") if reviews else ("我的修改", "My change")
        is_mine = reviews or row.state == Changing.RETURNED
        yield from _clock(row, row.until, row.title, words, f"/knowledge/changes/{row.pk}/", is_mine=is_mine)


def _contracts(me: UUID, person: UUID | None) -> Iterator[Clock]:
    for one in engagements.waiting(me):
        row: Stateful = one.milestone or one.contract
        title = f"{one.contract.title} · {one.milestone.title}" if one.milestone else one.contract.title
        words = ("协议", "Contract")
        yield from _clock(row, one.until, title, words, f"/contracts/{one.contract.pk}/", is_mine=one.is_mine)
