"""A refused refund before the deciders: who may complain, what is held, evidence, offers, rulings, appeals, silence."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from PIL import Image

from backend.accounts.models import User
from backend.common import clock, files
from backend.common.actors import Role, SamePerson
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.states import MoveRefused
from backend.disputes import queries as disputes
from backend.disputes.errors import (
    EvidenceClosed,
    EvidenceKnown,
    EvidenceOpen,
    NotNeutral,
    OfferStale,
    SplitWrong,
    TooLateToComplain,
)
from backend.disputes.models import Case, Evidence, Ruling
from backend.disputes.operations import cases, rulings
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications.models import Message
from backend.payments.models import PaymentIntent, Refund
from backend.payments.operations import disputes as chargebacks
from crowdfunding.campaigns.errors import ReturnTooLate
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import complaints, delivery, pledges, talk
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
    person,
    picture,
)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clocks(own_db, cashier):
    cashier.control(clock=clock.now().isoformat(), forget=True)


def succeeded(cashier, pledges_n: int = 3) -> tuple[Campaign, list[Pledge]]:
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=20_000)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(pledges_n)]
    move_on(cashier, timedelta(days=30, minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "successful"
    return campaign, made


def by_of(made: Pledge):
    return acting(User.objects.get(party_id=made.backer_id))


def refused(made: Pledge) -> Pledge:
    """A pledge whose refund its maker turned down."""
    pledges.ask_refund(pledge_id=made.pk, reason="竹盒开裂", by=by_of(made), at=clock.now())
    maker = acting(owner_of(made.campaign))
    pledges.answer_refund(pledge_id=made.pk, agree=False, reason="运输所致", by=maker, at=clock.now())
    return Pledge.objects.get(pk=made.pk)


def complained(made: Pledge, wanted_fen: int = 20_000) -> Case:
    made = refused(made)
    return complaints.complain(
        pledge_id=made.pk, facts="到货即裂，有照片", wanted_fen=wanted_fen, by=by_of(made), at=clock.now()
    )


def heard(cashier, made: Pledge, wanted_fen: int = 20_000) -> Case:
    """A dispute whose time for evidence is over."""
    case = complained(made, wanted_fen)
    cases.take_up(case_id=case.pk, by=moderator(), at=clock.now())
    move_on(cashier, 7 * DAY + timedelta(minutes=1))
    return Case.objects.get(pk=case.pk)


def escrow(campaign: Campaign) -> tuple[int, int]:
    account = ledger.escrow_of("campaign", campaign.pk)
    return books.balance(account), books.available(account)


def refunded(made: Pledge) -> int:
    return PaymentIntent.objects.get(subject_id=made.pk).refunded_fen


def test_nobody_complains_without_a_claim_that_was_refused_or_left_unanswered(cashier):
    _campaign, made = succeeded(cashier)
    again = {"facts": "f", "wanted_fen": 100}
    with pytest.raises(TooLateToComplain):
        complaints.complain(pledge_id=made[0].pk, by=by_of(made[0]), at=clock.now(), **again)
    pledges.ask_refund(pledge_id=made[0].pk, reason="不想要了", by=by_of(made[0]), at=clock.now())
    with pytest.raises(TooLateToComplain):  # the maker has five working days
        complaints.complain(pledge_id=made[0].pk, by=by_of(made[0]), at=clock.now(), **again)
    with pytest.raises(NotFound):
        complaints.complain(pledge_id=made[0].pk, by=by_of(made[1]), at=clock.now(), **again)
    move_on(cashier, 9 * DAY)
    case = complaints.complain(pledge_id=made[0].pk, by=by_of(made[0]), at=clock.now(), **again)
    assert (case.answer, case.claim) == ("", "不想要了")


def test_a_complaint_comes_too_late_after_fifteen_days_and_twice_about_one_refusal(cashier):
    _campaign, made = succeeded(cashier)
    one, other = refused(made[0]), complained(made[1])
    cases.withdraw(case_id=other.pk, by=by_of(made[1]), at=clock.now())
    with pytest.raises(TooLateToComplain):
        complaints.complain(pledge_id=made[1].pk, facts="f", wanted_fen=1, by=by_of(made[1]), at=clock.now())
    move_on(cashier, 15 * DAY + timedelta(minutes=1))
    with pytest.raises(TooLateToComplain):
        complaints.complain(pledge_id=one.pk, facts="f", wanted_fen=1, by=by_of(one), at=clock.now())


def test_what_is_disputed_is_held_and_the_rest_goes_on(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    assert (case.stake_fen, escrow(campaign)) == (20_000, (60_000, 40_000))
    assert Pledge.objects.get(pk=made[0].pk).state == "in_dispute"
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    campaign.refresh_from_db()
    assert campaign.state == "producing"  # the first part is paid out of the rest
    assert escrow(campaign)[0] - escrow(campaign)[1] == 20_000
    assert delivery.tail_obstacles(campaign, clock.now()) != []
    assert list(books.differences()) == []


def test_a_whole_ruling_refunds_and_ends_the_pledge_after_the_time_for_appeal(cashier):
    campaign, made = succeeded(cashier)
    case = heard(cashier, made[0])
    rulings.rule(
        case_id=case.pk, to_claimant_fen=20_000, to_respondent_fen=0, text="照片属实", by=moderator(), at=clock.now()
    )
    beat()
    assert refunded(made[0]) == 0
    move_on(cashier, 7 * DAY + timedelta(minutes=1))
    assert Case.objects.get(pk=case.pk).state == "executed"
    assert (Pledge.objects.get(pk=made[0].pk).state, refunded(made[0])) == ("refunded", 20_000)
    assert Refund.objects.get().state == "succeeded"
    assert list(books.differences()) == []
    assert Message.objects.filter(kind="case", party_id=campaign.owner_id).count() == 4


def test_a_split_gives_each_side_its_part_and_lets_the_pledge_stand(cashier):
    _campaign, made = succeeded(cashier)
    case = heard(cashier, made[0])
    with pytest.raises(SplitWrong):
        rulings.rule(
            case_id=case.pk, to_claimant_fen=12_000, to_respondent_fen=7_999, text="t", by=moderator(), at=clock.now()
        )
    rulings.rule(
        case_id=case.pk,
        to_claimant_fen=12_000,
        to_respondent_fen=8_000,
        text="各有责任",
        by=moderator(),
        at=clock.now(),
    )
    move_on(cashier, 7 * DAY + timedelta(minutes=1))
    assert (Pledge.objects.get(pk=made[0].pk).state, refunded(made[0])) == ("paid", 12_000)
    assert list(books.differences()) == []


def test_another_decider_hears_the_appeal_and_what_they_say_is_final(cashier):
    _campaign, made = succeeded(cashier)
    case, first = heard(cashier, made[0]), moderator()
    split = {"case_id": case.pk, "text": "t"}
    rulings.rule(**split, to_claimant_fen=0, to_respondent_fen=20_000, by=first, at=clock.now())
    with pytest.raises(NotFound):
        rulings.appeal(case_id=case.pk, reason="r", by=by_of(made[1]), at=clock.now())
    rulings.appeal(case_id=case.pk, reason="照片没有被看", by=by_of(made[0]), at=clock.now())
    with pytest.raises(MoveRefused):
        rulings.appeal(case_id=case.pk, reason="再来", by=acting(owner_of(made[0].campaign)), at=clock.now())
    with pytest.raises(SamePerson):
        rulings.decide_appeal(**split, to_claimant_fen=0, to_respondent_fen=20_000, by=first, at=clock.now())
    rulings.decide_appeal(**split, to_claimant_fen=5_000, to_respondent_fen=15_000, by=moderator(), at=clock.now())
    deliver_events()
    beat()
    assert (Case.objects.get(pk=case.pk).state, refunded(made[0])) == ("executed", 5_000)
    assert [one.no for one in Ruling.objects.order_by("no")] == [1, 2]
    assert list(books.differences()) == []


def test_an_appeal_that_nobody_decides_leaves_the_first_ruling(cashier):
    _campaign, made = succeeded(cashier)
    case = heard(cashier, made[0])
    rulings.rule(
        case_id=case.pk, to_claimant_fen=7_000, to_respondent_fen=13_000, text="t", by=moderator(), at=clock.now()
    )
    rulings.appeal(case_id=case.pk, reason="r", by=acting(owner_of(made[0].campaign)), at=clock.now())
    move_on(cashier, 31 * DAY)
    assert (Case.objects.get(pk=case.pk).given_fen, refunded(made[0])) == (7_000, 7_000)


def test_a_dispute_that_nobody_decides_frees_the_money_and_says_so(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    move_on(cashier, 60 * DAY + timedelta(minutes=1))
    assert (Case.objects.get(pk=case.pk).state, refunded(made[0])) == ("undecided", 0)
    assert Pledge.objects.get(pk=made[0].pk).state == "paid"
    assert escrow(campaign)[0] == escrow(campaign)[1]
    assert Message.objects.filter(party_id=made[0].backer_id, zh__contains="12315").exists()


def test_an_offer_is_accepted_as_it_was_read_by_the_other_side_alone(cashier):
    _campaign, made = succeeded(cashier)
    case, maker = complained(made[0]), acting(owner_of(made[0].campaign))
    with pytest.raises(Invalid):
        cases.offer(case_id=case.pk, to_claimant_fen=20_001, by=maker, at=clock.now())
    cases.offer(case_id=case.pk, to_claimant_fen=6_000, by=maker, at=clock.now())
    with pytest.raises(OfferStale):
        cases.accept(case_id=case.pk, expected_fen=6_000, by=maker, at=clock.now())
    cases.offer(case_id=case.pk, to_claimant_fen=5_000, by=maker, at=clock.now())
    with pytest.raises(OfferStale):
        cases.accept(case_id=case.pk, expected_fen=6_000, by=by_of(made[0]), at=clock.now())
    cases.accept(case_id=case.pk, expected_fen=5_000, by=by_of(made[0]), at=clock.now())
    deliver_events()
    beat()
    assert (Case.objects.get(pk=case.pk).state, refunded(made[0])) == ("settled", 5_000)
    assert list(books.differences()) == []


def test_only_a_neutral_decider_decides(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    partial = acting(owner_of(campaign), Role.MODERATOR)
    for act in (cases.take_up, lambda **more: cases.dismiss(reason="r", **more)):
        with pytest.raises(NotNeutral):
            act(case_id=case.pk, by=partial, at=clock.now())
        with pytest.raises(Forbidden):
            act(case_id=case.pk, by=officer(), at=clock.now())
    with pytest.raises(MoveRefused):
        rulings.rule(
            case_id=case.pk, to_claimant_fen=0, to_respondent_fen=20_000, text="t", by=moderator(), at=clock.now()
        )
    cases.take_up(case_id=case.pk, by=moderator(), at=clock.now())
    with pytest.raises(EvidenceOpen):
        rulings.rule(
            case_id=case.pk, to_claimant_fen=0, to_respondent_fen=20_000, text="t", by=moderator(), at=clock.now()
        )


def test_evidence_is_hashed_kept_once_and_taken_in_its_time_only(cashier):
    _campaign, made = succeeded(cashier)
    case, backer = complained(made[0]), by_of(made[0])
    bring = {"case_id": case.pk, "note": "开裂处"}
    found = cases.bring_evidence(**bring, name="a/b/照片.png", body=picture(), by=backer, at=clock.now())
    assert found.name == "照片.png"
    assert hashlib.sha256(files.read(found.sha256)).hexdigest() == found.sha256
    assert found.received_sha256 == hashlib.sha256(picture()).hexdigest()
    with pytest.raises(EvidenceKnown):
        cases.bring_evidence(**bring, name="again.png", body=picture(), by=backer, at=clock.now())
    for name, body in (("x.pdf", picture()), ("x.svg", b"<svg/>"), ("x.png", b""), ("x.png", b"\x89PNG\r\n\x1a\nno")):
        with pytest.raises(Invalid):
            cases.bring_evidence(**bring, name=name, body=body, by=backer, at=clock.now())
    with pytest.raises(NotFound):
        cases.bring_evidence(**bring, name="c.png", body=picture("blue"), by=by_of(made[1]), at=clock.now())
    cases.take_up(case_id=case.pk, by=moderator(), at=clock.now())
    move_on(cashier, 8 * DAY)
    with pytest.raises(EvidenceClosed):
        cases.bring_evidence(**bring, name="c.png", body=picture("blue"), by=backer, at=clock.now())
    cases.reopen_evidence(case_id=case.pk, reason="新线索", by=moderator(), at=clock.now())
    cases.bring_evidence(**bring, name="c.jpg", body=picture("blue", "JPEG"), by=backer, at=clock.now())
    with pytest.raises(Exception, match="append-only"):
        Evidence.objects.filter(pk=found.pk).update(sha256="0" * 64)


def test_pictures_lose_place_and_device():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    assert b"SECRET-CAMERA" in out.getvalue()
    kept = files.keep("p.jpg", out.getvalue())
    assert b"SECRET-CAMERA" not in files.read(kept.sha256)


def test_the_end_of_the_whole_overtakes_a_dispute_and_everyone_shares_alike(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    delivery.ask_to_cancel(campaign_id=campaign.pk, ruling="停产", by=acting(owner_of(campaign)), at=clock.now())
    delivery.confirm_cancel(campaign_id=campaign.pk, by=moderator(), at=clock.now())
    deliver_events()
    beat()
    assert Case.objects.get(pk=case.pk).state == "overtaken"
    assert [refunded(one) for one in made] == [20_000] * 3
    assert list(books.differences()) == []


def test_a_lost_chargeback_ends_the_dispute_about_the_same_money(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    intent = pledges.intent_of(made[0].pk)
    charge = chargebacks.open_dispute(
        intent_id=intent.pk, provider_no="CB-9", amount_fen=20_000, payee_id=campaign.owner_id, by=officer(),
        at=clock.now(),
    )  # fmt: skip
    chargebacks.lose_dispute(dispute_id=charge.pk, by=officer(), at=clock.now())
    deliver_events()
    assert Case.objects.get(pk=case.pk).state == "overtaken"
    assert Pledge.objects.get(pk=made[0].pk).state == "refunded"
    assert escrow(campaign) == (40_000, 40_000)
    assert list(books.differences()) == []


def received(cashier, right_class: str) -> tuple[Campaign, Pledge]:
    campaign, tier = live_campaign(goal_fen=50_000, price_fen=20_000, shipping_fen=1_000)
    Tier.objects.filter(pk=tier.pk).update(right_class=right_class)
    made = [paid_pledge(cashier, campaign, tier) for _ in range(3)]
    move_on(cashier, timedelta(days=30, minutes=1))
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    delivery.start_shipping(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    pledges.confirm_receipt(pledge_id=made[0].pk, by=by_of(made[0]), at=clock.now())
    deliver_events()
    campaign.refresh_from_db()
    return campaign, Pledge.objects.get(pk=made[0].pk)


def test_goods_that_may_be_sent_back_are_refunded_when_the_maker_is_silent(cashier):
    campaign, made = received(cashier, "seven_days")
    pledges.ask_refund(pledge_id=made.pk, reason="退货，顺丰 SF1", by=by_of(made), at=clock.now())
    move_on(cashier, 14 * DAY + timedelta(minutes=1))
    assert Pledge.objects.get(pk=made.pk).state == "refunded"
    assert refunded(made) == 18_900  # of the 20,000 that the goods cost, what escrow held
    assert list(books.differences()) == []


@pytest.mark.parametrize("right_class", ["made_to_order", "fresh"])
def test_goods_of_other_classes_stay_when_the_maker_is_silent(cashier, right_class):
    _campaign, made = received(cashier, right_class)
    pledges.ask_refund(pledge_id=made.pk, reason="有瑕疵", by=by_of(made), at=clock.now())
    move_on(cashier, 14 * DAY + timedelta(minutes=1))
    assert (Pledge.objects.get(pk=made.pk).state, refunded(made)) == ("received", 0)


def test_nobody_claims_a_week_after_receipt_and_the_tail_waits_that_long(cashier):
    campaign, made = received(cashier, "seven_days")
    waits = [reason.text("zh") for reason in delivery.tail_obstacles(campaign, clock.now())]
    assert any("七日" in text for text in waits)
    move_on(cashier, 7 * DAY + timedelta(minutes=1))
    with pytest.raises(ReturnTooLate):
        pledges.ask_refund(pledge_id=made.pk, reason="退货", by=by_of(made), at=clock.now())
    waits = [reason.text("zh") for reason in delivery.tail_obstacles(campaign, clock.now())]
    assert not any("七日" in text for text in waits)


def test_a_dispute_is_seen_by_its_sides_and_the_deciders_alone(cashier):
    campaign, made = succeeded(cashier)
    case = complained(made[0])
    for reader in (by_of(made[0]), acting(owner_of(campaign)), moderator(), acting(person(), Role.AUDITOR)):
        assert disputes.visible(case.pk, reader) == case
    for reader in (by_of(made[1]), officer(), acting(person())):
        with pytest.raises(NotFound):
            disputes.visible(case.pk, reader)


def test_a_ruling_about_less_than_was_paid_still_ends_the_pledge_when_it_is_all_that_escrow_holds(cashier):
    campaign, made = succeeded(cashier)
    move_on(cashier, 3 * DAY + timedelta(minutes=1))
    campaign.refresh_from_db()
    case = complained(made[0], wanted_fen=18_000)
    assert (campaign.state, case.stake_fen) == ("producing", 18_000)
    talk.post_update(campaign_id=campaign.pk, title="t", body="b", by=acting(owner_of(campaign)), at=clock.now())
    cases.offer(case_id=case.pk, to_claimant_fen=18_000, by=acting(owner_of(campaign)), at=clock.now())
    cases.accept(case_id=case.pk, expected_fen=18_000, by=by_of(made[0]), at=clock.now())
    deliver_events()
    beat()
    assert (Pledge.objects.get(pk=made[0].pk).state, refunded(made[0])) == ("refunded", 18_000)
    assert escrow(campaign) == (0, 0)
    assert list(books.differences()) == []
