"""The demo's errands: shops to be looked at, some of them booked and one handed in; and providers with their price cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from backend.common.fen import Fen
from backend.demo import people
from backend.demo.drawings import drawing
from backend.payments.models import PaymentIntent
from marketplace.errands import geography
from marketplace.errands.models import BOOKING, Errand, Runner, Stop
from marketplace.errands.operations import drafts, hands, money, reviews, runners, services, work
from marketplace.errands.operations.drafts import Terms
from marketplace.errands.operations.services import ServiceTerms
from marketplace.errands.stops_file import StopRow

XIANAN, CHIBI = (29.853, 114.322), (29.725, 113.900)
"""About the middles of two towns of Xianning, in degrees."""


@dataclass(frozen=True)
class Provider:
    """Somebody who runs errands from a place, with the lines of their price card."""

    phone: str
    place: tuple[float, float]
    kinds: tuple[str, ...]
    lines: tuple[tuple[str, str, str, str, Fen, int], ...]


PROVIDERS = (
    Provider("13900000020", XIANAN, ("housekeeping", "survey"), (
        ("housekeeping", "日常保洁", "含清洁剂与工具，不含高处玻璃", "hour", 4_000, 2),
        ("housekeeping", "新居开荒", "按建筑面积计，含窗台与踢脚线", "square_metre", 650, 60))),
    Provider("13900000021", (29.845, 114.300), ("repair", "survey"), (
        ("repair", "水管疏通", "疏通一处，不含改管和材料", "visit", 8_000, 1),
        ("repair", "灯具安装", "普通吸顶灯，自备灯具", "item", 3_500, 1))),
    Provider("13900000022", CHIBI, ("lesson", "delivery", "survey"), (
        ("lesson", "茶席布置教学", "上门教学，自备茶具", "hour", 12_000, 2),)),
)  # fmt: skip

SHOPS = ("温泉路店", "永安大道店", "银泉大道店", "淦河路店", "桂花广场店", "十六潭店")
BRIEF = (
    "到门店拍摄门头和主陈列各一张，照片要看得清店名；关门的拍门头并写明。不进入经营区域，不拍人。（演示数据，纯属虚构）"
)


class Rounds:
    """The making of the demo's errands."""

    def __init__(
        self,
        users: Mapping[str, User],
        moderator: Actor,
        now: datetime,
        settle: Callable[[PaymentIntent, datetime], None],
    ) -> None:
        self.users, self.moderator, self.now, self.settle = users, moderator, now, settle

    def make(self) -> int:
        """Register the providers and post the errand, unless they are there; return how many errands were made."""
        for provider in PROVIDERS:
            if not Runner.objects.filter(party_id=self.users[provider.phone].party_id).exists():
                self._register(provider)
        poster = self.users["13800000011"]
        if Errand.objects.filter(owner_id=poster.party_id).exists():
            return 0
        self._post(poster)
        return 1

    def _register(self, provider: Provider) -> None:
        by = people.acting(self.users[provider.phone], self.now)
        runners.register(
            place=provider.place, reach_km=15, kinds=provider.kinds, takes_offers=True, by=by, at=self.now
        )  # fmt: skip
        for kind, title, text, unit, price_fen, least_n in provider.lines:
            terms = ServiceTerms(kind, title, text, unit, price_fen, least_n)
            services.add(terms=terms, by=by, at=self.now)

    def _post(self, poster: User) -> None:
        at = self.now - timedelta(days=2)
        key, intent = self._prepare(poster, at)
        self.settle(intent, at)
        money.fund(errand_id=key, intent_id=intent.pk, at=at)
        stops = list(Stop.objects.filter(errand_id=key).order_by("rank"))
        for stop, phone in zip(stops, ("13900000020", "13900000021", "13900000020"), strict=False):
            by = people.acting(self.users[phone], at)
            hands.book(stop_id=stop.pk, by=by, at=at + timedelta(hours=1))
        by, done = people.acting(self.users["13900000020"], self.now), stops[0]
        work.add_photo(stop_id=done.pk, name="门头.png", body=drawing(7), by=by, at=self.now)
        work.submit(stop_id=done.pk, words="正常营业，陈列完整", place=done.place, by=by, at=clock.now())

    def _prepare(self, poster: User, at: datetime) -> tuple[UUID, PaymentIntent]:
        by = people.acting(poster, at)
        made = drafts.start(by=by, at=at)
        terms = Terms(
            title="桂花礼盒门店陈列核查",
            summary="到六家门店拍门头和陈列，核对是否上架",
            brief=BRIEF,
            kind="survey",
            county="421202",
            mode=BOOKING,
            photos_least=1,
        )
        drafts.write(errand_id=made.pk, terms=terms, version=made.version, by=by, at=at)
        for number, shop in enumerate(SHOPS):
            row = StopRow(
                key=f"S{number + 1}",
                latitude=geography.north_of(XIANAN[0], 350 * (number - 2)),
                longitude=XIANAN[1] + 0.004 * (number % 3 - 1),
                price_fen=2_500 + 300 * number,
                address=f"{shop}（演示）",
                from_at=at + timedelta(hours=3),
                until_at=self.now + timedelta(days=5),
            )
            drafts.add_stop(errand_id=made.pk, row=row, by=by, at=at)
        drafts.submit(errand_id=made.pk, by=by, at=at)
        reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=self.moderator, at=at)
        return made.pk, money.order(errand_id=made.pk, by=by, at=at)
