"""What maker and backer settled between themselves, outside the platform (平台外结清).

One side says so, the other confirms; only then is the pledge closed. Nothing of it moves money here: what was paid
stays in escrow for the maker, and no fee goes back (features.md X15).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import locks, outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.payments.operations import refunds
from crowdfunding.campaigns.errors import SaidAlready
from crowdfunding.campaigns.events import OutsideMoved
from crowdfunding.campaigns.models import Campaign, OutsideSettlement, Pledge, campaign_lock
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.operations.shared import as_owner
from crowdfunding.campaigns.states import Outside, PledgeState, State

LEAST_WORDS, MOST_WORDS = 10, 500
OPEN = (PledgeState.PAID, PledgeState.ASKED)


def _party(pledge_id: UUID, by: Actor) -> tuple[Pledge, Campaign, Actor]:
    """The pledge, its row and its campaign held, and the actor as the side they are on.

    Raises:
        NotFound: neither side's hat.
        Forbidden: a hat of the maker that may not run campaigns.
    """
    found = Pledge.objects.filter(pk=pledge_id).values_list("campaign_id", flat=True).first()
    if found is None:
        raise NotFound
    locks.share(campaign_lock(found))
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    campaign = Campaign.objects.get(pk=made.campaign_id)
    if by.party_id is not None and by.party_id == made.backer_id:
        return made, campaign, by.wears(Role.BACKER)
    if by.party_id is None or by.party_id != campaign.owner_id:
        raise NotFound
    owner = as_owner(campaign, by)
    if Role.OWNER not in owner.roles:
        raise Forbidden
    return made, campaign, owner


def may_say(made: Pledge, campaign: Campaign) -> bool:
    """Whether either side may say now that they settled outside."""
    return campaign.owner_id is not None and campaign.state in State.UNDER_WAY and made.state in OPEN


@transaction.atomic
def say(*, pledge_id: UUID, text: str, by: Actor, at: datetime) -> OutsideSettlement:
    """One side says what was settled and how (提出).

    Raises:
        NotFound, Forbidden: of neither side.
        Invalid: too few words, or too many.
        MoveRefused: the pledge is not open, or the campaign not under way.
        SaidAlready: something said before waits for its answer.
    """
    if by.party_id is None:
        raise NotFound
    made, campaign, _actor = _party(pledge_id, by)
    if not may_say(made, campaign):
        raise made.machine.refusal(made.state) if made.state not in OPEN else campaign.machine.refusal(campaign.state)
    words = text.strip()
    if not LEAST_WORDS <= len(words) <= MOST_WORDS:
        raise Invalid(
            "请用 10 到 500 字说明结清了什么、怎样结清", "Say in 10 to 500 characters what was settled", field="text"
        )
    said = OutsideSettlement(
        pledge=made,
        said_by_id=by.party_id,
        text=words,
        said_at=at,
        due_at=at + rules.days("campaigns.outside_days", at=at, ruleset=campaign.ruleset),
    )
    try:
        with transaction.atomic():
            said.save(force_insert=True)
    except IntegrityError as error:
        raise SaidAlready from error
    _announce(said, made, campaign, at)
    return said


@transaction.atomic
def agree(pledge_id: UUID, by: Actor, at: datetime) -> None:
    """The other side confirms: the claim is closed, and nothing more goes back (确认结清).

    Raises:
        NotFound: nothing waits, or it is one's own word.
        MoveRefused: the pledge has ended otherwise.
    """
    made, campaign, actor = _party(pledge_id, by)
    said = _waiting(made, by, own=False)
    refunds.drop_requested(intent_ids=[pledges.intent_of(made.pk).pk], at=at, reason="双方已在平台外结清")
    pledges.settle_outside(made, by=actor, at=at, reason=said.text[:200])
    _step(said, "agree", by=actor, at=at)
    _announce(said, made, campaign, at)


@transaction.atomic
def deny(pledge_id: UUID, by: Actor, at: datetime) -> None:
    """The other side says that it is not so; everything stays as it was (不认可)."""
    made, campaign, actor = _party(pledge_id, by)
    said = _waiting(made, by, own=False)
    _step(said, "deny", by=actor, at=at)
    _announce(said, made, campaign, at)


@transaction.atomic
def withdraw(pledge_id: UUID, by: Actor, at: datetime) -> None:
    """Whoever said it takes it back (撤回)."""
    made, _campaign, actor = _party(pledge_id, by)
    _step(_waiting(made, by, own=True), "withdraw", by=actor, at=at)


ANSWERS = {"agree": agree, "deny": deny, "withdraw": withdraw}
"""What may be done about something said, for every door."""


@transaction.atomic
def lapse(*, settlement_id: UUID, at: datetime) -> None:
    """Nobody answered in time: it is void, and everything stays as it was (作废). Safe to repeat."""
    said = OutsideSettlement.objects.select_for_update().get(pk=settlement_id)
    if said.state == Outside.SAID and said.due_at is not None and said.due_at <= at:
        _step(said, "lapse", by=CLOCK, at=at)


@transaction.atomic
def void(*, pledge_id: UUID, at: datetime) -> None:
    """The pledge has ended otherwise. Safe to repeat."""
    said = OutsideSettlement.objects.select_for_update().filter(pledge_id=pledge_id, state=Outside.SAID).first()
    if said is not None:
        _step(said, "lapse", by=SYSTEM, at=at)


def _waiting(made: Pledge, by: Actor, *, own: bool) -> OutsideSettlement:
    said = OutsideSettlement.objects.select_for_update().filter(pledge=made, state=Outside.SAID).first()
    if said is None or (said.said_by_id == by.party_id) is not own:
        raise NotFound
    return said


def _step(said: OutsideSettlement, event: str, *, by: Actor, at: datetime) -> None:
    said.move(event, by=by, at=at)
    said.due_at = None
    said.save(update_fields=["due_at"])


def _announce(said: OutsideSettlement, made: Pledge, campaign: Campaign, at: datetime) -> None:
    """Tell the side whose turn it is: the other one at first, whoever said it at the end."""
    is_backers = said.said_by_id == made.backer_id
    tell_owner = is_backers is (said.state == Outside.SAID)
    outbox.record(
        OutsideMoved(
            at=at,
            pledge_id=made.pk,
            campaign_id=campaign.pk,
            to_party_id=campaign.owner_id if tell_owner else made.backer_id,
            to_owner=tell_owner,
            state=said.state,
        )
    )
