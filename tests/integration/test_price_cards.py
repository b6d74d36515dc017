"""Price cards: what a provider does for how much, ordered from them alone, paid through escrow, back when they do not come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.common import clock
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal
from backend.common.states import MoveRefused
from backend.ledger import queries as books
from backend.listings.models import Listing
from backend.moderation.models import Review
from backend.notifications.models import Message
from marketplace.errands import geography, queries
from marketplace.errands.errors import DispatchOnly, ErrandFixed, NotRegistered, OwnErrand, PriceChanged, ServiceThere
from marketplace.errands.models import Errand, Offer, Service, Stop
from marketplace.errands.operations import dispatch, drafts, hands, runners, services, work
from marketplace.errands.operations.services import ServiceTerms, Wanted
from marketplace.tasks.errors import Affiliated
from tests.builders import acting, beat, deliver_events, moderator, person
from tests.errand_builders import HERE, licensed, open_errand, put_in, row_of, runner, wait_until_over
from tests.errand_builders import row as errand_row

pytestmark = pytest.mark.django_db


def terms(**more: object) -> ServiceTerms:
    words: dict[str, object] = {
        "kind": "housekeeping", "title": "日常保洁", "text": "含工具，不含高处玻璃", "unit": "hour", "price_fen": 4_000,
        "least_n": 2,
    } | more  # fmt: skip
    return ServiceTerms(**words)


def on_card(by, **more: object) -> Service:
    return services.add(terms=terms(**more), by=by, at=clock.now())


def wanted(**more: object) -> Wanted:
    words: dict[str, object] = {
        "quantity": 3, "price_fen": 4_000, "place": HERE, "address": "温泉路 8 号", "note": "家里有猫",
        "from_at": clock.now() + timedelta(days=1), "until_at": clock.now() + timedelta(days=2),
    } | more  # fmt: skip
    return Wanted(**words)


def ordered(service: Service, by=None, **more: object) -> tuple[Errand, object]:
    by = by or acting(person(name="客户"))
    return services.order(service_id=service.pk, wanted=wanted(**more), by=by, at=clock.now()), by


def codes(refusal) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


@pytest.fixture
def cleaner():
    return runner("保洁员", kinds=("housekeeping", "food"))


# --- the card --------------------------------------------------------------------------------------------------


def test_a_card_has_each_service_once_and_keeps_what_was_ordered_when_a_price_changes(cleaner):
    old = on_card(cleaner)
    with pytest.raises(ServiceThere):
        on_card(cleaner, price_fen=900)
    new = services.rewrite(service_id=old.pk, terms=terms(price_fen=5_000), by=cleaner, at=clock.now())
    assert [one.pk for one in queries.card_of(row_of(cleaner), at=clock.now())] == [new.pk]
    with pytest.raises(NotFound):
        services.rewrite(service_id=old.pk, terms=terms(), by=cleaner, at=clock.now())
    services.remove(service_id=new.pk, by=cleaner, at=clock.now())
    assert queries.card_of(row_of(cleaner), at=clock.now()) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "banking"}, "kind"), ({"unit": "kilo"}, "unit"), ({"title": " "}, "title"), ({"price_fen": 1}, "price"),
        ({"least_n": 0}, "least_n"), ({"text": "加微信 baojie888"}, "text"), ({"title": "电话13900001111"}, "text"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_is_refused(cleaner, more, field):
    with pytest.raises(Invalid) as refusal:
        on_card(cleaner, **more)
    assert [reason.field for reason in refusal.value.reasons] == [field]
    assert not Service.objects.exists()


def test_only_a_registered_runner_has_a_card_and_changes_their_own(cleaner):
    with pytest.raises(NotRegistered):
        on_card(acting(person()))
    line, other = on_card(cleaner), runner("别人")
    for act in (services.remove, services.rewrite):
        more = {"terms": terms()} if act is services.rewrite else {}
        with pytest.raises(NotFound):
            act(service_id=line.pk, by=other, at=clock.now(), **more)


def test_services_near_are_those_whose_provider_comes_there_and_is_licensed(cleaner):
    on_card(cleaner)
    meal = on_card(cleaner, kind="food", title="送餐", unit="item")
    far = runner("远处", north_m=20_000)
    on_card(far, title="远处保洁")
    now = clock.now()
    assert [one.service.title for one in queries.services_near(HERE, at=now)] == ["日常保洁"]
    assert queries.services_near(HERE, at=now, kinds=["repair"]) == []
    licensed(cleaner)
    near = queries.services_near(HERE, at=now, kinds=["food"])
    assert [one.service.pk for one in near] == [meal.pk] and near[0].away_m % 1_000 == 0


def test_a_moderator_takes_a_line_from_a_card_with_a_reason_but_not_from_their_own(cleaner):
    line = on_card(cleaner)
    with pytest.raises(Affiliated):
        services.hide(service_id=line.pk, reason="违规的服务", by=cleaner, at=clock.now())
    with pytest.raises(Refusal):
        services.hide(service_id=line.pk, reason="", by=moderator(), at=clock.now())
    services.hide(service_id=line.pk, reason="冒充持证服务", by=moderator(), at=clock.now())
    line.refresh_from_db()
    assert (line.hidden_why, queries.card_of(row_of(cleaner), at=clock.now())) == ("冒充持证服务", [])
    with pytest.raises(NotFound):
        ordered(line)


def test_a_closed_account_takes_its_card_along(cleaner):
    on_card(cleaner)
    services.forget(row_of(cleaner).party)
    assert not Service.objects.filter(ended_at=None).exists() and not row_of(cleaner).takes_offers


# --- ordering --------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_with_an_order_is_said_at_once_and_nothing_is_kept(cleaner):
    meal = on_card(cleaner, kind="food", title="送餐", unit="item", price_fen=2_000, least_n=5)
    with pytest.raises(Refusal) as refusal:
        ordered(
            meal, quantity=1, price_fen=1_900, place=(geography.north_of(HERE[0], 9_000), HERE[1]), note="微信 abc12345",
            from_at=clock.now() - timedelta(days=2), until_at=clock.now() - timedelta(days=1),
        )  # fmt: skip
    assert codes(refusal) == {"price_changed", "out_of_reach", "licence_missing", "invalid"}
    assert {reason.field for reason in refusal.value.reasons} >= {"quantity", "until", "note"}
    assert not Errand.objects.exists() and not Stop.objects.exists()


def test_nobody_orders_from_themselves_or_at_a_price_of_yesterday(cleaner):
    line = on_card(cleaner)
    with pytest.raises(OwnErrand):
        ordered(line, cleaner)
    services.rewrite(service_id=line.pk, terms=terms(price_fen=9_000), by=cleaner, at=clock.now())
    with pytest.raises(NotFound):
        ordered(line)
    with pytest.raises(PriceChanged):
        ordered(Service.objects.get(ended_at=None), price_fen=4_000)
    narrow = acting(person()).__class__(**vars(acting(person())) | {"scopes": frozenset()})
    with pytest.raises(Forbidden):
        ordered(Service.objects.get(ended_at=None), narrow)


def test_an_order_is_its_customers_and_its_providers_and_no_list_or_stranger_learns_of_it(cashier, cleaner):
    line = on_card(cleaner)
    made, by = ordered(line)
    stranger = acting(person())
    assert (made.state, made.total_fen, made.mode) == ("funding", 12_000, "direct")
    with pytest.raises(NotFound):
        queries.visible(made.pk, cleaner)
    with pytest.raises(ErrandFixed):
        drafts.remove_stop(errand_id=made.pk, stop_id=made.stops.get().pk, by=by, at=clock.now())
    opened = put_in(cashier, made, by)
    assert opened.state == "open" and not Listing.objects.get(subject_id=made.pk).is_public
    assert queries.visible(made.pk, cleaner) and queries.visible(made.pk, moderator())
    for asker in (stranger, acting(person())):
        with pytest.raises(NotFound):
            queries.visible(made.pk, asker)
        with pytest.raises(NotFound):
            queries.sight(made.stops.get().pk, asker)
    assert queries.nearby(HERE, 9_000, at=clock.now()) == []
    other = runner("别人", kinds=("housekeeping",))
    with pytest.raises(NotFound):
        hands.book(stop_id=made.stops.get().pk, by=other, at=clock.now())
    with pytest.raises(Refusal) as refusal:
        hands.book(stop_id=made.stops.get().pk, by=cleaner, at=clock.now())
    assert DispatchOnly.code in codes(refusal)
    beat()
    assert [offer.runner.party_id for offer in Offer.objects.all()] == [cleaner.party_id]


def test_who_accepts_does_it_and_is_paid(cashier, cleaner):
    made, by = ordered(on_card(cleaner))
    put_in(cashier, made, by)
    beat()
    deliver_events()
    assert Message.objects.filter(party_id=cleaner.party_id, zh__contains="日常保洁").exists()
    offer, stop = Offer.objects.get(), made.stops.get()
    assert not queries.sight(stop.pk, cleaner).is_inside
    dispatch.answer(offer_id=offer.pk, accepts=True, by=cleaner, at=clock.now())
    assert queries.sight(stop.pk, cleaner).is_inside and queries.sight(stop.pk, cleaner).stop.address == "温泉路 8 号"
    clock.move_to(stop.from_at + timedelta(minutes=1))
    work.submit(stop_id=stop.pk, words="已做完", by=cleaner, at=clock.now())
    work.accept(stop_id=stop.pk, by=by, at=clock.now())
    over = wait_until_over(made)
    assert (over.state, over.paid_fen, over.back_fen) == ("completed", 12_000, None)
    assert not list(books.differences())


@pytest.mark.parametrize("how", ["declines", "is silent", "gives up", "loses the licence"])
def test_when_the_provider_does_not_come_nobody_else_is_asked_and_all_goes_back(cashier, cleaner, how):
    kind = "food" if how == "loses the licence" else "housekeeping"
    paper = licensed(cleaner) if kind == "food" else None
    made, by = ordered(on_card(cleaner, kind=kind))
    runner("别人", kinds=(kind,))
    put_in(cashier, made, by)
    beat()
    offer = Offer.objects.get()
    if how != "is silent":
        dispatch.answer(offer_id=offer.pk, accepts=how != "declines", by=cleaner, at=clock.now())
    if how == "gives up":
        hands.give_up(stop_id=made.stops.get().pk, by=cleaner, at=clock.now())
    if paper is not None:
        from_moderator = {"licence_id": paper.pk, "act": "revoke", "reason": "登记机关已吊销"}
        runners.check(**from_moderator, by=moderator(), at=clock.now())
    if how == "is silent":
        clock.move_to(offer.until + timedelta(seconds=1))
    beat()
    beat()
    over = wait_until_over(made)
    assert (over.state, over.paid_fen, over.back_fen) == ("completed", 0, 12_000)
    assert Offer.objects.count() == 1 and not list(books.differences())


def test_an_order_that_is_not_paid_ends_by_the_clock_and_can_be_withdrawn(cleaner):
    line = on_card(cleaner)
    first, by = ordered(line)
    second, other = ordered(line)
    drafts.withdraw(errand_id=first.pk, by=by, at=clock.now())
    clock.move_to(clock.now() + timedelta(days=8))
    beat()
    assert {row.state for row in Errand.objects.all()} == {"withdrawn"}
    with pytest.raises(MoveRefused):
        drafts.withdraw(errand_id=second.pk, by=other, at=clock.now())
    assert not Review.objects.filter(kind="errand").exists()


def test_a_copy_of_an_order_is_a_draft_for_everybody(cleaner):
    made, by = ordered(on_card(cleaner))
    copy = drafts.copy(errand_id=made.pk, by=by, at=clock.now())
    assert (copy.state, copy.mode, copy.service) == ("draft", "booking", None)


def test_an_account_with_an_order_is_not_closed(cleaner):
    made, _by = ordered(on_card(cleaner))
    assert queries.open_business(made.owner)


def test_whether_a_provider_comes_tells_only_about_where_they_start():
    """Two who start some hundred metres apart in the same square answer alike from every side."""
    first, second = (runner(name, north_m=north) for name, north in (("甲", 0), ("乙", 120)))
    same = {geography.about(*row_of(by).place) for by in (first, second)}
    assert len(same) == 1
    for by in (first, second):
        on_card(by)
    for step in range(4_000, 6_500, 50):
        place = (geography.north_of(HERE[0], step), HERE[1])
        names = {one.service.runner.party_id for one in queries.services_near(place, at=clock.now())}
        assert names in (set(), {first.party_id, second.party_id})


def test_whether_a_stop_is_too_far_tells_only_about_where_it_is(cashier):
    by = acting(person(name="发布者"))
    rows = [errand_row(number, north, price_fen=5_000) for number, north in ((1, 0), (2, 120))]
    made, _by = open_errand(cashier, by, rows=rows)
    asker = runner("打听的人")
    stops = list(made.stops.order_by("rank"))
    assert len({geography.about(*stop.place) for stop in stops}) == 1
    for step in range(4_500, 5_600, 50):
        who = row_of(asker)
        who.latitude = geography.north_of(HERE[0], step)
        answers = {
            "too_far" in {one.code for one in hands.obstacles(made, stop, who, asker, clock.now())} for stop in stops
        }
        assert len(answers) == 1
