"""Led campaigns: nobody follows before the lead's money is there, and nobody is bound to terms they did not accept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.accounts.models import Membership, User
from backend.common import clock, working_days
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.models import StateChange
from backend.common.rules import SHANGHAI
from backend.common.states import MoveForbidden, MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications.models import Message
from backend.payments.models import PaymentIntent
from crowdfunding.campaigns.errors import Affiliated
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import pledges, reviews
from crowdfunding.leads import queries
from crowdfunding.leads.errors import (
    LeadBound,
    LeadMissing,
    LeadNotFunded,
    LeadStands,
    LedAlready,
    NotLed,
)
from crowdfunding.leads.models import Follow, Lead, LedRound, Report
from crowdfunding.leads.operations import candidacies, follows, reports, rounds
from tests.builders import (
    acting,
    active_lead,
    beat,
    checked_lead,
    deliver_events,
    dossier,
    draft,
    live_campaign,
    moderator,
    move_on,
    owner_of,
    paid_pledge,
    pay,
    person,
    reserve,
)


@pytest.fixture
def led(own_db, cashier):
    """A live led campaign of 1,000 yuan without a lead."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    return live_campaign(is_led=True)


def _codes(caught) -> set[str]:
    return {reason.code for reason in caught.value.reasons}


def _by(made: Pledge):
    return acting(User.objects.get(party_id=made.backer_id))


def _withdraw(lead: Lead, reason: str = "资金另有安排"):
    by = acting(User.objects.get(party_id=lead.party_id))
    return candidacies.withdraw(lead_id=lead.pk, reason=reason, by=by, at=clock.now())


def _clean() -> None:
    assert list(books.differences()) == []


def _state(row) -> str:
    row.refresh_from_db()
    return row.state


def test_nobody_follows_before_the_leads_money_is_in_escrow(led, cashier):
    campaign, tier = led
    lead = checked_lead(campaign)
    with pytest.raises(Refusal) as caught:
        reserve(campaign, tier)
    assert _codes(caught) == {LeadMissing.code}
    with pytest.raises(Refusal) as caught:
        reserve(campaign, tier, under=lead.pk)
    assert _codes(caught) == {LeadNotFunded.code}
    stake = reserve(campaign, None, User.objects.get(party_id=lead.party_id), amount_fen=20_000, under=lead.pk)
    with pytest.raises(Refusal) as caught:  # ordered is not paid
        reserve(campaign, tier, under=lead.pk)
    assert _codes(caught) == {LeadNotFunded.code}
    pay(cashier, stake)
    assert (_state(lead), LedRound.objects.get().state) == ("active", "following")
    made = paid_pledge(cashier, campaign, tier, under=lead.pk)
    assert made.state == "paid" and Follow.objects.get(pledge=made).lead_id == lead.pk
    _clean()


def test_a_stake_below_the_declared_sum_is_refused(led):
    campaign, _tier = led
    lead = checked_lead(campaign, stake_fen=30_000)
    with pytest.raises(Refusal) as caught:
        reserve(campaign, None, User.objects.get(party_id=lead.party_id), amount_fen=29_999, under=lead.pk)
    assert _codes(caught) == {"stake_too_small"}


def test_a_dossier_says_everything_that_fails_at_once(led):
    campaign, _tier = led
    poor = dossier(stake_fen=9_999, reward="首年销售分红 5%", diligence="很好", conflicts="", terms="行")
    with pytest.raises(Refusal) as caught:
        candidacies.propose(campaign_id=campaign.pk, dossier=poor, by=acting(person("L1")), at=clock.now())
    assert {"stake_out_of_range", "money_reward", "level_too_low", "invalid"} <= _codes(caught)
    rich = dossier(stake_fen=50_001)
    with pytest.raises(Refusal) as caught:
        candidacies.propose(campaign_id=campaign.pk, dossier=rich, by=acting(person()), at=clock.now())
    assert _codes(caught) == {"stake_out_of_range"}
    assert not Lead.objects.exists()


