"""R&D challenges: secrets open to signers alone and on record, a first round that sends the best into a final, grants."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Invalid, NotFound, Refusals
from backend.common.states import MoveRefused
from backend.judging.operations import calls, panel
from backend.judging.states import Calling, Standing
from backend.ledger import queries as books
from backend.listings.models import Listing
from marketplace.contests import queries
from marketplace.contests.errors import (
    ContestIncomplete,
    EntriesClosed,
    NotFinalist,
    OwnContest,
    PledgeClosed,
    PledgeNeeded,
)
from marketplace.contests.models import Contest, Entry, Pledge, SecretRead
from marketplace.contests.operations import course, drafts, entries, money, secrecy
from marketplace.contests.states import Running
from tests import challenge_builders as made
from tests import contest_builders as contests
from tests.builders import acting, beat, firm, moderator, person
from tests.security.doors import signed_in


def sound() -> None:
    """Nothing in the books or in what stands on them differs."""
    assert list(books.differences()) == []


# --- the secret ----------------------------------------------------------------------------------------------


def test_what_is_secret_opens_to_signers_alone_and_every_reading_is_on_record(own_db, cashier):
    contest, host = made.open_challenge(cashier)
    file = contest.files.get(is_secret=True)
    reader = acting(person(name="读者"))
    for by in (reader, acting(person(name="旁人"))):
        with pytest.raises(PledgeNeeded):
            secrecy.read(contest_id=contest.pk, by=by, at=clock.now())
        with pytest.raises(PledgeNeeded):
            secrecy.read(contest_id=contest.pk, file_id=file.pk, by=by, at=clock.now())
    assert not SecretRead.objects.exists()
    pledge = made.promised(contest, reader)
    found, _none = secrecy.read(contest_id=contest.pk, by=reader, at=clock.now())
    assert found.secret == made.SECRET
    _found, kept = secrecy.read(contest_id=contest.pk, file_id=file.pk, by=reader, at=clock.now())
    assert kept == file
    secrecy.read(contest_id=contest.pk, by=host, at=clock.now())
    rows = list(SecretRead.objects.order_by("at", "pk").values_list("person_id", "file_name", "role"))
    assert sorted(rows) == sorted([(reader.person_id, "", "signer"), (reader.person_id, "失效样品.png", "signer")])
    assert pledge.until.year == pledge.at.year + 3
    assert secrecy.digest_of(contest) in pledge.text and "楚竹科技" in pledge.text and "读者" in pledge.text
    with pytest.raises(PledgeNeeded):
        secrecy.read(contest_id=contest.pk, by=acting(person(name="又一人")), at=clock.now())


def test_signing_twice_is_one_promise_and_what_is_signed_is_what_was_shown(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    by = acting(person(name="研发者"))
    with pytest.raises(Invalid):
        secrecy.promise(contest_id=contest.pk, sha256="0" * 64, by=by, at=clock.now())
    first = made.promised(contest, by)
    assert secrecy.promise(contest_id=contest.pk, sha256="0" * 64, by=by, at=clock.now()) == first
    assert Pledge.objects.count() == 1
    for change in ({"text": "我什么都没答应"}, {"at": clock.now() + timedelta(days=9)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Pledge.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        first.delete()


def test_a_promise_holds_for_the_hat_under_which_it_was_given(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    who, under = firm(name="材料研究所")
    made.promised(contest, under)
    secrecy.read(contest_id=contest.pk, by=under, at=clock.now())
    with pytest.raises(PledgeNeeded):
        secrecy.read(contest_id=contest.pk, by=acting(who), at=clock.now())


def test_nobody_new_is_shown_the_secret_once_plans_are_closed_but_judges_are(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    made.planned(contest, seed=1)
    judge = contests.judge_for(contest)
    contest = contests.close(contest)
    late = acting(person(name="迟来者"))
    with pytest.raises(PledgeClosed):
        made.promised(contest, late)
    page = signed_in(User.objects.get(party_id=late.person_id)).get(reverse("contest-secret", args=[contest.pk]))
    assert page.status_code == 200 and "现在不再向新的人披露" in page.content.decode()
    made.promised(contest, judge)
    assert secrecy.read(contest_id=contest.pk, by=judge, at=clock.now())[0].secret == made.SECRET


def test_staff_read_it_too_and_on_record(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    by = moderator()
    secrecy.read(contest_id=contest.pk, by=by, at=clock.now())
    assert list(SecretRead.objects.values_list("person_id", "role")) == [(by.person_id, "staff")]
    sound()


def test_an_entry_needs_the_promise(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    with pytest.raises(PledgeNeeded):
        contests.entered(contest, seed=1)
    assert not Entry.objects.exists()
    made.planned(contest, seed=1)
    sound()


@pytest.mark.parametrize("reader", ["guest", "stranger", "signer", "host"])
def test_no_page_list_search_or_answer_of_the_api_leaks_the_secret(own_db, cashier, reader):
    contest, host = made.open_challenge(cashier)
    file = contest.files.get(is_secret=True)
    stranger = person(name="路人")
    who = {"stranger": stranger, "signer": stranger, "host": User.objects.get(party_id=host.person_id)}
    client = signed_in(who[reader]) if reader in who else Client()
    if reader == "signer":
        made.promised(contest, acting(stranger))
    open_to_all = [
        reverse("contest", args=[contest.pk]),
        reverse("contests"),
        reverse("contests") + "?q=竹纤维",
        f"/api/v1/contests/{contest.pk}",
        "/api/v1/contests?q=竹纤维",
    ]
    for url in open_to_all:
        body = client.get(url).content.decode()
        assert "竹纤维" not in body.replace("q=竹纤维", "").replace('value="竹纤维"', "").replace("“竹纤维”", ""), url
        assert "失效样品" not in body, url
        assert str(file.pk) not in body, url
    assert client.get(reverse("contest-file", args=[contest.pk, file.pk])).status_code == 404
    assert client.get(f"/api/v1/contests/{contest.pk}/files/{file.pk}").status_code == 404
    assert "竹纤维" not in str(list(Listing.objects.values()))
    answer = client.get(f"/api/v1/contests/{contest.pk}/secret")
    expected = {"guest": 401, "stranger": 403, "signer": 200, "host": 403}[reader]
    assert answer.status_code == expected  # the host's person wears their own hat here
    assert client.get(f"/api/v1/contests/{contest.pk}/secret/{file.pk}").status_code == expected
    if reader == "signer":
        assert json.loads(answer.content)["secret"] == made.SECRET


def test_works_that_answer_a_secret_are_not_shown_to_who_did_not_promise(own_db, cashier):
    contest, host, judge, people, _plans = made.in_final(cashier, 90, 80)
    finals = [made.planned(contest, who, seed=50 + n, title=f"成果{n}")[0] for n, who in enumerate(people)]
    panel.declare(call_id=contests.call_of(contest).pk, declaration="", by=judge, at=clock.now())
    contest = contests.close(contest)
    for work, mark in zip(finals, (70, 95), strict=True):
        contests.give(judge, work, mark, mark, mark)
    contests.publish(contest, host)
    contest = contests.wait_out(contest)
    assert contest.state == Running.COMPLETED
    outsider = acting(person(name="外人"))
    for work in finals:
        with pytest.raises(NotFound):
            queries.readable_entry(work.pk, outsider)
        assert queries.readable_entry(work.pk, acting(people[0])) == work
    assert all(not one.gallery for one in queries.decided_rounds(contest, outsider))
    assert [len(one.gallery) for one in queries.decided_rounds(contest, acting(people[0]))] == [2, 2]


# --- two rounds ----------------------------------------------------------------------------------------------


def test_the_best_plans_go_into_a_final_and_its_winner_is_paid_prize_and_grant(own_db, cashier):
    contest, host, judge, people, plans = made.in_final(cashier, 60, 90, 80, 70)
    assert (contest.state, contest.stage, contest.total_fen) == (Running.FINAL, 2, 2_600_000)
    assert [contests.standing(one).state for one in plans] == [
        Standing.NOT_PLACED,
        Standing.AWARDED,
        Standing.AWARDED,
        Standing.NOT_PLACED,
    ]
    assert books.balance(money.escrow_of(contest)) == 2_600_000
    with pytest.raises(NotFinalist):
        contests.entered(contest, people[0], seed=40)
    second = [made.planned(contest, people[n], seed=40 + n, title=f"成果{n}")[0] for n in (1, 2)]
    panel.declare(call_id=contests.call_of(contest).pk, declaration="", by=judge, at=clock.now())
    contest = contests.close(contest)
    for work, mark in zip(second, (75, 95), strict=True):
        contests.give(judge, work, mark, mark, mark)
    contest = contests.publish(contest, host)
    assert contest.state == Running.PUBLICITY
    contest = contests.wait_out(contest)
    assert contest.state == Running.COMPLETED
    loser, winner = (Entry.objects.get(pk=one.pk) for one in second)
    assert (winner.paid_fen, winner.grant_fen, winner.rights_at is None) == (2_300_000, 300_000, False)
    assert (loser.paid_fen, loser.grant_fen, loser.rights_at) == (300_000, 300_000, None)
    assert (contest.given_fen, contest.back_fen) == (2_600_000, None)
    assert books.balance(money.escrow_of(contest)) == 0
    sound()


def test_the_panel_of_the_first_round_is_asked_again_and_declares_anew(own_db, cashier):
    contest, _host, judge, people, _plans = made.in_final(cashier, 90, 80)
    call = contests.call_of(contest)
    assert (call.stage, call.is_last, call.seats, call.state) == (2, True, 1, Calling.COLLECTING)
    assert list(call.judges.values_list("party_id", "state")) == [(judge.person_id, "invited")]
    made.planned(contest, people[0], seed=40)
    panel.declare(call_id=call.pk, declaration="", by=judge, at=clock.now())
    assert contests.close(contest).state == Running.JUDGING


def test_a_finalist_who_hands_in_nothing_gets_no_grant_and_it_goes_back(own_db, cashier):
    contest, host, judge, people, _plans = made.in_final(cashier, 90, 80)
    work = made.planned(contest, people[0], seed=40)[0]
    panel.declare(call_id=contests.call_of(contest).pk, declaration="", by=judge, at=clock.now())
    contest = contests.close(contest)
    contests.give(judge, work, 50, 50, 50)
    contests.publish(contest, host)
    contest = contests.wait_out(contest)
    assert (contest.given_fen, contest.back_fen) == (2_300_000, 300_000)
    sound()


def test_a_work_found_unfit_in_the_final_gets_neither(own_db, cashier):
    contest, host, judge, people, _plans = made.in_final(cashier, 90, 80)
    works = [made.planned(contest, who, seed=40 + n)[0] for n, who in enumerate(people)]
    panel.declare(call_id=contests.call_of(contest).pk, declaration="", by=judge, at=clock.now())
    contest = contests.close(contest)
    calls.exclude(application_id=works[1].application_id, reason="没有检测报告", by=host, at=clock.now())
    contests.give(judge, works[0], 50, 50, 50)
    contests.publish(contest, host)
    contest = contests.wait_out(contest)
    assert Entry.objects.get(pk=works[1].pk).paid_fen is None
    assert (contest.given_fen, contest.back_fen) == (2_300_000, 300_000)
    sound()


def test_nobody_in_the_final_and_everything_goes_back(own_db, cashier):
    contest, _host, _judge, _people, _plans = made.in_final(cashier, 90, 80)
    contest = contests.close(contest)
    assert (contest.state, contest.back_fen, contest.given_fen) == (Running.FAILED, 2_600_000, None)
    sound()


def test_a_work_for_the_final_is_late_by_the_servers_clock_and_a_plan_is_not_changed_any_more(own_db, cashier):
    contest, _host, _judge, people, plans = made.in_final(cashier, 90, 80)
    by = acting(people[0])
    with pytest.raises(EntriesClosed):
        entries.write(entry_id=plans[0].pk, title="改", text=contests.story(3), by=by, at=clock.now())
    with pytest.raises(EntriesClosed):
        entries.withdraw(entry_id=plans[0].pk, by=by, at=clock.now())
    assert contest.closes_at is not None
    clock.move_to(contest.closes_at)
    with pytest.raises(EntriesClosed):
        contests.entered(contest, people[0], seed=40)


def test_where_nobody_judged_the_first_round_all_eligible_go_on_and_share_the_grants(own_db, cashier):
    contest, _host = made.open_challenge(cashier)
    people = [person(name=f"研发{n}") for n in range(3)]
    for number, who in enumerate(people):
        made.planned(contest, who, seed=number + 1)
    contests.judge_for(contest)
    contest = contests.close(contest)
    clock.move_to(contests.call_of(contest).until + timedelta(seconds=1))
    beat()
    contest = contests.wait_out(contest)
    assert contest.state == Running.FINAL
    for number, who in enumerate(people):
        made.planned(contest, who, seed=number + 40)
    contest = contests.close(contest)
    clock.move_to(contests.call_of(contest).until + timedelta(seconds=1))
    beat()
    contest = contests.wait_out(contest)
    assert contest.state == Running.COMPLETED
    paid = sorted(Entry.objects.filter(stage=2).values_list("paid_fen", flat=True))
    assert sum(paid) == 2_600_000 and max(paid) - min(paid) <= 2
    assert sorted(Entry.objects.filter(stage=2).values_list("grant_fen", flat=True)) == [200_000] * 3
    sound()


def test_a_final_cannot_be_called_off_and_can_be_given_more_time(own_db, cashier):
    contest, host, _judge, _people, _plans = made.in_final(cashier, 90, 80)
    with pytest.raises(MoveRefused):
        course.cancel(contest_id=contest.pk, reason="不想办了不想办了", by=host, at=clock.now())
    before = contest.closes_at
    contest = course.extend(contest_id=contest.pk, days=5, reason="检测排期紧张", by=host, at=clock.now())
    assert contest.closes_at == before + timedelta(days=5)
    with pytest.raises(Invalid):
        course.extend(contest_id=contest.pk, days=60 + 30, reason="检测排期紧张", by=host, at=clock.now())


def test_the_host_and_judges_do_not_enter_the_final_either(own_db, cashier):
    contest, host, judge, _people, _plans = made.in_final(cashier, 90, 80)
    for by in (host, judge):
        with pytest.raises(OwnContest):
            entries.begin(contest_id=contest.pk, title="混入", text=contests.story(9), by=by, at=clock.now())


def test_one_round_is_as_it_was(own_db, cashier):
    contest, host, _works = contests.judged(cashier, 90, 80)
    contest = contests.wait_out(contest)
    assert (contest.state, contest.stage) == (Running.COMPLETED, 1)
    assert contests.call_of(contest).is_last
    assert not Contest.objects.filter(state=Running.FINAL).exists()


# --- drafts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"finalists": 1}, "finalists"),
        ({"finalists": 11}, "finalists"),
        ({"finalists": 0}, "grant_fen"),
        ({"grant_fen": 1}, "grant_fen"),
        ({"final_days": 0}, "final_days"),
        ({"secrecy_years": 11}, "secrecy_years"),
        ({"secrecy_years": 0}, "secrecy_years"),
        ({"mode": "several", "prizes": (3_000, 2_000, 1_000)}, "finalists"),
    ],
)
def test_terms_of_a_final_that_do_not_fit_are_refused_by_field(own_db, terms, field):
    by = firm(name="楚竹科技")[1]
    with pytest.raises((Invalid, Refusals)) as caught:
        contests.contest_draft(by, **(made.TWO_ROUNDS | terms))
    fields = [one.field for one in getattr(caught.value, "reasons", [caught.value])]
    assert field in fields
    assert not Contest.objects.exclude(secret="").exists()


def test_secrecy_without_a_secret_is_not_submitted(own_db):
    by = firm(name="楚竹科技")[1]
    draft = contests.contest_draft(by, **(made.TWO_ROUNDS | {"secret": ""}))
    with pytest.raises(ContestIncomplete):
        drafts.submit(contest_id=draft.pk, by=by, at=clock.now())
    drafts.attach(contest_id=draft.pk, name="图.png", body=contests.drawing(5), is_secret=True, by=by, at=clock.now())
    assert drafts.submit(contest_id=draft.pk, by=by, at=clock.now()).state == Running.REVIEW


def test_a_copy_keeps_what_is_secret_secret(own_db, cashier):
    contest, host = made.open_challenge(cashier)
    copy = drafts.copy(contest_id=contest.pk, by=host, at=clock.now())
    assert (copy.secret, copy.finalists, copy.stage) == (made.SECRET, 2, 1)
    assert copy.files.get().is_secret
