"""Every read of tasks that spans rows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.models import Party
from backend.common.actors import Actor
from backend.common.errors import NotFound
from backend.common.fen import Fen
from marketplace.engagements import queries as engagements
from marketplace.tasks.models import Bid, Inquiry, Task, TaskFile
from marketplace.tasks.operations.shared import TASKS
from marketplace.tasks.states import Bidding, Posting

A_HANDFUL = 200


visible, own, of_owner, counts_of, due = TASKS.visible, TASKS.own, TASKS.posted_by, TASKS.counts_of, TASKS.due


def file_of(task_id: UUID, file_id: UUID, actor: Actor) -> TaskFile:
    """A file of a task that one may see.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible(task_id, actor)
    found = TaskFile.objects.filter(pk=file_id, task_id=task_id).first()
    if found is None:
        raise NotFound
    return found


def inquiries(task: Task) -> list[Inquiry]:
    """What was asked and answered, in order; at most a hundred are taken."""
    return list(Inquiry.objects.filter(task=task).order_by("asked_at", "pk")[:100])


def bids_of(party_id: UUID) -> QuerySet[Bid]:
    """A bidder's own bids."""
    return Bid.objects.filter(bidder_id=party_id).select_related("task")


def bid_of(task: Task, party_id: UUID | None) -> Bid | None:
    """One's own bid for a task."""
    return Bid.objects.filter(task=task, bidder_id=party_id).first() if party_id else None


@dataclass(frozen=True)
class Compared:
    """One opened bid beside the others: its price among theirs (0 the lowest, 100 the limit) and its bidder's standing."""

    bid: Bid
    percent: int
    reviews: int
    tenths: int
    done: int


def compared(task: Task) -> list[Compared]:
    """The opened bids of a task, the shortlisted first, then by price; at most two hundred."""
    found = task.bids.filter(state__in=Bidding.READABLE).select_related("bidder")
    rows = sorted(
        found.order_by("amount_fen", "pk")[:A_HANDFUL],
        key=lambda bid: bid.state not in (Bidding.AWARDED, Bidding.CONTRACTED, Bidding.SHORTLISTED),
    )
    ids = [bid.bidder_id for bid in rows]
    standing, done = engagements.reputations(ids), engagements.completed_by(ids)
    return [
        Compared(
            bid,
            round(100 * (bid.amount_fen or 0) / task.budget_fen),
            *standing.get(bid.bidder_id, (0, 0)),
            done.get(bid.bidder_id, 0),
        )
        for bid in rows
    ]


def visible_bid(bid_id: UUID, actor: Actor) -> Bid:
    """A bid for its bidder, and once it is opened for the poster.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Bid.objects.select_related("task", "bidder").filter(pk=bid_id).first()
    if found is None or actor.party_id is None:
        raise NotFound
    is_posters = actor.party_id == found.task.owner_id and found.state in Bidding.READABLE
    if actor.party_id != found.bidder_id and not is_posters:
        raise NotFound
    return found


@dataclass(frozen=True)
class Spread:
    """The prices of a task's opened bids in fen: how many, the lowest, the middle, the highest."""

    count: int
    lowest: Fen
    middle: Fen
    highest: Fen


def spread(task: Task) -> Spread | None:
    """What everyone may know of opened bids; None before, or where there are fewer than three."""
    prices = list(
        task.bids.filter(state__in=Bidding.READABLE)
        .order_by("amount_fen")
        .values_list("amount_fen", flat=True)[:A_HANDFUL]
    )
    sums = [int(price) for price in prices if price is not None]
    return Spread(len(sums), sums[0], sums[len(sums) // 2], sums[-1]) if len(sums) >= 3 else None


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether tasks keep a party's account from being closed."""
    if of_owner(party.pk).filter(state__in=Posting.UNDER_WAY).exists():
        return "您有未结束的任务", "you have tasks under way"
    if bids_of(party.pk).filter(state__in=(*Bidding.CLOSED_UP, *Bidding.CHOOSABLE, Bidding.AWARDED)).exists():
        return "您有未结束的应标", "you have bids under way"
    return None


STANDING: dict[str, str] = {
    "bid was opened before the time of its seals (bid, opened, last lock)": """
        SELECT b.id, b.opened_at, l.opens_at FROM tasks_bid b
        JOIN tasks_seallock l ON l.task_id = b.task_id AND l.no = b.last_lock
        WHERE b.opened_at < l.opens_at ORDER BY 1""",
    "key of a seal was released before its time (task, lock)": """
        SELECT l.task_id, l.no FROM tasks_seallock l JOIN tasks_task t ON t.id = l.task_id
        WHERE l.private_key <> '' AND t.state IN ('open', 'frozen') ORDER BY 1, 2""",
    "bid is chosen and its contract is another's (bid)": """
        SELECT b.id FROM tasks_bid b JOIN tasks_task t ON t.id = b.task_id
        LEFT JOIN engagements_contract c ON c.subject_kind = 'bid' AND c.subject_id = b.id
        WHERE b.state IN ('awarded', 'contracted')
          AND (c.id IS NULL OR c.client_id <> t.owner_id OR c.worker_id <> b.bidder_id OR c.total_fen <> b.amount_fen)
        ORDER BY 1""",
    "bid counts on terms that are not in force (bid, its terms, the task's)": """
        SELECT b.id, b.terms_no, t.terms_no FROM tasks_bid b JOIN tasks_task t ON t.id = b.task_id
        WHERE b.state IN ('sealed', 'opened', 'shortlisted', 'awarded', 'contracted') AND b.terms_no <> t.terms_no
        ORDER BY 1""",
}