def test_the_maker_and_its_people_do_not_lead_their_own(led):
    campaign, _tier = led
    with pytest.raises(Refusal) as caught:
        candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=acting(owner_of(campaign)), at=clock.now())
    assert "own_campaign" in _codes(caught)
    assert not Membership.objects.exists()


def test_a_party_stands_once_and_only_where_leads_are_taken(led, cashier):
    campaign, _tier = led
    who = person()
    candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=acting(who), at=clock.now())
    with pytest.raises(Refusal) as caught:
        candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=acting(who), at=clock.now())
    assert _codes(caught) == {LeadStands.code}
    plain, _ = live_campaign()
    with pytest.raises(Refusal) as caught:
        candidacies.propose(campaign_id=plain.pk, dossier=dossier(), by=acting(who), at=clock.now())
    assert _codes(caught) == {NotLed.code}
    hidden = draft(person())
    with pytest.raises(NotFound):
        candidacies.propose(campaign_id=hidden.pk, dossier=dossier(), by=acting(who), at=clock.now())


def test_the_form_is_fixed_with_the_submission(led):
    campaign, _tier = led
    with pytest.raises(LedAlready):
        candidacies.choose_led(campaign_id=campaign.pk, is_led=False, by=acting(owner_of(campaign)), at=clock.now())
    fresh = draft(person())
    with pytest.raises(NotFound):
        candidacies.choose_led(campaign_id=fresh.pk, is_led=True, by=acting(person()), at=clock.now())


def test_only_maker_moderator_and_lead_decide_what_is_theirs(led):
    campaign, _tier = led
    who = person()
    lead = candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=acting(who), at=clock.now())
    at = clock.now()
    with pytest.raises(NotFound):
        candidacies.answer(lead_id=lead.pk, agree=True, reason="", by=acting(who), at=at)
    with pytest.raises(MoveRefused):  # not agreed yet
        candidacies.check(lead_id=lead.pk, passes=True, reason="好", by=moderator(), at=at)
    candidacies.answer(lead_id=lead.pk, agree=True, reason="", by=acting(owner_of(campaign)), at=at)
    with pytest.raises(MoveForbidden):
        candidacies.check(lead_id=lead.pk, passes=True, reason="好", by=acting(person()), at=at)
    from backend.common.actors import Role

    with pytest.raises(Affiliated):
        candidacies.check(lead_id=lead.pk, passes=True, reason="好", by=acting(who, Role.MODERATOR), at=at)
    with pytest.raises(Affiliated):
        own = acting(owner_of(campaign), Role.MODERATOR)
        candidacies.check(lead_id=lead.pk, passes=True, reason="好", by=own, at=at)
    with pytest.raises(Invalid):
        candidacies.check(lead_id=lead.pk, passes=False, reason=" ", by=moderator(), at=at)
    with pytest.raises(NotFound):
        candidacies.withdraw(lead_id=lead.pk, reason="走", by=acting(person()), at=at)
    with pytest.raises(Forbidden):
        by = acting(person())
        bare = type(by)(by.person_id, by.party_id, by.roles, frozenset({"pledge"}), by.name)
        candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=bare, at=at)


def test_a_lead_cannot_slip_out_like_a_follower(led, cashier):
    campaign, _tier = led
    lead = active_lead(cashier, campaign)
    with pytest.raises(Refusal) as caught:
        pledges.cancel_pledge(pledge_id=lead.pledge_id, by=_by(lead.pledge), at=clock.now())
    assert _codes(caught) == {LeadBound.code}
    assert _state(lead.pledge) == "paid"


def test_a_follower_leaves_in_the_last_hour_too(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign)
    made = paid_pledge(cashier, campaign, tier, under=lead.pk)
    move_on(cashier, timedelta(days=29, hours=23, minutes=30))
    pledges.cancel_pledge(pledge_id=made.pk, by=_by(made), at=clock.now())
    beat()
    assert PaymentIntent.objects.get(subject_id=made.pk).refunded_fen == made.total_fen
    _clean()


