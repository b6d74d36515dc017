"""Campaigns in the simulator: impatient backers, double clickers, racing pairs, makers, moderators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.models import User
from backend.common import outbox
from backend.common.actors import Role
from backend.common.errors import Refusal
from backend.payments.models import Debt, PaymentIntent, Refund
from backend.payments.operations import intents
from backend.sim.dawns import PLEDGED, PRODUCING, SUCCESSFUL, Dawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.scheduler import Task
from backend.sim.world import Request, World
from crowdfunding.campaigns import tasks
from crowdfunding.campaigns.models import Campaign, Cancellation, OutsideSettlement, Pledge, Tier
from crowdfunding.campaigns.operations import (
    batches,
    changes,
    claims,
    confirmations,
    delivery,
    deposits,
    drafts,
    extensions,
    late,
    outside,
    pledges,
    reviews,
    talk,
)
from crowdfunding.campaigns.states import Outside, PledgeState, State
from crowdfunding.harvest.operations import clauses
from crowdfunding.leads.models import Follow
from crowdfunding.leads.operations import candidacies

RULES = ("all_or_nothing", "two_rounds", "keep_it_all")
LARGE = 5_000_000
"""A goal that asks for a deposit, in fen."""

# --- beginning ----------------------------------------------------------------------------------------


def publish(world: World, number: int, *, is_led: bool = False, funding: Sequence[str] = RULES) -> Campaign:
    """A campaign of the seed: small stock, short time, mostly a small goal.

    A large one is published with its deposit before a seed begins, and waits for it later.
    """
    maker, at = world.person("maker"), world.now()
    by = world.acting(maker)
    campaign = drafts.start(owner_id=maker.party_id, by=by, at=at)
    days = world.pick([1, 2, 5])
    rule = world.pick(funding)
    goal_fen = world.pick([50_000, 60_000, 90_000])
    if rule == "keep_it_all" and not is_led:
        goal_fen = world.pick([goal_fen, LARGE])
    written = drafts.Terms(
        title=f"campaign {number}",
        summary="sim",
        story="sim " * 20,
        risks="sim risks sim",
        category="bamboo",
        county="",
        rule=rule,
        goal_fen=goal_fen,
        days=days,
        promised_on=(at + timedelta(days=days + (55 if rule == "two_rounds" else 25))).date(),
        optimum_fen=goal_fen * 2 if rule == "two_rounds" else None,
    )
    drafts.write(campaign_id=campaign.pk, terms=written, version=campaign.version, by=by, at=at)
    batch_id = None
    if number % 2:
        harvest = batches.add(
            campaign_id=campaign.pk, name="batch", unit="jin", total=5, harvested_on=None, by=by, at=at
        )
        batch_id = harvest.pk
    else:
        clauses.agree(campaign_id=campaign.pk, least_percent=60, basis="sim", by=by, at=at)
    for price, stock, per_person in ((30_000, world.pick([1, 2, 4]), world.pick([None, 1, 2])), (7_777, None, None)):
        drafts.add_tier(
            campaign_id=campaign.pk,
            terms=drafts.TierTerms(
                "tier",
                "",
                price,
                123,
                stock,
                per_person,
                "fresh",
                None,
                batch_id,
                (2 if stock else 1) if batch_id else 0,
            ),
            by=by,
            at=at,
        )
    if is_led:
        candidacies.choose_led(campaign_id=campaign.pk, is_led=True, by=by, at=at)
    drafts.submit(campaign_id=campaign.pk, by=by, at=at)
    moderator = world.acting(world.person("moderator"), Role.MODERATOR)
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator, at=at)
    if goal_fen == LARGE and world.gateway.faulty:
        return campaign
    if goal_fen == LARGE:
        pay_orders(world, deposits.order(campaign_id=campaign.pk, by=by, at=at))
    return drafts.launch(campaign_id=campaign.pk, opens_at=None, by=by, at=at)


def publish_another(world: World) -> Task | None:
    """A maker opens one more campaign; who owes money may not."""
    number = Campaign.objects.count()
    if number >= 4:
        return None
    world.scheduler.drain()  # this thread gives the turns: it must not wait for a lock of a process that has none
    try:
        with transaction.atomic():
            publish(world, number)
        world.tell(f"campaign {number} opens")
    except Refusal as refusal:
        world.tell(f"campaign {number} is refused, {refusal.code}")
    return None


def dawn(world: World, begun: Dawn) -> None:
    """Two campaigns are live when a seed begins; in most seeds one of them is further on in its life."""
    world.gateway.faulty = False
    first = publish(world, 0, funding=RULES if begun.age < SUCCESSFUL else ("all_or_nothing", "keep_it_all"))
    if begun.age >= PLEDGED:
        plain = Tier.objects.get(campaign=first, stock=None)
        backers = world.people("backer")[:4]
        made = [pledges.pledge(**terms(plain, 3), by=world.acting(who), at=world.now()) for who in backers]
        pay_now(world, *made)
    if begun.age == PLEDGED:
        _change_mind(world, made[0], backers[0])
    if begun.age >= SUCCESSFUL:
        world.pass_time(timedelta(days=first.days, minutes=1))
        _work(world)
    if begun.age == PRODUCING:
        world.pass_time(timedelta(days=3, minutes=1))
        _work(world)
    publish(world, 1)
    world.gateway.faulty = True
    world.pledged_at_dawn = Pledge.objects.count()
    world.tell(f"campaign 0 is {Campaign.objects.get(pk=first.pk).state}, campaign 1 live")


def _change_mind(world: World, made: Pledge, backer: User) -> None:
    """A backer wants the other reward, and stands at the cashier."""
    other = Tier.objects.get(campaign=made.campaign_id, stock__isnull=False)
    chosen = changes.Order(tier_id=other.pk, quantity=1, under=None, replaces=made.pk)
    order = changes.order(campaign_id=made.campaign_id, chosen=chosen, by=world.acting(backer), at=world.now())
    intents.cashier_url(intent_id=pledges.intent_of(order.pk).pk, phone=False, at=world.now())


def pay_now(world: World, *orders: Pledge) -> None:
    """Pay pledges without any fault, before a seed begins."""
    pay_orders(world, *(pledges.intent_of(made.pk) for made in orders))


def pay_orders(world: World, *orders: PaymentIntent) -> None:
    """Pay orders of whatever kind without any fault."""
    for intent in orders:
        intents.cashier_url(intent_id=intent.pk, phone=False, at=world.now())
        world.gateway.pay(world.gateway.visits[-1], world.now(), again=False, booked=frozenset())
    world.deliver_letters()
    while outbox.relay(limit=100):
        pass


def _work(world: World) -> None:
    for _ in range(3):
        tasks.advance_due_campaigns()
        outbox.relay(limit=100)


def terms(tier: Tier, quantity: int) -> dict[str, Any]:
    """What a backer chooses."""
    return {
        "campaign_id": tier.campaign_id,
        "tier_id": tier.pk,
        "quantity": quantity,
        "amount_fen": None,
        "expected_total_fen": None,
        "is_anonymous": False,
    }


# --- backers ---------------------------------------------------------------------------------------------


def request(
    world: World, backer: User, tier: Tier, quantity: int, under: UUID | None = None, *, replaces: Pledge | None = None
) -> Request:
    """A pledge, or a change of one, sent under a key."""
    key = f"key-{world.begun}-{world.rng.randrange(10**9)}"
    by = world.acting(backer)

    def act() -> UUID:
        chosen = changes.Order(
            tier_id=tier.pk, quantity=quantity, under=under, replaces=replaces.pk if replaces else None
        )
        made = changes.order(campaign_id=tier.campaign_id, chosen=chosen, by=by, at=world.now())
        return UUID(str(made.pk))

    verb = "changes to" if replaces else "pledges"
    name = f"{backer.party.name} {verb} {quantity} of {tier.campaign.title} at ¥{tier.price_fen / 100:g}"
    return Request(name, by, f"POST /pledges/{tier.campaign_id}", key, {"tier": str(tier.pk), "n": quantity}, act)


def _tier(world: World) -> Tier | None:
    live = Tier.objects.filter(campaign__state=State.LIVE, campaign__is_led=False).select_related("campaign")
    found = list(live.order_by("campaign__title", "position"))
    return world.pick(found) if found else None


def pledge(world: World) -> Task | None:
    """A backer pledges; who was not answered asks again under the same key."""
    if world.unanswered and world.rng.random() < 0.5:
        return world.send(world.unanswered.pop(world.rng.randrange(len(world.unanswered))))
    tier = _tier(world)
    if tier is None:
        return None
    return world.send(request(world, world.person("backer"), tier, world.pick([1, 1, 1, 2])))


def pledge_late(world: World) -> Task | None:
    """Somebody comes after success, in time or not."""
    takes = Campaign.objects.filter(late_until__isnull=False, state__in=(*State.TAKES_LATE, State.DELIVERING))
    found = list(takes.order_by("title"))
    if not found:
        return None
    tier = world.pick(list(Tier.objects.filter(campaign=world.pick(found)).order_by("position")))
    return world.send(request(world, world.person("backer"), tier, 1))


def open_late(world: World) -> Task | None:
    """A maker takes late pledges, changes the day, or stops."""
    found = list(Campaign.objects.filter(state__in=State.TAKES_LATE).order_by("title"))
    if not found:
        return None
    campaign = world.pick(found)
    by, key = world.acting(owner_of(campaign)), campaign.pk
    if campaign.is_open_late(world.now()) and world.rng.random() < 0.3:
        return world.task(
            f"the maker of {campaign.title} takes no more late pledges",
            lambda: late.close(campaign_id=key, by=by, at=world.now()) and None,
        )
    last = (world.now() + timedelta(days=world.rng.randrange(9))).date()
    return world.task(
        f"the maker of {campaign.title} takes late pledges",
        lambda: late.open_until(campaign_id=key, last_day=last, by=by, at=world.now()) and None,
    )


def double_click(world: World) -> tuple[Task, ...] | None:
    """One person presses twice: two requests with one key at once."""
    tier = _tier(world)
    if tier is None:
        return None
    twice = request(world, world.person("backer"), tier, 1)
    return world.send(twice), world.send(twice)


def race(world: World) -> tuple[Task, ...] | None:
    """Two people, or one person in two windows, want the last unit."""
    scarce = Tier.objects.filter(campaign__state=State.LIVE, campaign__is_led=False, left__gt=0)
    scarce = scarce.select_related("campaign")
    found = list(scarce.order_by("left", "campaign__title", "position")[:2])
    if not found:
        return None
    tier = world.pick(found)
    one = world.person("backer")
    two = one if world.rng.random() < 0.5 else world.person("backer")
    return world.send(request(world, one, tier, 1)), world.send(request(world, two, tier, 1))


def _own(world: World, *states: str) -> tuple[Pledge, User] | None:
    found = list(Pledge.objects.filter(state__in=states).select_related("campaign").order_by("created_at", "pk")[:30])
    if not found:
        return None
    made = world.pick(found)
    return made, User.objects.select_related("party").get(party_id=str(made.backer_id))


def change_mind(world: World) -> Task | None:
    """A backer cancels, or leaves without paying."""
    found = _own(world, PledgeState.PAID, PledgeState.TO_CONFIRM, PledgeState.RESERVED)
    if found is None:
        return None
    made, backer = found
    by, pledge_id = world.acting(backer), made.pk
    if made.state == PledgeState.RESERVED:
        return world.task(
            f"{backer.party.name} leaves without paying",
            lambda: pledges.abandon(pledge_id=pledge_id, by=by, at=world.now()),
        )
    return world.task(
        f"{backer.party.name} cancels a pledge",
        lambda: pledges.cancel_pledge(pledge_id=pledge_id, by=by, at=world.now()) and None,
    )


def change_reward(world: World) -> Task | None:
    """A backer wants another reward instead; the double-minded one changes twice, or pays late."""
    found = _own(world, PledgeState.PAID)
    if found is None or found[0].campaign.state != State.LIVE:
        return None
    old, backer = found
    tiers = list(Tier.objects.filter(campaign_id=old.campaign_id).order_by("position"))
    follow = Follow.objects.filter(pledge=old).first()
    tier, under = world.pick(tiers), follow.lead_id if follow else None
    return world.send(request(world, backer, tier, 1, under, replaces=old))


def ask_back(world: World) -> Task | None:
    """A backer asks for a refund, or confirms the goods."""
    found = _own(world, PledgeState.PAID, PledgeState.PAID, PledgeState.RECEIVED)
    if found is None:
        return None
    made, backer = found
    by, pledge_id = world.acting(backer), made.pk
    if (
        made.state == PledgeState.PAID
        and made.campaign.state in (State.DELIVERING, State.DELIVERED)
        and world.rng.random() < 0.8
    ):
        return world.task(
            f"{backer.party.name} confirms receipt",
            lambda: pledges.confirm_receipt(pledge_id=pledge_id, by=by, at=world.now()),
        )
    return world.task(
        f"{backer.party.name} asks for a refund",
        lambda: pledges.ask_refund(pledge_id=pledge_id, reason="sim", by=by, at=world.now()),
    )


def settle_outside(world: World) -> Task | None:
    """Maker or backer says that they settled outside; the other one answers, or whoever said it answers themselves."""
    found = _own(world, PledgeState.PAID, PledgeState.ASKED)
    if found is None or found[0].campaign.state not in State.UNDER_WAY:
        return None
    made, backer = found
    maker = owner_of(made.campaign)
    who, pledge_id = world.pick([backer, maker]), made.pk
    by = world.acting(who)
    if OutsideSettlement.objects.filter(pledge=made, state=Outside.SAID).exists():
        name = world.pick(["agree", "agree", "deny", "withdraw"])
        answer = outside.ANSWERS[name]
        return world.task(
            f"{who.party.name}: {name} that it was settled outside", lambda: answer(pledge_id, by, world.now())
        )
    return world.task(
        f"{who.party.name} says that it was settled outside",
        lambda: outside.say(pledge_id=pledge_id, text="sim sim sim", by=by, at=world.now()) and None,
    )


# --- makers and moderators -------------------------------------------------------------------------------


def owner_of(campaign: Campaign) -> User:
    """Who made a campaign."""
    return User.objects.select_related("party").get(party_id=str(campaign.owner_id))


def answer(world: World) -> Task | None:
    """A maker answers a refund request; the silent one never does."""
    found = _own(world, PledgeState.ASKED)
    if found is None:
        return None
    made, _backer = found
    by, agree, pledge_id = world.acting(owner_of(made.campaign)), world.rng.random() < 0.7, made.pk
    return world.task(
        f"the maker {'agrees to' if agree else 'declines'} a refund",
        lambda: pledges.answer_refund(pledge_id=pledge_id, agree=agree, reason="", by=by, at=world.now()) and None,
    )


def make_and_ship(world: World) -> Task | None:
    """A maker ships, or tells how it goes."""
    states = (State.PRODUCING, State.OVERDUE, State.DELIVERING, State.DELIVERED)
    found = list(Campaign.objects.filter(state__in=states).order_by("title"))
    if not found:
        return None
    campaign = world.pick(found)
    by, campaign_id = world.acting(owner_of(campaign)), campaign.pk
    if campaign.state in (State.PRODUCING, State.OVERDUE):
        return world.task(
            f"the maker of {campaign.title} ships",
            lambda: delivery.start_shipping(campaign_id=campaign_id, by=by, at=world.now()),
        )
    return world.task(
        f"the maker of {campaign.title} tells",
        lambda: talk.post_update(campaign_id=campaign_id, title="u", body="u", by=by, at=world.now()) and None,
    )


def extend(world: World) -> Task | None:
    """A maker asks for more time, once."""
    found = list(Campaign.objects.filter(state=State.LIVE, rule="two_rounds", extended_at=None).order_by("title"))
    if not found or world.rng.random() < 0.5:
        return None
    campaign = world.pick(found)
    by, campaign_id, days = world.acting(owner_of(campaign)), campaign.pk, 1 + world.rng.randrange(4)
    return world.task(
        f"the maker of {campaign.title} asks for {days} days more",
        lambda: extensions.extend(campaign_id=campaign_id, days=days, reason="sim", by=by, at=world.now()) and None,
    )


def say_yes(world: World) -> Task | None:
    """A backer who is asked again stays; the silent one does nothing."""
    found = _own(world, PledgeState.TO_CONFIRM)
    if found is None:
        return None
    made, backer = found
    by, pledge_id = world.acting(backer), made.pk
    return world.task(
        f"{backer.party.name} says yes again",
        lambda: confirmations.confirm(pledge_id=pledge_id, by=by, at=world.now(), reason="sim") and None,
    )


def moderate(world: World) -> Task | None:
    """A moderator suspends, resumes, cancels, disproves; two cancel after success."""
    states = (State.LIVE, State.SUSPENDED, State.SUCCESSFUL, State.PRODUCING, State.OVERDUE, State.DELIVERING)
    found = list(Campaign.objects.filter(state__in=states).order_by("title"))
    if not found:
        return None
    campaign, moderator = world.pick(found), world.person("moderator")
    by, campaign_id, name = world.acting(moderator, Role.MODERATOR), campaign.pk, moderator.party.name
    if campaign.state == State.LIVE:
        if world.rng.random() < 0.8:
            return None
        return world.task(
            f"{name} suspends {campaign.title}",
            lambda: reviews.suspend(campaign_id=campaign_id, reason="sim", by=by, at=world.now()),
        )
    if campaign.state == State.SUSPENDED:
        act = reviews.resume if world.rng.random() < 0.7 else reviews.cancel
        return world.task(
            f"{name}: {act.__name__} {campaign.title}",
            lambda: act(campaign_id=campaign_id, reason="sim", by=by, at=world.now()),
        )
    if campaign.state == State.DELIVERING:
        return world.task(
            f"{name} disproves delivery of {campaign.title}",
            lambda: reviews.disprove_delivery(campaign_id=campaign_id, reason="sim", by=by, at=world.now()),
        )
    if Cancellation.objects.filter(campaign=campaign).exists():
        return world.task(
            f"{name} confirms the cancellation of {campaign.title}",
            lambda: delivery.confirm_cancel(campaign_id=campaign_id, by=by, at=world.now()),
        )
    return world.task(
        f"{name} asks to cancel {campaign.title}",
        lambda: delivery.ask_to_cancel(campaign_id=campaign_id, ruling="sim", by=by, at=world.now()) and None,
    )


def clockwork(world: World) -> Task:
    """A worker takes up what time brought to campaigns."""
    bells = [tasks.advance_due_campaigns, tasks.advance_due_campaigns, tasks.answer_by_silence, tasks.repay_claims]
    bell = world.pick(bells)
    return world.task(str(bell.__name__), bell)


# --- what is never false -----------------------------------------------------------------------------------


STOCK = f"""
    SELECT format('%s of %s units are promised', sum(p.quantity), t.stock)
    FROM campaigns_tier t JOIN campaigns_pledge p ON p.tier_id = t.id
    WHERE p.state NOT IN ('expired', 'cancelled') GROUP BY t.id HAVING sum(p.quantity) > t.stock
    UNION ALL
    SELECT format('%s has %s of a reward limited to %s', p.backer_id, sum(p.quantity), t.per_person)
    FROM campaigns_tier t JOIN campaigns_pledge p ON p.tier_id = t.id
    WHERE p.state IN {among(PledgeState.RESERVED, *PledgeState.OWED)}
    GROUP BY t.id, p.backer_id HAVING sum(p.quantity) > t.per_person
    UNION ALL
    SELECT format('%s of %s of a batch are promised', sum(p.quantity * t.batch_units), b.total)
    FROM campaigns_batch b JOIN campaigns_tier t ON t.batch_id = b.id JOIN campaigns_pledge p ON p.tier_id = t.id
    WHERE p.state NOT IN ('expired', 'cancelled') GROUP BY b.id HAVING sum(p.quantity * t.batch_units) > b.total
