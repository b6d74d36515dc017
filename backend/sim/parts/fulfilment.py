"""Fulfilment in the simulator: backers give addresses and lose parcels, makers lock, ship, settle or sleep."""

from __future__ import annotations

from collections.abc import Iterator

from backend.accounts.models import User
from backend.sim.part import Act, Invariant, Law, Part
from backend.sim.scheduler import Task
from backend.sim.world import World
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.fulfilment import tasks
from crowdfunding.fulfilment.addresses import Address
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import parcels, shipments, surveys
from crowdfunding.fulfilment.states import Parceling, Surveying


def _parcel(world: World, *states: str) -> tuple[Parcel, User] | None:
    found = list(
        Parcel.objects.filter(state__in=states).select_related("pledge").order_by("campaign__title", "no")[:30]
    )
    if not found:
        return None
    parcel = world.pick(found)
    return parcel, User.objects.select_related("party").get(party_id=str(parcel.pledge.backer_id))


def _maker(world: World, campaign: Campaign) -> User:
    return User.objects.select_related("party").get(party_id=str(campaign.owner_id))


def give_address(world: World) -> Task | None:
    """A backer gives an address, changes it, or is too late."""
    found = _parcel(world, Parceling.ASKED, Parceling.ASKED, Parceling.FILLED, Parceling.MISSED, Parceling.LOCKED)
    if found is None:
        return None
    parcel, backer = found
    by, pledge_id = world.acting(backer), parcel.pledge_id
    home = Address(backer.party.name, "13812345678", "湖北省咸宁市", f"路 {world.rng.randrange(1000)} 号")
    return world.task(
        f"{backer.party.name} gives an address",
        lambda: parcels.fill(pledge_id=pledge_id, address=home, answers={}, by=by, at=world.now()) and None,
    )


def announce(world: World) -> Task | None:
    """A maker announces the lock; the forgetful one leaves it to the clock."""
    found = list(Survey.objects.filter(state=Surveying.OPEN).select_related("campaign").order_by("campaign__title"))
    if not found:
        return None
    campaign = world.pick(found).campaign
    by, campaign_id = world.acting(_maker(world, campaign)), campaign.pk
    return world.task(
        f"the maker of {campaign.title} announces the lock",
        lambda: surveys.announce_lock(campaign_id=campaign_id, by=by, at=world.now()) and None,
    )


def ship(world: World) -> Task | None:
    """A maker brings back some tracking numbers, sometimes the same file twice."""
    states = (State.PRODUCING, State.DELIVERING, State.OVERDUE, State.DELIVERED, State.CLOSED)
    waiting = Campaign.objects.filter(state__in=states, parcels__state=Parceling.LOCKED).distinct()
    found = list(waiting.order_by("title"))
    if not found:
        return None
    campaign = world.pick(found)
    locked = Parcel.objects.filter(campaign=campaign, state=Parceling.LOCKED).order_by("no")
    going = [parcel.no for parcel in locked if world.rng.random() < 0.8]
    if not going:
        return None
    rows = [shipments.Sent(str(no), "顺丰", f"SF{world.rng.randrange(10**9):09d}") for no in going]
    by, campaign_id = world.acting(_maker(world, campaign)), campaign.pk
    return world.task(
        f"the maker of {campaign.title} ships {going}",
        lambda: shipments.import_shipments(campaign_id=campaign_id, rows=rows, by=by, at=world.now()) and None,
    )


def lose(world: World) -> Task | None:
    """A backer says that a parcel did not come."""
    found = _parcel(world, Parceling.SHIPPED)
    if found is None:
        return None
    parcel, backer = found
    by, pledge_id = world.acting(backer), parcel.pledge_id
    return world.task(
        f"{backer.party.name} reports a parcel lost",
        lambda: parcels.report_lost(pledge_id=pledge_id, by=by, at=world.now()) and None,
    )


def settle_loss(world: World) -> Task | None:
    """A maker sends a lost parcel again or refunds it; the silent one does neither."""
    found = _parcel(world, Parceling.LOST)
    if found is None:
        return None
    parcel, _backer = found
    by = world.acting(_maker(world, Campaign.objects.get(pk=parcel.campaign_id)))
    act, parcel_id = world.pick([parcels.send_again, parcels.refund_lost]), parcel.pk
    return world.task(
        f"the maker: {act.__name__} of parcel {parcel.no}",
        lambda: act(parcel_id=parcel_id, by=by, at=world.now()) and None,
    )


