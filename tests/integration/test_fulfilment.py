"""From success to the parcel: survey, lock, shipment by file, receipt, loss, the tail that waits."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import Workbook, load_workbook

from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusal
from backend.common.models import StateChange
from backend.common.states import MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.notifications.models import Message
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import delivery, pledges, talk
from crowdfunding.fulfilment import addresses, queries, questions, sheets, tasks
from crowdfunding.fulfilment.errors import AddressesClosed, AddressLocked, NotYetLost, SurveyFixed
from crowdfunding.fulfilment.models import AddressReading, Parcel, Survey
from crowdfunding.fulfilment.operations import parcels, shipments, surveys
from crowdfunding.fulfilment.operations.shipments import Sent
from tests.builders import acting, beat, live_campaign, move_on, owner_of, paid_pledge, person

HOME = addresses.Address("王小明", "13812345678", "湖北省咸宁市咸安区", "桂乡大道 8 号")


@pytest.fixture
def won(own_db, cashier):
    """A campaign that succeeded with three backers, and their parcels."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(price_fen=50_000)
    made = [paid_pledge(cashier, campaign, tier, person(name=f"支持者{n}")) for n in range(3)]
    move_on(cashier, timedelta(days=30, hours=1))
    campaign.refresh_from_db()
    assert campaign.state == "successful"
    return campaign, made


def _by(made: Pledge):
    from backend.accounts.models import User

    return acting(User.objects.get(party_id=made.backer_id))


def _fill(made: Pledge, address=HOME, answers=None):
    return parcels.fill(pledge_id=made.pk, address=address, answers=answers or {}, by=_by(made), at=clock.now())