"""


def acknowledged_is_kept(world: World) -> Iterator[str]:
    """What a client was told is done is there, once."""
    kept = set(Pledge.objects.filter(pk__in=world.acknowledged.values()).values_list("pk", flat=True))
    for key, pledge_id in world.acknowledged.items():
        if pledge_id not in kept:
            yield f"{key} was acknowledged and pledge {pledge_id} is not there"
    if len(set(world.acknowledged.values())) != len(world.acknowledged):
        yield "two keys were answered with one pledge"
    pledged = Pledge.objects.count()
    if pledged > world.pledged_at_dawn + len(world.acknowledged) + len(world.asked - set(world.acknowledged)):
        yield f"{pledged} pledges for {len(world.acknowledged)} acknowledged requests"


GIVEN_UP = """
    SELECT 'pledge ' || right(p.id::text, 6) || ' is cancelled and its money stays' FROM campaigns_pledge p
    LEFT JOIN payments_paymentintent i ON i.subject_id = p.id AND i.subject_kind = 'pledge'
    WHERE p.state = 'cancelled' AND (i.id IS NULL OR i.refunded_fen <> i.amount_fen)
"""

JUDGED = among(State.SUCCESSFUL, State.FAILED, State.PRODUCING)
JUDGED_EARLY = f"""
    SELECT 'pledge ' || right(p.id::text, 6) || ' is unpaid and its campaign is ' || c.state
    FROM campaigns_pledge p JOIN campaigns_campaign c ON c.id = p.campaign_id
    WHERE p.state = 'reserved' AND NOT p.is_late AND c.state IN {JUDGED}