def test_when_the_only_lead_leaves_the_campaign_stands_still_and_followers_choose(led, cashier):
    campaign, tier = led
    first = active_lead(cashier, campaign)
    stays = paid_pledge(cashier, campaign, tier, under=first.pk)
    leaves = paid_pledge(cashier, campaign, tier, under=first.pk)
    silent = paid_pledge(cashier, campaign, tier, under=first.pk)
    move_on(cashier, timedelta(days=10))
    campaign.refresh_from_db()
    ends = campaign.closes_at
    _withdraw(first)
    beat()
    led_round = LedRound.objects.get()
    assert (_state(campaign), led_round.state) == ("paused", "searching")
    assert led_round.due_at == working_days.after(clock.now(), 10)
    assert PaymentIntent.objects.get(subject_id=first.pledge_id).refunded_fen == 20_000
    assert {_state(made) for made in (stays, leaves, silent)} == {"paid"}
    assert Message.objects.filter(party_id=stays.backer_id, kind="lead").count() == 1
    with pytest.raises(Refusal) as caught:
        reserve(campaign, tier, under=first.pk)
    assert "campaign_not_live" in _codes(caught)

    move_on(cashier, timedelta(days=2))
    second = active_lead(cashier, campaign, stake_fen=10_000)
    beat()
    assert (LedRound.objects.get().state, _state(stays), _state(second)) == ("confirming", "to_confirm", "active")
    assert _state(second.pledge) == "paid"
    with pytest.raises(LeadNotFunded):
        follows.confirm(pledge_id=stays.pk, lead_id=first.pk, by=_by(stays), at=clock.now())
    with pytest.raises(NotFound):
        follows.confirm(pledge_id=stays.pk, lead_id=second.pk, by=_by(leaves), at=clock.now())
    follows.confirm(pledge_id=stays.pk, lead_id=second.pk, by=_by(stays), at=clock.now())
    pledges.cancel_pledge(pledge_id=leaves.pk, by=_by(leaves), at=clock.now())
    move_on(cashier, timedelta(days=9))
    assert (_state(stays), _state(leaves), _state(silent)) == ("paid", "cancelled", "cancelled")
    assert StateChange.objects.filter(subject_id=silent.pk, event="lapse", role="clock").exists()
    for gone in (leaves, silent):
        assert PaymentIntent.objects.get(subject_id=gone.pk).refunded_fen == gone.total_fen
    campaign.refresh_from_db()
    assert (campaign.state, LedRound.objects.get().state) == ("live", "following")
    assert campaign.closes_at - ends >= timedelta(days=10), "the deadline moves by as long as it stood still"
    assert campaign.raised_fen == 10_000 + 10_000 and Follow.objects.get(pledge=stays).lead_id == second.pk
    _clean()


def test_without_a_new_lead_the_campaign_fails_and_all_goes_back(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign)
    made = [paid_pledge(cashier, campaign, tier, under=lead.pk) for _ in range(3)]
    _withdraw(lead)
    beat()
    move_on(cashier, timedelta(days=25))
    assert (_state(campaign), LedRound.objects.get().state) == ("failed", "ended")
    for one in made:
        assert PaymentIntent.objects.get(subject_id=one.pk).refunded_fen == one.total_fen
    assert books.available(ledger.escrow_of("campaign", campaign.pk)) == 0
    assert queries.record(lead.party_id).left == 1
    _clean()


def test_with_a_second_lead_the_campaign_runs_on_and_the_verdict_waits_for_the_asked(led, cashier):
    campaign, tier = led
    first, second = active_lead(cashier, campaign), active_lead(cashier, campaign)
    asked = paid_pledge(cashier, campaign, tier, under=first.pk)
    others = [paid_pledge(cashier, campaign, tier, under=second.pk) for _ in range(7)]
    move_on(cashier, timedelta(days=29, hours=12))
    _withdraw(first)
    beat()
    assert (_state(campaign), _state(asked), _state(others[0])) == ("live", "to_confirm", "paid")
    move_on(cashier, timedelta(hours=13))
    assert _state(campaign) == "clearing", "somebody may still say yes or no"
    follows.confirm(pledge_id=asked.pk, lead_id=second.pk, by=_by(asked), at=clock.now())
    move_on(cashier, timedelta(minutes=1))
    assert _state(campaign) == "successful"
    assert campaign.raised_fen == 20_000 + 8 * 10_000
    _clean()


