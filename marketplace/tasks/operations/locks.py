"""The locks of a task's bids: what is sealed with them, wrapped again when the opening moves, opened when it has come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.common import timelock
from marketplace.tasks.models import Bid, SealLock, Task


def lock_until(task: Task, opens_at: datetime) -> SealLock:
    """Another lock for a task's bids, which the keeper opens at a moment.

    What was sealed for an earlier moment is wrapped once more as it is, unread, so that nobody can open it before.
    """
    made = timelock.make(subject_id=task.pk, opens_at=opens_at)
    number = task.locks.count() + 1
    lock = SealLock.objects.create(task=task, no=number, public_key=made.public_key, box=made.box, opens_at=opens_at)
    for bid in task.bids.select_for_update().order_by("pk"):
        bid.seal = timelock.seal(bid.seal, public_key=lock.public_key, place=place_of(task.pk, bid.bidder_id))
        bid.last_lock = number
        bid.save(update_fields=["seal", "last_lock"])
    return lock


def current(task: Task) -> SealLock:
    """The lock that a bid is sealed with now."""
    return task.locks.latest("no")


def place_of(task_id: UUID, bidder_id: UUID) -> str:
    """Where a seal belongs: in another task's or another bidder's row it does not open."""
    return f"tasks_bid.seal:{task_id}:{bidder_id}"


def release_all(task: Task, at: datetime) -> dict[int, str]:
    """The private keys of all locks of a task, asked of the keeper and kept from now on.

    Raises:
        TooEarly, SealBroken, Busy: as the keeper says.
    """
    keys = {}
    for lock in task.locks.order_by("no"):
        if not lock.private_key:
            lock.private_key = timelock.release(lock.box, subject_id=task.pk, at=at)
            lock.save(update_fields=["private_key"])
        keys[lock.no] = lock.private_key
    return keys


def open_seal(bid: Bid, keys: dict[int, str]) -> str:
    """A bid's plain text, unwrapped lock by lock.

    Raises:
        SealBroken: it was changed, or sealed for another row.
    """
    text = bid.seal
    for number in range(bid.last_lock, bid.first_lock - 1, -1):
        text = timelock.unseal(text, private_key=keys[number], place=place_of(bid.task_id, bid.bidder_id))
    return text
