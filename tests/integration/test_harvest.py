"""A short harvest: told beforehand, checked by somebody else, shared out to the fen, and never a way round a promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Role, SamePerson
from backend.common.errors import Invalid, NotFound
from backend.common.states import MoveForbidden, MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.moderation import queries as moderation
from backend.notifications.models import Message
from backend.payments.models import Debt, Dispute, PaymentIntent, Refund
from backend.payments.operations import disputes, refunds
from crowdfunding.campaigns.errors import Affiliated, CampaignNotLive, NoLatePledges, RuleFixed
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import delivery, late, pledges, talk
from crowdfunding.fulfilment.addresses import Address
from crowdfunding.fulfilment.models import Parcel
from crowdfunding.fulfilment.operations import parcels, shipments, surveys
from crowdfunding.harvest import queries
from crowdfunding.harvest.errors import AlreadySent, DeclaredAlready, EscrowShort, NoClause, NoHarvest, OrdersOpen
from crowdfunding.harvest.models import Clause, Portion, Shortfall
from crowdfunding.harvest.operations import clauses, shortfalls
from crowdfunding.harvest.operations.shortfalls import Word
from crowdfunding.harvest.portions import back_fen
from tests.builders import (
    acting,
    beat,
    deliver_events,
    draft,
    hand_on,
    live_campaign,
    moderator,
    move_on,
    officer,
    owner_of,
    paid_pledge,
    pay,
    payable_account,
    person,
    produced,
    reserve,
)

ACCOUNT = "四月下旬连续降雨，两片竹林未能出笋，过磅单附后。"


def _agree(campaign: Campaign, by: User, least: int = 60) -> Clause:
    return clauses.agree(
        campaign_id=campaign.pk, least_percent=least, basis="合作社过磅单", by=acting(by), at=clock.now()
    )


def _declare(campaign: Campaign, percent: int, **more: object) -> Shortfall:
    by = acting(owner_of(campaign))
    word = Word(percent, ACCOUNT, **more)
    return shortfalls.declare(campaign_id=campaign.pk, word=word, by=by, at=clock.now())


def _confirm(said: Shortfall, by: object = None) -> Shortfall:
    return shortfalls.confirm(shortfall_id=said.pk, reason="核对过磅单，属实", by=by or moderator(), at=clock.now())


def _refunded(made: list[Pledge]) -> list[int]:
    return [PaymentIntent.objects.get(subject_id=one.pk).refunded_fen for one in made]


def _clean() -> None:
    assert list(books.differences()) == []


@pytest.mark.parametrize(("goods", "percent", "back"), [(100, 80, 20), (99, 80, 20), (1, 99, 1), (7, 0, 7)])
def test_a_broken_fen_is_the_backers(goods: int, percent: int, back: int):
    assert back_fen(goods, percent) == back


# --- the clause ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_clause_belongs_to_a_draft_of_goods_that_grow():
    maker = person()
    campaign = draft(maker)
    assert _agree(campaign, maker, 70).least_percent == 70
    assert _agree(campaign, maker, 60).least_percent == 60
    for least in (49, 96):
        with pytest.raises(Invalid):
            _agree(campaign, maker, least)
    with pytest.raises(Invalid):
        clauses.agree(campaign_id=campaign.pk, least_percent=60, basis=" ", by=acting(maker), at=clock.now())
    with pytest.raises(NotFound):
        _agree(campaign, person())
    clauses.drop(campaign_id=campaign.pk, by=acting(maker))
    with pytest.raises(NotFound):
        clauses.drop(campaign_id=campaign.pk, by=acting(maker))
    Campaign.objects.filter(pk=campaign.pk).update(category="tech")
    with pytest.raises(NoHarvest):
        _agree(campaign, maker)


@pytest.mark.django_db
def test_backers_are_bound_to_nothing_that_came_after_the_review():
    campaign, _tier = live_campaign()
    with pytest.raises(RuleFixed):
        _agree(campaign, owner_of(campaign))
    other, _tier = live_campaign(least_percent=60)
    with pytest.raises(RuleFixed):
        clauses.drop(campaign_id=other.pk, by=acting(owner_of(other)))


def test_the_first_part_never_exceeds_the_least_harvest(own_db, cashier):
    campaign, _made = produced(cashier, 1, least_percent=60, pays_out=False)
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 40_000
    other, _made = produced(cashier, 1, least_percent=90, pays_out=False)
    assert books.balance(ledger.escrow_of("campaign", other.pk)) == 30_000


# --- the maker's word ------------------------------------------------------------------------------------------


def test_a_share_goes_back_to_every_backer_and_the_rest_is_delivered(own_db, cashier):
    campaign, made = produced(cashier, 1, 2, least_percent=60)
    said = _declare(campaign, 80)
    assert moderation.queue().filter(kind="harvest", subject_id=said.pk).count() == 1
    assert queries.figures(said).due_fen == 60_000
    deliver_events()
    backers = {one.backer_id for one in made}
    assert set(Message.objects.filter(zh__contains="80%").values_list("party_id", flat=True)) >= backers
    _confirm(said)
    hand_on()
    assert _refunded(made) == [20_000, 40_000]
    assert Shortfall.objects.get().state == "settled"
    assert not moderation.queue().filter(kind="harvest").exists()
    assert {one.state for one in Pledge.objects.all()} == {"paid"}
    _clean()

    maker = acting(owner_of(campaign))
    surveys.announce_lock(campaign_id=campaign.pk, by=maker, at=clock.now())
    home = Address("张三", "13812345678", "湖北省咸宁市", "永安大道 1 号")
    for one in made:
        backer = User.objects.get(party_id=one.backer_id)
        parcels.fill(pledge_id=one.pk, address=home, answers={}, by=acting(backer), at=clock.now())
    move_on(cashier, timedelta(hours=49))
    rows = shipments.packing_list(campaign_id=campaign.pk, purpose="packing", by=maker, at=clock.now())
    assert {row.percent for row in rows} == {80}
    sent = [shipments.Sent(str(row.no), "顺丰", f"SF{row.no:08d}") for row in rows]
    shipments.import_shipments(campaign_id=campaign.pk, rows=sent, by=maker, at=clock.now())
    talk.post_update(campaign_id=campaign.pk, title="发货", body="按 80% 发货", by=maker, at=clock.now())
    move_on(cashier, timedelta(days=16))
    move_on(cashier, timedelta(days=8))
    assert Campaign.objects.get(pk=campaign.pk).state == "closed"
    assert books.balance(ledger.escrow_of("campaign", campaign.pk)) == 0
    assert {one.state for one in Pledge.objects.all()} == {"received"}
    _clean()


def test_below_the_clause_the_campaign_is_called_off_by_two(own_db, cashier):
    campaign, made = produced(cashier, 1, 2, least_percent=60)
    said = _declare(campaign, 59)
    maker = owner_of(campaign)
    with pytest.raises(SamePerson):
        _confirm(said, acting(maker, Role.MODERATOR))
    assert _confirm(said).state == "called_off"
    hand_on()
    assert Campaign.objects.get(pk=campaign.pk).state == "cancelled_after"
    assert _refunded(made) == [40_000, 80_000]
    assert Debt.objects.get().amount_fen == 180_000
    _clean()


def test_who_may_decide_and_what_keeps_it_back(own_db, cashier):
    campaign, _made = produced(cashier, 1, least_percent=60)
    maker = owner_of(campaign)
    plain, _tier = live_campaign()
    with pytest.raises(MoveRefused):
        _declare(plain, 80)
    for word in (Word(100, ACCOUNT), Word(-1, ACCOUNT), Word(80, "短")):
        with pytest.raises(Invalid):
            shortfalls.declare(campaign_id=campaign.pk, word=word, by=acting(maker), at=clock.now())
    with pytest.raises(NotFound):
        shortfalls.declare(campaign_id=campaign.pk, word=Word(80, ACCOUNT), by=acting(person()), at=clock.now())
    said = _declare(campaign, 80)
    with pytest.raises(DeclaredAlready):
        _declare(campaign, 70)
    with pytest.raises(MoveForbidden):
        _confirm(said, acting(person()))
    with pytest.raises(Invalid):
        shortfalls.confirm(shortfall_id=said.pk, reason=" ", by=moderator(), at=clock.now())
    shortfalls.withdraw(shortfall_id=said.pk, by=acting(maker), at=clock.now())
    assert not moderation.queue().filter(kind="harvest").exists()
    with pytest.raises(MoveRefused):
        _confirm(said)
    again = _declare(campaign, 75)
    shortfalls.refuse(shortfall_id=again.pk, reason="过磅单不符", by=moderator(), at=clock.now())
    third = _declare(campaign, 90)
    move_on(cashier, timedelta(days=14, minutes=1))
    assert Shortfall.objects.get(pk=third.pk).state == "lapsed"
    assert not Portion.objects.exists()
    assert _refunded(_made) == [0]


def test_without_the_clause_a_promise_is_whole(own_db, cashier):
    campaign, _made = produced(cashier, 1)
    with pytest.raises(NoClause):
        _declare(campaign, 80)


def test_a_moderator_of_the_maker_does_not_decide(own_db, cashier):
    campaign, _made = produced(cashier, 1, least_percent=60)
    said = _declare(campaign, 80)
    owner = owner_of(campaign)
    Shortfall.objects.filter(pk=said.pk).update(declared_by=person().party_id)
    with pytest.raises(Affiliated):
        _confirm(said, acting(owner, Role.MODERATOR))


def test_what_was_sent_whole_is_not_cut(own_db, cashier):
    campaign, _made = produced(cashier, 1, least_percent=60)
    said = _declare(campaign, 80)
    delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    with pytest.raises(MoveRefused):
        _confirm(said)
    other, made = produced(cashier, 1, least_percent=60, pays_out=False)
    Parcel.objects.filter(pledge=made[0]).update(sent_n=1)
    with pytest.raises(AlreadySent):
        _declare(other, 80)


def test_nothing_is_promised_that_escrow_has_not(own_db, cashier):
    campaign, made = produced(cashier, 1, 1, least_percent=60)
    said = _declare(campaign, 60)
    backer = User.objects.get(party_id=made[0].backer_id)
    pledges.ask_refund(pledge_id=made[0].pk, reason="不想要了", by=acting(backer), at=clock.now())
    asked = pledges.answer_refund(
        pledge_id=made[0].pk, agree=True, reason="", by=acting(owner_of(campaign)), at=clock.now()
    )
    with pytest.raises(EscrowShort):
        Refund.objects.filter(pk=asked.pk).update(amount_fen=80_000)
        refunds.approve_refund(refund_id=asked.pk, by=officer(), at=clock.now())
        _confirm(said)
    assert Shortfall.objects.get().state == "declared"
    assert not Portion.objects.exists()


def test_a_portion_waits_for_the_refund_of_the_whole_and_ends_with_it(own_db, cashier):
    campaign, made = produced(cashier, 1, 3, least_percent=60)
    backer = User.objects.get(party_id=made[0].backer_id)
    pledges.ask_refund(pledge_id=made[0].pk, reason="不想要了", by=acting(backer), at=clock.now())
    asked = pledges.answer_refund(
        pledge_id=made[0].pk, agree=True, reason="", by=acting(owner_of(campaign)), at=clock.now()
    )
    _confirm(_declare(campaign, 80))
    hand_on()
    assert _refunded(made) == [100_000, 60_000]  # the first is asked for and not approved
    assert Shortfall.objects.get().state == "sharing"
    assert [str(reason) for reason in queries.holds(campaign, clock.now())]
    refunds.approve_refund(refund_id=asked.pk, by=officer(), at=clock.now())
    move_on(cashier, timedelta(hours=2))
    move_on(cashier, timedelta(hours=2))
    assert Shortfall.objects.get().state == "settled"
    assert Portion.objects.get(pledge=made[0]).given_fen == 0
    _clean()


def test_a_portion_under_a_chargeback_goes_when_that_is_won(own_db, cashier):
    campaign, made = produced(cashier, 1, 1, least_percent=60)
    intent = pledges.intent_of(made[0].pk)
    disputes.open_dispute(
        intent_id=intent.pk,
        provider_no="D1",
        amount_fen=20_000,
        payee_id=campaign.owner_id,
        by=officer(),
        at=clock.now(),
    )
    _confirm(_declare(campaign, 90))
    hand_on()
    assert _refunded(made) == [0, 10_000]
    disputes.win_dispute(dispute_id=Dispute.objects.get().pk, by=officer(), at=clock.now())
    move_on(cashier, timedelta(hours=2))
    assert _refunded(made) == [10_000, 10_000]
    _clean()


def test_a_campaign_that_defaults_first_gives_its_shares_once(own_db, cashier):
    campaign, made = produced(cashier, 1, least_percent=60)
    _confirm(_declare(campaign, 80))
    Campaign.objects.filter(pk=campaign.pk).update(due_at=clock.now())
    hand_on()
    assert _refunded(made) == [20_000]
    move_on(cashier, timedelta(days=61))
    assert Campaign.objects.get(pk=campaign.pk).state == "overdue"
    move_on(cashier, timedelta(days=91))
    assert Campaign.objects.get(pk=campaign.pk).state == "closed"
    assert _refunded(made) == [40_000]
    assert Debt.objects.get().amount_fen == 60_000
    _clean()


def test_an_old_payment_makes_the_portion_payable(own_db, cashier):
    campaign, made = produced(cashier, 1, least_percent=60)
    PaymentIntent.objects.filter(subject_id=made[0].pk).update(refundable_until=clock.now().date() - timedelta(days=1))
    _confirm(_declare(campaign, 80))
    hand_on()
    assert books.balance(ledger.payable_to(made[0].backer_id)) == 20_000
    assert Message.objects.filter(party_id=made[0].backer_id, url="/create/money/").exists()
    _clean()


def test_goods_sent_back_cost_what_is_left_of_their_price(own_db, cashier):
    """The part that went back already is not given twice, nor is the shipping."""
    campaign, tier = live_campaign(price_fen=100_000, shipping_fen=1_000, least_percent=60)
    drafts_tier = campaign.tiers.get(pk=tier.pk)
    drafts_tier.right_class = "seven_days"
    drafts_tier.save(update_fields=["right_class"])
    cashier.control(clock=clock.now().isoformat(), forget=True)
    payable_account(owner_of(campaign))
    made = paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(days=30, minutes=1))
    move_on(cashier, timedelta(days=3, minutes=1))
    _confirm(_declare(campaign, 90))
    hand_on()
    delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    backer = User.objects.get(party_id=made.backer_id)
    pledges.confirm_receipt(pledge_id=made.pk, by=acting(backer), at=clock.now())
    pledges.ask_refund(pledge_id=made.pk, reason="不合适", by=acting(backer), at=clock.now())
    move_on(cashier, timedelta(days=14, minutes=1))
    beat()
    # 60 % of the ¥1,010 went out: the clock grants what escrow has of the ¥900 that are left of the price
    held = 101_000 - 60_600 - 10_000
    assert _refunded([made]) == [10_000 + held]
    _clean()


def test_nobody_orders_a_whole_reward_of_a_short_harvest(own_db, cashier):
    campaign, _made = produced(cashier, 1, least_percent=60)
    maker, tier = acting(owner_of(campaign)), campaign.tiers.get()
    last = (clock.now() + timedelta(days=5)).date()
    late.open_until(campaign_id=campaign.pk, last_day=last, by=maker, at=clock.now())
    waits = reserve(campaign, tier)
    said = _declare(campaign, 80)
    with pytest.raises(CampaignNotLive):
        reserve(Campaign.objects.get(pk=campaign.pk), tier)
    with pytest.raises(NoLatePledges):
        late.open_until(campaign_id=campaign.pk, last_day=last, by=maker, at=clock.now())
    with pytest.raises(OrdersOpen):
        _confirm(said)
    pay(cashier, waits)
    _confirm(said)
    hand_on()
    assert _refunded([waits]) == [20_000]
    _clean()