def _locked(cashier, campaign, made):
    for one in made:
        _fill(one)
    surveys.announce_lock(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    move_on(cashier, timedelta(days=4))
    campaign.refresh_from_db()
    assert campaign.state == "producing"


def _send(campaign, numbers=(1, 2, 3), prefix="SF100000"):
    rows = [Sent(str(no), "顺丰", f"{prefix}{no}") for no in numbers]
    by = acting(owner_of(campaign))
    return shipments.import_shipments(campaign_id=campaign.pk, rows=rows, by=by, at=clock.now())


def test_success_asks_every_backer_once(won):
    campaign, made = won
    assert Parcel.objects.filter(campaign=campaign).count() == 3
    assert sorted(Parcel.objects.values_list("no", flat=True)) == [1, 2, 3]
    surveys.open_survey(campaign_id=campaign.pk, at=clock.now())
    assert Parcel.objects.count() == 3
    told = Message.objects.filter(party_id=made[0].backer_id, kind="parcel")
    assert told.count() == 1


def test_an_address_is_sealed_masked_and_changes_until_the_lock(won, cashier):
    campaign, made = won
    parcel = _fill(made[0])
    assert "小明" not in parcel.address_sealed and "13812345678" not in parcel.address_sealed
    assert addresses.unseal(parcel.address_sealed, place=parcel.place).masked == "王*，138****5678，湖北省咸宁市咸安区"
    _fill(made[0], addresses.Address("李四", "13900000000", "湖北省武汉市", "中山路 1 号"))
    surveys.announce_lock(campaign_id=campaign.pk, by=acting(owner_of(campaign)), at=clock.now())
    _fill(made[0])
    move_on(cashier, timedelta(hours=47))
    _fill(made[0])
    cashier.control(clock=clock.advance(timedelta(hours=2)).isoformat())
    with pytest.raises(AddressLocked):  # though no clock has noted the lock yet
        _fill(made[0])
    beat()
    parcel.refresh_from_db()
    assert parcel.state == "locked"
    assert Parcel.objects.get(pledge=made[1]).state == "missed"
    _fill(made[1])
    assert Parcel.objects.get(pledge=made[1]).state == "locked"


def test_nobody_else_sees_or_writes_an_address(won):
    campaign, made = won
    stranger = acting(person(name="外人"))
    with pytest.raises(NotFound):
        parcels.fill(pledge_id=made[0].pk, address=HOME, answers={}, by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        shipments.packing_list(campaign_id=campaign.pk, purpose="list", by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        shipments.import_shipments(campaign_id=campaign.pk, rows=[Sent("1", "a", "12345")], by=stranger, at=clock.now())


def test_a_lock_is_never_without_its_warning(won, cashier):
    campaign, _made = won
    survey = Survey.objects.get(campaign=campaign)
    surveys.advance(survey_id=survey.pk, at=clock.now())
    survey.refresh_from_db()
    assert survey.state == "open"
    move_on(cashier, timedelta(days=52))  # the maker forgets: the clock announces, and locks two days later
    survey.refresh_from_db()
    assert survey.state == "announced"
    move_on(cashier, timedelta(days=2, minutes=1))
    survey.refresh_from_db()
    assert survey.state == "locked"
    moves = StateChange.objects.filter(subject_id=survey.pk).order_by("at").values_list("event", "at")
    assert [event for event, _at in moves] == ["announce", "lock"]
    assert moves[1][1] - moves[0][1] >= timedelta(hours=48)


def test_questions_are_fixed_once_answered(won):
    campaign, made = won
    by = acting(owner_of(campaign))
    surveys.write_questions(campaign_id=campaign.pk, text="颜色：红|蓝\n刻字", by=by)
    with pytest.raises(Invalid):
        _fill(made[0], answers={"颜色": "绿", "刻字": "x"})
    _fill(made[0], answers={"颜色": "蓝", "刻字": "咸宁"})
    with pytest.raises(SurveyFixed):
        surveys.write_questions(campaign_id=campaign.pk, text="尺寸", by=by)


@pytest.mark.parametrize("text", ["a\na", "颜色：红", "\n".join("abcdefghi"), "长" * 41, "：红|蓝", "色：红|红"])
def test_a_line_that_is_no_question_is_refused(text):
    with pytest.raises(Invalid):
        questions.read(text)


@pytest.mark.parametrize(
    "bad", [("", "13812345678", "湖北省", "中山路 1 号"), ("王", "1381234567８", "湖北省", "中山路 1 号"), ("王", "13812345678", "", "x")]
)  # fmt: skip
def test_an_address_that_cannot_be_delivered_is_refused(bad):
    with pytest.raises(Refusal):
        addresses.read(*bad)


def test_addresses_leave_only_between_lock_and_ninety_days_after_the_end(won, cashier):
    campaign, made = won
    by = acting(owner_of(campaign))
    with pytest.raises(AddressesClosed):
        shipments.packing_list(campaign_id=campaign.pk, purpose="list", by=by, at=clock.now())
    _locked(cashier, campaign, made)
    rows = shipments.packing_list(campaign_id=campaign.pk, purpose="list", by=by, at=clock.now())
    assert [row.no for row in rows] == [1, 2, 3]
    assert AddressReading.objects.get().count == 3
    far = clock.now() + timedelta(days=400)
    tasks.forget_addresses()
    assert Parcel.objects.exclude(address_sealed="").count() == 3
    _send(campaign)
    for one in made:
        pledges.confirm_receipt(pledge_id=one.pk, by=_by(one), at=clock.now())
    talk.post_update(campaign_id=campaign.pk, title="完成", body="都寄到了", by=by, at=clock.now())
    for _ in range(4):
        move_on(cashier, timedelta(days=8))
    campaign.refresh_from_db()
    assert campaign.state == "closed"
    with pytest.raises(AddressesClosed):
        shipments.packing_list(campaign_id=campaign.pk, purpose="list", by=by, at=far)
    move_on(cashier, timedelta(days=91))
    tasks.forget_addresses()
    assert not Parcel.objects.exclude(address_sealed="").exists()


def test_a_workbook_goes_out_and_comes_back_as_a_batch(won, cashier):
    campaign, made = won
    by = acting(owner_of(campaign))
    _fill(made[0], addresses.Address('=cmd|"/c calc"!A1', "13812345678", "湖北省", "+1+1 号"))
    _locked(cashier, campaign, made[1:])
    rows = shipments.packing_list(campaign_id=campaign.pk, purpose="list", by=by, at=clock.now())
    book = load_workbook(io.BytesIO(sheets.packing_book(rows)))
    cells = list(book.active.iter_rows())
    assert cells[1][3].value == "100%"
    assert cells[1][4].value.startswith("=cmd") and cells[1][4].data_type == "s"
    back = Workbook()
    head = [cell.value for cell in cells[0]]
    back.active.append(head)
    for number, line in enumerate(cells[1:3], start=1):
        back.active.append([*[cell.value for cell in line][:-2], "顺丰", f"SF99999{number}"])
    back.active.append([cell.value for cell in cells[3]])  # not sent yet
    out = io.BytesIO()
    back.save(out)
    batch = sheets.read_batch("x.xlsx", out.getvalue())
    assert len(batch) == 2
    assert shipments.import_shipments(campaign_id=campaign.pk, rows=batch, by=by, at=clock.now()) == 2
    assert shipments.import_shipments(campaign_id=campaign.pk, rows=batch, by=by, at=clock.now()) == 0
    assert queries.counts(campaign.pk) == {"shipped": 2, "locked": 1}


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 broken", b"a,b\n1,2\n", "编号,运单\n1,2".encode("gb18030")])
def test_a_file_without_the_columns_is_refused(body):
    with pytest.raises(Invalid):
        sheets.read_batch("x", body)


def test_one_bad_row_refuses_the_whole_file(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    by = acting(owner_of(campaign))
    rows = [
        Sent("1", "顺丰", "SF1000001"), Sent("9", "顺丰", "SF1000002"), Sent("2", "", "SF1000003"),
        Sent("1", "顺丰", "SF1000004"), Sent("²", "顺丰", "SF1000005"),
    ]  # fmt: skip
    with pytest.raises(Refusal) as caught:
        shipments.import_shipments(campaign_id=campaign.pk, rows=rows, by=by, at=clock.now())
    assert [reason.field for reason in caught.value.reasons] == ["row-3", "row-4", "row-5", "row-6"]
    assert queries.counts(campaign.pk) == {"locked": 3}
    campaign.refresh_from_db()
    assert campaign.state == "producing"


def test_the_whole_way_to_the_tail(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    assert _send(campaign) == 3
    beat()
    campaign.refresh_from_db()
    assert campaign.state == "delivering"
    assert Message.objects.filter(party_id=made[0].backer_id, kind="parcel").count() == 3
    pledges.confirm_receipt(pledge_id=made[0].pk, by=_by(made[0]), at=clock.now())
    move_on(cashier, timedelta(days=15, minutes=1))
    assert set(Parcel.objects.values_list("state", flat=True)) == {"arrived"}
    assert set(Pledge.objects.values_list("state", flat=True)) == {"received"}
    campaign.refresh_from_db()
    assert campaign.state == "delivered"


def test_unsent_parcels_hold_the_delivery_and_make_it_overdue(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    _send(campaign, [1])
    move_on(cashier, timedelta(days=16))
    campaign.refresh_from_db()
    assert campaign.state == "delivering"
    assert [reason.code for reason in delivery.held_by(campaign, clock.now())] == ["tail_waits"]
    for _ in range(4):
        move_on(cashier, timedelta(days=20))
    campaign.refresh_from_db()
    assert campaign.state == "overdue"
    _send(campaign, [2, 3])
    campaign.refresh_from_db()
    assert campaign.state == "delivering"


def test_a_lost_parcel_is_sent_again_or_refunded_and_silence_refunds(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    _send(campaign)
    by = acting(owner_of(campaign))
    with pytest.raises(NotYetLost):
        parcels.report_lost(pledge_id=made[0].pk, by=_by(made[0]), at=clock.now())
    move_on(cashier, timedelta(days=8))
    lost = [parcels.report_lost(pledge_id=one.pk, by=_by(one), at=clock.now()) for one in made]
    with pytest.raises(MoveRefused):
        parcels.report_lost(pledge_id=made[0].pk, by=_by(made[0]), at=clock.now())
    parcels.send_again(parcel_id=lost[0].pk, by=by, at=clock.now())
    assert _send(campaign, [1], prefix="SF200000") == 1
    held = books.available(ledger.escrow_of("campaign", campaign.pk))
    parcels.refund_lost(parcel_id=lost[1].pk, by=by, at=clock.now())
    beat()
    assert Pledge.objects.get(pk=made[1].pk).state == "refunded"
    back = min(held, 50_000)
    assert cashier.trade(pledges.intent_of(made[1].pk).number)["refunded_fen"] == back
    move_on(cashier, timedelta(days=14, minutes=1))  # the maker says nothing about the third
    assert Parcel.objects.get(pk=lost[2].pk).state == "returned"
    assert Pledge.objects.get(pk=made[2].pk).state == "refunded"
    assert books.available(ledger.escrow_of("campaign", campaign.pk)) == 0
    assert not list(books.differences())


def test_a_refunded_pledge_needs_no_parcel(won, cashier):
    campaign, made = won
    _fill(made[0])
    pledges.ask_refund(pledge_id=made[0].pk, reason="改变主意", by=_by(made[0]), at=clock.now())
    refund = pledges.answer_refund(
        pledge_id=made[0].pk, agree=True, reason="", by=acting(owner_of(campaign)), at=clock.now()
    )
    from backend.payments.operations import refunds
    from tests.builders import officer

    refunds.approve_refund(refund_id=refund.pk, by=officer(), at=clock.now())
    beat()
    assert Parcel.objects.get(pledge=made[0]).state == "void"


def test_a_change_after_the_lock_is_a_request_to_the_maker(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    by = acting(owner_of(campaign))
    new = addresses.Address("赵六", "13700000000", "湖北省赤壁市", "河北大道 2 号")
    asked = parcels.ask_change(pledge_id=made[0].pk, address=new, by=_by(made[0]), at=clock.now())
    parcels.answer_change(parcel_id=asked.pk, agree=True, by=by, at=clock.now())
    asked.refresh_from_db()
    assert addresses.unseal(asked.address_sealed, place=asked.place) == new
    with pytest.raises(NotFound):
        parcels.answer_change(parcel_id=asked.pk, agree=True, by=by, at=clock.now())
    _send(campaign)
    with pytest.raises(AddressLocked):
        parcels.ask_change(pledge_id=made[0].pk, address=new, by=_by(made[0]), at=clock.now())


def test_a_lost_parcel_takes_no_more_than_a_fixed_share_and_nothing_for_a_received_pledge(won, cashier):
    campaign, made = won
    _locked(cashier, campaign, made)
    _send(campaign)
    move_on(cashier, timedelta(days=8))
    by = acting(owner_of(campaign))
    lost = [parcels.report_lost(pledge_id=one.pk, by=_by(one), at=clock.now()) for one in made[:2]]
    Pledge.objects.filter(pk=made[0].pk).update(share_fen=7)  # as a default fixes it
    parcels.refund_lost(parcel_id=lost[0].pk, by=by, at=clock.now())
    assert pledges.intent_of(made[0].pk).refunded_fen == 7
    pledges.confirm_receipt(pledge_id=made[1].pk, by=_by(made[1]), at=clock.now())
    with pytest.raises(MoveRefused):
        parcels.refund_lost(parcel_id=lost[1].pk, by=by, at=clock.now())
    assert Parcel.objects.get(pk=lost[1].pk).state == "lost"
    assert pledges.intent_of(made[1].pk).refunded_fen == 0
