"""Money on its way back: chargebacks, bulk refunds, agreed refunds, returned payouts, campaigns that end badly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.actors import SamePerson
from backend.common.errors import Invalid
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import DisputeKnown, DisputeOpen, PreviewStale
from backend.payments.models import Dispute, PaymentIntent, Payout, Refund, RefundBatch
from backend.payments.operations import debts, disputes, intents, payouts, refunds
from crowdfunding.campaigns import queries
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import delivery, pledges, reviews
from tests.builders import (
    acting,
    beat,
    deliver_events,
    live_campaign,
    moderator,
    move_on,
    officer,
    owner_of,
    paid_pledge,
    payable_account,
    person,
    reserve,
)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clocks(own_db, cashier):
    cashier.control(clock=clock.now().isoformat())


def escrow(campaign: Campaign) -> int:
    return books.balance(ledger.escrow_of("campaign", campaign.id))


def succeeded(cashier, *, pledges_n: int = 3, price_fen: int = 20_000) -> tuple[Campaign, list[Pledge]]:
    """A campaign in its publicity period, nothing paid out yet."""
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=price_fen)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(pledges_n)]
    move_on(cashier, timedelta(days=30, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "successful"
    return campaign, made


def producing(cashier) -> tuple[Campaign, list[Pledge]]:
    """A campaign whose first part is with its maker: of 60,000 fen, 18,000 are left in escrow."""
    campaign, made = succeeded(cashier)
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    campaign.refresh_from_db()
    assert (campaign.state, escrow(campaign)) == ("producing", 18_000)
    return campaign, made


def charge(made: Pledge, number: str = "CB-1", amount_fen: int = 20_000, by=None) -> Dispute:
    owner = owner_of(made.campaign).party_id
    return disputes.open_dispute(
        intent_id=pledges.intent_of(made.pk).pk, provider_no=number, amount_fen=amount_fen, payee_id=owner,
        by=by or officer(), at=clock.now(),
    )  # fmt: skip


def states(made: list[Pledge]) -> list[str]:
    return [Pledge.objects.get(pk=one.pk).state for one in made]


def test_a_chargeback_holds_its_sum_and_refuses_refunds_until_it_is_won(cashier):
    campaign, made = succeeded(cashier)
    one = officer()
    case = charge(made[0], by=one)
    account = ledger.escrow_of("campaign", campaign.id)
    assert (books.balance(account), books.available(account)) == (60_000, 40_000)
    with pytest.raises(DisputeKnown):
        charge(made[0])
    with pytest.raises(DisputeOpen):
        refunds.refund_whole(intent_id=case.intent_id, reason="r", at=clock.now())
    with pytest.raises(SamePerson):
        disputes.win_dispute(dispute_id=case.pk, by=one, at=clock.now())

    disputes.file_evidence(dispute_id=case.pk, evidence="物流签收记录", by=one, at=clock.now())
    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    deliver_events()

    assert (books.balance(account), books.available(account)) == (60_000, 60_000)
    assert states(made) == ["paid"] * 3
    assert list(books.differences()) == []


def test_a_lost_chargeback_takes_the_held_sum_and_ends_the_pledge(cashier):
    campaign, made = succeeded(cashier)
    case = charge(made[0])
    disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    deliver_events()

    assert escrow(campaign) == 40_000
    assert states(made) == ["refunded", "paid", "paid"]
    assert PaymentIntent.objects.get(pk=case.intent_id).refunded_fen == 20_000
    assert refunds.refund_whole(intent_id=case.intent_id, reason="r", at=clock.now()) is None
    assert list(books.differences()) == []


def test_a_chargeback_that_nobody_answers_is_lost_on_its_last_day(cashier):
    campaign, made = succeeded(cashier)
    charge(made[0])
    move_on(cashier, 8 * DAY)
    assert Dispute.objects.get().state == "lost"
    assert states(made)[0] == "refunded"
    assert list(books.differences()) == []


def test_a_chargeback_after_the_money_left_is_taken_from_what_the_maker_is_owed_and_then_owes(cashier):
    campaign, made = producing(cashier)
    owed = ledger.payable_to(owner_of(campaign).party_id)
    assert books.balance(owed) == 60_000 * 7 // 10 - 1_800
    first = charge(made[0], "CB-1")
    second = charge(made[1], "CB-2")
    third = charge(made[2], "CB-3")
    assert books.available(owed) == 200
    assert third.hold_id is None
    for case in (first, second, third):
        disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    deliver_events()

    debt = ledger.receivable_from(owner_of(campaign).party_id)
    assert (escrow(campaign), books.balance(owed), books.balance(debt)) == (18_000, 0, 19_800)
    assert books.balance(ledger.RESERVE) == 0
    assert states(made) == ["refunded"] * 3
    assert list(books.differences()) == []


def test_a_chargeback_after_a_refund_never_touches_the_escrow_of_others(cashier):
    campaign, made = succeeded(cashier)
    refunds.refund_whole(intent_id=pledges.intent_of(made[0].pk).pk, reason="r", at=clock.now())
    beat()
    assert (escrow(campaign), states(made)[0]) == (40_000, "refunded")
    case = charge(made[0])
    assert case.hold_id is None
    disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    deliver_events()
    assert (escrow(campaign), books.balance(ledger.RESERVE)) == (40_000, -20_000)
    assert list(books.differences()) == []


def test_a_chargeback_of_more_than_was_paid_or_of_an_unpaid_order_is_refused(cashier):
    campaign, made = succeeded(cashier)
    with pytest.raises(Invalid):
        charge(made[0], amount_fen=20_001)
    with pytest.raises(Invalid):
        charge(made[0], number=" ")
    assert not Dispute.objects.exists()
    assert escrow(campaign) == 60_000


def test_a_failed_campaign_refunds_the_others_while_one_payment_is_charged_back(cashier):
    campaign, tier = live_campaign(goal_fen=100_000, price_fen=20_000)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(3)]
    case = charge(made[0])
    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    move_on(cashier, 25 * DAY)
    case = charge(made[0], "CB-2")
    move_on(cashier, 5 * DAY + timedelta(minutes=1))
    assert states(made) == ["paid", "refunded", "refunded"]

    disputes.win_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    move_on(cashier, timedelta(hours=2))
    move_on(cashier, timedelta(hours=1))
    assert states(made) == ["refunded"] * 3
    assert escrow(campaign) == 0
    assert list(books.differences()) == []


def test_a_bulk_refund_goes_through_preview_second_person_and_worker_and_ends_every_pledge(cashier):
    campaign, made = succeeded(cashier)
    asker = officer()
    lines = queries.refundable_lines(campaign.id)
    digest = refunds.preview_digest(lines)
    with pytest.raises(PreviewStale):
        refunds.request_batch(
            purpose_id=campaign.id, lines=lines[:2], reason="r", digest=digest, by=asker, at=clock.now()
        )
    batch = refunds.request_batch(
        purpose_id=campaign.id, lines=lines, reason="召回", digest=digest, by=asker, at=clock.now()
    )
    assert (batch.count, batch.total_fen) == (3, 60_000)
    assert queries.refundable_lines(campaign.id) == []
    with pytest.raises(SamePerson):
        refunds.approve_batch(batch_id=batch.pk, by=asker, at=clock.now())
    assert escrow(campaign) == 60_000

    refunds.approve_batch(batch_id=batch.pk, by=officer(), at=clock.now())
    beat()

    assert RefundBatch.objects.get().state == "done"
    assert states(made) == ["refunded"] * 3
    assert escrow(campaign) == 0
    assert list(books.differences()) == []


def test_one_line_of_a_bulk_refund_that_cannot_go_does_not_keep_the_others_back(cashier):
    campaign, made = succeeded(cashier)
    lines = queries.refundable_lines(campaign.id)
    batch = refunds.request_batch(
        purpose_id=campaign.id, lines=lines, reason="召回", digest=refunds.preview_digest(lines), by=officer(),
        at=clock.now(),
    )  # fmt: skip
    refunds.approve_batch(batch_id=batch.pk, by=officer(), at=clock.now())
    intent = pledges.intent_of(made[0].pk)
    Dispute.objects.create(
        provider_no="CB-9", intent=intent, amount_fen=20_000, opened_by=officer().person_id, opened_at=clock.now(),
        answer_by=clock.now() + DAY,
    )  # fmt: skip
    beat()

    assert RefundBatch.objects.get().state == "done"
    assert sorted(Refund.objects.values_list("state", flat=True)) == ["refused", "succeeded", "succeeded"]
    assert states(made) == ["paid", "refunded", "refunded"]
    assert list(books.differences()) == []


def test_a_bulk_refund_that_nobody_checks_lapses_and_the_payments_may_be_refunded_again(cashier):
    campaign, made = succeeded(cashier)
    lines = queries.refundable_lines(campaign.id)
    refunds.request_batch(
        purpose_id=campaign.id, lines=lines, reason="召回", digest=refunds.preview_digest(lines), by=officer(),
        at=clock.now(),
    )  # fmt: skip
    move_on(cashier, 15 * DAY)
    assert RefundBatch.objects.get().state == "refused"
    assert queries.refundable_lines(campaign.id) == lines
    assert list(books.differences()) == []


def asked(made: Pledge) -> None:
    backer = owner_of_pledge(made)
    pledges.ask_refund(pledge_id=made.pk, reason="搬家", by=backer, at=clock.now())


def owner_of_pledge(made: Pledge):
    from backend.accounts.models import User

    return acting(User.objects.select_related("party").get(party_id=made.backer_id))


def agree(campaign: Campaign, made: Pledge) -> Refund:
    refund = pledges.answer_refund(
        pledge_id=made.pk, agree=True, reason="", by=acting(owner_of(campaign)), at=clock.now()
    )
    assert refund is not None
    return refund


def test_an_agreed_refund_ends_the_pledge_only_when_the_money_is_back(cashier):
    campaign, made = succeeded(cashier)
    asked(made[0])
    refund = agree(campaign, made[0])
    assert states(made)[0] == "refund_agreed"
    refunds.approve_refund(refund_id=refund.pk, by=officer(), at=clock.now())
    assert states(made)[0] == "refund_agreed"
    beat()
    assert states(made)[0] == "refunded"
    assert list(books.differences()) == []


@pytest.mark.parametrize("how", ["an officer says no", "nobody comes"])
def test_an_agreed_refund_that_is_not_confirmed_is_asked_for_again_and_nothing_is_lost(cashier, how):
    campaign, made = succeeded(cashier)
    asked(made[0])
    refund = agree(campaign, made[0])
    if how == "nobody comes":
        move_on(cashier, 15 * DAY)
    else:
        refunds.refuse_refund(refund_id=refund.pk, by=officer(), at=clock.now(), reason="证据不足")
        deliver_events()
    assert states(made)[0] == "refund_asked"
    assert PaymentIntent.objects.get(pk=refund.intent_id).refunded_fen == 0
    agree(campaign, made[0])
    assert states(made)[0] == "refund_agreed"


def test_a_refund_request_that_the_maker_leaves_unanswered_is_declined_by_time(cashier):
    _campaign, made = succeeded(cashier)
    asked(made[0])
    move_on(cashier, 15 * DAY)
    assert states(made)[0] == "paid"


def test_a_payout_the_bank_sends_back_is_payable_again_and_can_be_asked_for_anew(cashier):
    campaign, _made = succeeded(cashier)
    owner = owner_of(campaign)
    payable_account(owner)
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    first = Payout.objects.get()
    payouts.check_payout(payout_id=first.pk, by=officer(), at=clock.now())
    payouts.authorize_payout(payout_id=first.pk, by=officer(), at=clock.now())
    beat()
    owed = ledger.payable_to(owner.party_id)
    assert (Payout.objects.get().state, books.balance(owed)) == ("paid", 0)

    cashier.control(send_back=first.number)
    move_on(cashier, 2 * DAY)
    assert Payout.objects.get().state == "returned"
    assert books.balance(owed) == first.amount_fen
    payouts.request_payout(
        party_id=owner.party_id, amount_fen=first.amount_fen, title="再付", by=acting(owner), at=clock.now()
    )
    assert list(books.differences()) == []


def test_a_payout_that_stays_paid_is_asked_about_for_a_week_and_no_longer(cashier):
    campaign, _made = succeeded(cashier)
    payable_account(owner_of(campaign))
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    first = Payout.objects.get()
    payouts.check_payout(payout_id=first.pk, by=officer(), at=clock.now())
    payouts.authorize_payout(payout_id=first.pk, by=officer(), at=clock.now())
    for _ in range(9):
        move_on(cashier, DAY)
    first.refresh_from_db()
    assert (first.state, first.next_try_at) == ("paid", None)


def test_a_payout_that_no_officers_sign_lapses_and_the_money_stays_payable(cashier):
    campaign, _made = succeeded(cashier)
    payable_account(owner_of(campaign))
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    assert Payout.objects.get().state == "pending"
    move_on(cashier, 31 * DAY)
    assert Payout.objects.get().state == "rejected"
    assert books.available(ledger.payable_to(owner_of(campaign).party_id)) == 40_200
    assert list(books.differences()) == []


def test_a_cancellation_after_success_needs_two_and_gives_back_what_escrow_holds_pro_rata(cashier):
    campaign, made = producing(cashier)
    waiting = made[0]
    asked(waiting)
    agree(campaign, waiting)
    delivery.ask_to_cancel(campaign_id=campaign.id, ruling="工坊失火", by=acting(owner_of(campaign)), at=clock.now())
    with pytest.raises(SamePerson):
        delivery.confirm_cancel(campaign_id=campaign.id, by=acting(owner_of(campaign)), at=clock.now())
    delivery.confirm_cancel(campaign_id=campaign.id, by=moderator(), at=clock.now())
    beat()

    campaign.refresh_from_db()
    assert campaign.state == "cancelled_after"
    given = sorted(Refund.objects.filter(state="succeeded").values_list("amount_fen", flat=True))
    assert given == [6_000] * 3 + [13_400] * 3, "the tail, and the first part that was not paid out yet"
    assert states(made) == ["refunded"] * 3
    assert (escrow(campaign), debts.owed_by(campaign.owner_id)) == (0, 1_800), "the maker owes the fee"
    assert list(books.differences()) == []


def test_a_maker_who_never_ships_falls_behind_then_into_default_and_the_tail_goes_back(cashier):
    campaign, made = producing(cashier)
    campaign.refresh_from_db()
    move_on(cashier, (campaign.due_at - clock.now()) + timedelta(minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "overdue"
    move_on(cashier, (campaign.due_at - clock.now()) + timedelta(minutes=1))
    beat()

    campaign.refresh_from_db()
    assert campaign.state == "closed"
    given = sorted(Refund.objects.values_list("amount_fen", "state"))
    assert given == [(6_000, "succeeded")] * 3 + [(13_400, "succeeded")] * 3
    assert states(made) == ["refunded"] * 3
    assert (escrow(campaign), debts.owed_by(campaign.owner_id)) == (0, 1_800), "the maker owes the fee"
    assert list(books.differences()) == []


def test_staff_who_find_goods_undelivered_put_the_campaign_behind_and_the_tail_stays(cashier):
    campaign, _made = producing(cashier)
    delivery.start_shipping(campaign_id=campaign.id, by=acting(owner_of(campaign)), at=clock.now())
    reviews.disprove_delivery(campaign_id=campaign.id, reason="抽查无物流", by=moderator(), at=clock.now())
    campaign.refresh_from_db()
    assert (campaign.state, escrow(campaign)) == ("overdue", 18_000)


def test_a_suspended_campaign_that_nobody_resumes_is_cancelled_and_refunded(cashier):
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=20_000)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(2)]
    reviews.suspend(campaign_id=campaign.id, reason="核实资质", by=moderator(), at=clock.now())
    move_on(cashier, 31 * DAY)
    campaign.refresh_from_db()
    assert (campaign.state, states(made), escrow(campaign)) == ("cancelled", ["refunded"] * 2, 0)
    assert list(books.differences()) == []


def test_what_was_never_confirmed_counts_as_received_when_the_campaign_closes(cashier):
    from crowdfunding.campaigns.operations import talk

    campaign, made = producing(cashier)
    owner = acting(owner_of(campaign))
    delivery.start_shipping(campaign_id=campaign.id, by=owner, at=clock.now())
    move_on(cashier, 16 * DAY)
    talk.post_update(campaign_id=campaign.id, title="寄出", body="全部寄出", by=owner, at=clock.now())
    move_on(cashier, 8 * DAY)
    beat()
    campaign.refresh_from_db()
    assert (campaign.state, states(made), escrow(campaign)) == ("closed", ["received"] * 3, 0)
    assert list(books.differences()) == []


def test_a_chargeback_turns_an_unapproved_refund_down_and_counts_for_itself(cashier):
    """Found by the simulator: the requested refund was counted as made, and the pledge ended without its money."""
    campaign, made = succeeded(cashier)
    asked(made[0])
    agree(campaign, made[0])
    case = charge(made[0])
    deliver_events()
    assert (states(made)[0], Refund.objects.get().state) == ("refund_asked", "refused")
    disputes.lose_dispute(dispute_id=case.pk, by=officer(), at=clock.now())
    deliver_events()
    assert (states(made)[0], Dispute.objects.get().counted_fen, escrow(campaign)) == ("refunded", 20_000, 40_000)
    move_on(cashier, 15 * DAY)
    assert list(books.differences()) == []


def test_a_cancelled_pledge_is_refunded_whole_beside_a_request_that_nobody_approved(cashier):
    """Found by the simulator: a request for one fen lapsed later, and the fen stayed."""
    campaign, tier = live_campaign(price_fen=10_000)
    backer = person()
    made = paid_pledge(cashier, campaign, tier, backer)
    intent = pledges.intent_of(made.pk)
    refunds.request_refund(intent_id=intent.pk, amount_fen=1, reason="r", by=officer(), at=clock.now())
    pledges.cancel_pledge(pledge_id=made.pk, by=acting(backer), at=clock.now())
    move_on(cashier, 15 * DAY)
    assert sorted(Refund.objects.values_list("amount_fen", "state")) == [(1, "refused"), (10_000, "succeeded")]
    assert escrow(campaign) == 0
    assert list(books.differences()) == []


def test_a_payment_at_the_last_moment_whose_notice_is_lost_is_found_and_returned(cashier):
    """Found by the simulator: nobody asked about an expired order again."""
    campaign, tier = live_campaign(price_fen=10_000, stock=1)
    made = reserve(campaign, tier)
    intent = pledges.intent_of(made.pk)
    page = cashier.visit(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    clock.advance(timedelta(minutes=31))
    intents.expire(intent_id=intent.pk, at=clock.now())
    deliver_events()
    cashier.fault("notice_lost")
    cashier.http.post(page + "pay", data={"choice": "pay"})
    tier.refresh_from_db()
    paid_pledge(cashier, campaign, tier)
    move_on(cashier, timedelta(minutes=20))
    intent.refresh_from_db()
    assert (intent.state, Pledge.objects.get(pk=made.pk).state) == ("returned", "expired")
    assert list(books.differences()) == []
