"""Where seeds begin (开局): sixteen beginnings laid out on purpose, so that every part meets every other."""

from __future__ import annotations

from dataclasses import dataclass

LIVE, PLEDGED, SUCCESSFUL, PRODUCING = range(4)
"""How far the first campaign is in its life; another one is always live beside it."""

ALONE, LED, FOLLOWED = range(3)
"""No led campaign; one that looks for its lead; one whose lead has paid and is followed."""

NONE, APPROVED, OPEN = range(3)
"""No match pot; one that waits for its money; one that matches."""

CONTENT, REFUSED, HEARD, RULED, APPEALED = range(5)
"""What became of one backer's wish for their money back: nothing was asked; refused; the maker's word is
before a moderator; decided; not taken."""

ENOUGH, SHORT, LATE = range(3)
"""What the maker said of the harvest: nothing yet; that it is short; that late pledges are taken."""


@dataclass(frozen=True)
class Dawn:
    """What has happened before a seed's first step."""

    age: int = LIVE
    led: int = ALONE
    pot: int = NONE
    dispute: int = CONTENT
    harvest: int = ENOUGH


DAWNS = (
    Dawn(LIVE, FOLLOWED, OPEN),
    Dawn(PLEDGED, ALONE, OPEN),
    Dawn(SUCCESSFUL, FOLLOWED, NONE, REFUSED),
    Dawn(PRODUCING, ALONE, OPEN, APPEALED),
    Dawn(PRODUCING, FOLLOWED, APPROVED, CONTENT, SHORT),
    Dawn(PRODUCING, ALONE, OPEN, REFUSED, LATE),
    Dawn(PRODUCING, LED, NONE, HEARD, SHORT),
    Dawn(SUCCESSFUL, ALONE, APPROVED, RULED),
    Dawn(PLEDGED, LED),
    Dawn(PRODUCING, ALONE, OPEN, RULED, LATE),
    Dawn(PRODUCING, FOLLOWED, OPEN, APPEALED),
    Dawn(SUCCESSFUL, ALONE, OPEN, HEARD),
    Dawn(LIVE, FOLLOWED, APPROVED),
    Dawn(PRODUCING, ALONE, NONE, APPEALED, SHORT),
    Dawn(PLEDGED, FOLLOWED, OPEN),
    Dawn(PRODUCING, LED, NONE, REFUSED, LATE),
)
"""Each is made once a run, by the first seed that asks; a seed's number says which is its."""


BIDDING, CHOSEN, SIGNED, FUNDED, SUBMITTED, CLAIMED, FILED = range(7)
"""How far a task has come: it takes bids; one is chosen; the contract waits for its money; its first stage is in
escrow; delivered; claimed back; before the deciders."""


@dataclass(frozen=True)
class WorkDawn:
    """What has happened to the first task before a seed's first step; others stand beside it."""

    age: int


WORK_DAWNS = tuple(WorkDawn(age) for age in (SUBMITTED, FUNDED, BIDDING, FILED, CLAIMED, SIGNED, SUBMITTED, CHOSEN))


ENTERED, STARTED, SCORED, CROWNED, OBJECTED = range(5)
"""How far a contest has come: it takes entries; judges have begun; they are done; the result is public; objected to."""


@dataclass(frozen=True)
class ContestDawn:
    """What has happened to the first contest before a seed's first step; another stands beside it."""

    age: int
    tie_rule: str = "share"
    is_charged: bool = False
    is_paid: bool = False


CONTEST_DAWNS = (
    ContestDawn(CROWNED),
    ContestDawn(OBJECTED),
    ContestDawn(CROWNED, is_paid=True),
    ContestDawn(STARTED),
    ContestDawn(SCORED, "earlier"),
    ContestDawn(ENTERED),
    ContestDawn(OBJECTED, "earlier"),
    ContestDawn(CROWNED, is_charged=True),
)


FINAL_OPEN, FINAL_ENTERED, FINAL_CROWNED = range(OBJECTED + 1, OBJECTED + 4)
"""How far a contest has come in its final: open; handed in; its result is public."""


@dataclass(frozen=True)
class FinalDawn:
    """What has happened to the first challenge before a seed's first step; another stands beside it."""

    age: int
    tie_rule: str = "share"
    is_charged: bool = False


FINAL_DAWNS = (
    FinalDawn(FINAL_CROWNED),
    FinalDawn(FINAL_ENTERED),
    FinalDawn(CROWNED),
    FinalDawn(FINAL_OPEN, "earlier"),
    FinalDawn(FINAL_CROWNED, is_charged=True),
)


OPENED, ANSWERED, CONTESTED, CHECKED = range(4)
"""How far a job of micro-tasks has come: items are handed out; answered, one worker stopped; contested; the time is over."""


@dataclass(frozen=True)
class PieceDawn:
    """What has happened to the first job before a seed's first step; another stands beside it."""

    age: int
    is_charged: bool = False


PIECE_DAWNS = (
    PieceDawn(ANSWERED),
    PieceDawn(CONTESTED),
    PieceDawn(OPENED),
    PieceDawn(CHECKED),
    PieceDawn(ANSWERED, is_charged=True),
    PieceDawn(CHECKED, is_charged=True),
)


POSTED, BOOKED, HANDED_IN, WEIGHED = range(4)
"""How far an errand has come: its stops are free; three are booked; two handed in; one accepted, the other contested."""


@dataclass(frozen=True)
class ErrandDawn:
    """What has happened to the first errand before a seed's first step; dispatch hands out another."""

    age: int
    is_charged: bool = False


ERRAND_DAWNS = (
    ErrandDawn(WEIGHED),
    ErrandDawn(BOOKED),
    ErrandDawn(HANDED_IN),
    ErrandDawn(POSTED),
    ErrandDawn(WEIGHED, is_charged=True),
    ErrandDawn(BOOKED, is_charged=True),
)


WANTED, ANSWERED_GAP, FILLED_GAP, CONTESTED_GAP = range(4)
"""How far a bounty has come: it is open; handed in for; filled, to be paid; contested by its poster."""


@dataclass(frozen=True)
class LoreDawn:
    """What has happened to the first bounty before a seed's first step; another is open, and the public is asked."""

    age: int
    is_charged: bool = False


LORE_DAWNS = (
    LoreDawn(FILLED_GAP),
    LoreDawn(ANSWERED_GAP),
    LoreDawn(CONTESTED_GAP),
    LoreDawn(WANTED),
    LoreDawn(FILLED_GAP, is_charged=True),
)
