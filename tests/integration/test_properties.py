"""Whatever people do in whatever order: nobody is bound to terms they did not accept, no promise gets worse, every fen ends somewhere.

Hypothesis chooses the acts, on a real database and against the local gateway; at the end of each play time alone runs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Refusal
from backend.common.models import StateChange
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.ledger.models import Transfer
from backend.payments.models import PaymentIntent, Refund
from backend.payments.operations import refunds
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import changes, confirmations, delivery, drafts, extensions, pledges, reviews
from crowdfunding.campaigns.operations.drafts import TierTerms
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.pots.models import Match, Pot
from tests.builders import (
    acting,
    beat,
    draft,
    firm,
    moderator,
    move_on,
    offer,
    officer,
    open_pot,
    pay,
    person,
    reserve,
)

PROMISE = ("title", "description", "price_fen", "shipping_fen", "right_class", "deliver_on")
DAYS = st.sampled_from([1, 5, 12, 31, 70])


def _try(act: Callable[[], object]) -> object | None:
    """What came of an act; None where it was refused."""
    try:
        return act()
    except Refusal:
        return None


class CampaignLife(RuleBasedStateMachine):
    """One campaign with two rewards, in one or two rounds, with or without a match pot."""

    made = Bundle("made")
    cashier = None

    def __init__(self) -> None:
        super().__init__()
        self.owner, self.backers = person(name="楚竹坊"), [person() for _ in range(3)]
        self.campaign, self.tiers, self.promised, self.pot = None, [], {}, None

    @rule(rule_=st.sampled_from(["all_or_nothing", "two_rounds", "keep_it_all"]), has_pot=st.booleans())
    def open(self, rule_, has_pot):
        if self.campaign is not None:
            return
        if has_pot and not Pot.objects.filter(state="open").exists():
            self.pot = open_pot(self.cashier, firm()[1], per_project_fen=30_000, per_person_fen=15_000)
        campaign = draft(self.owner, goal_fen=60_000, days=20, rule=rule_)
        self.tiers = [
            offer(campaign, self.owner, price_fen=20_000, shipping_fen=500, stock=3),
            offer(campaign, self.owner, price_fen=7_777),
        ]
        by, at = acting(self.owner), clock.now()
        drafts.submit(campaign_id=campaign.pk, by=by, at=at)
        reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=at)
        self.campaign = drafts.launch(campaign_id=campaign.pk, opens_at=None, by=by, at=at)

    @rule(target=made, who=st.integers(0, 2), tier=st.integers(0, 1), quantity=st.integers(1, 3), pays=st.booleans())
    def back(self, who, tier, quantity, pays):
        if self.campaign is None:
            return multiple()
        found = _try(lambda: reserve(self.campaign, self.tiers[tier], self.backers[who], quantity))
        if found is None:
            return multiple()
        self.promised[found.pk] = self._promise(self.tiers[tier].pk)
        if pays:
            pay(self.cashier, found)
        return found.pk

    @rule(target=made, made=made, tier=st.integers(0, 1))
    def change(self, made, tier):
        chosen = changes.Order(tier_id=self.tiers[tier].pk, quantity=1, under=None, replaces=made)
        by = acting(self._backer(made))
        new = _try(lambda: changes.order(campaign_id=self.campaign.pk, chosen=chosen, by=by, at=clock.now()))
        if new is None:
            return multiple()
        self.promised[new.pk] = self._promise(self.tiers[tier].pk)
        pay(self.cashier, new)
        return new.pk

    @rule(made=made)
    def cancel(self, made):
        by = acting(self._backer(made))
        _try(lambda: pledges.cancel_pledge(pledge_id=made, by=by, at=clock.now()))

    @rule(made=made)
    def say_yes(self, made):
        by = acting(self._backer(made))
        _try(lambda: confirmations.confirm(pledge_id=made, by=by, at=clock.now(), reason="同意"))

    @rule(days=st.integers(1, 10))
    def extend(self, days):
        if self.campaign is not None:
            by, key = acting(self.owner), self.campaign.pk
            _try(lambda: extensions.extend(campaign_id=key, days=days, reason="雨季", by=by, at=clock.now()))

    @rule(made=made, agree=st.booleans())
    def ask_back(self, made, agree):
        by, owner = acting(self._backer(made)), acting(self.owner)
        if not _try(lambda: pledges.ask_refund(pledge_id=made, reason="不要了", by=by, at=clock.now()) or True):
            return
        asked = _try(lambda: pledges.answer_refund(pledge_id=made, agree=agree, reason="", by=owner, at=clock.now()))
        if isinstance(asked, Refund):
            _try(lambda: refunds.approve_refund(refund_id=asked.pk, by=officer(), at=clock.now()))

    @rule(made=made)
    def receive(self, made):
        by = acting(self._backer(made))
        _try(lambda: pledges.confirm_receipt(pledge_id=made, by=by, at=clock.now()))

    @rule()
    def ship(self):
        if self.campaign is not None:
            _try(lambda: delivery.start_shipping(campaign_id=self.campaign.pk, by=acting(self.owner), at=clock.now()))

    @rule()
    def cancel_after_success(self):
        if self.campaign is None:
            return
        key = self.campaign.pk
        if _try(lambda: delivery.ask_to_cancel(campaign_id=key, ruling="无法生产", by=moderator(), at=clock.now())):
            _try(lambda: delivery.confirm_cancel(campaign_id=key, by=moderator(), at=clock.now()))

    @rule(made=made)
    def worsen(self, made):
        """A maker who wants to give less, later or for more."""
        at, by = clock.now(), acting(self.owner)
        less = TierTerms("食盒半只", "没有盖子", 90_000, 9_000, None, None, "fresh", None)
        _try(lambda: drafts.add_tier(campaign_id=self.campaign.pk, terms=less, by=by, at=at))
        tier_id = Pledge.objects.values_list("tier_id", flat=True).get(pk=made)
        _try(lambda: drafts.remove_tier(tier_id=tier_id, by=by))

    @rule(days=DAYS)
    def wait(self, days):
        if self.campaign is not None:
            move_on(self.cashier, timedelta(days=days))

    # --- what is never false ------------------------------------------------------------------------------

    @invariant()
    def promises_stand(self):
        tiers = {pk: self._promise(pk) for pk in {one.pk for one in self.tiers}}
        for pledge_id, promise in self.promised.items():
            tier_id = Pledge.objects.values_list("tier_id", flat=True).get(pk=pledge_id)
            assert tiers[tier_id] == promise

    @invariant()
    def nobody_is_bound_without_a_yes(self):
        if self.campaign is None:
            return
        now = Campaign.objects.get(pk=self.campaign.pk)
        if now.extended_at is None or now.state not in State.SUCCEEDED:
            return
        bound = Pledge.objects.filter(campaign=now, state__in=PledgeState.COUNTED, created_at__lt=now.extended_at)
        for made in bound:
            yes = StateChange.objects.filter(subject_id=made.pk, event="confirm", at__gte=now.extended_at)
            assert yes.exists(), f"{made.pk} never said yes"

    def teardown(self) -> None:
        """Time alone: then every fen has gone back, to the maker, or into the listed fee."""
        if self.campaign is None:
            return
        for days in (30, 30, 10, 40, 40, 100, 30, 200, 10):
            move_on(self.cashier, timedelta(days=days))
        beat()
        self.promises_stand()
        self.nobody_is_bound_without_a_yes()
        now = Campaign.objects.get(pk=self.campaign.pk)
        assert now.state in now.machine.finals, now.state
        self._everything_came_to_an_end(now)
        assert list(books.differences()) == []

    def _everything_came_to_an_end(self, now: Campaign) -> None:
        escrow = ledger.escrow_of("campaign", now.pk)
        open_ones = Pledge.objects.filter(campaign=now, state__in=(PledgeState.RESERVED, *PledgeState.OWED))
        if now.state != State.CLOSED:
            assert not open_ones.exists()
        assert books.balance(escrow) == 0
        paid = PaymentIntent.objects.filter(purpose_id=now.pk, trade_no__isnull=False)
        back = Refund.objects.filter(intent__purpose_id=now.pk, state="succeeded")
        released = Transfer.objects.filter(cause_kind="campaign", cause_id=now.pk, debit_id=escrow.id)
        gone = _sum(back, "amount_fen") + _sum(released, "amount_fen")
        assert _sum(paid, "amount_fen") == gone
        assert not Match.objects.filter(campaign=now, state="matched").exists()
        if self.pot is not None:
            assert Pot.objects.get(pk=self.pot.pk).state == "settled"
            assert books.balance(ledger.escrow_of("pot", self.pot.pk)) == 0

    def _promise(self, tier_id) -> tuple[object, ...]:
        return Tier.objects.values_list(*PROMISE).get(pk=tier_id)

    def _backer(self, pledge_id) -> User:
        return User.objects.select_related("party").get(
            party_id=Pledge.objects.values_list("backer_id", flat=True).get(pk=pledge_id)
        )


def _sum(found, column: str) -> int:
    return found.aggregate(total=Sum(column))["total"] or 0


@pytest.mark.slow
def test_nobody_is_bound_no_promise_worsens_and_every_fen_ends_somewhere(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)
    CampaignLife.cashier = cashier
    run_state_machine_as_test(
        CampaignLife,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),  # a failing play is told whole; making it shorter would take minutes
        ),
    )
