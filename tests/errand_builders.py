"""On-site errands, runners and licences as tests need them, made through operations."""

from __future__ import annotations

import io
from datetime import timedelta

from PIL import Image

from backend.common import clock
from backend.common.actors import Actor
from backend.payments.operations import intents
from marketplace.errands import geography
from marketplace.errands.models import Errand, Licence, Runner, Stop
from marketplace.errands.operations import drafts, hands, money, reviews, runners, work
from marketplace.errands.operations.drafts import Terms
from marketplace.errands.stops_file import StopRow
from tests.builders import acting, beat, deliver_events, firm, moderator, person

HERE = (29.84, 114.32)
BRIEF = "到门店拍摄门头、货架和价签各一张，照片清楚、能看到店名；关门的写明情况并拍门头。"


def terms(**more: object) -> Terms:
    """Shops to be photographed; whoever fits books."""
    words: dict[str, object] = {
        "title": "门店陈列核查拍照",
        "summary": "到店拍门头、货架和价签",
        "brief": BRIEF,
        "kind": "survey",
        "county": "421202",
        "mode": "booking",
        "photos_least": 1,
    } | more
    return Terms(**words)


def row(number: int, north_m: float = 0, price_fen: int = 5_000, **more: object) -> StopRow:
    """A stop so many metres north of here, from in a day to in five."""
    words: dict[str, object] = {
        "key": f"P{number}",
        "latitude": geography.north_of(HERE[0], north_m),
        "longitude": HERE[1],
        "price_fen": price_fen,
        "address": f"淦河大道 {number} 号",
        "from_at": clock.now() + timedelta(days=1),
        "until_at": clock.now() + timedelta(days=5),
    } | more
    return StopRow(**words)


def errand_draft(by: Actor, stops: int = 2, rows: list[StopRow] | None = None, **more: object) -> Errand:
    """A complete draft."""
    made = drafts.start(by=by, at=clock.now())
    drafts.write(errand_id=made.pk, terms=terms(**more), version=made.version, by=by, at=clock.now())
    for one in rows or [row(number, number * 100) for number in range(1, stops + 1)]:
        drafts.add_stop(errand_id=made.pk, row=one, by=by, at=clock.now())
    return Errand.objects.get(pk=made.pk)


def approved(by: Actor | None = None, **more: object) -> tuple[Errand, Actor]:
    """An errand whose pay waits to be put into escrow, and its poster."""
    by = by or firm(name="香城连锁")[1]
    made = errand_draft(by, **more)
    drafts.submit(errand_id=made.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return Errand.objects.get(pk=made.pk), by


def put_in(cashier, errand: Errand, by: Actor) -> Errand:
    """The poster pays."""
    intent = money.order(errand_id=errand.pk, by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    return Errand.objects.get(pk=errand.pk)


def open_errand(cashier, by: Actor | None = None, **more: object) -> tuple[Errand, Actor]:
    """An errand whose stops may be taken, and its poster."""
    made, poster = approved(by, **more)
    return put_in(cashier, made, poster), poster


def stops_of(errand: Errand) -> list[Stop]:
    return list(Stop.objects.filter(errand=errand).order_by("rank"))


def runner(name: str = "接单人", north_m: float = 0, reputation: int = 20, kinds=("survey",), **more: object) -> Actor:
    """Somebody who runs errands from so many metres north of here; trusted, so that they need not wait."""
    by = acting(person(name=name))
    words: dict[str, object] = {
        "place": (geography.north_of(HERE[0], north_m), HERE[1]),
        "reach_km": 5,
        "kinds": kinds,
        "takes_offers": True,
    } | more
    runners.register(**words, by=by, at=clock.now())
    Runner.objects.filter(party_id=by.party_id).update(reputation=reputation)
    return by


def row_of(by: Actor) -> Runner:
    return Runner.objects.get(party_id=by.party_id)


def picture(seed: int = 0) -> bytes:
    """A small picture; another one for every seed."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, 120, 90)).save(out, "PNG")
    return out.getvalue()


def book(stop: Stop, by: Actor) -> Stop:
    return hands.book(stop_id=stop.pk, by=by, at=clock.now())


def hand_in(stop: Stop, by: Actor, seed: int = 0) -> Stop:
    """Go there when the window is open, take a photo, hand in."""
    if clock.now() < stop.from_at:
        clock.move_to(stop.from_at + timedelta(minutes=1))
    work.add_photo(stop_id=stop.pk, name="现场.png", body=picture(seed), by=by, at=clock.now())
    return work.submit(stop_id=stop.pk, words="已拍", place=stop.place, by=by, at=clock.now())


def wait_until_over(errand: Errand) -> Errand:
    """Let time pass until the errand is over."""
    for _ in range(40):
        beat()
        errand.refresh_from_db()
        if errand.state not in ("open", "frozen"):
            return errand
        due = Stop.objects.filter(errand=errand, due_at__isnull=False).order_by("due_at").first()
        clock.move_to(max(clock.now(), due.due_at if due else clock.now()) + timedelta(seconds=1))
    raise AssertionError(f"the errand stays {errand.state}")


def licence(by: Actor, days: int = 300, kind: str = "food") -> Licence:
    """A licence that waits to be checked."""
    today = clock.now().date()
    paper = runners.Paper(kind, "JK2026000123", today - timedelta(days=30), today + timedelta(days=days))
    return runners.hand_in(paper=paper, by=by, at=clock.now())


def licensed(by: Actor, days: int = 300, kind: str = "food") -> Licence:
    """A licence in force."""
    made = licence(by, days, kind)
    return runners.check(licence_id=made.pk, act="confirm", reason="已与卫健登记核对", by=moderator(), at=clock.now())
