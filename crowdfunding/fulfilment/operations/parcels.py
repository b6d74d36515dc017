"""One parcel's way: address given, sent, received, lost and settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import locks, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Invalid, NotFound
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from crowdfunding.campaigns.models import Pledge, campaign_lock
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.operations.pledges import own_pledge
from crowdfunding.campaigns.operations.shared import require_owner
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.fulfilment import addresses, questions
from crowdfunding.fulfilment.addresses import Address
from crowdfunding.fulfilment.errors import AddressLocked, NotYetLost
from crowdfunding.fulfilment.events import LossSettled, ParcelLost
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.states import Parceling


def step(parcel: Parcel, event: str, *, by: Actor, at: datetime) -> None:
    """Make a move of a parcel whose row is held, and note since when it is there."""
    parcel.move(event, by=by, at=at)
    parcel.state_at = at
    parcel.save(update_fields=["state_at"])


def _mine(pledge_id: UUID, by: Actor) -> Parcel:
    """The parcel of one's own pledge, its row held.

    Raises:
        NotFound: not the backer's hat, or nothing is sent for it.
    """
    own_pledge(pledge_id, by)
    found = Parcel.objects.select_for_update().filter(pledge_id=pledge_id).first()
    if found is None:
        raise NotFound
    return found


def _of_maker(parcel_id: UUID, by: Actor) -> Parcel:
    found = Parcel.objects.select_for_update(of=("self",)).select_related("campaign").filter(pk=parcel_id).first()
    if found is None:
        raise NotFound
    require_owner(found.campaign, by)
    return found


@transaction.atomic
def fill(*, pledge_id: UUID, address: Address, answers: dict[str, str], by: Actor, at: datetime) -> Parcel:
    """Say where the reward goes, or say it anew, until the lock; late after it, when never said (填写收货信息).

    Raises:
        AddressLocked: the lock has passed, also where the clock is late to note it.
        Invalid: an answer is missing.
    """
    parcel = _mine(pledge_id, by)
    survey = Survey.objects.get(campaign_id=parcel.campaign_id)
    is_over = survey.warned_at is not None and (survey.due_at is None or at >= survey.due_at)
    if parcel.state != Parceling.MISSED and (parcel.state not in Parceling.EDITABLE or is_over):
        raise AddressLocked
    parcel.answers = questions.check(survey.questions, answers)
    parcel.address_sealed = addresses.seal(address, place=parcel.place)
    parcel.region, parcel.filled_at = address.region, at
    parcel.save(update_fields=["answers", "address_sealed", "region", "filled_at"])
    if parcel.state != Parceling.FILLED:
        step(parcel, "fill" if parcel.state == Parceling.ASKED else "fill_late", by=by.wears(Role.BACKER), at=at)
    return parcel


@transaction.atomic
def ask_change(*, pledge_id: UUID, address: Address, by: Actor, at: datetime) -> Parcel:
    """Ask the maker for another address after the lock and before it ships (请求更改地址).

    Raises:
        AddressLocked: it has shipped, or is not locked.
    """
    parcel = _mine(pledge_id, by)
    if parcel.state != Parceling.LOCKED:
        raise AddressLocked
    parcel.wish_sealed, parcel.wish_at = addresses.seal(address, place=f"{parcel.place}:wish"), at
    parcel.save(update_fields=["wish_sealed", "wish_at"])
    return parcel


@transaction.atomic
def answer_change(*, parcel_id: UUID, agree: bool, by: Actor, at: datetime) -> Parcel:
    """The maker takes the other address, or keeps the locked one (答复更改请求).

    Raises:
        NotFound: nobody asked.
        AddressLocked: it has shipped meanwhile.
    """
    parcel = _of_maker(parcel_id, by)
    if not parcel.wish_sealed:
        raise NotFound
    if agree:
        if parcel.state != Parceling.LOCKED:
            raise AddressLocked
        wanted = addresses.unseal(parcel.wish_sealed, place=f"{parcel.place}:wish")
        parcel.address_sealed, parcel.region = addresses.seal(wanted, place=parcel.place), wanted.region
    parcel.wish_sealed, parcel.wish_at = "", None
    parcel.save(update_fields=["address_sealed", "region", "wish_sealed", "wish_at"])
    return parcel


@transaction.atomic
def receive(*, pledge_id: UUID, at: datetime) -> None:
    """The backer confirmed the pledge: its parcel has arrived. Safe to repeat."""
    parcel = Parcel.objects.select_for_update().filter(pledge_id=pledge_id).first()
    if parcel is not None and parcel.state in Parceling.LIVE:
        step(parcel, "arrive", by=SYSTEM, at=at)


@transaction.atomic
def arrive_by_time(*, parcel_id: UUID, at: datetime) -> None:
    """Shipped long ago and nobody says otherwise: it counts as received, and so does the pledge (视为收货)."""
    parcel = Parcel.objects.select_for_update().get(pk=parcel_id)
    if parcel.state != Parceling.SHIPPED:
        return
    step(parcel, "arrive", by=CLOCK, at=at)
    pledges.receive_by_time(pledge_id=parcel.pledge_id, at=at)


@transaction.atomic
def report_lost(*, pledge_id: UUID, by: Actor, at: datetime) -> Parcel:
    """The parcel did not come (报告丢失): the maker sends again or gives the money back; silence gives it back.

    Raises:
        NotYetLost: it can still be on its way.
        MoveRefused: it is not under way.
    """
    parcel = _mine(pledge_id, by)
    days = rules.value("fulfilment.lost_after_days", at=at)
    if parcel.state == Parceling.SHIPPED and parcel.shipped_at and at < parcel.shipped_at + timedelta(days=days):
        raise NotYetLost(days=days)
    step(parcel, "lose", by=by.wears(Role.BACKER), at=at)
    owner_id = Pledge.objects.values_list("campaign__owner_id", flat=True).get(pk=pledge_id)
    if owner_id is not None:
        outbox.record(ParcelLost(at=at, campaign_id=parcel.campaign_id, parcel_id=parcel.pk, owner_id=owner_id))
    return parcel


@transaction.atomic
def send_again(*, parcel_id: UUID, by: Actor, at: datetime) -> Parcel:
    """The maker sends a lost parcel once more (补发)."""
    parcel = _of_maker(parcel_id, by)
    step(parcel, "reship", by=by.wears(Role.OWNER), at=at)
    parcel.carrier = parcel.tracking_no = ""
    parcel.save(update_fields=["carrier", "tracking_no"])
    _announce(parcel, at)
    return parcel


@transaction.atomic
def refund_lost(*, parcel_id: UUID, by: Actor, at: datetime) -> Parcel:
    """The money of a lost parcel goes back (丢失退款): by the maker, or by the clock after their silence.

    The refund is what escrow still holds, up to the whole; where shares of a rest are fixed already, the share.

    Raises:
        Invalid: escrow holds nothing, so the maker must send again.
        MoveRefused: the parcel is not lost, or its pledge was received or refunded meanwhile.
    """
    campaign_id = Parcel.objects.values_list("campaign_id", flat=True).filter(pk=parcel_id).first()
    if campaign_id is not None:
        locks.share(campaign_lock(campaign_id))
    if by is CLOCK:
        parcel, actor = Parcel.objects.select_for_update().get(pk=parcel_id), by
    else:
        parcel, actor = _of_maker(parcel_id, by), by.wears(Role.OWNER)
    step(parcel, "refund", by=actor, at=at)
    made = Pledge.objects.select_for_update().get(pk=parcel.pledge_id)
    if made.state not in PledgeState.OWED or made.state == PledgeState.IN_DISPUTE:
        raise made.machine.refusal(made.state)
    if made.share_fen is None:
        held = books.available(ledger.escrow_of("campaign", parcel.campaign_id))
        if held <= 0 and by is not CLOCK:
            raise Invalid("托管余额不足，请补发", "Escrow holds nothing to give back; send it again")
        made.share_fen = max(0, min(made.total_fen, held))
        made.save(update_fields=["share_fen"])
    pledges.give_back(pledge_id=made.pk, reason="包裹丢失", at=at)
    _announce(parcel, at)
    return parcel


def _announce(parcel: Parcel, at: datetime) -> None:
    backer_id = Pledge.objects.values_list("backer_id", flat=True).get(pk=parcel.pledge_id)
    if backer_id is not None:
        outbox.record(
            LossSettled(
                at=at,
                campaign_id=parcel.campaign_id,
                parcel_id=parcel.pk,
                pledge_id=parcel.pledge_id,
                backer_id=backer_id,
                state=parcel.state,
            )
        )


@transaction.atomic
def void(*, pledge_id: UUID, at: datetime) -> None:
    """The pledge was refunded: nothing is to be sent for it. Safe to repeat."""
    parcel = Parcel.objects.select_for_update().filter(pledge_id=pledge_id).first()
    if parcel is not None and parcel.state in Parceling.LIVE:
        step(parcel, "void", by=SYSTEM, at=at)


@transaction.atomic
def lapse(*, parcel_id: UUID, at: datetime) -> None:
    """A year without an address: the claim ends (权益终止)."""
    parcel = Parcel.objects.select_for_update().get(pk=parcel_id)
    if parcel.state == Parceling.MISSED:
        step(parcel, "lapse", by=CLOCK, at=at)
