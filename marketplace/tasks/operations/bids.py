"""A bid until it is opened (应标): sealed, replaced, confirmed again, taken back; and the opening of all together."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.common import ids, rules, timelock
from backend.common.actors import CLOCK, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import MOST_FEN, Fen, show_yuan
from backend.common.rules import SHANGHAI
from backend.moderation import screening
from marketplace.postings import SCOPE
from marketplace.tasks.errors import AboveBudget, BiddingClosed, CopiedBid, OwnTask, TermsMoved, TooManyBids
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations import locks
from marketplace.tasks.operations.shared import held, is_affiliated, may_see, move_bid, show, tell_of_bid
from marketplace.tasks.states import Bidding

LEAST_WORDS, MOST_WORDS = 20, 5_000
LEAST_PER_STAGE_FEN = 100


@dataclass(frozen=True)
class Proposal:
    """What a bidder offers: all of it in fen, in days, and how they would do it."""

    amount_fen: Fen
    days: int
    text: str


@dataclass(frozen=True)
class Receipt:
    """What a bidder keeps: the sealed text word by word, and its hash, by which it can be proved later."""

    bid: Bid
    plain: str


def _bidder(task: Task, by: Actor) -> UUID:
    """Whose bid it would be.

    Raises:
        NotFound: the task is not there for them.
        Forbidden: the hat's mandate does not cover work.
        OwnTask: the poster, or somebody who belongs to them.
    """
    if by.party_id is None or not may_see(task, by):
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    if is_affiliated(task, by):
        raise OwnTask
    return by.party_id


def _require_open(task: Task, at: datetime) -> None:
    if not task.takes_bids(at):
        closes_at = task.closes_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if task.closes_at else "—"
        raise BiddingClosed(closes_at=closes_at)


@transaction.atomic
def seal(*, task_id: UUID, proposal: Proposal, terms_no: int, by: Actor, at: datetime) -> Receipt:
    """Bid, or put another bid in place of one's own: sealed at once, and read by nobody until all are opened (封存应标).

    Raises:
        BiddingClosed: outside the window, by the server's clock.
        OwnTask, LevelTooLow, AboveBudget, TooManyBids, CopiedBid, Invalid: all that fail, together.
        TermsMoved: the terms changed since they were read.
    """
    task = held(task_id)
    bidder_id = _bidder(task, by)
    _require_open(task, at)
    if terms_no != task.terms_no:
        raise TermsMoved
    party = Party.objects.get(pk=bidder_id)
    old = Bid.objects.select_for_update().filter(task=task, bidder=party).first()
    refuse_any(
        [
            *limits.failures(party, "work", at=at),
            *_check(task, proposal),
            _copied(task, party, proposal.text),
            None if old else _too_many(party, at),
        ]
    )
    plain = json.dumps(
        {
            "amount_fen": proposal.amount_fen,
            "days": proposal.days,
            "text": proposal.text.strip(),
            "salt": ids.entropy(16).hex(),  # so that the hash of a short bid cannot be guessed
        },
        ensure_ascii=False,
    )
    lock = locks.current(task)
    bid = old or Bid(task=task, bidder=party)
    bid.person_id, bid.terms_no = by.person_id or bidder_id, terms_no
    bid.seal = timelock.seal(plain, public_key=lock.public_key, place=locks.place_of(task.pk, bidder_id))
    bid.digest = hashlib.sha256(plain.encode()).hexdigest()
    bid.first_lock = bid.last_lock = lock.no
    bid.made_at = at
    if old is None:
        bid.state_at = at
        bid.save(force_insert=True)
        tell_of_bid(bid, "seal", at)
    else:
        event = "return" if bid.state == Bidding.WITHDRAWN else "replace"
        move_bid(bid, event, by=by.wears(Role.WORKER), at=at)
    _count(task)
    return Receipt(bid, plain)


def _check(task: Task, proposal: Proposal) -> list[Refusal | None]:
    least = LEAST_PER_STAGE_FEN * len(task.stages)
    longest = rules.value("tasks.work_days_most", at=task.state_at)
    words = len(proposal.text.strip())
    return [
        AboveBudget(least=show_yuan(least), most=show_yuan(task.budget_fen), field="amount")
        if not least <= proposal.amount_fen <= min(task.budget_fen, MOST_FEN)
        else None,
        Invalid(
            f"工期须在 {len(task.stages)} 与 {longest} 天之间",
            f"Between {len(task.stages)} and {longest} days",
            field="days",
        )
        if not len(task.stages) <= proposal.days <= longest
        else None,
        Invalid(f"方案须为 {LEAST_WORDS} 至 {MOST_WORDS} 字", f"{LEAST_WORDS} to {MOST_WORDS} characters", field="text")
        if not LEAST_WORDS <= words <= MOST_WORDS
        else None,
        Invalid(
            "方案中请勿填写联系方式或链接，签订协议后可直接沟通",
            "Leave out contacts and links until it is signed",
            field="text",
        )
        if next(screening.contacts("text", proposal.text), None) is not None
        else None,
    ]


def _too_many(party: Party, at: datetime) -> Refusal | None:
    most = rules.value("tasks.bids_a_day", at=at)
    midnight = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return TooManyBids(most=most) if Bid.objects.filter(bidder=party, made_at__gte=midnight).count() >= most else None


def _copied(task: Task, party: Party, text: str) -> Refusal | None:
    """Whether this is what the bidder sent for other tasks; what is sealed still cannot be compared (P4)."""
    others = Bid.objects.filter(bidder=party, opened_at__isnull=False).exclude(task=task).order_by("-opened_at", "-pk")
    sent = [("", each) for each in others.values_list("text", flat=True)[:20]]
    return CopiedBid(field="text") if next(screening.alike(text, sent), None) is not None else None


def _count(task: Task) -> None:
    task.bids_n = task.bids.filter(state__in=Bidding.CLOSED_UP).count()
    task.save(update_fields=["bids_n"])
    show(task)


def own(task: Task, by: Actor) -> Bid:
    """One's own bid, its row held.

    Raises:
        NotFound: none of this hat.
    """
    found = Bid.objects.select_for_update().filter(task=task, bidder_id=by.party_id).first()
    if found is None or by.party_id is None:
        raise NotFound
    if SCOPE not in by.scopes:
        raise Forbidden
    return found


@transaction.atomic
def confirm(*, task_id: UUID, terms_no: int, by: Actor, at: datetime) -> Bid:
    """The bid stands on the changed terms too, as it is, still sealed (重新确认).

    Raises:
        TermsMoved: they changed once more.
        BiddingClosed: the time is over.
    """
    task = held(task_id)
    bid = own(task, by)
    _require_open(task, at)
    if terms_no != task.terms_no:
        raise TermsMoved
    bid.terms_no = terms_no
    move_bid(bid, "confirm", by=by.wears(Role.WORKER), at=at)
    return bid


@transaction.atomic
def withdraw(*, task_id: UUID, by: Actor, at: datetime) -> Bid:
    """Take a bid back before the opening; nobody has read it (撤回应标)."""
    task = held(task_id)
    bid = own(task, by)
    _require_open(task, at)
    move_bid(bid, "withdraw", by=by.wears(Role.WORKER), at=at)
    _count(task)
    return bid


def open_all(task: Task, at: datetime) -> int:
    """Open what is sealed, all together, and let lapse what was not confirmed; how many bids can be read (开标).

    Raises:
        TooEarly, Busy: the keeper does not release the keys yet, or is not here.
    """
    keys = locks.release_all(task, at)
    opened = 0
    for bid in task.bids.select_for_update().filter(state__in=Bidding.CLOSED_UP).order_by("pk"):
        if bid.state == Bidding.UNCONFIRMED:
            move_bid(bid, "lapse", by=CLOCK, at=at, reason="条款变更后未重新确认")
            continue
        try:
            plain = locks.open_seal(bid, keys)
            read = json.loads(plain)
            bid.amount_fen, bid.days, bid.text = int(read["amount_fen"]), int(read["days"]), str(read["text"])
        except (timelock.SealBroken, ValueError, KeyError):
            move_bid(bid, "spoil", by=CLOCK, at=at, reason="封存内容无法开启")
            continue
        if hashlib.sha256(plain.encode()).hexdigest() != bid.digest:
            bid.amount_fen, bid.days, bid.text = None, None, ""
            move_bid(bid, "spoil", by=CLOCK, at=at, reason="内容与提交时的摘要不符")
            continue
        bid.opened_at = at
        move_bid(bid, "open", by=CLOCK, at=at)
        opened += 1
    return opened
