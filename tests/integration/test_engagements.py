"""Engagements: every fen of a milestone goes where it was agreed, by word, by time or by a decider."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import Error, transaction

from backend.accounts.errors import LevelTooLow
from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.disputes.errors import NoRedo
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Refund
from backend.payments.operations import disputes as chargebacks
from marketplace.engagements import queries
from marketplace.engagements.errors import (
    ClaimOpen,
    InvoiceKnown,
    NoRoundsLeft,
    NotFunded,
    NothingDelivered,
    NoticeNeeded,
    NotNext,
    ReviewClosed,
    TermsChanged,
    TooEarlyToFile,
    TooLateToClaim,
    WorkUnderWay,
)
from marketplace.engagements.models import Claim, Contract, Delivery, Milestone
from marketplace.engagements.operations import claims, contracts, invoices, money, reviews, talk, work
from marketplace.engagements.operations.invoices import Paper
from marketplace.tax.models import Withheld
from tests.builders import acting, beat, deliver_events, moderator, move_on, officer, person, picture
from tests.work_builders import fund, hand_in, offered, paid, signed, stage_of, submitted

REASON = "交付内容与任务书不符，缺少可印刷的源文件"
PNG = picture()


@pytest.fixture
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _payable(party_id) -> int:
    return books.available(ledger.payable_to(party_id))


def _escrow(stage: Milestone) -> int:
    return books.balance(money.escrow_of(stage))


def _agrees() -> None:
    assert list(books.differences()) == []


def test_a_worker_signs_the_terms_that_they_read_and_only_one_who_can_be_paid(now):
    contract, client, worker = offered()
    with pytest.raises(TermsChanged):
        contracts.accept(contract_id=contract.pk, digest="0" * 64, by=worker, at=clock.now())
    with pytest.raises(Forbidden):
        contracts.accept(contract_id=contract.pk, digest=contract.digest, by=client, at=clock.now())
    with pytest.raises(NotFound):
        contracts.accept(contract_id=contract.pk, digest=contract.digest, by=acting(person()), at=clock.now())
    Party.objects.filter(pk=worker.party_id).update(level="L1")
    with pytest.raises(LevelTooLow):
        contracts.accept(contract_id=contract.pk, digest=contract.digest, by=worker, at=clock.now())
    assert Contract.objects.get(pk=contract.pk).state == "offered"


def test_no_work_begins_before_its_money_is_in_escrow(now, cashier):
    contract, client, worker = signed()
    stage = stage_of(contract)
    with pytest.raises(NotFunded):
        work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    with pytest.raises(NotNext):
        money.order(milestone_id=stage_of(contract, 2).pk, by=client, at=clock.now())
    with pytest.raises(Forbidden):
        money.order(milestone_id=stage.pk, by=worker, at=clock.now())
    funded = fund(cashier, contract, client)
    assert (funded.state, _escrow(funded)) == ("funded", 240_000)
    with pytest.raises(MoveRefused):
        money.order(milestone_id=stage.pk, by=client, at=clock.now())
    _agrees()


def test_an_accepted_stage_is_paid_less_fee_and_tax_and_the_next_one_waits_for_its_money(now, cashier):
    contract, client, worker = signed(600_000)
    stage = paid(cashier, contract, client, worker)

    # 2,400 yuan in the first month of the year: 80 % of it is below the 5,000 that go off, so no tax; the fee is 5 %.
    assert (stage.state, stage.given_fen, stage.fee_fen, stage.tax_fen) == ("released", 240_000, 12_000, 0)
    assert _payable(worker.party_id) == 228_000
    assert _escrow(stage) == 0
    assert stage_of(contract, 2).until is not None

    last = paid(cashier, contract, client, worker, no=2)
    assert (last.given_fen, Contract.objects.get(pk=contract.pk).state) == (360_000, "completed")
    _agrees()


def test_tax_is_withheld_over_the_year_as_the_worked_figure_says(now, cashier):
    contract, client, worker = signed(1_000_000, budget_fen=1_000_000, stages=(("全部", 100),))
    stage = paid(cashier, contract, client, worker)
    assert stage.tax_fen == 9_000  # domain.md §7: 10,000 yuan in month 1 → 90
    row = Withheld.objects.get(payee_id=worker.party_id)
    assert (row.method, row.months, row.paid_fen, row.tax_fen, row.fee_fen) == (
        "cumulative",
        1,
        1_000_000,
        9_000,
        50_000,
    )
    assert books.balance(ledger.WITHHELD_TAX) == 9_000
    with pytest.raises(Error), transaction.atomic():
        Withheld.objects.filter(pk=row.pk).update(tax_fen=0)
    _agrees()


def test_two_contracts_in_one_month_bear_what_one_would(now, cashier):
    one, client, worker = signed(1_000_000, budget_fen=1_000_000, stages=(("一半", 50), ("另一半", 50)))
    sums = [paid(cashier, one, client, worker, no=no).tax_fen for no in (1, 2)]
    assert sums == [0, 9_000]


def test_a_firm_gets_its_sum_untaxed(now, cashier):
    contract, client, worker = signed(1_000_000, budget_fen=1_000_000, stages=(("全部", 100),))
    Party.objects.filter(pk=worker.party_id).update(kind="organisation", level="O2")
    stage = paid(cashier, contract, client, worker)
    assert (stage.tax_fen, stage.fee_fen) == (0, 50_000)


def test_a_client_who_is_silent_is_reminded_and_then_it_counts_as_accepted(now, cashier):
    contract, client, worker = signed()
    stage = submitted(cashier, contract, client, worker)
    assert stage.until - stage.state_at == timedelta(days=7)
    move_on(cashier, timedelta(days=4, minutes=1))
    assert (stage_of(contract).state, stage_of(contract).nudges) == ("submitted", 1)
    move_on(cashier, timedelta(days=3, minutes=1))
    assert stage_of(contract).state == "released"
    _agrees()


def test_nothing_is_accepted_that_was_not_handed_in(now, cashier):
    contract, client, worker = signed()
    stage = fund(cashier, contract, client)
    with pytest.raises(MoveRefused):
        work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    with pytest.raises(NothingDelivered):
        work.submit(milestone_id=stage.pk, text="好了", attached=(), by=worker, at=clock.now())
    with pytest.raises(Forbidden):
        work.approve(milestone_id=stage.pk, by=worker, at=clock.now())
    assert stage_of(contract).state == "working"


def test_changes_are_asked_for_three_times_at_most_and_stop_the_clock(now, cashier):
    contract, client, worker = signed()
    submitted(cashier, contract, client, worker)
    stage = stage_of(contract)
    for _round in range(3):
        work.ask_changes(milestone_id=stage.pk, text="主色偏暗，请按样张调整并重出展开图", by=client, at=clock.now())
        move_on(cashier, timedelta(days=1))
        assert stage_of(contract).state == "changes"
        hand_in(stage, worker)
    with pytest.raises(NoRoundsLeft):
        work.ask_changes(milestone_id=stage.pk, text="再改一次，主色偏暗请调整", by=client, at=clock.now())
    assert (stage_of(contract).state, stage_of(contract).rounds) == ("submitted", 3)


def test_a_worker_who_vanishes_is_reminded_twice_and_the_client_gets_the_money_back(now, cashier):
    contract, client, worker = signed()
    stage = fund(cashier, contract, client)
    with pytest.raises(NoticeNeeded):
        work.abandon(milestone_id=stage.pk, reason="没有回音", by=client, at=clock.now())
    for days, nudges in ((7, 1), (4, 2)):
        move_on(cashier, timedelta(days=days, minutes=1))
        assert stage_of(contract).nudges == nudges
    move_on(cashier, timedelta(days=4, minutes=1))
    ended = stage_of(contract)
    assert (ended.state, ended.back_fen) == ("abandoned", 240_000)
    assert stage_of(contract, 2).state == "void"
    assert Contract.objects.get(pk=contract.pk).state == "ended"
    assert Refund.objects.get().amount_fen == 240_000
    assert _escrow(ended) == 0
    _agrees()


def test_progress_begins_the_clock_of_silence_anew(now, cashier):
    contract, client, worker = signed()
    stage = fund(cashier, contract, client)
    work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    for _week in range(2):
        move_on(cashier, timedelta(days=6))
        work.note_progress(milestone_id=stage.pk, text="已完成走访和资料整理", by=worker, at=clock.now())
    assert stage_of(contract).state == "working"
    assert stage_of(contract).nudges == 0


def test_a_client_may_end_a_late_stage_after_the_worker_was_told(now, cashier):
    contract, client, worker = signed()
    stage = fund(cashier, contract, client)
    work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    while clock.now() < stage.deliver_by:
        move_on(cashier, timedelta(days=2))
        if clock.now() < stage.deliver_by:
            work.note_progress(milestone_id=stage.pk, text="还在调整方案", by=worker, at=clock.now())
    with pytest.raises(NoticeNeeded):
        work.abandon(milestone_id=stage.pk, reason="超过工期", by=client, at=clock.now())
    move_on(cashier, timedelta(days=4, minutes=1))
    work.abandon(milestone_id=stage.pk, reason="超过工期", by=client, at=clock.now())
    beat()
    assert stage_of(contract).state == "abandoned"
    _agrees()


def test_a_client_who_does_not_fund_in_time_ends_the_contract_without_blame_for_the_worker(now, cashier):
    contract, client, worker = signed()
    move_on(cashier, timedelta(days=7, minutes=1))
    found = Contract.objects.get(pk=contract.pk)
    assert (found.state, found.reason) == ("ended", "发包方未按期托管")
    assert {each.state for each in found.milestones.all()} == {"void"}


def test_money_that_comes_after_the_contract_has_ended_goes_back_whole(now, cashier):
    from backend.payments.operations import intents

    contract, client, worker = signed()
    intent = money.order(milestone_id=stage_of(contract).pk, by=client, at=clock.now())
    contracts.propose_end(contract_id=contract.pk, reason="需求取消", by=client, at=clock.now())
    contracts.agree_end(contract_id=contract.pk, by=worker, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    beat()
    assert Refund.objects.get().amount_fen == 240_000
    assert _escrow(stage_of(contract)) == 0
    _agrees()


def test_both_end_a_contract_and_undelivered_money_goes_back(now, cashier):
    contract, client, worker = signed()
    fund(cashier, contract, client)
    with pytest.raises(MoveRefused):
        contracts.agree_end(contract_id=contract.pk, by=worker, at=clock.now())
    contracts.propose_end(contract_id=contract.pk, reason="需求有变", by=client, at=clock.now())
    with pytest.raises(MoveRefused):
        contracts.agree_end(contract_id=contract.pk, by=client, at=clock.now())
    contracts.agree_end(contract_id=contract.pk, by=worker, at=clock.now())
    beat()
    assert stage_of(contract).state == "refunded"
    assert Contract.objects.get(pk=contract.pk).state == "ended"
    _agrees()


def test_a_delivered_stage_is_not_ended_by_agreement(now, cashier):
    contract, client, worker = signed()
    submitted(cashier, contract, client, worker)
    contracts.propose_end(contract_id=contract.pk, reason="需求有变", by=client, at=clock.now())
    with pytest.raises(WorkUnderWay):
        contracts.agree_end(contract_id=contract.pk, by=worker, at=clock.now())


def _claimed(cashier, wanted_fen: int, *, by_worker: bool = False):
    contract, client, worker = signed()
    stage = submitted(cashier, contract, client, worker)
    claimant, other = (worker, client) if by_worker else (client, worker)
    claim = claims.make(milestone_id=stage.pk, wanted_fen=wanted_fen, reason=REASON, by=claimant, at=clock.now())
    return contract, claim, claimant, other


def test_a_claim_that_is_granted_divides_the_stage_at_once(now, cashier):
    contract, claim, _client, worker = _claimed(cashier, 96_000)
    claims.grant(claim.pk, "同意退一部分", worker, clock.now())
    beat()
    stage = stage_of(contract)
    assert (stage.state, stage.given_fen, stage.back_fen) == ("split", 144_000, 96_000)
    assert stage_of(contract, 2).until is not None
    _agrees()


def test_a_claim_stops_every_other_way_out(now, cashier):
    contract, claim, client, worker = _claimed(cashier, 96_000)
    stage = stage_of(contract)
    with pytest.raises(MoveRefused):
        work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    with pytest.raises(ClaimOpen):
        claims.make(milestone_id=stage.pk, wanted_fen=1, reason=REASON, by=worker, at=clock.now())
    with pytest.raises(Forbidden):
        claims.grant(claim.pk, "", client, clock.now())
    with pytest.raises(TooEarlyToFile):
        claims.file(claim_id=claim.pk, facts="事实经过", by=client, at=clock.now())


def test_a_claim_that_is_withdrawn_or_lapses_lets_the_stage_go_on_where_it_stood(now, cashier):
    contract, claim, client, worker = _claimed(cashier, 96_000)
    claims.withdraw(claim.pk, "", client, clock.now())
    assert stage_of(contract).state == "submitted"
    work.ask_changes(milestone_id=stage_of(contract).pk, text="主色偏暗，请按样张调整", by=client, at=clock.now())
    again = claims.make(
        milestone_id=stage_of(contract).pk, wanted_fen=240_000, reason=REASON, by=worker, at=clock.now()
    )
    claims.refuse(again.pk, "还没有改完", client, clock.now())
    move_on(cashier, timedelta(days=15, minutes=1))
    assert (stage_of(contract).state, Claim.objects.get(pk=again.pk).state) == ("changes", "lapsed")
    _agrees()


def test_a_claim_long_after_the_delivery_is_refused(now, cashier):
    contract, client, worker = signed(accept_days=14)
    submitted(cashier, contract, client, worker)
    stage = stage_of(contract)
    work.ask_changes(milestone_id=stage.pk, text="主色偏暗，请按样张调整", by=client, at=clock.now())
    for _ in range(6):
        move_on(cashier, timedelta(days=6))
        work.note_progress(milestone_id=stage.pk, text="还在修改中", by=worker, at=clock.now())
    with pytest.raises(TooLateToClaim):
        claims.make(milestone_id=stage.pk, wanted_fen=1, reason=REASON, by=client, at=clock.now())


def _filed(cashier, wanted_fen: int, *, by_worker: bool = False):
    contract, claim, claimant, other = _claimed(cashier, wanted_fen, by_worker=by_worker)
    claims.refuse(claim.pk, "不同意，已按任务书交付", other, clock.now())
    case = claims.file(claim_id=claim.pk, facts="约定交付源文件，至今未收到", by=claimant, at=clock.now())
    return contract, case, claimant, other


def _ruled(case: Case, cashier, to_claimant_fen: int):
    judge = moderator()
    cases.take_up(case_id=case.pk, by=judge, at=clock.now())
    move_on(cashier, timedelta(days=7, minutes=1))
    rulings.rule(
        case_id=case.pk,
        to_claimant_fen=to_claimant_fen,
        to_respondent_fen=case.stake_fen - to_claimant_fen,
        text="部分交付，按完成比例分配",
        by=judge,
        at=clock.now(),
    )


def test_a_dispute_is_divided_sixty_to_forty_as_ruled(now, cashier):
    contract, case, client, worker = _filed(cashier, 240_000)
    assert (case.stake_fen, books.held(money.escrow_of(stage_of(contract)))) == (240_000, 240_000)
    _ruled(case, cashier, 96_000)
    move_on(cashier, timedelta(days=7, minutes=1))
    stage = stage_of(contract)
    assert (stage.state, stage.given_fen, stage.back_fen) == ("split", 144_000, 96_000)
    assert _payable(worker.party_id) == 144_000 - 7_200
    assert Case.objects.get(pk=case.pk).state == "executed"
    _agrees()


def _ruled_again(case: Case, cashier, days: int = 10):
    judge = moderator()
    cases.take_up(case_id=case.pk, by=judge, at=clock.now())
    move_on(cashier, timedelta(days=7, minutes=1))
    rulings.rule(
        case_id=case.pk,
        to_claimant_fen=0,
        to_respondent_fen=case.stake_fen,
        redo_days=days,
        text="交付不完整，可以补正",
        by=judge,
        at=clock.now(),
    )


def test_a_ruling_may_have_the_work_done_again_and_its_money_stays(now, cashier):
    contract, case, client, worker = _filed(cashier, 240_000)
    _ruled_again(case, cashier)
    assert stage_of(contract).state == "disputed"
    move_on(cashier, timedelta(days=7, minutes=1))
    stage = stage_of(contract)
    assert (stage.state, books.balance(money.escrow_of(stage)), books.held(money.escrow_of(stage))) == (
        "changes",
        240_000,
        0,
    )
    assert stage.deliver_by - clock.now() <= timedelta(days=10)
    assert Case.objects.get(pk=case.pk).given_fen == 0
    _agrees()
    hand_in(stage, worker)
    work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    move_on(cashier, timedelta(days=8))
    assert stage_of(contract).state == "released"
    _agrees()


def test_who_does_not_do_it_again_loses_the_stage(now, cashier):
    contract, case, _client, _worker = _filed(cashier, 240_000)
    _ruled_again(case, cashier)
    for _ in range(10):
        move_on(cashier, timedelta(days=7, minutes=1))
    assert stage_of(contract).state == "abandoned"
    _agrees()


def test_it_is_done_again_once_and_in_bounds(now, cashier):
    contract, case, client, worker = _filed(cashier, 240_000)
    with pytest.raises(NoRedo):
        _ruled_again(case, cashier, days=61)
    move_on(cashier, timedelta(minutes=1))
    judge = moderator()
    rulings.rule(
        case_id=case.pk, to_claimant_fen=0, to_respondent_fen=case.stake_fen, redo_days=5, text="可以补正", by=judge,
        at=clock.now(),
    )  # fmt: skip
    rulings.appeal(case_id=case.pk, reason="不应由我重做", by=worker, at=clock.now())
    rulings.decide_appeal(
        case_id=case.pk, to_claimant_fen=0, to_respondent_fen=case.stake_fen, redo_days=5, text="维持", by=moderator(),
        at=clock.now(),
    )  # fmt: skip
    stage = stage_of(contract)
    assert stage.state == "changes"
    hand_in(stage, worker)
    claim = claims.make(milestone_id=stage.pk, wanted_fen=100_000, reason=REASON, by=client, at=clock.now())
    claims.refuse(claim.pk, "已按裁定重做", worker, clock.now())
    again = claims.file(claim_id=claim.pk, facts="重做后仍缺源文件", by=client, at=clock.now())
    with pytest.raises(NoRedo):
        _ruled_again(again, cashier)
    _agrees()


@pytest.mark.parametrize(("given", "state"), [(240_000, "released"), (0, "refunded")])
def test_a_workers_complaint_is_decided_too(now, cashier, given, state):
    contract, case, worker, client = _filed(cashier, 240_000, by_worker=True)
    _ruled(case, cashier, given)
    move_on(cashier, timedelta(days=7, minutes=1))
    assert stage_of(contract).state == state
    _agrees()


def test_a_complaint_that_is_not_admitted_or_never_decided_lets_the_stage_go_on(now, cashier):
    contract, case, _client, _worker = _filed(cashier, 240_000)
    cases.dismiss(case_id=case.pk, reason="诉求与交付无关", by=moderator(), at=clock.now())
    assert stage_of(contract).state == "submitted"
    other, second, _client, _worker = _filed(cashier, 240_000)
    move_on(cashier, timedelta(days=60, minutes=1))
    assert Case.objects.get(pk=second.pk).state == "undecided"
    assert stage_of(other).state in ("submitted", "released")
    _agrees()


def test_a_decider_of_one_side_does_not_decide(now, cashier):
    _contract, case, client, _worker = _filed(cashier, 240_000)
    with pytest.raises(Refusal):
        cases.take_up(case_id=case.pk, by=client.wears(Role.MODERATOR), at=clock.now())


def test_a_chargeback_stops_the_payment_and_a_lost_one_ends_the_stage(now, cashier):
    contract, client, worker = signed()
    stage = submitted(cashier, contract, client, worker)
    desk = officer()
    dispute = chargebacks.open_dispute(
        intent_id=stage.paid_by_id,
        provider_no="CB1",
        amount_fen=240_000,
        payee_id=worker.party_id,
        by=desk,
        at=clock.now(),
    )
    work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    beat()
    assert stage_of(contract).state == "approved"
    chargebacks.lose_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    deliver_events()
    beat()
    assert (stage_of(contract).state, _payable(worker.party_id)) == ("refunded", 0)
    assert Contract.objects.get(pk=contract.pk).state == "ended"
    _agrees()


def test_a_chargeback_that_is_won_lets_the_payment_go_on(now, cashier):
    contract, client, worker = signed()
    stage = submitted(cashier, contract, client, worker)
    dispute = chargebacks.open_dispute(
        intent_id=stage.paid_by_id,
        provider_no="CB2",
        amount_fen=100_000,
        payee_id=worker.party_id,
        by=officer(),
        at=clock.now(),
    )
    work.approve(milestone_id=stage.pk, by=client, at=clock.now())
    beat()
    chargebacks.win_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    move_on(cashier, timedelta(hours=1, minutes=1))
    assert (stage_of(contract).state, stage_of(contract).given_fen) == ("released", 240_000)
    _agrees()


def test_a_chargeback_after_a_claim_was_filed_ends_both(now, cashier):
    contract, case, _client, worker = _filed(cashier, 240_000)
    dispute = chargebacks.open_dispute(
        intent_id=stage_of(contract).paid_by_id,
        provider_no="CB3",
        amount_fen=240_000,
        payee_id=worker.party_id,
        by=officer(),
        at=clock.now(),
    )
    chargebacks.lose_dispute(dispute_id=dispute.pk, by=officer(), at=clock.now())
    deliver_events()
    beat()
    assert Case.objects.get(pk=case.pk).state == "overtaken"
    assert stage_of(contract).state in ("refunded", "submitted")


def test_what_was_handed_in_is_never_changed(now, cashier):
    contract, client, worker = signed()
    stage = fund(cashier, contract, client)
    work.start(milestone_id=stage.pk, by=worker, at=clock.now())
    made = work.submit(
        milestone_id=stage.pk, text="初稿见附件", attached=[("初稿.png", PNG)], by=worker, at=clock.now()
    )
    file = made.files.get()
    assert queries.delivered(contract.pk, file.pk, client).sha256 == file.sha256
    with pytest.raises(NotFound):
        queries.delivered(contract.pk, file.pk, acting(person()))
    with pytest.raises(Error), transaction.atomic():
        Delivery.objects.filter(pk=made.pk).update(text="换一个说法")


def test_reviews_are_shown_together_and_answered_once(now, cashier):
    contract, client, worker = signed(stages=(("全部", 100),))
    with pytest.raises(ReviewClosed):
        reviews.review(contract_id=contract.pk, stars=5, text="还没做完就评价", by=client, at=clock.now())
    paid(cashier, contract, client, worker)
    reviews.review(contract_id=contract.pk, stars=4, text="沟通顺畅，交付及时", by=client, at=clock.now())
    with pytest.raises(ReviewClosed):
        reviews.review(contract_id=contract.pk, stars=1, text="我改主意了想差评", by=client, at=clock.now())
    assert queries.reputation(worker.party_id).reviews == 0
    reviews.review(contract_id=contract.pk, stars=5, text="需求清楚，付款爽快", by=worker, at=clock.now())
    assert (queries.reputation(worker.party_id).reviews, queries.reputation(worker.party_id).tenths) == (1, 40)
    shown = queries.reputation(worker.party_id).latest[0]
    reviews.reply(review_id=shown.pk, text="谢谢信任，期待再合作", by=worker, at=clock.now())
    with pytest.raises(ReviewClosed):
        reviews.reply(review_id=shown.pk, text="再说一句谢谢您", by=worker, at=clock.now())
    with pytest.raises(NotFound):
        reviews.reply(review_id=shown.pk, text="我也来说一句", by=client, at=clock.now())


def test_one_review_alone_is_shown_when_the_time_is_over(now, cashier):
    contract, client, worker = signed(stages=(("全部", 100),))
    paid(cashier, contract, client, worker)
    reviews.review(contract_id=contract.pk, stars=2, text="拖延了几天才交付", by=client, at=clock.now())
    move_on(cashier, timedelta(days=14, minutes=1))
    assert queries.reputation(worker.party_id).reviews == 1
    with pytest.raises(ReviewClosed):
        reviews.review(contract_id=contract.pk, stars=1, text="迟到的报复性评价", by=worker, at=clock.now())


def test_invoices_have_a_number_of_their_own_and_a_difference_is_explained(now, cashier):
    contract, client, worker = signed()
    stage = paid(cashier, contract, client, worker)
    invoices.ask(milestone_id=stage.pk, by=client, at=clock.now())
    today = clock.now().date()

    def attach(number="2" * 20, amount_fen=240_000, explained="", issued_on=today):
        paper = Paper(number, amount_fen, issued_on, explained, ("发票.png", PNG))
        return invoices.attach(milestone_id=stage.pk, paper=paper, by=worker, at=clock.now())

    with pytest.raises(Invalid):
        attach(number="12345")
    with pytest.raises(Invalid):
        attach(issued_on=date(2199, 1, 1))
    with pytest.raises(Invalid):
        attach(amount_fen=239_999)
    assert attach(amount_fen=239_999, explained="税务平台四舍五入").differs
    assert not attach().differs

    other = paid(cashier, contract, client, worker, no=2)
    with pytest.raises(InvoiceKnown):
        paper = Paper("2" * 20, 360_000, today, "", ("发票.png", PNG))
        invoices.attach(milestone_id=other.pk, paper=paper, by=worker, at=clock.now())
    with pytest.raises(Forbidden):
        invoices.ask(milestone_id=other.pk, by=worker, at=clock.now())


def test_only_the_two_sides_read_and_write(now, cashier):
    contract, client, worker = signed()
    stranger = acting(person())
    talk.say(
        contract_id=contract.pk, text="什么时候可以开始？我的电话 13800138000", attached=None, by=client, at=clock.now()
    )
    talk.say(contract_id=contract.pk, text="", attached=("图.png", PNG), by=worker, at=clock.now())
    assert queries.messages(contract).count() == 2
    with pytest.raises(NotFound):
        talk.say(contract_id=contract.pk, text="让我看看", attached=None, by=stranger, at=clock.now())
    with pytest.raises(NotFound):
        queries.visible(contract.pk, stranger)
    with pytest.raises(NotFound):
        queries.visible(contract.pk, moderator())


def test_what_waits_is_told_with_what_happens_when_nobody_acts(now, cashier):
    contract, client, worker = offered()
    assert [(each.what, each.is_mine) for each in queries.waiting(worker.party_id)] == [("offered", True)]
    contracts.accept(contract_id=contract.pk, digest=contract.digest, by=worker, at=clock.now())
    assert [(each.what, each.is_mine) for each in queries.waiting(client.party_id)] == [("planned", True)]
    fund(cashier, contract, client)
    assert [(each.what, each.is_mine) for each in queries.waiting(client.party_id)] == [("funded", False)]
    assert queries.earned(worker.party_id).held == 240_000


def test_the_record_of_a_client_is_shown_from_five_stages_on(now, cashier):
    contract, client, worker = signed(stages=tuple((f"阶段{n}", 20) for n in range(1, 6)))
    for no in range(1, 5):
        paid(cashier, contract, client, worker, no=no)
    assert queries.record_of(client.party_id, "client", at=clock.now()) is None
    paid(cashier, contract, client, worker, no=5)
    record = queries.record_of(client.party_id, "client", at=clock.now())
    assert (record.cases, record.percent_disputed, record.percent_done) == (5, 0, 100)