def clockwork(world: World) -> Task:
    """A worker takes up what time brought to surveys and parcels."""
    return world.task("advance_fulfilment", tasks.advance_fulfilment)


# --- what is never false -----------------------------------------------------------------------------------


LOCKS = """
    SELECT 'survey ' || s.id || ' locked ' || (k.at - w.at) || ' after its warning' FROM fulfilment_survey s
    JOIN common_statechange w ON w.subject_id = s.id AND w.event = 'announce'
    JOIN common_statechange k ON k.subject_id = s.id AND k.event = 'lock'
    WHERE k.at - w.at < interval '48 hours'
    UNION ALL
    SELECT 'survey ' || s.id || ' locked without a warning' FROM fulfilment_survey s
    WHERE s.state = 'locked' AND (
        SELECT count(DISTINCT event) FROM common_statechange
        WHERE subject_id = s.id AND event IN ('announce', 'lock')) < 2
    UNION ALL
    SELECT 'parcel ' || p.no || ' took an address after the lock' FROM fulfilment_survey s
    JOIN common_statechange k ON k.subject_id = s.id AND k.event = 'lock'
    JOIN fulfilment_parcel p ON p.campaign_id = s.campaign_id AND p.filled_at >= k.at
    WHERE NOT EXISTS (SELECT 1 FROM common_statechange WHERE subject_id = p.id AND event = 'fill_late')
"""

PARCELS = """
    SELECT 'parcel ' || no || ' is ' || state || ' without a tracking number'
    FROM fulfilment_parcel WHERE state IN ('shipped', 'lost') AND tracking_no = ''
    UNION ALL
    SELECT 'parcel ' || p.no || ' is returned and its pledge ' || m.state
    FROM fulfilment_parcel p JOIN campaigns_pledge m ON m.id = p.pledge_id
    WHERE p.state = 'returned' AND m.state IN ('paid', 'received')
"""

LOST_MONEY = """
    SELECT 'parcel ' || p.no || ' was paid back ' || coalesce(i.refunded_fen, 0) || ' of ' || m.share_fen
    FROM fulfilment_parcel p JOIN campaigns_pledge m ON m.id = p.pledge_id
    LEFT JOIN payments_paymentintent i ON i.subject_id = m.id AND i.subject_kind = 'pledge'
    WHERE p.state = 'returned' AND m.share_fen IS NOT NULL
      AND coalesce(i.refunded_fen, 0) < least(m.share_fen, i.amount_fen)
"""


def fulfilment_settled(world: World) -> Iterator[str]:
    """Nobody waits for a survey, a parcel on its way or a loss."""
    for survey in Survey.objects.exclude(state=Surveying.LOCKED):
        yield f"survey {str(survey.pk)[-6:]} is still {survey.state}"
    waiting = (Parceling.ASKED, Parceling.FILLED, Parceling.SHIPPED, Parceling.LOST)
    for parcel in Parcel.objects.filter(state__in=waiting):
        yield f"parcel {parcel.no} is still {parcel.state}"
    refunded = Pledge.objects.filter(state=PledgeState.REFUNDED)
    for parcel in Parcel.objects.filter(state__in=Parceling.LIVE, pledge__in=refunded):
        yield f"parcel {parcel.no} is {parcel.state} for a refunded pledge"


PART = Part(
    name="fulfilment",
    acts=(
        Act("address", 5, give_address),
        Act("announce", 2, announce),
        Act("ship", 5, ship),
        Act("lose", 2, lose),
        Act("settle loss", 2, settle_loss),
        Act("parcels' clock", 5, clockwork),
    ),
    laws=(
        Law("F1", "Addresses lock 48 hours after a warning, and stay.", LOCKS),
        Law("F2", "A parcel on its way is tracked; one paid back has no standing pledge.", PARCELS),
        Law("F3", "The money of a lost parcel goes back as far as escrow reaches.", LOST_MONEY),
    ),
    invariants=(),
    settled=Invariant(
        "F4", "When faults stop, every survey is locked and every parcel accounted for.", fulfilment_settled
    ),
    bells=(tasks.advance_fulfilment,),
)