"""

REFUNDED = """
    SELECT 'pledge ' || right(p.id::text, 6) || ' counts as refunded and ' || coalesce(i.refunded_fen, 0) || ' of it is'
    FROM campaigns_pledge p
    LEFT JOIN payments_paymentintent i ON i.subject_id = p.id AND i.subject_kind = 'pledge'
    WHERE p.state = 'refunded' AND p.share_fen IS NULL AND i.refunded_fen IS DISTINCT FROM i.amount_fen
"""

BOUND_UNASKED = f"""
    SELECT 'pledge ' || right(p.id::text, 6) || ' of ' || c.title || ' counts without a yes to its extension'
    FROM campaigns_pledge p JOIN campaigns_campaign c ON c.id = p.campaign_id
    WHERE c.state IN {among(*State.SUCCEEDED)} AND p.state IN {among(*PledgeState.COUNTED)}
      AND p.created_at < c.extended_at AND NOT EXISTS (
        SELECT 1 FROM common_statechange s WHERE s.subject_id = p.id AND s.event = 'confirm' AND s.at >= c.extended_at)
"""


BOTH = f"""
    SELECT 'pledge ' || right(n.id::text, 6) || ' stands beside ' || right(o.id::text, 6) || ', whose place it took'
    FROM campaigns_pledge n JOIN campaigns_pledge o ON o.id = n.replaces_id
    WHERE n.state IN {among(*PledgeState.COUNTED)} AND o.state IN {among(*PledgeState.COUNTED)}
    UNION ALL
    SELECT 'pledge ' || right(replaces_id::text, 6) || ' was replaced ' || count(*) || ' times' FROM campaigns_pledge
    WHERE state IN {among(*PledgeState.COUNTED)} AND replaces_id IS NOT NULL GROUP BY replaces_id HAVING count(*) > 1
