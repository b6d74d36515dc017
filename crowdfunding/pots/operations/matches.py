"""A sponsor's money goes with a pledge, is paid with the goods, or is the pot's again.

Caps and the pot are looked at under the pot's row, so two pledges never share the last fen.
Locks go campaign, pledge, pot, match.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from backend.common import crash, locks, outbox
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.fen import Fen, part
from backend.common.ids import new_id
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations.pledges import intent_of
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.pots import affiliates
from crowdfunding.pots.events import MatchesPaid, PledgeMatched
from crowdfunding.pots.models import PAY, VOID, Match, Pot
from crowdfunding.pots.operations.pots import step
from crowdfunding.pots.states import Matching, Pooling

MATCHABLE = (State.LIVE, State.PAUSED, State.SUSPENDED, State.CLEARING, *State.UNDER_WAY)
MOST_POTS = 20


@transaction.atomic
def match_pledge(*, pledge_id: UUID, at: datetime) -> None:
    """Let the first pot that has room go with a paid pledge (配捐). Safe to repeat."""
    if not Pot.objects.filter(state=Pooling.OPEN).exists():
        return
    locks.share(campaign_lock(Pledge.objects.values_list("campaign_id", flat=True).get(pk=pledge_id)))
    made = Pledge.objects.select_for_update(no_key=True).get(pk=pledge_id)
    campaign = Campaign.objects.get(pk=made.campaign_id)
    if (
        campaign.state not in MATCHABLE
        or made.state not in PledgeState.COUNTED
        or made.backer_id is None
        or made.is_late
    ):
        return
    if Match.objects.filter(pledge=made).exists():
        return
    if made.replaces_id is not None:
        _free_the_place(made.replaces_id, at)
    for pot_id in _fitting(campaign, made):
        if _match_from(pot_id, made, campaign, at):
            return


def _free_the_place(pledge_id: UUID, at: datetime) -> None:
    """What went with the pledge that this one replaced is not counted against its caps."""
    old = Match.objects.filter(pledge_id=pledge_id, state=Matching.MATCHED).exclude(
        pledge__state__in=PledgeState.COUNTED
    )
    for match_id in old.values_list("pk", flat=True):
        claw_back(match_id=match_id, by=SYSTEM, at=at)


def fitting(campaign: Campaign) -> Q:
    """Which pots a campaign's kind and place fit."""
    kind = Q(categories=[]) | Q(categories__contains=[campaign.category])
    place = Q(counties=[]) | Q(counties__contains=[campaign.county])
    return kind & place


def _fitting(campaign: Campaign, made: Pledge) -> list[UUID]:
    found = Pot.objects.filter(fitting(campaign), state=Pooling.OPEN, opens_at__lte=made.paid_at)
    return list(found.order_by("opens_at", "pk").values_list("pk", flat=True)[:MOST_POTS])


def _match_from(pot_id: UUID, made: Pledge, campaign: Campaign, at: datetime) -> bool:
    """Set aside what the pot, its caps and its ratio allow; False where that is nothing."""
    if made.backer_id is None or campaign.owner_id is None:
        return False
    pot = Pot.objects.select_for_update().get(pk=pot_id)
    if pot.state != Pooling.OPEN or at >= pot.closes_at:
        return False
    if affiliates.is_of(campaign, pot) or affiliates.is_affiliated(made.backer_id, campaign, pot):
        return False
    escrow = ledger.escrow_of("pot", pot.id)
    left = books.available(escrow)
    fen = min(part(made.goods_fen, pot.ratio_bp), room(pot, campaign.pk, made.backer_id), left)
    if fen <= 0:
        return False
    match_id = new_id()
    hold_id = ledger.hold(
        key=f"match-hold:{match_id}",
        kind="match",
        debit=escrow,
        credit=ledger.open_account(ledger.payable_to(campaign.owner_id)),
        amount_fen=fen,
        cause=("match", match_id),
        at=at,
    )
    Match(
        id=match_id, pot=pot, pledge=made, campaign=campaign, backer_id=made.backer_id, fen=fen, hold_id=hold_id,
        created_at=at, state_at=at,
    ).save(force_insert=True)  # fmt: skip
    outbox.record(PledgeMatched(at=at, match_id=match_id, pledge_id=made.pk, backer_id=made.backer_id, amount_fen=fen))
    if fen == left:
        step(pot, "exhaust", by=SYSTEM, at=at)
    crash.point("match.made")
    return True