def test_who_pays_after_the_lead_left_is_asked_before_the_verdict(led, cashier):
    campaign, tier = led
    first, second = active_lead(cashier, campaign), active_lead(cashier, campaign)
    slow = reserve(campaign, tier, under=first.pk)
    _withdraw(first)
    beat()
    pay(cashier, slow)
    beat()
    assert _state(slow) == "to_confirm"
    move_on(cashier, timedelta(days=9))
    assert _state(slow) == "cancelled"
    assert _state(second) == "active"
    _clean()


def test_a_stake_paid_after_withdrawal_goes_back(led, cashier):
    campaign, _tier = led
    lead = checked_lead(campaign)
    who = User.objects.get(party_id=lead.party_id)
    stake = reserve(campaign, None, who, amount_fen=20_000, under=lead.pk)
    with pytest.raises(Refusal) as caught:  # a second order of the same stake
        reserve(campaign, None, who, amount_fen=20_000, under=lead.pk)
    assert _codes(caught) == {LeadNotFunded.code}
    _withdraw(lead)
    pay(cashier, stake)
    beat()
    assert _state(stake) == "cancelled"
    assert PaymentIntent.objects.get(subject_id=stake.pk).refunded_fen == 20_000
    assert LedRound.objects.get().state == "seeking"
    _clean()


def test_the_replacement_leaves_while_followers_confirm(led, cashier):
    campaign, tier = led
    first = active_lead(cashier, campaign)
    kept, waiting = (paid_pledge(cashier, campaign, tier, under=first.pk) for _ in range(2))
    _withdraw(first)
    beat()
    second = active_lead(cashier, campaign)
    beat()
    follows.confirm(pledge_id=kept.pk, lead_id=second.pk, by=_by(kept), at=clock.now())
    _withdraw(second)
    beat()
    assert LedRound.objects.get().state == "searching"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.confirm_by) == ("to_confirm", None), "nothing to confirm, so no clock runs"
    third = active_lead(cashier, campaign)
    beat()
    assert {_state(kept), _state(waiting)} == {"to_confirm"}, "a yes to the second lead is no yes to the third"
    for made in (kept, waiting):
        follows.confirm(pledge_id=made.pk, lead_id=third.pk, by=_by(made), at=clock.now())
    move_on(cashier, timedelta(days=9))
    assert (_state(campaign), _state(kept), _state(waiting)) == ("live", "paid", "paid")
    _clean()


def test_a_removed_lead_is_as_one_that_left(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign)
    made = paid_pledge(cashier, campaign, tier, under=lead.pk)
    with pytest.raises(Affiliated):
        from backend.common.actors import Role

        own = acting(owner_of(campaign), Role.MODERATOR)
        candidacies.remove(lead_id=lead.pk, reason="x", by=own, at=clock.now())
    candidacies.remove(lead_id=lead.pk, reason="尽调报告与事实不符", by=moderator(), at=clock.now())
    beat()
    assert (_state(campaign), _state(lead), _state(made)) == ("paused", "removed", "paid")
    assert queries.record(lead.party_id).removed == 1
    with pytest.raises(MoveRefused):
        reviews.resume(campaign_id=campaign.pk, reason="x", by=moderator(), at=clock.now())
    reviews.cancel(campaign_id=campaign.pk, reason="发起人一并造假", by=moderator(), at=clock.now())
    beat()
    assert (_state(made), LedRound.objects.get().state) == ("refunded", "ended")
    _clean()


