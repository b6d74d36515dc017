"""On-site errands: all pay in escrow, stops taken by who may, done in their window, paid one by one; the rest goes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections

from backend.accounts.models import Party
from backend.common import clock
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.ledger import queries as books
from backend.moderation.models import Review
from backend.notifications.models import Message
from backend.payments.operations import disputes as chargebacks
from marketplace.errands import geography, queries
from marketplace.errands.errors import (
    DispatchOnly,
    ErrandFixed,
    ErrandIncomplete,
    GaveItUp,
    HasTakers,
    LicenceMissing,
    NotRegistered,
    NotYetYours,
    OfferOver,
    OtherKind,
    OutsideWindow,
    OwnErrand,
    PhotosMissing,
    QuotaFull,
    RedoneAlready,
    StopsRefused,
    StopTaken,
    TooFar,
)
from marketplace.errands.models import Errand, Licence, Offer, Outlook, PastErrand, RosterMember, Stop
from marketplace.errands.operations import course, dispatch, drafts, foresight, hands, money, runners, work
from marketplace.errands.tasks import reckon_outlooks
from marketplace.tasks.errors import Affiliated, Stale
from tests.builders import acting, beat, deliver_events, firm, moderator, officer, person
from tests.errand_builders import (
    HERE,
    approved,
    book,
    errand_draft,
    hand_in,
    licence,
    licensed,
    open_errand,
    picture,
    put_in,
    row,
    row_of,
    runner,
    stops_of,
    terms,
    wait_until_over,
)


@pytest.fixture(autouse=True)
def now(own_db, cashier):
    """The gateway's clock is the platform's."""
    cashier.control(clock=clock.now().isoformat(), forget=True)


def _sound() -> None:
    assert list(books.differences()) == []


def _reasons(excinfo) -> set[type]:
    return {type(reason) for reason in excinfo.value.reasons}


# --- the draft ---------------------------------------------------------------------------------------------------


def test_a_draft_is_complete_before_it_is_reviewed_and_fixed_after():
    _, by = firm()
    made = drafts.start(by=by, at=clock.now())
    with pytest.raises(Refusal) as refused:
        drafts.submit(errand_id=made.pk, by=by, at=clock.now())
    assert len([one for one in refused.value.reasons if isinstance(one, ErrandIncomplete)]) == 4
    made = errand_draft(by)
    assert (made.stops_n, made.total_fen) == (2, 10_000)
    drafts.submit(errand_id=made.pk, by=by, at=clock.now())
    with pytest.raises(ErrandFixed):
        drafts.add_stop(errand_id=made.pk, row=row(9), by=by, at=clock.now())
    with pytest.raises(ErrandFixed):
        drafts.write(errand_id=made.pk, terms=terms(), version=9, by=by, at=clock.now())


@pytest.mark.parametrize("bad", [{"kind": "x"}, {"mode": "x"}, {"county": "x"}, {"photos_least": 13}])
def test_terms_that_make_no_sense_are_refused(bad):
    _, by = firm()
    made = drafts.start(by=by, at=clock.now())
    with pytest.raises(Invalid):
        drafts.write(errand_id=made.pk, terms=terms(**bad), version=made.version, by=by, at=clock.now())
    with pytest.raises(Stale):
        drafts.write(errand_id=made.pk, terms=terms(), version=7, by=by, at=clock.now())


def test_windows_that_are_over_or_too_far_off_and_prices_too_low_are_named():
    _, by = firm()
    at = clock.now()
    gone = row(1, from_at=at - timedelta(days=2), until_at=at - timedelta(days=1))
    far = row(2, from_at=at, until_at=at + timedelta(days=200), price_fen=5)
    made = errand_draft(by, rows=[gone, far])
    with pytest.raises(Refusal) as refused:
        drafts.submit(errand_id=made.pk, by=by, at=at)
    assert len(refused.value.reasons) == 3


FILE = "task_id,latitude,longitude,price_yuan,address,from,until\n"


def test_a_file_is_taken_whole_or_not_at_all():
    _, by = firm()
    made = errand_draft(by)
    window = {"from_at": clock.now() + timedelta(days=1), "until_at": clock.now() + timedelta(days=2)}
    good = FILE + "A1,29.84,114.32,65.5,一号,,\nA2,29.85,114.33,70,,2027-01-01 09:00,2027-01-01 12:00\n"
    loaded = drafts.load(errand_id=made.pk, body=good.encode("gb18030"), **window, by=by, at=clock.now())
    assert (loaded.stops_n, loaded.total_fen) == (2, 13_550)
    assert stops_of(made)[1].until_at.isoformat().startswith("2027-01-01T04:00")
    for line in (
        "A1,114.32,29.84,65.5,,,",  # the degrees stand in each other's column
        "A1,29.84,114.32,-3,,,",
        "A1,29.84,114.32,65.5,,x,",
        "A1,29.84,114.32,65.5,,2027-01-02 09:00,2027-01-01 09:00",
        "A1,29.84,114.32,65.5",
        "A1,29.84,114.32,65.5,,,\nA1,29.84,114.32,65.5,,,",
    ):
        with pytest.raises(StopsRefused):
            drafts.load(errand_id=made.pk, body=(FILE + line).encode(), **window, by=by, at=clock.now())
    with pytest.raises(Invalid):
        drafts.load(errand_id=made.pk, body=b"task_id\nA1", **window, by=by, at=clock.now())
    assert [stop.key for stop in stops_of(made)] == ["A1", "A2"]


def test_a_stop_with_the_same_key_takes_the_others_place_and_one_can_be_taken_out():
    _, by = firm()
    made = errand_draft(by)
    drafts.add_stop(errand_id=made.pk, row=row(1, price_fen=9_900), by=by, at=clock.now())
    made.refresh_from_db()
    assert (made.stops_n, made.total_fen) == (2, 14_900)
    drafts.remove_stop(errand_id=made.pk, stop_id=stops_of(made)[0].pk, by=by, at=clock.now())
    with pytest.raises(NotFound):
        drafts.remove_stop(errand_id=made.pk, stop_id=errand_draft(by).stops.first().pk, by=by, at=clock.now())
    with pytest.raises(NotFound):
        drafts.add_stop(errand_id=made.pk, row=row(3), by=firm()[1], at=clock.now())
    assert Errand.objects.get(pk=made.pk).stops_n == 1


# --- taking ------------------------------------------------------------------------------------------------------


def test_a_stop_is_booked_done_in_its_window_and_paid_with_fee_and_tax(cashier):
    errand, poster = open_errand(cashier, stops=1, rows=[row(1, 300, price_fen=1_000_000)])
    by = runner()
    (stop,) = stops_of(errand)
    assert (errand.state, stop.state) == ("open", "ready")
    stop = book(stop, by)
    assert (stop.state, row_of(by).in_hand_n) == ("booked", 1)
    work.add_photo(stop_id=stop.pk, name="a.png", body=picture(), by=by, at=clock.now())
    with pytest.raises(OutsideWindow):
        work.submit(stop_id=stop.pk, words="", by=by, at=clock.now())
    stop = hand_in(stop, by)
    assert (stop.state, stop.away_m, row_of(by).in_hand_n) == ("submitted", 0, 0)
    work.accept(stop_id=stop.pk, by=poster, at=clock.now())
    beat()
    stop.refresh_from_db()
    errand.refresh_from_db()
    assert (stop.state, stop.paid_fen, errand.state, errand.paid_fen) == ("paid", 1_000_000, "completed", 1_000_000)
    assert stop.fee_fen > 0 and stop.tax_fen > 0
    assert row_of(by).reputation == 21
    assert PastErrand.objects.get().is_done
    _sound()


def test_every_reason_against_a_booking_is_named_at_once(cashier):
    errand, _ = open_errand(cashier, rows=[row(1, 9_000)], kind="food")
    by = runner(reputation=0)
    with pytest.raises(Refusal) as refused:
        book(stops_of(errand)[0], by)
    assert _reasons(refused) == {OtherKind, TooFar, NotYetYours, LicenceMissing}
    with pytest.raises(NotRegistered):
        book(stops_of(errand)[0], acting(person()))


def test_a_poster_and_those_who_belong_to_them_do_not_run_their_own_errand(cashier):
    founder, poster = firm(name="香城连锁")
    runners.register(place=HERE, reach_km=5, kinds=["survey"], takes_offers=True, by=acting(founder), at=clock.now())
    errand, _ = open_errand(cashier, by=poster)
    clock.move_to(clock.now() + timedelta(hours=1))
    with pytest.raises(OwnErrand):
        book(stops_of(errand)[0], acting(founder))
    with pytest.raises(NotFound):  # a firm does not walk
        runners.register(place=HERE, reach_km=5, kinds=["survey"], takes_offers=True, by=poster, at=clock.now())


def test_reputation_decides_how_many_and_how_early(cashier):
    errand, _ = open_errand(cashier, stops=6)
    new, trusted = runner(reputation=0), runner(reputation=20)
    stops = stops_of(errand)
    with pytest.raises(NotYetYours):
        book(stops[0], new)
    book(stops[0], trusted)
    clock.move_to(clock.now() + timedelta(minutes=31))
    for stop in stops[1:4]:
        book(stop, new)
    with pytest.raises(QuotaFull):
        book(stops[4], new)
    with pytest.raises(StopTaken):
        book(stops[1], trusted)
    _sound()


def test_giving_up_frees_the_stop_for_others_and_costs_trust_only_shortly_before(cashier):
    errand, _ = open_errand(cashier, stops=2)
    early, late, other = runner(), runner(), runner()
    first, second = stops_of(errand)
    book(first, early)
    book(second, late)
    hands.give_up(stop_id=first.pk, by=early, at=clock.now())
    with pytest.raises(GaveItUp):
        book(first, early)
    clock.move_to(second.from_at - timedelta(hours=1))
    hands.give_up(stop_id=second.pk, by=late, at=clock.now())
    assert (row_of(early).reputation, row_of(late).reputation) == (20, 18)
    assert book(first, other).state == "booked"
    with pytest.raises(NotFound):
        hands.give_up(stop_id=first.pk, by=early, at=clock.now())
    _sound()


def test_sixteen_runners_at_once_take_each_stop_once_and_none_holds_more_than_allowed(cashier):
    errand, _ = open_errand(cashier, stops=6)
    people = [runner(name=f"甲{number}", reputation=5) for number in range(4)]
    stops = stops_of(errand)
    clock.move_to(clock.now() + timedelta(minutes=16))

    def grab(number: int) -> int:
        try:
            book(stops[number % 6], people[number % 4])
        except Refusal:
            return 0
        finally:
            connections.close_all()
        return 1

    with ThreadPoolExecutor(16) as pool:
        took = sum(pool.map(grab, range(96)))
    assert took == 6 == Stop.objects.filter(state="booked").count()
    assert sum(row_of(by).in_hand_n for by in people) == 6
    _sound()


def test_one_runner_in_many_windows_at_once_does_not_pass_the_quota(cashier):
    errand, _ = open_errand(cashier, stops=8)
    by = runner(reputation=0)
    clock.move_to(clock.now() + timedelta(minutes=31))

    def grab(stop: Stop) -> int:
        try:
            book(stop, by)
        except Refusal:
            return 0
        finally:
            connections.close_all()
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grab, stops_of(errand))) == 3
    assert row_of(by).in_hand_n == 3
    _sound()


# --- licences ----------------------------------------------------------------------------------------------------


def test_a_regulated_kind_needs_a_licence_in_force_until_the_service_is_over(cashier):
    errand, _ = open_errand(cashier, stops=1, kind="food")
    (stop,) = stops_of(errand)
    by, short = runner(kinds=("food",)), runner(kinds=("food",))
    waiting = licence(by)
    with pytest.raises(LicenceMissing):  # handed in is not in force
        book(stop, by)
    runners.check(licence_id=waiting.pk, act="confirm", reason="已核对", by=moderator(), at=clock.now())
    licensed(short, days=3)  # in force today, but not when the window ends
    with pytest.raises(LicenceMissing):
        book(stop, short)
    assert book(stop, by).state == "booked"


def test_a_licence_that_is_revoked_frees_what_was_booked_with_it(cashier):
    errand, poster = open_errand(cashier, stops=1, kind="food")
    (stop,) = stops_of(errand)
    by = runner(kinds=("food",))
    held = licensed(by)
    book(stop, by)
    runners.check(licence_id=held.pk, act="revoke", reason="体检不合格", by=moderator(), at=clock.now())
    stop.refresh_from_db()
    assert (stop.state, stop.runner, row_of(by).in_hand_n) == ("ready", None, 0)
    deliver_events()
    assert Message.objects.filter(party_id=poster.party_id, zh__contains="证照不再有效").exists()
    with pytest.raises(LicenceMissing):
        book(stop, by)
    _sound()


def test_a_licence_ends_by_the_clock_is_sealed_and_is_not_checked_by_its_holder():
    by = runner(kinds=("food",))
    made = licensed(by, days=1)
    assert "JK2026000123" not in made.number_sealed and made.number_masked == "JK********23"
    clock.move_to(clock.now() + timedelta(days=3))
    beat()
    assert Licence.objects.get(pk=made.pk).state == "ended"
    again = licence(by)
    with pytest.raises(Invalid):
        licence(by)  # one is being checked
    from backend.common.actors import Role

    with pytest.raises(Affiliated):
        runners.check(licence_id=again.pk, act="confirm", reason="是我的", by=by.wears(Role.MODERATOR), at=clock.now())
    for bad in (
        runners.Paper("survey", "12345", clock.now().date(), clock.now().date() + timedelta(days=9)),
        runners.Paper("care", "1", clock.now().date(), clock.now().date() + timedelta(days=9)),
        runners.Paper("care", "12345", clock.now().date(), clock.now().date() - timedelta(days=9)),
    ):
        with pytest.raises(Invalid):
            runners.hand_in(paper=bad, by=by, at=clock.now())


# --- after it was done -------------------------------------------------------------------------------------------


def _submitted(cashier) -> tuple[Errand, Stop, object, object]:
    errand, poster = open_errand(cashier, stops=1)
    by = runner()
    stop = hand_in(book(stops_of(errand)[0], by), by)
    return errand, stop, poster, by


def test_silence_of_the_poster_accepts(cashier):
    errand, stop, _poster, _by = _submitted(cashier)
    assert wait_until_over(errand).state == "completed"
    stop.refresh_from_db()
    assert stop.state == "paid"
    _sound()


def test_a_refusal_says_why_is_redone_once_and_then_contested(cashier):
    errand, stop, poster, by = _submitted(cashier)
    with pytest.raises(Invalid):
        work.refuse(stop_id=stop.pk, reason="不", by=poster, at=clock.now())
    with pytest.raises(NotFound):
        work.refuse(stop_id=stop.pk, reason="照片看不清店名", by=firm()[1], at=clock.now())
    work.refuse(stop_id=stop.pk, reason="照片看不清店名", by=poster, at=clock.now())
    work.add_photo(stop_id=stop.pk, name="b.png", body=picture(7), by=by, at=clock.now())
    assert work.redo(stop_id=stop.pk, words="重拍", by=by, at=clock.now()).state == "submitted"
    work.refuse(stop_id=stop.pk, reason="还是看不清楚", by=poster, at=clock.now())
    with pytest.raises(RedoneAlready):
        work.redo(stop_id=stop.pk, words="", by=by, at=clock.now())
    work.contest(stop_id=stop.pk, grounds="照片里店名清清楚楚", by=by, at=clock.now())
    assert Review.objects.filter(kind="stop", decision="").count() == 1
    found = work.find(stop_id=stop.pk, for_runner=True, reason="店名可辨认", by=moderator(), at=clock.now())
    assert found.state == "accepted"
    assert not Review.objects.filter(kind="stop", decision="").exists()
    assert wait_until_over(errand).paid_fen == 5_000
    _sound()


def test_a_finding_against_pays_nothing_and_the_money_goes_back(cashier):
    errand, stop, poster, by = _submitted(cashier)
    work.refuse(stop_id=stop.pk, reason="拍的不是这家店", by=poster, at=clock.now())
    work.contest(stop_id=stop.pk, grounds="就是这家店的门头", by=by, at=clock.now())
    from backend.common.actors import Role

    for party in (poster, by):
        with pytest.raises(Affiliated):
            work.find(stop_id=stop.pk, for_runner=True, reason="自己裁自己", by=party.wears(Role.MODERATOR), at=clock.now())  # fmt: skip
    work.find(stop_id=stop.pk, for_runner=False, reason="招牌与地址不符", by=moderator(), at=clock.now())
    over = wait_until_over(errand)
    assert (over.state, over.paid_fen, over.back_fen) == ("completed", 0, 5_000)
    assert PastErrand.objects.get().is_done is False
    _sound()


def test_an_undecided_contest_is_for_the_runner_and_an_unanswered_refusal_for_the_poster(cashier):
    errand, poster = open_errand(cashier, stops=2)
    by = runner()
    first, second = (book(stop, by) for stop in stops_of(errand))
    for number, stop in enumerate((first, second)):
        hand_in(stop, by, seed=number)
        work.refuse(stop_id=stop.pk, reason="照片不合要求", by=poster, at=clock.now())
    work.contest(stop_id=first.pk, grounds="完全按要求拍的", by=by, at=clock.now())
    over = wait_until_over(errand)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, over.paid_fen, over.back_fen) == ("paid", "undone", 5_000, 5_000)
    assert not Review.objects.filter(kind="stop", decision="").exists()
    _sound()


def test_a_runner_who_does_not_come_loses_trust_and_the_money_goes_back(cashier):
    errand, _ = open_errand(cashier, stops=2)
    by = runner()
    book(stops_of(errand)[0], by)
    over = wait_until_over(errand)
    assert (over.state, over.back_fen) == ("completed", 10_000)
    assert (row_of(by).reputation, row_of(by).missed_n, row_of(by).in_hand_n) == (15, 1, 0)
    assert {stop.state for stop in stops_of(errand)} == {"undone"}
    _sound()


def test_too_late_is_too_late_even_when_the_clock_is_behind(cashier):
    errand, _ = open_errand(cashier, stops=2)
    by = runner()
    first, second = stops_of(errand)
    stop = book(first, by)
    clock.move_to(stop.until_at + timedelta(seconds=1))
    work.add_photo(stop_id=stop.pk, name="a.png", body=picture(), by=by, at=clock.now())
    with pytest.raises(OutsideWindow):
        work.submit(stop_id=stop.pk, words="", by=by, at=clock.now())
    with pytest.raises(StopTaken):
        book(second, runner())


def test_photos_are_asked_for_and_nobody_hands_in_for_another(cashier):
    errand, _ = open_errand(cashier, stops=1, photos_least=2)
    by = runner()
    stop = book(stops_of(errand)[0], by)
    clock.move_to(stop.from_at)
    for _ in range(2):  # the same photo counts once
        work.add_photo(stop_id=stop.pk, name="a.png", body=picture(), by=by, at=clock.now())
    with pytest.raises(PhotosMissing):
        work.submit(stop_id=stop.pk, words="", by=by, at=clock.now())
    with pytest.raises(NotFound):
        work.add_photo(stop_id=stop.pk, name="a.png", body=picture(), by=runner(), at=clock.now())
    with pytest.raises(Invalid):
        work.add_photo(stop_id=stop.pk, name="a.png", body=b"no picture", by=by, at=clock.now())


# --- the whole ---------------------------------------------------------------------------------------------------


def test_an_errand_is_cancelled_only_while_nobody_has_anything(cashier):
    errand, poster = open_errand(cashier, stops=2)
    by = runner()
    first, second = stops_of(errand)
    book(first, by)
    with pytest.raises(HasTakers):
        course.cancel(errand_id=errand.pk, reason="门店装修了", by=poster, at=clock.now())
    course.drop_stop(stop_id=second.pk, reason="门店装修了", by=poster, at=clock.now())
    with pytest.raises(MoveRefused):
        course.drop_stop(stop_id=first.pk, reason="门店装修了", by=poster, at=clock.now())
    hands.give_up(stop_id=first.pk, by=by, at=clock.now())
    course.cancel(errand_id=errand.pk, reason="门店装修了", by=poster, at=clock.now())
    errand.refresh_from_db()
    assert (errand.state, errand.back_fen) == ("cancelled", 10_000)
    assert not PastErrand.objects.exists()  # what the poster took away says nothing about runners
    _sound()


def test_money_that_is_not_put_in_withdraws_and_a_late_order_goes_back(cashier):
    errand, poster = approved()
    intent = money.order(errand_id=errand.pk, by=poster, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=8))
    beat()
    errand.refresh_from_db()
    assert errand.state == "withdrawn"
    assert intent.amount_fen == 10_000
    with pytest.raises(MoveRefused):
        money.order(errand_id=errand.pk, by=poster, at=clock.now())
    _sound()


def test_all_that_is_handed_in_can_be_accepted_at_once(cashier):
    errand, poster = open_errand(cashier, stops=3)
    by = runner()
    for number, stop in enumerate([book(stop, by) for stop in stops_of(errand)]):
        hand_in(stop, by, seed=number)
    assert course.accept_all(errand_id=errand.pk, by=poster, at=clock.now()) == 3
    assert wait_until_over(errand).paid_fen == 15_000
    _sound()


def test_a_frozen_errand_is_not_taken_but_what_is_in_hand_is_paid(cashier):
    from marketplace.errands.operations.reviews import REVIEWING

    errand, poster = open_errand(cashier, stops=2)
    by = runner()
    first, second = stops_of(errand)
    book(first, by)
    REVIEWING.freeze(subject_id=errand.pk, reason="有人举报", by=moderator(), at=clock.now())
    with pytest.raises(StopTaken):
        book(second, by)
    hand_in(first, by)
    work.accept(stop_id=first.pk, by=poster, at=clock.now())
    beat()
    REVIEWING.thaw(subject_id=errand.pk, reason="查无问题", by=moderator(), at=clock.now())
    assert book(second, by).state == "booked"
    errand.refresh_from_db()
    assert (errand.closes_at, errand.paid_fen) == (second.until_at, 5_000)
    _sound()


def test_the_bank_takes_the_payment_back(cashier):
    errand, poster = open_errand(cashier, stops=2)
    by = runner()
    first, _second = stops_of(errand)
    hand_in(book(first, by), by)
    intent = errand.paid_by
    made = chargebacks.open_dispute(
        intent_id=intent.pk,
        amount_fen=intent.amount_fen,
        provider_no="CB-1",
        payee_id=None,
        by=officer(),
        at=clock.now(),
    )
    work.accept(stop_id=first.pk, by=poster, at=clock.now())
    beat()
    first.refresh_from_db()
    assert first.state == "accepted"  # nothing moves while the bank asks
    chargebacks.lose_dispute(dispute_id=made.pk, by=officer(), at=clock.now())
    deliver_events()
    beat()
    errand.refresh_from_db()
    assert errand.state == "failed"
    assert {stop.state for stop in stops_of(errand)} == {"void"}
    _sound()


# --- dispatch ----------------------------------------------------------------------------------------------------


def _offered(stop: Stop) -> Offer | None:
    return Offer.objects.filter(stop=stop, state="made").first()


def test_dispatch_asks_the_nearest_then_the_most_trusted_one_by_one_and_then_everybody(cashier):
    near, trusted, far = runner("近"), runner("信", reputation=60), runner("远", north_m=3_000, reputation=99)
    errand, _ = open_errand(cashier, rows=[row(1, 200)], mode="dispatch")
    (stop,) = stops_of(errand)
    with pytest.raises(DispatchOnly):
        book(stop, near)
    beat()
    assert _offered(stop).runner.party_id == trusted.party_id  # within the same kilometre, and trusted more
    dispatch.answer(offer_id=_offered(stop).pk, accepts=False, by=trusted, at=clock.now())
    beat()
    assert _offered(stop).runner.party_id == near.party_id
    with pytest.raises(NotFound):
        dispatch.answer(offer_id=_offered(stop).pk, accepts=True, by=far, at=clock.now())
    late = _offered(stop)
    clock.move_to(late.until)
    with pytest.raises(OfferOver):
        dispatch.answer(offer_id=late.pk, accepts=True, by=near, at=clock.now())
    beat()
    dispatch.answer(offer_id=_offered(stop).pk, accepts=True, by=far, at=clock.now())
    stop.refresh_from_db()
    assert (stop.state, stop.runner.party_id) == ("booked", far.party_id)
    assert [offer.state for offer in Offer.objects.order_by("made_at", "pk")] == ["declined", "lapsed", "accepted"]
    deliver_events()
    assert Message.objects.filter(party_id=near.party_id, zh__startswith="派单").count() == 1
    _sound()


def test_when_nobody_is_left_to_ask_the_stop_is_open_to_all(cashier):
    full, elsewhere, unwilling = (
        runner("满", reputation=0),
        runner("远", north_m=40_000),
        runner("不", takes_offers=False),
    )
    errand, _ = open_errand(cashier, rows=[row(1, 200)], mode="dispatch")
    (stop,) = stops_of(errand)
    beat()  # the new one may book in half an hour only: nobody else is asked meanwhile
    stop.refresh_from_db()
    assert _offered(stop) is None and not stop.is_for_all
    clock.move_to(clock.now() + timedelta(minutes=31))
    beat()
    dispatch.answer(offer_id=_offered(stop).pk, accepts=False, by=full, at=clock.now())
    beat()
    stop.refresh_from_db()
    assert stop.is_for_all
    assert book(stop, unwilling).state == "booked"
    assert not Offer.objects.filter(runner__party_id=elsewhere.party_id).exists()
    _sound()


# --- nearby ------------------------------------------------------------------------------------------------------


def test_the_nearest_free_stops_come_first_by_true_distance(cashier):
    errand, _ = open_errand(cashier, rows=[row(n, north) for n, north in enumerate((4_000, 900, 2_500, 30_000), 1)])
    found = queries.nearby(HERE, 5_000, at=clock.now())
    assert [stop.key for _away, stop in found] == ["P2", "P3", "P1"]
    assert [away for away, _stop in found] == pytest.approx([1_112, 2_224, 4_448], abs=2)  # to the rough place
    book(found[0][1], runner())
    assert [stop.key for _away, stop in queries.nearby(HERE, 50_000, at=clock.now())] == ["P3", "P1", "P4"]
    assert queries.nearby(HERE, 50_000, at=clock.now(), kinds=["ride"]) == []
    clock.move_to(max(stop.until_at for stop in stops_of(errand)))
    assert queries.nearby(HERE, 50_000, at=clock.now()) == []


@pytest.mark.parametrize("latitude", [18.2, 29.84, 47.5])
def test_distance_on_the_map_and_on_the_ground_agree(latitude):
    east, north = geography.on_map(latitude, 114.3)
    there = (latitude, 114.3 + 0.1)
    other_east, _ = geography.on_map(*there)
    way = geography.metres((latitude, 114.3), there)
    assert geography.stretched(way, latitude) == pytest.approx(other_east - east, rel=2e-3)
    assert geography.metres((latitude, 114.3), (geography.north_of(latitude, 5_000), 114.3)) == pytest.approx(5_000)
    assert north > 0


def test_the_public_knows_the_place_to_a_kilometre_and_nobody_a_draft(cashier):
    errand, poster = open_errand(cashier, stops=1)
    by, other = runner(), runner()
    stop = book(stops_of(errand)[0], by)
    assert queries.sight(stop.pk, by).place == stop.place == queries.sight(stop.pk, poster).place
    assert queries.sight(stop.pk, other).place == (29.84, 114.32)
    draft = errand_draft(firm()[1])
    with pytest.raises(NotFound):
        queries.sight(draft.stops.first().pk, other)
    with pytest.raises(NotFound):
        queries.visible(draft.pk, moderator())


# --- forecasts ---------------------------------------------------------------------------------------------------


def _history(tmp_path, n: int = 120) -> None:
    tasks = ["task_id,latitude,longitude,price_yuan,completed"]
    for number in range(n):
        price = 60 + number % 30
        done = int(price >= 75)
        tasks.append(f"H{number},{29.80 + (number % 11) / 200},{114.28 + (number % 13) / 200},{price},{done}")
    tasks += ["H0,29.8,114.3,70,1", "HX,114.3,29.8,70,1"]
    members = ["member_id,latitude,longitude,booking_quota,booking_opens_at,reputation"]
    members += [f"M{number},{29.82 + number / 500},114.3,{10 + number},06:30:00,{number * 9}" for number in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(tasks), encoding="utf-8")
    (tmp_path / "m.csv").write_text("\n".join(members), encoding="utf-8")
    call_command("import_tasks", tmp_path / "t.csv", members=tmp_path / "m.csv")


def test_a_file_of_past_errands_is_imported_once_and_its_dirty_rows_are_named(tmp_path, capsys):
    for _ in range(2):
        _history(tmp_path)
    out = capsys.readouterr()
    assert PastErrand.objects.count() == 120 and RosterMember.objects.count() == 20
    assert "120 tasks" in out.out and "2 refused" in out.out
    assert "twice" in out.err and "each other's column" in out.err


def test_a_poster_sees_what_a_price_brings_and_takes_over_what_is_suggested(tmp_path):
    _history(tmp_path)
    _, by = firm()
    made = errand_draft(by, rows=[row(1, 100, price_fen=6_200), row(2, 900, price_fen=8_800)])
    foresight.ask(errand_id=made.pk, target_percent=80, by=by, at=clock.now())
    reckon_outlooks()
    outlook = Outlook.objects.get(errand=made)
    cheap, dear = outlook.rows
    assert cheap["probability"] < 0.3 < 0.7 < dear["probability"]
    assert 6_200 < cheap["suggested_fen"] <= 8_900 and cheap["in_ten_then"] >= 8
    assert {reason["fact"] for reason in cheap["reasons"]} == {"price", "rivals_3km", "quota_3km"}
    foresight.apply(errand_id=made.pk, by=by, at=clock.now())
    assert [stop.price_fen for stop in stops_of(made)] == [cheap["suggested_fen"], dear["suggested_fen"]]
    with pytest.raises(Invalid):  # the draft has changed since
        foresight.apply(errand_id=made.pk, by=by, at=clock.now())
    with pytest.raises(NotFound):
        foresight.ask(errand_id=made.pk, target_percent=80, by=firm()[1], at=clock.now())


def test_without_history_there_is_no_forecast_and_it_says_so():
    _, by = firm()
    made = errand_draft(by)
    foresight.ask(errand_id=made.pk, target_percent=90, by=by, at=clock.now())
    reckon_outlooks()
    outlook = Outlook.objects.get(errand=made)
    assert outlook.rows == [] and outlook.failure
    with pytest.raises(Invalid):
        foresight.ask(errand_id=made.pk, target_percent=20, by=by, at=clock.now())


# --- who may -----------------------------------------------------------------------------------------------------


def test_an_account_with_stops_in_hand_is_not_closed(cashier):
    errand, poster = open_errand(cashier, stops=1)
    by = runner()
    book(stops_of(errand)[0], by)
    assert queries.open_business(Party.objects.get(pk=by.party_id))
    assert queries.open_business(Party.objects.get(pk=poster.party_id))
    assert queries.open_business(person().party) is None


def test_a_token_without_work_reaches_nothing(cashier):
    errand, _ = open_errand(cashier, stops=1)
    by = runner()
    from dataclasses import replace

    reader = replace(by, scopes=frozenset({"read"}))
    with pytest.raises(Forbidden):
        book(stops_of(errand)[0], reader)
    with pytest.raises(Forbidden):
        runners.register(place=HERE, reach_km=5, kinds=["survey"], takes_offers=True, by=reader, at=clock.now())


def test_put_in_twice_pays_once(cashier):
    errand, poster = approved()
    errand = put_in(cashier, errand, poster)
    money.fund(errand_id=errand.pk, intent_id=errand.paid_by_id, at=clock.now())
    with pytest.raises(MoveRefused):
        money.order(errand_id=errand.pk, by=poster, at=clock.now())
    _sound()
