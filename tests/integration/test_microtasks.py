"""Micro-tasks: no item lost or answered twice, agreement, gold that may be wrong, rejections heard, every fen accounted for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import Error, transaction
from django.db.models import F

from backend.common import clock
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveForbidden, MoveRefused
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import MoneyPromised
from backend.payments.operations import disputes as chargebacks
from backend.payments.operations import refunds
from marketplace.microtasks import loading, queries
from marketplace.microtasks.errors import (
    ExtensionsSpent,
    HasAnswers,
    JobClosed,
    JobFixed,
    NoteUnread,
    NothingToTake,
    OtherHat,
    OwnJob,
    PleaRefused,
    RowsRefused,
    SheetInHand,
    SheetLapsed,
    Stopped,
)
from marketplace.microtasks.models import Answer, Item, Job, Plea, Sheet
from marketplace.microtasks.operations import answers, checks, course, drafts, leases, money, pleas, reviews, verdicts
from marketplace.microtasks.states import Asking, Given
from marketplace.tasks.errors import Affiliated
from marketplace.tax.models import Withheld
from tests.builders import acting, beat, deliver_events, firm, moderator, officer, picture
from tests.microtask_builders import (
    approved,
    hand_in,
    job_draft,
    open_job,
    part_of,
    put_in,
    table,
    take,
    terms,
    wait_until_paid,
    work_all,
    worker,
)


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _escrow(job: Job) -> int:
    return books.balance(ledger.escrow_of("microtask", job.pk))


def _payable(by) -> int:
    return books.available(ledger.payable_to(by.party_id))


def _sound() -> None:
    assert list(books.differences()) == []


def _answer(sheet: Sheet, number: int = 0) -> Answer:
    return sheet.answers.order_by("item__rank")[number]


# --- the file -------------------------------------------------------------------------------------------------


def test_a_file_is_read_as_csv_in_both_encodings_and_as_json():
    rows = loading.read('id,text,gold\r\n1,"竹篮, 大",是\r\n2,陶罐,\r\n'.encode("gb18030"), most=10)
    assert [(row.id, row.text, row.gold) for row in rows] == [("1", "竹篮, 大", "是"), ("2", "陶罐", "")]
    assert loading.read(b"\xef\xbb\xbfid,image\n7,a.png\n", most=10)[0].image == "a.png"
    body = json.dumps([{"id": 1, "text": "竹篮"}, {"id": "b", "image": "b.png", "gold": "否", "why": "是陶"}])
    assert [row.id for row in loading.read(body.encode(), most=10)] == ["1", "b"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00\x01", b"text\nx\n", b"id,text\n", b"id,text\n1,a\n1,b\n", b"id,text\n,a\n", b"id,text\n1,\n",
        b"id,text\n1,a,b\n", b"[", b"{}", b"[1]", b'[{"id": "1", "text": ["x"]}]', b'[{"id": 1.5, "text": "x"}]',
        b'[{"id": "1", "text": "\\u0000"}]', b'[{"id": "1", "text": "\\ud800"}]', b"[" * 50_000,
        ("id,text\n" + "x" * 61 + ",a\n").encode(), b"\xff\xfe\xfd", b'id,text\n"1,a\n' + b"x" * 200_000,
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_whole(body):
    with pytest.raises((Invalid, RowsRefused)):
        loading.read(body, most=10)


def test_a_bad_row_names_its_line_and_takes_nothing():
    by = firm()[1]
    made = job_draft(by, works=3)
    with pytest.raises(RowsRefused) as caught:
        drafts.load(job_id=made.pk, body=b"id,text\n1,a\n1,b\n", by=by, at=clock.now())
    assert caught.value.facts["row"] == 3
    assert made.items.count() == 3


def test_pictures_are_found_by_their_name_and_missing_ones_stop_the_submission():
    by = firm()[1]
    made = job_draft(by, works=1)
    drafts.load(job_id=made.pk, body=b"id,image\n1,a.png\n2,b.png\n", by=by, at=clock.now())
    drafts.add_pictures(job_id=made.pk, pictures=[("a.png", picture())], by=by, at=clock.now())
    with pytest.raises(Refusal) as caught:
        drafts.submit(job_id=made.pk, by=by, at=clock.now())
    assert "b.png" in str(caught.value.facts)
    drafts.add_pictures(job_id=made.pk, pictures=[("b.png", picture("blue"))], by=by, at=clock.now())
    assert drafts.submit(job_id=made.pk, by=by, at=clock.now()).state == "review"
    assert made.items.filter(picture=None).count() == 0
    with pytest.raises(JobFixed):
        drafts.load(job_id=made.pk, body=table(2), by=by, at=clock.now())


# --- before it opens ------------------------------------------------------------------------------------------


def test_items_are_handed_out_only_when_all_pay_is_held(cashier):
    job, poster = approved(works=10, golds=4, gold_percent=10)
    assert job.total_fen == 20 * (10 * 3 + 4 * 1)
    with pytest.raises(NotFound):
        take(job, worker())
    job = put_in(cashier, job, poster)
    assert (job.state, _escrow(job)) == ("open", job.total_fen)
    assert take(job, worker()).answers.count() == 5
    _sound()


def test_a_share_of_gold_needs_gold_whose_answers_are_options():
    by = firm()[1]
    made = job_draft(by, works=3, golds=2, gold_percent=10)
    with pytest.raises(Refusal):
        drafts.submit(job_id=made.pk, by=by, at=clock.now())
    made = job_draft(by, works=3, golds=4, gold_percent=10, options=("竹", "木"))
    with pytest.raises(Refusal):
        drafts.submit(job_id=made.pk, by=by, at=clock.now())


@pytest.mark.parametrize(
    "bad",
    [
        {"price_fen": 0}, {"price_fen": 10**14}, {"answers_each": 0}, {"answers_each": 99}, {"gold_percent": 60},
        {"form": "essay"}, {"options": ("是",)}, {"lease_minutes": 0}, {"sheet_size": 50}, {"open_days": 0},
        {"agree_percent": 0}, {"category": "x"}, {"county": "000000"},
    ],
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused(bad):
    by = firm()[1]
    made = job_draft(by)
    with pytest.raises(Refusal):
        drafts.write(job_id=made.pk, terms=terms(**bad), version=made.version + 1, by=by, at=clock.now())


def test_the_poster_and_their_people_may_not_answer(cashier):
    boss, poster = firm()
    job, _ = open_job(cashier, by=poster)
    for who in (poster, acting(boss)):
        with pytest.raises(OwnJob):
            take(job, who)


# --- in hand --------------------------------------------------------------------------------------------------


def test_nobody_gets_an_item_twice_and_never_more_have_it_than_answers_are_wanted(cashier):
    job, _ = open_job(cashier, works=10, sheet_size=10)
    hands = [worker(f"工人{number}") for number in range(4)]
    for by in hands[:3]:
        hand_in(take(job, by), by)
    assert not job.items.exclude(done_n=3).exists()
    for by in hands:
        with pytest.raises(NothingToTake):
            take(job, by)
    assert Answer.objects.values("item", "person_id").distinct().count() == 30


def test_one_sheet_in_hand_across_all_jobs(cashier):
    first, _ = open_job(cashier)
    second, _ = open_job(cashier)
    by = worker()
    sheet = take(first, by)
    for job in (first, second):
        with pytest.raises(SheetInHand):
            take(job, by)
    clock.move_to(sheet.until + timedelta(seconds=1))
    assert take(second, by).state == "live"
    sheet.refresh_from_db()
    assert sheet.state == "lapsed"
    assert not first.items.filter(leased_n__gt=0).exists()


def test_what_runs_out_of_time_goes_to_others_and_comes_back_to_the_same_hand(cashier):
    job, _ = open_job(cashier, works=5, answers_each=1)
    by, other = worker(), worker()
    sheet = take(job, by)
    with pytest.raises(NothingToTake):
        take(job, other)
    clock.move_to(sheet.until)
    with pytest.raises(SheetLapsed):
        hand_in(sheet, by)
    beat()
    again = take(job, by)
    assert again.answers.count() == 5
    hand_in(again, by)
    with pytest.raises(NothingToTake):
        take(job, other)


def test_time_is_extended_twice_and_items_are_given_back_or_skipped(cashier):
    job, _ = open_job(cashier, works=5)
    by = worker()
    sheet = take(job, by)
    until = sheet.until
    for _ in range(2):
        sheet = leases.extend(sheet_id=sheet.pk, by=by, at=clock.now())
    assert sheet.until == until + timedelta(minutes=60)
    with pytest.raises(ExtensionsSpent):
        leases.extend(sheet_id=sheet.pk, by=by, at=clock.now())
    first = _answer(sheet).item_id
    answers.hand_in(sheet_id=sheet.pk, values={}, skips=[first], by=by, at=clock.now())
    leases.drop(sheet_id=sheet.pk, by=by, at=clock.now())
    again = take(job, by)
    assert first not in set(again.answers.values_list("item_id", flat=True))
    assert again.answers.count() == 4


def test_an_answer_is_for_what_one_has_in_hand_and_only_once(cashier):
    job, _ = open_job(cashier, works=5)
    by, other = worker(), worker()
    sheet = take(job, by)
    mine = _answer(sheet).item_id
    for values, skips in (({}, []), ({mine: "也许"}, []), ({mine: "是"}, [mine]), ({job.pk: "是"}, [])):
        with pytest.raises(Invalid):
            answers.hand_in(sheet_id=sheet.pk, values=values, skips=skips, by=by, at=clock.now())
    with pytest.raises(NotFound):
        answers.hand_in(sheet_id=sheet.pk, values={mine: "是"}, by=other, at=clock.now())
    answers.hand_in(sheet_id=sheet.pk, values={mine: "是"}, by=by, at=clock.now())
    with pytest.raises(Invalid):
        answers.hand_in(sheet_id=sheet.pk, values={mine: "否"}, by=by, at=clock.now())
    assert Sheet.objects.get(pk=sheet.pk).state == "live"
    hand_in(sheet, by)
    assert Sheet.objects.get(pk=sheet.pk).state == "done"


def test_one_goes_on_under_the_hat_one_began_with(cashier):
    job, _ = open_job(cashier)
    boss, hat = firm(name="竹艺工作室")
    hand_in(take(job, hat), hat)
    with pytest.raises(OtherHat):
        take(job, acting(boss))


def test_the_database_refuses_more_hands_than_slots(cashier):
    job, _ = open_job(cashier, works=1)
    with pytest.raises(Error), transaction.atomic():
        job.items.update(leased_n=F("need") + 1)


# --- what answers come to -------------------------------------------------------------------------------------


def test_answers_that_agree_settle_an_item_and_those_that_differ_wait_for_the_poster(cashier):
    job, poster = open_job(cashier, works=2, answers_each=3, sheet_size=2, agree_percent=70)
    for value in ("是", "是", "否"):
        by = worker()
        sheet = take(job, by)
        one, two = sheet.answers.order_by("item__rank")
        answers.hand_in(sheet_id=sheet.pk, values={one.item_id: "是", two.item_id: value}, by=by, at=clock.now())
    one, two = job.items.order_by("rank")
    assert (one.state, one.final, one.share) == ("agreed", "是", 100)
    assert (two.state, two.final, two.share) == ("disputed", "是", 66)
    decided = checks.decide(job_id=job.pk, item_id=two.pk, value="否", by=poster, at=clock.now())
    assert (decided.state, decided.final) == ("decided", "否")
    with pytest.raises(Invalid):
        checks.decide(job_id=job.pk, item_id=two.pk, value="也许", by=poster, at=clock.now())


def test_words_agree_without_regard_to_case_width_and_spaces(cashier):
    job, _ = open_job(cashier, works=1, form="text", answers_each=3)
    for value in ("ＡＢ 12", "ab12", "x"):
        by = worker()
        hand_in(take(job, by), by, value)
    item = job.items.get()
    assert (item.state, item.final, item.share) == ("agreed", "ＡＢ 12", 66)


def test_others_answers_are_seen_by_nobody_but_the_poster(cashier):
    job, poster = open_job(cashier, works=5)
    by, other = worker(), worker()
    sheet = hand_in(take(job, by), by)
    for who in (other, poster, moderator()):
        with pytest.raises(NotFound):
            queries.own_sheet(sheet.pk, who)
    assert queries.part_of(job.pk, other) is None
    assert queries.own_answers(part_of(job, by)).count() == 5


def test_gold_is_the_jobs_share_and_is_told_apart_by_nobody(cashier):
    job, _ = open_job(cashier, works=40, golds=8, gold_percent=20, sheet_size=10, answers_each=1)
    by = worker()
    for _ in range(3):
        sheet = take(job, by)
        assert sheet.answers.filter(item__is_gold=True).count() == 2
        hand_in(sheet, by)
    part = part_of(job, by)
    assert (part.gold_n, part.gold_ok_n, part.barred_at) == (6, 6, None)


def test_a_sheet_of_one_is_gold_now_and_then_but_never_when_no_work_is_left(cashier):
    job, _ = open_job(cashier, works=4, golds=4, gold_percent=50, sheet_size=1, answers_each=1)
    by = worker()
    kinds = []
    for _ in range(8):
        sheet = take(job, by)
        kinds.append(sheet.answers.get().item.is_gold)
        hand_in(sheet, by)
        if not job.items.filter(is_gold=False, state="open").exists():
            break
    assert (kinds.count(True), kinds.count(False)) in ((3, 4), (4, 4))
    with pytest.raises(NothingToTake):
        take(job, by)


# --- gold that is missed, and gold that is wrong -----------------------------------------------------------------


def _stopped(cashier, **more):
    """A job with a worker who missed every gold item and is stopped."""
    job, poster = open_job(cashier, works=20, golds=4, gold_percent=20, sheet_size=10, answers_each=1, **more)
    by = worker("粗心人")
    work_all(job, by, wrong_golds=True)
    return job, poster, by


def test_who_misses_too_many_gold_items_is_stopped_and_unpaid_unless_heard(cashier):
    job, _, by = _stopped(cashier)
    part = part_of(job, by)
    assert (part.gold_n, part.gold_ok_n) == (4, 0)
    assert part.barred_at is not None
    with pytest.raises(Stopped):
        take(job, by)
    assert set(part.answers.values_list("state", flat=True)) == {"held"}
    assert not job.items.filter(is_gold=False, state="agreed").exists()
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    assert set(part.answers.values_list("state", flat=True)) == {"forfeited"}
    assert not job.items.filter(is_gold=False, done_n__gt=0).exists()
    other = worker()
    work_all(job, other)
    job = wait_until_paid(job)
    assert job.state == "completed"
    assert part_of(job, by).paid_fen is None
    assert part_of(job, other).paid_fen == 20 * part_of(job, other).answered_n
    _sound()


def test_a_wrong_gold_item_restores_all_who_failed_it(cashier):
    job, poster, by = _stopped(cashier, gold_least=50)
    second = worker("第二人")
    work_all(job, second, wrong_golds=True)
    for missed in list(Answer.objects.filter(participant=part_of(job, by), is_right=False).order_by("pk"))[:3]:
        plea = pleas.plead(answer_id=missed.pk, grounds="筷子是木柄，标准答案有误", by=by, at=clock.now())
        pleas.reply(plea_id=plea.pk, agrees=True, words="", by=poster, at=clock.now())
    part = part_of(job, by)
    assert (part.gold_n, part.gold_ok_n, part.barred_at) == (1, 0, None)
    assert set(part.answers.values_list("state", flat=True)) == {"answered"}
    assert job.items.filter(state="void").count() == 3
    _sound()
    work_all(job, worker("第三人"))
    job = wait_until_paid(job)
    assert part_of(job, by).paid_fen == 20 * part.answers.count()
    _sound()


def test_who_lost_their_slot_to_a_wrong_gold_item_is_paid_from_slots_that_nobody_uses(cashier):
    job, poster, by = _stopped(cashier)
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    work_all(job, worker("认真人"))
    lost = part_of(job, by).answers.filter(state="forfeited").count()
    late = worker("后来人")
    assert lost > 4
    first = Answer.objects.filter(participant=part_of(job, by), is_right=False).order_by("pk").first()
    work_all(job, late, wrong_golds=True)
    missed = Answer.objects.filter(participant__person_id=late.person_id, is_right=False).order_by("pk").first()
    if missed is None:  # no work is left to be taken: the poster's own gold is found wrong by who is stopped already
        missed = first
    spare = sum(item.need - item.done_n - item.leased_n for item in job.items.filter(is_gold=True))
    with transaction.atomic():
        verdicts.annul(Job.objects.get(pk=job.pk), missed.item_id, clock.now())
    back = part_of(job, by)
    assert back.barred_at is None
    assert back.answers.filter(state="answered").count() == min(lost, spare)
    assert sum(job.items.values_list("need", flat=True)) * 20 == job.total_fen
    _sound()
    job = wait_until_paid(job)
    assert part_of(job, by).paid_fen == 20 * min(lost, spare)
    _sound()


def test_a_plea_takes_the_road_of_poster_platform_and_clock(cashier):
    job, poster, by = _stopped(cashier)
    missed = list(Answer.objects.filter(participant=part_of(job, by), is_right=False).order_by("pk"))
    plea = pleas.plead(answer_id=missed[0].pk, grounds="看不出是竹子", by=by, at=clock.now())
    with pytest.raises(PleaRefused):
        pleas.plead(answer_id=missed[0].pk, grounds="看不出是竹子", by=by, at=clock.now())
    with pytest.raises(NotFound):
        pleas.plead(answer_id=missed[1].pk, grounds="看不出是竹子", by=worker(), at=clock.now())
    with pytest.raises(NotFound):
        pleas.reply(plea_id=plea.pk, agrees=True, words="", by=by, at=clock.now())
    pleas.reply(plea_id=plea.pk, agrees=False, words="图中可见竹节", by=poster, at=clock.now())
    with pytest.raises(MoveRefused):
        pleas.find(plea_id=plea.pk, for_worker=True, reason="未到裁定阶段", by=moderator(), at=clock.now())
    pleas.escalate(plea_id=plea.pk, by=by, at=clock.now())
    with pytest.raises(Affiliated):
        pleas.find(plea_id=plea.pk, for_worker=False, reason="竹节清晰可见", by=poster, at=clock.now())
    with pytest.raises(MoveForbidden):
        pleas.find(plea_id=plea.pk, for_worker=False, reason="竹节清晰可见", by=worker(), at=clock.now())
    pleas.find(plea_id=plea.pk, for_worker=False, reason="竹节清晰可见", by=moderator(), at=clock.now())
    assert Plea.objects.get(pk=plea.pk).state == "dismissed"
    silent = pleas.plead(answer_id=missed[1].pk, grounds="这根是藤条", by=by, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    assert Plea.objects.get(pk=silent.pk).state == "upheld"
    assert Item.objects.get(pk=missed[1].item_id).state == "void"
    _sound()


def test_an_unanswered_escalation_is_for_the_worker(cashier):
    job, poster, by = _stopped(cashier)
    missed = Answer.objects.filter(participant=part_of(job, by), is_right=False).first()
    plea = pleas.plead(answer_id=missed.pk, grounds="看不出是竹子", by=by, at=clock.now())
    pleas.reply(plea_id=plea.pk, agrees=False, words="图中可见竹节", by=poster, at=clock.now())
    pleas.escalate(plea_id=plea.pk, by=by, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=7, minutes=1))
    beat()
    assert Plea.objects.get(pk=plea.pk).state == "upheld"


# --- rejections -----------------------------------------------------------------------------------------------


def _rejected(cashier, **more):
    job, poster = open_job(cashier, works=5, answers_each=1, **more)
    by = worker("作者")
    sheet = hand_in(take(job, by), by)
    answer = _answer(sheet)
    checks.reject(job_id=job.pk, answer_id=answer.pk, reason="图中是木碗，不是竹", by=poster, at=clock.now())
    answer.refresh_from_db()
    return job, poster, by, answer


def test_a_rejected_answer_keeps_its_slot_for_its_author_who_may_do_it_again(cashier):
    job, _, by, answer = _rejected(cashier)
    assert (answer.state, answer.item.state, answer.item.good_n, answer.item.done_n) == ("rejected", "open", 0, 1)
    with pytest.raises(NothingToTake):
        take(job, worker())
    sheet = leases.redo(answer_id=answer.pk, by=by, at=clock.now())
    answers.hand_in(sheet_id=sheet.pk, values={answer.item_id: "否"}, by=by, at=clock.now())
    answer.refresh_from_db()
    assert (answer.state, answer.value, Item.objects.get(pk=answer.item_id).final) == ("answered", "否", "否")
    job = wait_until_paid(job)
    assert part_of(job, by).paid_fen == 100
    _sound()


def test_what_nobody_contests_goes_to_experienced_workers_first_who_open_the_note(cashier):
    job, poster, by, answer = _rejected(cashier)
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    answer.refresh_from_db()
    assert answer.state == "forfeited"
    with pytest.raises(NotFound):
        answers.read_note(answer_id=answer.pk, by=by, at=clock.now())
    newcomer = worker("新手")
    with pytest.raises(NothingToTake):
        take(job, newcomer)
    clock.move_to(clock.now() + timedelta(hours=25))
    sheet = take(job, newcomer)
    with pytest.raises(NoteUnread):
        hand_in(sheet, newcomer)
    answers.read_note(answer_id=_answer(sheet).pk, by=newcomer, at=clock.now())
    hand_in(sheet, newcomer, "否")
    job = wait_until_paid(job)
    assert (part_of(job, by).paid_fen, part_of(job, newcomer).paid_fen) == (80, 20)
    _sound()


def test_a_rejection_that_is_contested_waits_and_counts_again_when_upheld(cashier):
    job, poster, by, answer = _rejected(cashier)
    plea = pleas.plead(answer_id=answer.pk, grounds="商品说明写明竹制", by=by, at=clock.now())
    with pytest.raises(PleaRefused):
        leases.redo(answer_id=answer.pk, by=by, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=2))
    pleas.reply(plea_id=plea.pk, agrees=False, words="图片上是木碗", by=poster, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=2))
    beat()
    answer.refresh_from_db()
    assert answer.state == "rejected"
    pleas.escalate(plea_id=plea.pk, by=by, at=clock.now())
    pleas.find(plea_id=plea.pk, for_worker=True, reason="说明与图片均为竹", by=moderator(), at=clock.now())
    answer.refresh_from_db()
    assert (answer.state, Item.objects.get(pk=answer.item_id).state) == ("answered", "agreed")
    job = wait_until_paid(job)
    assert part_of(job, by).paid_fen == 100
    _sound()


def test_rejections_need_a_reason_an_answer_that_counts_and_time_to_check(cashier):
    job, poster, by, answer = _rejected(cashier)
    other = Answer.objects.exclude(pk=answer.pk).first()
    for reason, key, error in (("短", other.pk, Invalid), ("图中是木碗", job.pk, NotFound)):
        with pytest.raises(error):
            checks.reject(job_id=job.pk, answer_id=key, reason=reason, by=poster, at=clock.now())
    with pytest.raises(MoveRefused):
        checks.reject(job_id=job.pk, answer_id=answer.pk, reason="图中是木碗", by=poster, at=clock.now())
    with pytest.raises(NotFound):
        checks.reject(job_id=job.pk, answer_id=other.pk, reason="图中是木碗", by=by, at=clock.now())
    job = wait_until_paid(job)
    with pytest.raises(JobClosed):
        checks.reject(job_id=job.pk, answer_id=other.pk, reason="图中是木碗", by=poster, at=clock.now())


# --- money ----------------------------------------------------------------------------------------------------


def test_everybody_is_paid_for_what_counts_and_the_rest_goes_back(cashier):
    job, poster = open_job(cashier, works=10, sheet_size=10, price_fen=10_000)
    hands = [worker(f"工人{number}") for number in range(2)]
    for by in hands:
        hand_in(take(job, by), by)
    course.close(job_id=job.pk, reason="数据已经够用了", by=poster, at=clock.now())
    job = wait_until_paid(job)
    assert (job.state, job.given_fen, job.back_fen) == ("completed", 200_000, 100_000)
    part = part_of(job, hands[0])
    assert (part.paid_fen, part.fee_fen, part.tax_fen) == (100_000, 5_000, 0)
    assert _payable(hands[0]) == 95_000
    assert Withheld.objects.get(cause_id=part.pk).paid_fen == 100_000
    assert _escrow(job) == 0
    assert {item.state for item in job.items.all()} == {"closed"}
    assert {answer.state for answer in Answer.objects.all()} == {"paid"}
    _sound()


def test_a_full_job_is_checked_at_once_and_silence_pays(cashier):
    job, _ = open_job(cashier, works=3, answers_each=1)
    by = worker()
    hand_in(take(job, by), by)
    beat()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("checking", "全部题目已答完")
    job = wait_until_paid(job)
    assert (job.state, job.given_fen, job.back_fen) == ("completed", 60, None)
    _sound()


def test_a_job_that_nobody_answered_is_cancelled_or_runs_out_and_all_goes_back(cashier):
    job, poster = open_job(cashier, works=3)
    leases.take(job_id=job.pk, by=worker(), at=clock.now())
    done = course.cancel(job_id=job.pk, reason="需求有变，不做了", by=poster, at=clock.now())
    assert (done.state, done.back_fen) == ("cancelled", 180)
    other, poster = open_job(cashier, works=3)
    other = wait_until_paid(other)
    assert (other.state, other.given_fen, other.back_fen) == ("completed", None, 180)
    _sound()


def test_a_job_with_answers_cannot_be_cancelled_nor_refunded_by_staff(cashier):
    job, poster = open_job(cashier, works=3)
    by = worker()
    hand_in(take(job, by), by)
    with pytest.raises(HasAnswers):
        course.cancel(job_id=job.pk, reason="需求有变，不做了", by=poster, at=clock.now())
    with pytest.raises(MoneyPromised):
        refunds.request_refund(
            intent_id=job.paid_by_id, amount_fen=60, reason="发布方来电要求退款", by=officer(), at=clock.now()
        )


def test_a_frozen_job_hands_out_nothing_and_pays_what_was_answered(cashier):
    job, _ = open_job(cashier, works=3)
    by = worker()
    hand_in(take(job, by), by)
    reviews.REVIEWING.freeze(subject_id=job.pk, reason="接到隐私投诉", by=moderator(), at=clock.now())
    with pytest.raises(JobClosed):
        take(job, worker())
    job = wait_until_paid(Job.objects.get(pk=job.pk))
    assert (job.state, job.given_fen, job.back_fen) == ("completed", 60, 120)
    _sound()


def test_what_a_bank_left_is_shared_alike(cashier):
    job, _ = open_job(cashier, works=3, answers_each=2)
    hands = [worker(), worker()]
    for by in hands:
        hand_in(take(job, by), by)
    opened = chargebacks.open_dispute(
        intent_id=job.paid_by_id, provider_no="CB-1", amount_fen=70, payee_id=None, by=officer(), at=clock.now()
    )
    beat()
    clock.move_to(clock.now() + timedelta(days=3, minutes=1))
    beat()
    beat()
    job.refresh_from_db()
    assert job.state == "paying"
    chargebacks.lose_dispute(dispute_id=opened.pk, by=officer(), at=clock.now())
    deliver_events()
    beat()
    job.refresh_from_db()
    assert (job.state, job.given_fen) == ("completed", 50)
    assert sorted(part_of(job, by).paid_fen for by in hands) == [25, 25]
    _sound()


def test_a_payment_that_the_bank_took_back_whole_ends_the_job(cashier):
    job, _ = open_job(cashier, works=3)
    by = worker()
    hand_in(take(job, by), by)
    take(job, worker())
    opened = chargebacks.open_dispute(
        intent_id=job.paid_by_id, provider_no="CB-2", amount_fen=180, payee_id=None, by=officer(), at=clock.now()
    )
    chargebacks.lose_dispute(dispute_id=opened.pk, by=officer(), at=clock.now())
    deliver_events()
    job.refresh_from_db()
    assert job.state == "failed"
    assert set(Answer.objects.values_list("state", flat=True)) == {"forfeited", "lapsed"}
    assert not Sheet.objects.filter(state="live").exists()
    _sound()


def test_more_workers_than_one_ring_pays_are_all_paid(cashier, monkeypatch):
    job, _ = open_job(cashier, works=1, answers_each=5)
    monkeypatch.setattr(money, "AT_ONCE", 2)
    for _ in range(5):
        by = worker()
        hand_in(take(job, by), by)
    job = wait_until_paid(job)
    assert (job.state, job.given_fen, job.participants.filter(paid_fen=20).count()) == ("completed", 100, 5)
    _sound()


def test_what_leaves_is_every_answer_with_numbers_in_place_of_names(cashier):
    job, _ = open_job(cashier, works=3, answers_each=1)
    by = worker("不该出现的名字")
    hand_in(take(job, by), by)
    lines = list(queries.export(job))
    assert [line[0] for line in lines] == ["w0", "w1", "w2"]
    assert {line[6] for line in lines} == {"1"}
    assert "不该出现" not in str(lines)


def test_only_a_person_with_a_mandate_answers(cashier):
    job, _ = open_job(cashier)
    boss, hat = firm()
    narrow = hat.__class__(hat.party_id, hat.person_id, hat.roles, frozenset({"read"}))
    with pytest.raises(Forbidden):
        take(job, narrow)
    assert Given.LEASED not in set(Answer.objects.values_list("state", flat=True))
    assert Asking.OPEN in set(job.items.values_list("state", flat=True))