def test_after_the_deadline_a_lead_has_its_duties(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign, stake_fen=50_000)
    for _ in range(5):
        paid_pledge(cashier, campaign, tier, under=lead.pk)
    move_on(cashier, timedelta(days=30, hours=1))
    assert _state(campaign) == "successful"
    with pytest.raises(MoveRefused):
        _withdraw(lead)
    report = Report.objects.get(lead=lead)
    assert report.no == 1
    by = acting(User.objects.get(party_id=lead.party_id))
    with pytest.raises(NotFound):
        reports.file(report_id=report.pk, body="字" * 30, by=acting(person()), at=clock.now())
    with pytest.raises(Invalid):
        reports.file(report_id=report.pk, body="太短", by=by, at=clock.now())
    reports.file(report_id=report.pk, body="四月到作坊两次，已剖篾三百斤，进度与承诺一致。", by=by, at=clock.now())
    deliver_events()
    follower = Follow.objects.filter(lead=lead).first()
    assert Message.objects.filter(party_id=follower.pledge.backer_id, zh__contains="领投报告").count() == 1
    move_on(cashier, timedelta(days=62))
    assert _state(Report.objects.get(lead=lead, no=2)) == "missed"
    late = Report.objects.get(lead=lead, no=2)
    reports.file(report_id=late.pk, body="五月因雨停工十天，已向各位说明，六月补上。", by=by, at=clock.now())
    assert _state(late) == "filed_late"
    assert queries.record(lead.party_id).missed == 1
    with pytest.raises(MoveRefused):
        reports.file(
            report_id=late.pk, body="已经补交过的报告不能再改，这一次应当被拒绝并保持原样。", by=by, at=clock.now()
        )
    assert Report.objects.filter(lead=lead, state="due").count() == 1


def test_candidacies_end_by_the_clock(led, cashier):
    campaign, _tier = led
    forgotten = candidacies.propose(campaign_id=campaign.pk, dossier=dossier(), by=acting(person()), at=clock.now())
    unpaid = checked_lead(campaign)
    move_on(cashier, timedelta(days=7, minutes=1))
    assert (_state(unpaid), _state(forgotten)) == ("declined", "proposed")
    move_on(cashier, timedelta(days=7))
    assert _state(forgotten) == "declined"
    late = checked_lead(campaign)
    move_on(cashier, timedelta(days=17))
    assert (_state(campaign), _state(late), LedRound.objects.get().state) == ("failed", "declined", "ended")


def test_a_stake_lost_to_a_chargeback_ends_the_lead(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign)
    made = paid_pledge(cashier, campaign, tier, under=lead.pk)
    from backend.payments.operations import disputes
    from tests.builders import officer

    intent = pledges.intent_of(lead.pledge_id)
    dispute = disputes.open_dispute(
        intent_id=intent.pk, provider_no="CB1", amount_fen=20_000, payee_id=None, by=officer(), at=clock.now()
    )
    with pytest.raises(Refusal):
        pledges.cancel_pledge(pledge_id=lead.pledge_id, by=_by(lead.pledge), at=clock.now())
    _withdraw(lead)  # its money waits for the decision
    beat()
    assert (_state(lead), _state(lead.pledge), _state(campaign)) == ("withdrawn", "paid", "paused")
    disputes.lose_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    beat()
    assert _state(lead.pledge) == "refunded"
    move_on(cashier, timedelta(days=25))
    assert (_state(campaign), _state(made)) == ("failed", "refunded")
    _clean()


def test_tending_twice_changes_nothing(led, cashier):
    campaign, tier = led
    lead = active_lead(cashier, campaign)
    paid_pledge(cashier, campaign, tier, under=lead.pk)
    _withdraw(lead)
    before = StateChange.objects.count()
    for _ in range(3):
        rounds.tend(campaign_id=campaign.pk, at=clock.now())
    assert StateChange.objects.count() == before
    assert Campaign.objects.get(pk=campaign.pk).state == "paused"


def test_working_days_know_holidays_and_days_worked_for_them():
    def at(*day: int) -> datetime:
        return datetime(*day, 15, 30, tzinfo=SHANGHAI)

    # 国庆 2026: 1-7 October off, Saturday the 10th worked (State Council notice of November 2025)
    assert working_days.after(at(2026, 9, 30), 1) == datetime(2026, 10, 9, tzinfo=SHANGHAI)
    assert working_days.after(at(2026, 9, 30), 3) == datetime(2026, 10, 11, tzinfo=SHANGHAI)
    assert working_days.after(at(2026, 9, 30), 5) == datetime(2026, 10, 14, tzinfo=SHANGHAI)
    assert working_days.after(at(2030, 3, 1), 5) == datetime(2030, 3, 9, tzinfo=SHANGHAI)