"""


def campaigns_settled(world: World) -> Iterator[str]:
    """Nobody waits: no unpaid place, no campaign that should have moved, no money of an ended one."""
    for made in Pledge.objects.filter(state__in=(PledgeState.RESERVED, PledgeState.ASKED, PledgeState.AGREED)):
        yield f"pledge {str(made.pk)[-6:]} is still {made.state}"
    for campaign in Campaign.objects.exclude(state__in=State.ENDED):
        yield f"{campaign.title} is still {campaign.state}"
    for campaign in Campaign.objects.filter(state__in=(State.FAILED, State.CANCELLED)):
        waiting = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.OWED).count()
        if waiting:
            yield f"{waiting} pledges of {campaign.title}, which is {campaign.state}, were not given back"
    for said in OutsideSettlement.objects.filter(state=Outside.SAID):
        yield f"what was said of pledge {str(said.pledge_id)[-6:]} still waits"
    for debt in Debt.objects.filter(campaign_id__isnull=False):
        waiting = claims.waiting_fen(debt.campaign_id)  # type: ignore[arg-type]
        if waiting:
            yield f"{waiting} that a maker paid back lie in escrow"
    for refund in Refund.objects.filter(state="succeeded", amount_fen=0):
        yield f"refund {refund.number} of nothing"


OUTSIDE = """
    SELECT 'pledge ' || right(p.id::text, 6) || ' was settled outside on the word of one side' FROM campaigns_pledge p
    WHERE p.state = 'settled_outside' AND NOT EXISTS (
        SELECT 1 FROM campaigns_outsidesettlement s JOIN common_statechange c ON c.subject_id = s.id
        WHERE s.pledge_id = p.id AND s.state = 'agreed' AND c.event = 'agree' AND c.party_id <> s.said_by_id)
