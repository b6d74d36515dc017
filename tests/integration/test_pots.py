"""Match pots: money of a sponsor goes with pledges of others, within its caps, and is paid only for goods that came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from backend.accounts import operations as accounts
from backend.accounts import queries as people
from backend.accounts.errors import LevelTooLow
from backend.accounts.models import Party, User
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import Forbidden, NotFound, Refusal
from backend.common.states import MoveForbidden, MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications.models import Message
from backend.payments import tasks as payment_tasks
from backend.payments.models import PaymentIntent
from backend.payments.operations import disputes, intents, payouts, refunds
from crowdfunding.campaigns.errors import Affiliated
from crowdfunding.campaigns.models import Campaign, Tier
from crowdfunding.campaigns.operations import changes, delivery, pledges, talk
from crowdfunding.pots import queries
from crowdfunding.pots.errors import BeingPaid, NotAnOrganisation
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.operations import matches, pots
from tests.builders import (
    acting,
    beat,
    checked_lead,
    deliver_events,
    firm,
    fund_pot,
    live_campaign,
    moderator,
    move_on,
    officer,
    open_pot,
    owner_of,
    paid_pledge,
    pay,
    person,
    plan,
    reserve,
)


@pytest.fixture
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _match(made) -> Match | None:
    return Match.objects.filter(pledge=made).first()


def _clean() -> None:
    assert list(books.differences()) == []


# --- offering a pot --------------------------------------------------------------------------------------------


def test_only_an_organisation_puts_up_a_pot(now):
    with pytest.raises(NotAnOrganisation):
        pots.propose(plan=plan(), by=acting(person(level="L3")), at=clock.now())
    founder, boss = firm()
    Party.objects.filter(pk=boss.party_id).update(level="O1")
    with pytest.raises(LevelTooLow):
        pots.propose(plan=plan(), by=boss, at=clock.now())
    clerk = person(name="经办")
    hat = Party.objects.get(name="香城文旅集团").pk
    accounts.authorise(
        organisation_id=hat, by=founder, user=clerk, role="clerk", scopes={"read", "pledge"}, until=None, at=clock.now()
    )
    with pytest.raises(Forbidden):
        pots.propose(plan=plan(), by=people.actor(clerk, hat=hat, at=clock.now()), at=clock.now())


def test_a_plan_is_refused_for_everything_that_is_wrong_with_it(now):
    at = clock.now()
    wrong = plan(
        title="x",
        purpose="保本收益率百分之十，欢迎大家踊跃参加，不容错过",
        amount_fen=50_000,
        ratio_bp=10_001,
        per_project_fen=60_000,
        categories=("weapons",),
        closes_at=at - timedelta(days=1),
    )
    with pytest.raises(Refusal) as caught:
        pots.propose(plan=wrong, by=firm()[1], at=at)
    fields = {reason.field for reason in caught.value.reasons}
    assert fields == {"title", "purpose", "ratio_bp", "amount_fen", "per_project_fen", "closes_at", "categories"}
    assert not Pot.objects.exists()
    far = datetime(9999, 12, 31, tzinfo=UTC)
    for window in ({"closes_at": at + timedelta(days=400)}, {"opens_at": far, "closes_at": far}):
        with pytest.raises(Refusal):
            pots.propose(plan=plan(**window), by=firm()[1], at=at)


def test_a_moderator_of_the_sponsor_does_not_review_its_pot(now):
    boss, hat = firm()
    pot = pots.propose(plan=plan(), by=hat, at=clock.now())
    with pytest.raises(Affiliated):
        pots.review(pot_id=pot.pk, passes=True, reason="好", by=acting(boss, Role.MODERATOR), at=clock.now())
    with pytest.raises(MoveForbidden):
        pots.review(pot_id=pot.pk, passes=True, reason="好", by=acting(person()), at=clock.now())
    pots.review(pot_id=pot.pk, passes=False, reason="用途不清", by=moderator(), at=clock.now())
    assert Pot.objects.get(pk=pot.pk).reason == "用途不清"
    with pytest.raises(MoveRefused):
        pots.order(pot_id=pot.pk, by=hat, at=clock.now())


def test_a_pot_is_seen_by_everybody_once_its_money_is_there(now, cashier):
    _boss, hat = firm()
    pot = pots.propose(plan=plan(), by=hat, at=clock.now())
    for _stage in range(2):
        with pytest.raises(NotFound):
            queries.visible(pot.pk, acting(person()))
        assert queries.visible(pot.pk, hat) and queries.visible(pot.pk, moderator())
        if pot.state == "review":
            pot = pots.review(pot_id=pot.pk, passes=True, reason="好", by=moderator(), at=clock.now())
    with pytest.raises(NotFound):
        pots.order(pot_id=pot.pk, by=acting(person()), at=clock.now())
    fund_pot(cashier, pot, hat)
    assert queries.visible(pot.pk, acting(person())).state == "funded"
    with pytest.raises(MoveRefused):
        pots.withdraw(pot_id=pot.pk, by=hat, at=clock.now())
    _clean()


def test_an_unpaid_pot_lapses_and_money_that_comes_for_it_goes_back(now, cashier):
    _boss, hat = firm()
    pot = pots.propose(plan=plan(), by=hat, at=clock.now())
    pots.review(pot_id=pot.pk, passes=True, reason="好", by=moderator(), at=clock.now())
    intent = pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    assert pots.order(pot_id=pot.pk, by=hat, at=clock.now()).pk == intent.pk
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    pots.withdraw(pot_id=pot.pk, by=hat, at=clock.now())
    intents.look_after(intent_id=intent.pk, at=clock.now())
    beat()
    assert Pot.objects.get(pk=pot.pk).state == "withdrawn"
    assert PaymentIntent.objects.get(pk=intent.pk).state == "returned"
    other = pots.propose(plan=plan(), by=hat, at=clock.now())
    pots.review(pot_id=other.pk, passes=True, reason="好", by=moderator(), at=clock.now())
    move_on(cashier, timedelta(days=14, hours=1))
    assert Pot.objects.get(pk=other.pk).state == "lapsed"
    _clean()


def test_a_pot_paid_twice_keeps_one_payment(now, cashier):
    _boss, hat = firm()
    pot = pots.propose(plan=plan(), by=hat, at=clock.now())
    pots.review(pot_id=pot.pk, passes=True, reason="好", by=moderator(), at=clock.now())
    first = pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=first.pk, phone=False, at=clock.now()))
    cashier.control(clock=clock.advance(timedelta(hours=25)).isoformat())  # nobody looked at the first meanwhile
    second = pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    assert second.pk != first.pk
    cashier.pay(intents.cashier_url(intent_id=second.pk, phone=False, at=clock.now()))
    for intent in (first, second):
        intents.look_after(intent_id=intent.pk, at=clock.now())
    beat()
    states = sorted(PaymentIntent.objects.filter(subject_kind="pot").values_list("state", flat=True))
    assert states == ["returned", "succeeded"]
    assert books.balance(ledger.escrow_of("pot", pot.pk)) == 100_000
    with pytest.raises(MoveRefused):
        pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    _clean()


def test_a_pot_whose_money_is_being_booked_is_not_withdrawn(now, cashier):
    _boss, hat = firm()
    pot = pots.propose(plan=plan(), by=hat, at=clock.now())
    pots.review(pot_id=pot.pk, passes=True, reason="好", by=moderator(), at=clock.now())
    intent = pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())  # paid, and the relay has not run
    with pytest.raises(BeingPaid):
        pots.withdraw(pot_id=pot.pk, by=hat, at=clock.now())
    with pytest.raises(BeingPaid):
        pots.order(pot_id=pot.pk, by=hat, at=clock.now())
    deliver_events()
    assert Pot.objects.get(pk=pot.pk).state == "funded"


# --- matching ----------------------------------------------------------------------------------------------------


def test_a_pledge_is_matched_within_ratio_and_caps_and_the_goal_counts_it_not(now, cashier):
    pot = open_pot(cashier, ratio_bp=5_000, per_person_fen=12_000, per_project_fen=20_000)
    campaign, tier = live_campaign(price_fen=10_000, shipping_fen=500)
    backer = person()
    one = paid_pledge(cashier, campaign, tier, backer)
    assert _match(one).fen == 5_000  # half of the goods, nothing of the shipping
    two = paid_pledge(cashier, campaign, tier, backer, quantity=3)
    assert _match(two).fen == 7_000  # the person's cap
    three = paid_pledge(cashier, campaign, tier, person(), quantity=3)
    assert _match(three).fen == 8_000  # the project's cap
    assert _match(paid_pledge(cashier, campaign, tier, person())) is None
    assert Campaign.objects.get(pk=campaign.pk).raised_fen == 10_500 + 31_500 + 31_500 + 10_500
    assert queries.figures(pot).left == 80_000
    assert Message.objects.filter(party_id=backer.party_id, zh__contains="配捐 ¥50").exists()
    _clean()


def test_a_pot_that_is_used_up_is_exhausted_and_opens_again_when_money_comes_back(now, cashier):
    pot = open_pot(cashier, per_project_fen=100_000, per_person_fen=60_000)
    campaign, tier = live_campaign(price_fen=60_000)
    first, second = (paid_pledge(cashier, campaign, tier, person()) for _ in range(2))
    assert (_match(first).fen, _match(second).fen) == (60_000, 40_000)
    assert Pot.objects.get(pk=pot.pk).state == "exhausted"
    assert _match(paid_pledge(cashier, campaign, tier, person())) is None
    pledges.cancel_pledge(pledge_id=first.pk, by=acting(_user(first)), at=clock.now())
    deliver_events()
    assert _match(first).state == "clawed_back"
    assert Pot.objects.get(pk=pot.pk).state == "open"
    assert _match(paid_pledge(cashier, campaign, tier, person())).fen == 60_000
    _clean()


def _user(made):
    return User.objects.select_related("party").get(party_id=made.backer_id)


def test_nobody_who_belongs_to_sponsor_or_maker_is_matched(now, cashier):
    boss, hat = firm()
    open_pot(cashier, hat)
    campaign, tier = live_campaign(price_fen=10_000)
    clerk, helper = person(name="经办"), person(name="帮手")
    accounts.authorise(
        organisation_id=hat.party_id, by=boss, user=clerk, role="clerk", scopes={"read"},
        until=clock.now() + timedelta(days=1), at=clock.now(),
    )  # fmt: skip
    for affiliated in (boss, clerk):
        assert _match(paid_pledge(cashier, campaign, tier, affiliated)) is None
    made = pledges.pledge(
        campaign_id=campaign.pk, tier_id=tier.pk, quantity=1, amount_fen=None, expected_total_fen=None,
        is_anonymous=True, by=hat, at=clock.now(),
    )  # fmt: skip
    cashier.pay(intents.cashier_url(intent_id=pledges.intent_of(made.pk).pk, phone=False, at=clock.now()))
    beat()
    assert _match(made) is None
    assert _match(paid_pledge(cashier, campaign, tier, helper)).fen == 10_000
    partner, other = firm(name="另一家")
    accounts.authorise(
        organisation_id=other.party_id, by=partner, user=owner_of(campaign), role="clerk", scopes={"read"},
        until=None, at=clock.now(),
    )  # fmt: skip
    pots.stop(pot_id=Pot.objects.get(state="open").pk, reason="换一家", by=hat, at=clock.now())
    open_pot(cashier, other)
    assert _match(paid_pledge(cashier, campaign, tier, person())) is None  # sponsor and maker belong together


def test_a_lead_that_is_related_to_the_maker_is_not_matched(now, cashier):
    open_pot(cashier)
    campaign, _tier = live_campaign(is_led=True)
    who = person(name="表亲")
    lead = checked_lead(campaign, who)
    type(lead).objects.filter(pk=lead.pk).update(is_related=True)
    assert _match(paid_pledge(cashier, campaign, None, who, amount_fen=20_000, under=lead.pk)) is None


def test_a_pot_fits_by_category_and_county(now, cashier):
    open_pot(cashier, categories=("tea",))
    open_pot(cashier, counties=("421281",))
    campaign, tier = live_campaign(price_fen=10_000)
    assert _match(paid_pledge(cashier, campaign, tier)) is None
    fits = open_pot(cashier, categories=("bamboo", "tea"), counties=(campaign.county,))
    assert _match(paid_pledge(cashier, campaign, tier)).pot_id == fits.pk


def test_a_change_of_reward_takes_its_match_along(now, cashier):
    open_pot(cashier, per_person_fen=20_000)
    campaign, tier = live_campaign(price_fen=10_000)
    better = Tier.objects.create(campaign=campaign, title="大匣", price_fen=30_000, right_class="fresh", position=9)
    backer = person()
    old = paid_pledge(cashier, campaign, tier, backer)
    chosen = changes.Order(tier_id=better.pk, quantity=1, under=None, replaces=old.pk)
    pay(cashier, changes.order(campaign_id=campaign.pk, chosen=chosen, by=acting(backer), at=clock.now()))
    assert _match(old).state == "clawed_back"
    assert Match.objects.get(state="matched").fen == 20_000  # all of the person's cap: the old one is not counted
    _clean()


def test_a_match_of_something_that_ended_meanwhile_is_not_made(now, cashier):
    open_pot(cashier)
    campaign, tier = live_campaign(price_fen=10_000)
    backer = person()
    made = reserve(campaign, tier, backer)
    cashier.pay(intents.cashier_url(intent_id=pledges.intent_of(made.pk).pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=pledges.intent_of(made.pk).pk, at=clock.now())
    pledges.settle_pledge(pledge_id=made.pk, at=clock.now())
    pledges.cancel_pledge(pledge_id=made.pk, by=acting(backer), at=clock.now())
    deliver_events()
    assert _match(made) is None
    matches.match_pledge(pledge_id=made.pk, at=clock.now())
    assert _match(made) is None


@pytest.mark.slow
def test_twenty_payments_at_once_share_the_last_of_a_cap(now, cashier):
    pot = open_pot(cashier, per_project_fen=45_000)
    campaign, tier = live_campaign(price_fen=10_000)
    made = []
    for _ in range(20):
        made.append(reserve(campaign, tier, person()))
        intent = pledges.intent_of(made[-1].pk)
        cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
        intents.look_after(intent_id=intent.pk, at=clock.now())
        pledges.settle_pledge(pledge_id=made[-1].pk, at=clock.now())
    ready, faults = Barrier(20), []

    def go(pledge_id) -> None:
        try:
            ready.wait()
            matches.match_pledge(pledge_id=pledge_id, at=clock.now())
        except Exception as error:  # noqa: BLE001 - told below
            faults.append(error)
        finally:
            connection.close()

    threads = [Thread(target=go, args=(one.pk,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(Match.objects.filter(pot=pot).values_list("fen", flat=True)) == [5_000] + [10_000] * 4
    deliver_events()
    _clean()


# --- what becomes of it --------------------------------------------------------------------------------------------


def _delivered(cashier, campaign) -> None:
    """The campaign succeeds, ships, is received, and the time for claims is over."""
    move_on(cashier, timedelta(days=31))
    move_on(cashier, timedelta(days=4))
    at = clock.now()
    delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=at)


def test_a_match_is_paid_when_the_goods_are_there_and_only_for_what_was_kept(now, cashier):
    pot = open_pot(cashier, per_project_fen=100_000, per_person_fen=50_000)
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=25_000)
    owner = owner_of(campaign)
    payouts.set_account(
        party_id=owner.party_id, login="13900001111", holder=owner.party.name, by=acting(owner), at=clock.now()
    )
    backers = [person() for _ in range(4)]
    made = [paid_pledge(cashier, campaign, tier, backer) for backer in backers]
    _delivered(cashier, campaign)
    assert Match.objects.filter(state="matched").count() == 4
    pledges.ask_refund(pledge_id=made[3].pk, reason="不合适", by=acting(backers[3]), at=clock.now())
    for kept, backer in zip(made[:3], backers[:3], strict=True):
        pledges.confirm_receipt(pledge_id=kept.pk, by=acting(backer), at=clock.now())
    refund = pledges.answer_refund(pledge_id=made[3].pk, agree=True, reason="", by=acting(owner), at=clock.now())
    refunds.approve_refund(refund_id=refund.pk, by=officer(), at=clock.now())
    beat()
    assert _match(made[3]).state == "clawed_back"
    move_on(cashier, timedelta(days=8))
    talk.post_update(campaign_id=campaign.pk, title="已全部发出", body="谢谢大家", by=acting(owner), at=clock.now())
    for _ in range(2):
        move_on(cashier, timedelta(days=8))
    assert Campaign.objects.get(pk=campaign.pk).state == "closed"
    assert {_match(one).state for one in made[:3]} == {"paid"}
    assert queries.paid_to(campaign.pk) == 75_000
    assert Message.objects.filter(party_id=owner.party_id, zh__contains="配捐 ¥750").exists()
    move_on(cashier, timedelta(days=30))
    payment_tasks.send_refunds()
    beat()
    assert Pot.objects.get(pk=pot.pk).state == "settled"
    assert books.balance(ledger.escrow_of("pot", pot.pk)) == 0
    assert PaymentIntent.objects.get(subject_kind="pot").refunded_fen == 25_000
    _clean()


def test_a_campaign_that_fails_gives_every_match_back(now, cashier):
    pot = open_pot(cashier)
    campaign, tier = live_campaign(goal_fen=1_000_000, price_fen=10_000)
    made = [paid_pledge(cashier, campaign, tier, person()) for _ in range(2)]
    move_on(cashier, timedelta(days=31))
    assert {_match(one).state for one in made} == {"clawed_back"}
    assert queries.figures(Pot.objects.get(pk=pot.pk)).left == 100_000
    move_on(cashier, timedelta(days=30))
    beat()
    assert Pot.objects.get(pk=pot.pk).state == "settled"
    assert PaymentIntent.objects.get(subject_kind="pot").state == "returned"
    _clean()


def test_a_campaign_cancelled_after_success_gives_every_match_back(now, cashier):
    open_pot(cashier)
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=25_000)
    made = [paid_pledge(cashier, campaign, tier, person()) for _ in range(2)]
    move_on(cashier, timedelta(days=31))
    assert {_match(one).state for one in made} == {"matched"}
    delivery.ask_to_cancel(campaign_id=campaign.pk, ruling="无法生产", by=moderator(), at=clock.now())
    delivery.confirm_cancel(campaign_id=campaign.pk, by=moderator(), at=clock.now())
    beat()
    assert {_match(one).state for one in made} == {"clawed_back"}
    _clean()


def test_a_stopped_pot_matches_nothing_more_and_waits_for_what_it_matched(now, cashier):
    _boss, hat = firm()
    pot = open_pot(cashier, hat)
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=25_000)
    made = paid_pledge(cashier, campaign, tier, person())
    with pytest.raises(NotFound):
        pots.stop(pot_id=pot.pk, reason="不行", by=acting(person()), at=clock.now())
    with pytest.raises(Refusal):
        pots.stop(pot_id=pot.pk, reason=" ", by=hat, at=clock.now())
    pots.stop(pot_id=pot.pk, reason="预算调整", by=hat, at=clock.now())
    assert _match(paid_pledge(cashier, campaign, tier, person())) is None
    beat()
    assert Pot.objects.get(pk=pot.pk).state == "ended"
    assert _match(made).state == "matched"
    assert queries.open_business(pot.sponsor) is not None
    _clean()


def test_what_the_provider_no_longer_refunds_is_payable_to_the_sponsor(now, cashier):
    _boss, hat = firm()
    pot = open_pot(cashier, hat, closes_at=clock.now() + timedelta(days=300))
    PaymentIntent.objects.filter(subject_kind="pot").update(refundable_until=clock.now().date())
    move_on(cashier, timedelta(days=301))
    assert Pot.objects.get(pk=pot.pk).state == "settled"
    assert books.available(ledger.payable_to(hat.party_id)) == 100_000
    _clean()


def test_a_pot_all_of_whose_rest_is_under_chargeback_waits_for_the_decision(now, cashier):
    founder, hat = firm()
    pot = open_pot(cashier, hat)
    pots.stop(pot_id=pot.pk, reason="停止", by=hat, at=clock.now())
    case = disputes.open_dispute(
        intent_id=pot.paid_by_id,
        provider_no="D9",
        amount_fen=pot.amount_fen,
        payee_id=None,
        by=officer(),
        at=clock.now(),
    )
    move_on(cashier, timedelta(hours=2))
    assert Pot.objects.get(pk=pot.pk).state == "ended"
    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    move_on(cashier, timedelta(hours=2))
    assert Pot.objects.get(pk=pot.pk).state == "settled"
    assert books.balance(ledger.escrow_of("pot", pot.pk)) == 0
    _clean()