def room(pot: Pot, campaign_id: UUID, backer_id: UUID | None) -> Fen:
    """What the caps of a project and of a person leave, in fen; never below nothing."""
    given = Match.objects.filter(pot=pot, state__in=Matching.GIVEN)
    project = given.filter(campaign_id=campaign_id).aggregate(fen=Sum("fen"))["fen"] or 0
    person = given.filter(backer_id=backer_id).aggregate(fen=Sum("fen"))["fen"] or 0 if backer_id else 0
    return max(0, min(int(pot.per_project_fen - project), int(pot.per_person_fen - person)))


def _held(match_id: UUID) -> tuple[Pot, Match]:
    """A match and its pot, locked in the one order."""
    pot_id = Match.objects.values_list("pot_id", flat=True).get(pk=match_id)
    pot = Pot.objects.select_for_update().get(pk=pot_id)
    return pot, Match.objects.select_for_update().get(pk=match_id)


@transaction.atomic
def claw_back(*, match_id: UUID, by: Actor, at: datetime) -> None:
    """What was set aside is the pot's again (收回). Safe to repeat."""
    pot, found = _held(match_id)
    if found.state == Matching.MATCHED:
        _free(pot, found, by=by, at=at)


def _free(pot: Pot, found: Match, *, by: Actor, at: datetime) -> None:
    ledger.void(key=f"match-void:{found.id}", hold_id=found.hold_id, at=at)
    found.move("claw_back", by=by, at=at)
    found.state_at = at
    found.save(update_fields=["state_at"])
    if pot.state == Pooling.EXHAUSTED and at < pot.closes_at:
        step(pot, "refill", by=SYSTEM, at=at)


def end_with_pledge(*, pledge_id: UUID, at: datetime) -> None:
    """A pledge ended: nothing goes with it any more. Safe to repeat."""
    for match_id in Match.objects.filter(pledge_id=pledge_id, state=Matching.MATCHED).values_list("pk", flat=True):
        claw_back(match_id=match_id, by=SYSTEM, at=at)


def judge(*, campaign_id: UUID, delivered: bool) -> None:
    """Note what becomes of everything that goes with a campaign; the clock does it, some at a time."""
    found = Match.objects.filter(campaign_id=campaign_id, state=Matching.MATCHED)
    found.update(verdict=PAY if delivered else VOID)


@transaction.atomic
def carry_out(*, match_id: UUID, at: datetime) -> None:
    """Pay a match to the maker, or take it back, as its campaign ended (拨付). Safe to repeat."""
    pot, found = _held(match_id)
    if found.state != Matching.MATCHED or not found.verdict:
        return
    fen = _earned(found) if found.verdict == PAY else 0
    if fen:
        _pay(found, fen, at)
    else:
        _free(pot, found, by=CLOCK, at=at)
    crash.point("match.carried_out")


def _earned(found: Match) -> Fen:
    """What of a match belongs to the part of its pledge that was not refunded; nothing where that no longer counts."""
    made = Pledge.objects.get(pk=found.pledge_id)
    if made.state not in PledgeState.COUNTED:
        return 0
    intent = intent_of(made.pk)
    return int(found.fen * (intent.amount_fen - intent.refunded_fen) // intent.amount_fen)


def _pay(found: Match, fen: Fen, at: datetime) -> None:
    ledger.capture(key=f"match:{found.id}", hold_id=found.hold_id, at=at, amount_fen=fen)
    found.move("pay", by=CLOCK, at=at)
    found.state_at, found.paid_fen = at, fen
    found.save(update_fields=["state_at", "paid_fen"])
    open_ones = Match.objects.filter(campaign_id=found.campaign_id, state=Matching.MATCHED)
    if not open_ones.exists():
        owner_id = Campaign.objects.values_list("owner_id", flat=True).get(pk=found.campaign_id)
        if owner_id is not None:
            outbox.record(MatchesPaid(at=at, campaign_id=found.campaign_id, owner_id=owner_id))