"""


LATE = f"""
    SELECT 'late pledge ' || right(p.id::text, 6) || ' of ' || c.title || ' came when none were taken'
    FROM campaigns_pledge p JOIN campaigns_campaign c ON c.id = p.campaign_id
    WHERE p.is_late AND (c.is_led OR p.tier_id IS NULL OR c.late_until IS NULL OR NOT EXISTS (
        SELECT 1 FROM common_statechange s WHERE s.subject_id = c.id AND s.event = 'succeed' AND s.at <= p.created_at))
    UNION ALL
    SELECT c.title || ' shows ' || c.raised_fen || ' and ' || coalesce(sum(p.total_fen), 0) || ' came before its end'
    FROM campaigns_campaign c LEFT JOIN campaigns_pledge p
        ON p.campaign_id = c.id AND p.paid_at IS NOT NULL AND p.state <> 'cancelled' AND NOT p.is_late
    WHERE c.state IN {among(*State.SUCCEEDED)} GROUP BY c.id HAVING c.raised_fen <> coalesce(sum(p.total_fen), 0)
"""


PART = Part(
    name="campaigns",
    acts=(
        Act("pledge", 20, pledge),
        Act("double click", 4, double_click),
        Act("race", 6, race),
        Act("change of mind", 4, change_mind),
        Act("change of reward", 6, change_reward),
        Act("ask back", 4, ask_back),
        Act("answer", 3, answer),
        Act("maker", 5, make_and_ship),
        Act("moderator", 2, moderate),
        Act("clockwork", 12, clockwork),
        Act("publish", 2, publish_another),
        Act("extend", 1, extend),
        Act("yes", 3, say_yes),
        Act("settled outside", 2, settle_outside),
        Act("late pledges", 2, open_late),
        Act("late pledge", 4, pledge_late),
    ),
    laws=(
        Law("C1", "Never more units promised than there are, nor more to one person than allowed.", STOCK),
        Law("C3", "A cancelled pledge has all its money on the way back.", GIVEN_UP),
        Law("C4", "A verdict waits for every payment that may still clear.", JUDGED_EARLY),
        Law("C5", "A pledge counts as refunded only when its money is.", REFUNDED),
        Law("C7", "Nobody is bound to an extension that they did not accept.", BOUND_UNASKED),
        Law("C9", "A pledge is settled outside only when both sides said so.", OUTSIDE),
        Law("C10", "A late pledge is for goods of what has succeeded, and counts to no goal.", LATE),
        Law("C8", "A changed reward takes the place of the old one: never both, never twice.", BOTH),
    ),
    invariants=(Invariant("C2", "What was acknowledged is there, once.", acknowledged_is_kept),),
    settled=Invariant("C6", "When faults stop, every campaign and pledge comes to an end.", campaigns_settled),
    bells=(tasks.advance_due_campaigns, tasks.answer_by_silence, tasks.repay_claims),
    dawn=dawn,
)
