"""Contests: prizes in escrow first, blind scores, publicity, next in line, and every fen where the published rules put it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import Error, transaction

from backend.accounts.models import Membership, Party
from backend.common import clock
from backend.common.actors import Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.judging import queries as judging
from backend.judging.errors import (
    Conflicted,
    NoJudgeLeft,
    NotHeard,
    ObjectedAlready,
    ObjectionsClosed,
    ScoresMissing,
    Undeclared,
)
from backend.judging.models import Application, Objection, Proof
from backend.judging.operations import calls, objections, panel, proofs
from backend.judging.states import Calling, Objecting, Standing
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.errors import MoneyPromised
from backend.payments.models import Refund
from backend.payments.operations import disputes as chargebacks
from backend.payments.operations import refunds
from marketplace.contests import queries
from marketplace.contests.errors import (
    ContestFixed,
    EntriesClosed,
    EntryLimit,
    HasEntries,
    NotPaid,
    OwnContest,
    TakesAllRights,
)
from marketplace.contests.models import SHOWN, SOURCE, Contest, Entry
from marketplace.contests.operations import course, drafts, entries, money, reviews
from marketplace.tax.models import Withheld
from tests.builders import acting, beat, deliver_events, firm, moderator, officer, person
from tests.contest_builders import (
    approved,
    call_of,
    close,
    contest_draft,
    drawing,
    entered,
    give,
    judge_for,
    judged,
    objected,
    open_contest,
    publish,
    put_in,
    resized,
    standing,
    story,
    terms,
    wait_out,
)
from tests.work_builders import signed


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _payable(party_id) -> int:
    return books.available(ledger.payable_to(party_id))


def _escrow(contest: Contest) -> int:
    return books.balance(money.escrow_of(contest))


def _sound() -> None:
    assert list(books.differences()) == []


# --- before it opens ------------------------------------------------------------------------------------------


def test_entries_are_taken_only_when_the_prize_is_held(cashier):
    contest, host = approved()
    with pytest.raises(NotFound):
        entered(contest)
    contest = put_in(cashier, contest, host)
    assert (contest.state, _escrow(contest)) == ("open", 500_000)
    entry, _by = entered(contest)
    assert entry.application.state == "submitted"


def test_nothing_is_published_without_a_tie_rule(cashier):
    host = firm()[1]
    made = contest_draft(host, tie_rule="")
    with pytest.raises(Refusal) as caught:
        drafts.submit(contest_id=made.pk, by=host, at=clock.now())
    assert "tie_rule" in [reason.field for reason in caught.value.reasons]


@pytest.mark.parametrize(
    "clause",
    ["所有参赛作品的著作权均归主办方所有。", "凡投稿作品，我方可无偿使用。", "落选稿件一并转让给我公司。"],
)
def test_a_clause_that_takes_losers_rights_is_refused(clause):
    host = firm()[1]
    made = contest_draft(host, brief=f"{terms().brief}\n{clause}")
    with pytest.raises(TakesAllRights):
        drafts.submit(contest_id=made.pk, by=host, at=clock.now())


@pytest.mark.parametrize(
    "clause", ["未获奖的作品归作者。", "未获奖作品的权利始终属于作者。", "落选方案归各自的设计者。"]
)
def test_saying_that_losers_keep_their_rights_is_no_such_clause(clause):
    host = firm()[1]
    made = contest_draft(host, brief=f"{terms().brief}\n{clause}")
    assert drafts.submit(contest_id=made.pk, by=host, at=clock.now()).state == "review"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("prizes", {"mode": "single", "prizes": (100_000, 50_000)}),
        ("prizes", {"mode": "several", "prizes": (50_000, 100_000)}),
        ("prizes", {"mode": "count", "prizes": (8_000, 7_000)}),
        ("prizes", {"prizes": (999,)}),
        ("prizes", {"prizes": ()}),
        ("criteria", {"criteria": (("创意", 60), ("实用", 30))}),
        ("criteria", {"criteria": ()}),
        ("tie_rule", {"tie_rule": "host decides"}),
        ("publicity_days", {"publicity_days": 1}),
        ("entry_days", {"entry_days": 2}),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(field, more):
    host = firm()[1]
    made = contest_draft(host)
    with pytest.raises(Refusal) as caught:
        drafts.write(contest_id=made.pk, terms=terms(**more), version=made.version, by=host, at=clock.now())
    assert field in [reason.field for reason in caught.value.reasons]
    assert Contest.objects.get(pk=made.pk).version == made.version


def test_prizes_and_dates_stay_as_published(cashier):
    contest, host = open_contest(cashier)
    with pytest.raises(ContestFixed):
        drafts.write(
            contest_id=contest.pk, terms=terms(prizes=(1_000,)), version=contest.version, by=host, at=clock.now()
        )
    with pytest.raises(Invalid):
        course.extend(contest_id=contest.pk, days=0, reason="缩短时间", by=host, at=clock.now())
    longer = course.extend(contest_id=contest.pk, days=5, reason="给外地选手时间", by=host, at=clock.now())
    assert longer.closes_at == contest.closes_at + timedelta(days=5)


def test_an_unfunded_contest_is_withdrawn_by_time_and_a_late_payment_goes_back(cashier):
    contest, host = approved()
    intent = money.order(contest_id=contest.pk, by=host, at=clock.now())
    assert money.order(contest_id=contest.pk, by=host, at=clock.now()).pk == intent.pk
    clock.advance(timedelta(days=8))
    beat()
    contest.refresh_from_db()
    assert contest.state == "withdrawn"
    with pytest.raises(MoveRefused):
        money.order(contest_id=contest.pk, by=host, at=clock.now())


def test_who_belongs_to_the_host_neither_reviews_nor_enters(cashier):
    founder, host = firm()
    made = contest_draft(host)
    drafts.submit(contest_id=made.pk, by=host, at=clock.now())
    own = acting(founder, Role.MODERATOR)
    with pytest.raises(Refusal) as caught:
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=own, at=clock.now())
    assert caught.value.code == "affiliated"
    with pytest.raises(Refusal) as caught:
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=["poster"], by=moderator(), at=clock.now())
    assert caught.value.code == "checklist_open"
    contest, _host = open_contest(cashier, host)
    with pytest.raises(OwnContest):
        entered(contest, founder)


# --- entries --------------------------------------------------------------------------------------------------


def test_nobody_reads_an_entry_before_the_window_ends(cashier):
    contest, host = open_contest(cashier)
    entry, maker = entered(contest)
    judge = judge_for(contest)
    for reader in (host, judge, moderator(), acting(person())):
        with pytest.raises(NotFound):
            queries.readable_entry(entry.pk, reader)
        with pytest.raises(NotFound):
            judging.rows(call_of(contest), reader)
    assert queries.readable_entry(entry.pk, maker).pk == entry.pk


def test_an_entry_is_limited_replaced_taken_back_and_closed_by_the_server(cashier):
    contest, _host = open_contest(cashier, entry_limit=1)
    who = person()
    entry, by = entered(contest, who)
    with pytest.raises(EntryLimit):
        entered(contest, who, seed=2)
    first = entry.digest
    changed = entries.write(entry_id=entry.pk, title="叠翠二稿", text=story(9), by=by, at=clock.now())
    changed.refresh_from_db()
    assert changed.digest != first
    assert Proof.objects.filter(sha256__in=[first, changed.digest]).count() == 2
    entries.withdraw(entry_id=entry.pk, by=by, at=clock.now())
    assert Contest.objects.get(pk=contest.pk).entries_n == 0
    entries.hand_in(entry_id=entry.pk, by=by, at=clock.now())
    contest.refresh_from_db()
    with pytest.raises(EntriesClosed):
        entries.write(entry_id=entry.pk, title="晚了", text=story(3), by=by, at=contest.closes_at)
    with pytest.raises(EntriesClosed):
        entries.withdraw(entry_id=entry.pk, by=by, at=contest.closes_at)


def test_the_proof_of_an_entry_can_be_computed_by_anybody(cashier):
    contest, _host = open_contest(cashier)
    entry, _by = entered(contest)
    body = {
        "title": entry.title,
        "text": entry.text,
        "files": sorted(entry.files.values_list("received_sha256", flat=True)),
    }
    plain = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    assert hashlib.sha256(plain).hexdigest() == entry.digest
    proof = Proof.objects.get(pk=entry.proof_id)
    again = hashlib.sha256(f"{proof.before}|{proof.no}|{proof.sha256}|{proof.at.isoformat()}".encode()).hexdigest()
    assert (proof.link, proof.sha256) == (again, entry.digest)


def test_proofs_are_linked_and_never_changed():
    by = acting(person())
    made = [proofs.deposit(title="草图", sha256=f"{number:064x}", by=by, at=clock.now()) for number in range(3)]
    assert [one.before for one in made] == [proofs.FIRST, made[0].link, made[1].link]
    with pytest.raises(Error), transaction.atomic():
        Proof.objects.filter(pk=made[0].pk).update(title="别的")
    with pytest.raises(Error), transaction.atomic():
        Proof.objects.filter(pk=made[0].pk).delete()
    with pytest.raises(Invalid):
        proofs.deposit(title="草图", sha256="abc", by=by, at=clock.now())


def test_sources_are_handed_over_when_they_are_paid(cashier):
    contest, host = open_contest(cashier)
    entry, by = entered(contest)
    source = entries.attach(entry_id=entry.pk, use=SOURCE, name="源.png", body=drawing(77), by=by, at=clock.now())
    judge = judge_for(contest)
    close(contest)
    with pytest.raises(NotPaid):
        queries.entry_file(entry.pk, source.pk, host)
    with pytest.raises(NotFound):
        queries.entry_file(entry.pk, source.pk, judge)
    give(judge, entry, 90, 90, 90)
    publish(contest, host)
    with pytest.raises(NotPaid):
        queries.entry_file(entry.pk, source.pk, host)
    wait_out(contest)
    assert queries.entry_file(entry.pk, source.pk, host).pk == source.pk
    with pytest.raises(NotFound):
        queries.entry_file(entry.pk, source.pk, acting(person()))


def test_without_an_entry_the_prize_goes_back_whole(cashier):
    contest, _host = open_contest(cashier)
    contest = close(contest)
    beat()
    assert (contest.state, contest.back_fen, _escrow(contest)) == ("failed", 500_000, 0)
    assert call_of(contest).state == Calling.VOID
    assert Refund.objects.get(intent=contest.paid_by).amount_fen == 500_000
    _sound()


def test_a_contest_is_cancelled_only_while_nobody_entered(cashier):
    contest, host = open_contest(cashier)
    entered(contest)
    with pytest.raises(HasEntries):
        course.cancel(contest_id=contest.pk, reason="预算有调整", by=host, at=clock.now())
    other, host = open_contest(cashier)
    course.cancel(contest_id=other.pk, reason="预算有调整", by=host, at=clock.now())
    beat()
    assert _escrow(other) == 0
    with pytest.raises(MoveRefused):
        course.cancel(contest_id=other.pk, reason="预算有调整", by=host, at=clock.now())
    _sound()


# --- scores ---------------------------------------------------------------------------------------------------


def test_only_a_stranger_who_declared_scores(cashier):
    contest, host = open_contest(cashier)
    maker = person(name="作者")
    employer, hat = firm(maker, name="作者的公司")
    entry, _by = entered(contest, maker)
    colleague = person(name="同事")
    Membership.objects.create(
        organisation_id=hat.party_id, user=colleague, role="clerk", valid_from=clock.now(), scopes=["work"]
    )
    tied, free = judge_for(contest, colleague), judge_for(contest)
    undeclared = acting(person())
    panel.come_in(code=call_of(contest).judge_code, by=undeclared, at=clock.now())
    close(contest)
    marks = {"c1": 80, "c2": 80, "c3": 80}
    with pytest.raises(Conflicted):
        panel.score(application_id=entry.application_id, marks=marks, note="", by=tied, at=clock.now())
    with pytest.raises(Undeclared):
        panel.score(application_id=entry.application_id, marks=marks, note="", by=undeclared, at=clock.now())
    with pytest.raises(NotFound):
        panel.score(application_id=entry.application_id, marks=marks, note="", by=acting(person()), at=clock.now())
    with pytest.raises(NotFound):
        panel.score(application_id=entry.application_id, marks=marks, note="", by=host, at=clock.now())
    for bad in ({"c1": 80}, {"c1": 101, "c2": 1, "c3": 1}, {"c1": True, "c2": 1, "c3": 1}):
        with pytest.raises(Invalid):
            panel.score(application_id=entry.application_id, marks=bad, note="", by=free, at=clock.now())
    give(free, entry, 80, 70, 60)
    assert publish(contest, host).state == "publicity"  # the tied judge owes no score


def test_a_client_of_the_last_years_does_not_score(cashier):
    contract, _client, worker = signed()
    contest, _host = open_contest(cashier)
    maker = Party.objects.get(pk=worker.party_id)
    entry, _by = entered(contest, maker.user)
    owner = Membership.objects.get(organisation=contract.client, role="owner").user
    judge = judge_for(contest, owner)
    close(contest)
    with pytest.raises(Conflicted):
        give(judge, entry, 80, 80, 80)


def test_an_entrant_is_no_judge_and_a_judge_no_entrant(cashier):
    contest, _host = open_contest(cashier)
    who = person()
    _entry, by = entered(contest, who)
    with pytest.raises(Conflicted):
        panel.come_in(code=call_of(contest).judge_code, by=by, at=clock.now())
    judge = person()
    judge_for(contest, judge)
    with pytest.raises(OwnContest):
        entered(contest, judge, seed=2)


def test_the_host_cannot_take_a_judge_off_once_judging_began(cashier):
    contest, host = open_contest(cashier)
    entered(contest)
    judge = judge_for(contest)
    close(contest)
    seat = judging.seat_of(call_of(contest), judge)
    with pytest.raises(NoJudgeLeft):
        panel.remove(judge_id=seat.pk, by=host, at=clock.now())


def test_names_are_hidden_until_the_result_is_public(cashier):
    contest, host = open_contest(cashier)
    entry, _by = entered(contest, person(name="王小竹"))
    judge = judge_for(contest)
    close(contest)
    assert [row.maker for row in judging.rows(call_of(contest), judge)] == [""]
    assert [row.maker for row in judging.rows(call_of(contest), host)] == [""]
    give(judge, entry, 90, 90, 90)
    publish(contest, host)
    assert judging.result(call_of(contest))[0].maker != ""


def test_no_result_before_every_score_is_in(cashier):
    contest, host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2)]
    judge, other = judge_for(contest), judge_for(contest)
    close(contest)
    for entry in made:
        give(judge, entry, 80, 80, 80)
    give(other, made[0], 70, 70, 70)
    with pytest.raises(ScoresMissing):
        publish(contest, host)
    panel.recuse(call_id=call_of(contest).pk, reason="出差", by=other, at=clock.now())
    assert publish(contest, host).state == "publicity"
    assert [row.score for row in judging.result(call_of(contest))] == ["80.00", "80.00"]


def test_at_the_end_of_judging_only_whoever_finished_counts(cashier):
    contest, _host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2)]
    done, lazy = judge_for(contest), judge_for(contest)
    close(contest)
    give(done, made[0], 60, 60, 60)
    give(done, made[1], 90, 90, 90)
    give(lazy, made[0], 100, 100, 100)
    wait_out(contest)
    result = judging.result(call_of(contest))
    assert [(row.application.no, row.score) for row in result] == [(2, "90.00"), (1, "60.00")]


# --- the result and the money ---------------------------------------------------------------------------------


def test_the_winner_is_paid_after_the_publicity_with_fee_and_tax(cashier):
    contest, _host, made = judged(cashier, 70, 90, 80, prizes=(2_000_000,))
    winner = Entry.objects.get(pk=made[1].pk)
    beat()
    assert (contest.state, _payable(winner.entrant_id)) == ("publicity", 0)
    contest = wait_out(contest)
    winner.refresh_from_db()
    assert contest.state == "completed"
    assert winner.paid_fen == 2_000_000
    assert winner.fee_fen == 100_000
    kept = Withheld.objects.get(cause_id=winner.pk)
    assert (kept.payee_id, kept.paid_fen, kept.tax_fen) == (winner.entrant_id, 2_000_000, winner.tax_fen)
    assert winner.tax_fen > 0
    assert _payable(winner.entrant_id) == 2_000_000 - 100_000 - winner.tax_fen
    assert winner.rights_at is not None
    assert [Entry.objects.get(pk=one.pk).rights_at for one in (made[0], made[2])] == [None, None]
    assert _escrow(contest) == 0
    _sound()


def test_equal_works_share_their_places_to_the_fen(cashier):
    contest, _host, made = judged(cashier, 90, 90, 90, 50, mode="several", prizes=(100_001, 50_000, 20_000, 10_000))
    wait_out(contest)
    paid = [Entry.objects.get(pk=one.pk).paid_fen for one in made]
    assert paid == [56_667, 56_667, 56_667, 10_000]
    assert sum(paid) == 180_001
    _sound()


def test_a_tie_beyond_the_last_place_shares_it(cashier):
    contest, _host, made = judged(cashier, 90, 80, 80, mode="several", prizes=(100_000, 30_001))
    wait_out(contest)
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [100_000, 15_001, 15_000]
    _sound()


def test_equal_totals_are_told_apart_by_the_main_criterion_first(cashier):
    contest, host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2)]
    judge = judge_for(contest)
    close(contest)
    give(judge, made[0], 60, 100, 100)  # 30 + 30 + 20
    give(judge, made[1], 80, 80, 80)  # 40 + 24 + 16
    publish(contest, host)
    assert [row.application.no for row in judging.result(call_of(contest))] == [2, 1]


def test_the_earlier_of_two_equal_works_wins_where_that_is_the_rule(cashier):
    contest, _host, made = judged(cashier, 90, 90, tie_rule="earlier")
    wait_out(contest)
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [500_000, None]


def test_what_no_place_used_goes_back(cashier):
    contest, _host, made = judged(cashier, 90, mode="several", prizes=(100_000, 50_000))
    contest = wait_out(contest)
    beat()
    assert (contest.state, contest.given_fen, contest.back_fen, _escrow(contest)) == ("completed", 100_000, 50_000, 0)
    assert Refund.objects.get(intent=contest.paid_by).amount_fen == 50_000
    _sound()


def test_piece_rate_buys_so_many_at_one_price(cashier):
    contest, _host, made = judged(cashier, 90, 85, 80, mode="count", prizes=(20_000, 20_000))
    wait_out(contest)
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [20_000, 20_000, None]


@pytest.mark.parametrize("finalists", [(), (1, 2)])
def test_a_silent_host_does_not_keep_the_prize(cashier, finalists):
    contest, host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2, 3)]
    close(contest)
    for number in finalists:
        calls.shortlist(application_id=made[number].application_id, on=True, by=host, at=clock.now())
    wait_out(contest)
    assert call_of(contest).is_defaulted
    contest = wait_out(contest)
    paid = [Entry.objects.get(pk=one.pk).paid_fen for one in made]
    assert paid == ([None, 250_000, 250_000] if finalists else [166_667, 166_667, 166_666])
    assert contest.state == "completed"
    _sound()


def test_a_silent_host_of_a_piece_rate_contest_pays_no_more_than_the_price(cashier):
    contest, _host = open_contest(cashier, mode="count", prizes=(20_000,) * 5)
    entry, _by = entered(contest)
    close(contest)
    wait_out(contest)
    contest = wait_out(contest)
    assert (Entry.objects.get(pk=entry.pk).paid_fen, contest.back_fen) == (20_000, 80_000)
    _sound()


# --- objections -----------------------------------------------------------------------------------------------


def test_nothing_is_paid_while_something_objected_is_open(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    objection = objected(made[0])
    contest = wait_out(contest)
    assert (contest.state, _escrow(contest)) == ("publicity", 500_000)
    objection.refresh_from_db()
    assert objection.state == Objecting.UNANSWERED
    objections.decide(
        objection_id=objection.pk, upheld=False, reason="对照图与作品不同，异议不成立", by=moderator(), at=clock.now()
    )
    beat()
    contest.refresh_from_db()
    assert contest.state == "completed"
    _sound()


def test_a_disqualified_winner_is_followed_by_the_next_with_a_publicity_of_its_own(cashier):
    contest, _host, made = judged(cashier, 90, 80, 70)
    before = call_of(contest).until
    objection = objected(made[0])
    with pytest.raises(NotHeard):
        objections.decide(
            objection_id=objection.pk, upheld=True, reason="与去年作品一致，构成抄袭", by=moderator(), at=clock.now()
        )
    maker = acting(Party.objects.get(pk=made[0].entrant_id).user)
    objections.answer(objection_id=objection.pk, text="纹样来自同一本老图谱，并非抄袭。", by=maker, at=clock.now())
    clock.advance(timedelta(days=2))
    objections.decide(
        objection_id=objection.pk, upheld=True, reason="与去年作品一致，构成抄袭", by=moderator(), at=clock.now()
    )
    deliver_events()
    call = call_of(contest)
    assert (call.round_no, (call.until - before).days) == (2, 2)
    assert [standing(one).state for one in made] == ["disqualified", "provisional", "ranked"]
    contest = wait_out(contest)
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [None, 500_000, None]
    assert standing(made[0]).place is None
    _sound()


def test_when_the_only_work_is_disqualified_the_prize_goes_back(cashier):
    contest, _host, made = judged(cashier, 90)
    objection = objected(made[0])
    clock.advance(timedelta(days=4))
    beat()
    objections.decide(
        objection_id=objection.pk, upheld=True, reason="与去年作品一致，构成抄袭", by=moderator(), at=clock.now()
    )
    contest = wait_out(contest)
    beat()
    assert (contest.state, contest.back_fen, _escrow(contest)) == ("failed", 500_000, 0)
    _sound()


def test_an_excluded_work_is_let_in_again_and_judged_with_the_others(cashier):
    contest, host = open_contest(cashier)
    made = [entered(contest, seed=number)[0] for number in (1, 2)]
    judge = judge_for(contest)
    close(contest)
    calls.exclude(application_id=made[1].application_id, reason="与主题无关，不予评审", by=host, at=clock.now())
    give(judge, made[0], 60, 60, 60)
    publish(contest, host)
    maker = acting(Party.objects.get(pk=made[1].entrant_id).user)
    with pytest.raises(Invalid):
        objected(made[1])  # nobody asks for another to be let in
    objection = objected(made[1], maker, aim="for")
    objections.answer(objection_id=objection.pk, text="作品是茶具而不是食盒，不合征集。", by=host, at=clock.now())
    objections.decide(
        objection_id=objection.pk, upheld=True, reason="征集说明未限定，应予评审", by=moderator(), at=clock.now()
    )
    deliver_events()
    contest.refresh_from_db()
    assert (contest.state, call_of(contest).state) == ("judging", "judging")
    give(judge, made[1], 95, 95, 95)
    publish(contest, host)
    contest = wait_out(contest)
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [None, 500_000]
    _sound()


def test_excluding_everybody_saves_no_prize_until_the_publicity_is_over(cashier):
    contest, host = open_contest(cashier)
    entry, by = entered(contest)
    judge_for(contest)
    close(contest)
    calls.exclude(application_id=entry.application_id, reason="与主题无关，不予评审", by=host, at=clock.now())
    wait_out(contest)
    assert _escrow(contest) == 500_000
    objected(entry, by, aim="for")
    contest = wait_out(contest)
    assert (contest.state, _escrow(contest)) == ("publicity", 500_000)


def test_who_has_a_tie_does_not_decide(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    raiser = person()
    objection = objected(made[0], acting(raiser))
    clock.advance(timedelta(days=4))
    beat()
    maker = Party.objects.get(pk=made[0].entrant_id).user
    for who in (raiser, maker):
        with pytest.raises(Conflicted):
            objections.decide(
                objection_id=objection.pk,
                upheld=True,
                reason="我看就是抄袭，取消资格",
                by=acting(who, Role.MODERATOR),
                at=clock.now(),
            )
    with pytest.raises(Forbidden):
        objections.decide(
            objection_id=objection.pk, upheld=True, reason="我看就是抄袭，取消资格", by=acting(person()), at=clock.now()
        )


def test_objections_have_their_time_and_their_measure(cashier):
    contest, host = open_contest(cashier)
    entry, by = entered(contest)
    judge = judge_for(contest)
    close(contest)
    with pytest.raises(ObjectionsClosed):
        objected(entry)
    assert objected(entry, judge).state == "raised"  # who runs it may, when a likeness is seen
    give(judge, entry, 90, 90, 90)
    publish(contest, host)
    who = acting(person())
    objected(entry, who)
    with pytest.raises(ObjectedAlready):
        objected(entry, who)
    with pytest.raises(Invalid):
        objected(entry, by)
    stranger = acting(person())
    found = Objection.objects.get(by=who.party_id)
    with pytest.raises(NotFound):
        judging.objection_for(found.pk, stranger)
    with pytest.raises(NotFound):
        objections.answer(objection_id=found.pk, text="我替作者答辩，这不是抄袭。", by=stranger, at=clock.now())
    objections.withdraw(objection_id=found.pk, by=who, at=clock.now())
    objected(entry, who)


def test_what_nobody_decides_does_not_hold_the_prize_for_ever(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    objection = objected(made[0])
    for _ in range(8):
        clock.advance(timedelta(days=4))
        beat()
    objection.refresh_from_db()
    contest.refresh_from_db()
    assert (objection.state, contest.state) == (Objecting.UNDECIDED, "completed")
    _sound()


# --- likeness -------------------------------------------------------------------------------------------------


def test_likenesses_are_told_and_decide_nothing(cashier):
    old, host, _made = judged(cashier, 90)
    wait_out(old)
    contest, host = open_contest(cashier)
    copy, _by = entered(contest, seed=1, title="另一个名字")  # the same picture and words as last time
    other, _by = entered(contest, seed=8)
    smaller, _by = entered(contest, seed=9, image=resized(drawing(1)))
    close(contest)
    found = {
        row.application.no: sorted((one.kind, one.percent) for one in row.likenesses)
        for row in judging.rows(call_of(contest), moderator())
    }
    assert {kind for kind, _percent in found[copy.application.no]} == {"text", "picture"}
    assert found[other.application.no] == []
    assert [kind for kind, _percent in found[smaller.application.no]][:1] == ["picture"]
    assert [standing(one).state for one in (copy, other, smaller)] == ["submitted"] * 3


# --- faults ---------------------------------------------------------------------------------------------------


def test_a_chargeback_holds_the_prize_and_a_lost_one_ends_the_contest(cashier):
    contest, _host, made = judged(cashier, 90, 80)
    opened = chargebacks.open_dispute(
        intent_id=contest.paid_by_id,
        provider_no="CB-CONTEST",
        amount_fen=500_000,
        payee_id=None,
        by=officer(),
        at=clock.now(),
    )
    contest = wait_out(contest)
    assert contest.state == "paying"
    chargebacks.lose_dispute(dispute_id=opened.pk, by=officer(), at=clock.now())
    deliver_events()
    beat()
    contest.refresh_from_db()
    assert contest.state == "failed"
    assert [Entry.objects.get(pk=one.pk).paid_fen for one in made] == [None, None]
    assert list(books.differences()) == []


def test_what_a_bank_left_of_a_prize_is_still_won(cashier):
    contest, _host, made = judged(cashier, 90, 80, mode="several", prizes=(300_000, 200_001))
    opened = chargebacks.open_dispute(
        intent_id=contest.paid_by_id,
        provider_no="CB-PART",
        amount_fen=200_000,
        payee_id=None,
        by=officer(),
        at=clock.now(),
    )
    chargebacks.lose_dispute(dispute_id=opened.pk, by=officer(), at=clock.now())
    deliver_events()
    contest = wait_out(contest)
    paid = [Entry.objects.get(pk=one.pk).paid_fen for one in made]
    assert (contest.state, sum(paid), paid) == ("completed", 300_001, [180_001, 120_000])
    assert (contest.back_fen, _escrow(contest)) == (None, 0)
    _sound()


def test_a_frozen_contest_stands_still_and_ends_by_time_with_the_prize_back(cashier):
    contest, _host = open_contest(cashier)
    entry, _by = entered(contest)
    end = contest.closes_at
    reviews.REVIEWING.freeze(subject_id=contest.pk, reason="接到权利人通知", by=moderator(), at=clock.now())
    clock.advance(timedelta(days=3))
    with pytest.raises(EntriesClosed):
        entered(contest, seed=2)
    thawed = reviews.REVIEWING.thaw(subject_id=contest.pk, reason="核实无误", by=moderator(), at=clock.now())
    assert timedelta(days=2, hours=23) < thawed.closes_at - end < timedelta(days=3, hours=1)
    reviews.REVIEWING.freeze(subject_id=contest.pk, reason="再次接到通知", by=moderator(), at=clock.now())
    clock.advance(timedelta(days=31))
    beat()
    contest.refresh_from_db()
    assert (contest.state, standing(entry).state, _escrow(contest)) == ("cancelled", "overtaken", 0)
    _sound()


def test_following_and_paying_twice_changes_nothing(cashier):
    contest, _host, made = judged(cashier, 90)
    contest = wait_out(contest)
    for _ in range(2):
        course.follow(contest_id=contest.pk, at=clock.now())
        money.pay(contest_id=contest.pk, at=clock.now())
        money.fund(contest_id=contest.pk, intent_id=contest.paid_by_id, at=clock.now())
    assert Withheld.objects.filter(cause_id=made[0].pk).count() == 1
    _sound()


def test_the_database_refuses_a_jump(cashier):
    contest, _host, made = judged(cashier, 90)
    with pytest.raises(Error), transaction.atomic():
        Contest.objects.filter(pk=contest.pk).update(state="completed")
    with pytest.raises(Error), transaction.atomic():
        Application.objects.filter(pk=made[0].application_id).update(state=Standing.WITHDRAWN)


def test_the_fairness_panel_counts(cashier):
    first, host, made = judged(cashier, 90)
    wait_out(first)
    champion = Party.objects.get(pk=made[0].entrant_id).user
    contest, host = open_contest(cashier, host)
    again, _by = entered(contest, champion, seed=5)
    other, _by = entered(contest, seed=6)
    mild, strict = judge_for(contest), judge_for(contest)
    close(contest)
    for entry, base in ((again, 90), (other, 70)):
        give(mild, entry, base, base, base)
        give(strict, entry, base - 20, base - 20, base - 20)
    assert judging.fairness(call_of(contest)) is None
    publish(contest, host)
    found = judging.fairness(call_of(contest))
    assert (found.applied, found.makers, found.days) == (2, 2, 0)
    assert sorted(round(lean.above) for lean in found.leans) == [-10, 10]
    assert [times for _name, times in found.repeats] == [1]


def test_shown_pictures_are_no_pdf(cashier):
    contest, _host = open_contest(cashier)
    by = acting(person())
    made = entries.begin(contest_id=contest.pk, title="叠翠", text=story(1), by=by, at=clock.now())
    with pytest.raises(Invalid):
        entries.attach(entry_id=made.pk, use=SHOWN, name="a.pdf", body=b"%PDF-1.4\n%%EOF", by=by, at=clock.now())


def test_staff_do_not_give_a_published_prize_back(cashier):
    contest, _host = open_contest(cashier)
    entered(contest)
    with pytest.raises(MoneyPromised):
        refunds.request_refund(
            intent_id=contest.paid_by_id, amount_fen=1, reason="主办方来电要求退款", by=officer(), at=clock.now()
        )
