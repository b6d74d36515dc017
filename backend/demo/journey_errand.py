"""The journey's errands: past ones learned from, a dozen stops with the suggested pay, runners by reach and trust, dispatch with a licence."""

from __future__ import annotations

import base64
import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from backend.common import clock
from backend.common.fen import show_yuan, wire_yuan
from backend.demo.drawings import drawing
from backend.demo.failed import Failed
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.errands import geography, samples
from marketplace.errands.models import Errand, Licence, Outlook, PastErrand, RosterMember, Stop
from marketplace.errands.operations import history
from marketplace.errands.operations.reviews import CHECKLIST
from marketplace.errands.records import Task

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

POSTER, DECIDER = "13800000013", "13800000001"
RUNNERS = ("13900000008", "13900000009", "13900000010", "13900000011")
FAR, COURIER = "13900000012", "13900000014"
PROVIDER, CUSTOMER = "13900000013", "13800000014"
STOPS, TARGET = 12, 80
BRIEF = "到点位拍摄门头一张，照片要看得清店名；关门的拍门头并写明。不进入经营区域，不拍人。"


class ErrandAct:
    """One play of on-site errands."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # weeks have passed, and tokens live ninety days
        self.poster = journey.client(POSTER)

    def play(self) -> None:
        """From what was learned of past errands to the last runner's pay, and the rest back."""
        tasks, members = samples.known()
        history.keep(tasks, members, at=clock.now())
        done = sum(bool(one.is_done) for one in tasks)
        if PastErrand.objects.filter(number__in=[one.number for one in tasks]).count() != len(tasks):
            raise Failed("past errands were lost")
        self.journey.say(
            f"导入历史现场任务 {len(tasks)} 个（完成 {done} 个）和会员 {RosterMember.objects.count()} 名，用来预测价格"
        )
        errand_id = self._open(_quarter(tasks))
        self._run(errand_id)
        self._dispatch(_quarter(tasks)[0])
        self._order(_quarter(tasks)[0])

    # --- a dozen stops ------------------------------------------------------------------------------------------

    def _draft(self, kind: str, mode: str, rows: list[str]) -> str:
        made = self.poster.done("errands", {})
        page = f"errands/{made['id']}"
        terms = {
            "version": made["version"], "title": "门店陈列核查" if kind == "survey" else "会议茶歇配送",
            "summary": "到点位拍门头，核对是否营业" if kind == "survey" else "把茶歇按时送到会场", "brief": BRIEF, "kind": kind,
            "county": "421202", "mode": mode, "photos_least": 1,
        }  # fmt: skip
        window = {"from_at": _after(hours=2), "until_at": _after(days=3)}
        content = "\n".join(["task_id,latitude,longitude,price_yuan", *rows])
        for path, body in ((page, terms), (f"{page}/stops", {"content": content, **window})):
            self.poster.put(path, body)
        return page

    def _publish(self, page: str) -> uuid.UUID:
        self.poster.done(f"{page}/submission", {})
        review = f"/{page}/review/"
        self.journey.submit(
            self.journey.staff_browser(DECIDER), review, f"{review}approve/", {"checklist": list(CHECKLIST)}
        )
        browser = self.journey.browser
        browser.choose(browser.arrive(self.poster.done(f"{page}/cashier", {})["url"]))
        key = uuid.UUID(page.rpartition("/")[2])
        self.journey.until("报酬到账", lambda: Errand.objects.get(pk=key).state == "open")
        return key

    def _open(self, quarter: list[Task]) -> uuid.UUID:
        rows = [_row(one.number, one, one.price_fen) for one in quarter]
        page = self._draft("survey", "booking", rows)
        self.poster.done(f"{page}/forecast", {"target_percent": TARGET})
        key = uuid.UUID(page.rpartition("/")[2])
        self.journey.until("预测完成", lambda: Outlook.objects.filter(errand=key).exclude(made_at=None).exists())
        outlook = Outlook.objects.get(errand=key)
        if outlook.failure or len(outlook.rows) != STOPS:
            raise Failed(f"there is no forecast: {outlook.failure}")
        before = Errand.objects.get(pk=key).total_fen
        total = self.poster.done(f"{page}/prices", {})["total_fen"]
        one = next((row for row in outlook.rows if (row["suggested_fen"] or 0) > row["price_fen"]), outlook.rows[0])
        then = f"{show_yuan(one['suggested_fen'])} 可到 {one['in_ten_then']} 个" if one["suggested_fen"] else "试过的价格都不够"  # fmt: skip
        self.journey.say(
            f"连锁店发布 {STOPS} 个点位前先问价：{show_yuan(one['price_fen'])} 时十个这样的点位约完成 {one['in_ten']} 个，{then}；"
            f"采用建议后合计 {show_yuan(before)} → {show_yuan(total)}"
        )
        return self._publish(page)

    def _run(self, errand_id: uuid.UUID) -> None:
        """Runners book by reach and trust, go there, hand in; one refusal is contested, one runner does not come."""
        journey = self.journey
        stops = list(Stop.objects.filter(errand_id=errand_id).order_by("rank"))
        apis = [self._registered(phone, stop.place, "survey") for phone, stop in zip(RUNNERS, stops, strict=False)]
        early = apis[0].post(f"stops/{stops[0].pk}/book", {})
        far = self._registered(FAR, (geography.north_of(stops[0].latitude, 40_000), stops[0].longitude), "survey")
        journey.move(minutes=31)
        refused = far.post(f"stops/{stops[0].pk}/book", {})
        if (early.json()["code"], refused.json()["code"]) != ("not_yet_yours", "too_far"):
            raise Failed(f"bookings were answered {early.text[:200]} and {refused.text[:200]}")
        held = [(api, stop) for api, some in zip(apis, _dealt(stops), strict=False) for stop in some]
        for api, stop in held:
            api.done(f"stops/{stop.pk}/book", {})
        code = apis[0].post(f"stops/{stops[-1].pk}/book", {}).json()["code"]
        if code != "quota_full":
            raise Failed(f"a fourth stop was answered {code}")
        journey.say(
            f"接单人登记出发地和半径：新人要等半小时才能订、四十公里外的不能订、手上最多三个；{len(held)} 个点位被 {len(apis)} 人订走"
        )
        journey.move(hours=2)
        for number, (api, stop) in enumerate(held[:-1]):
            self._hand_in(api, stop, number)
        api, contested = held[0]
        self.poster.done(f"stops/{contested.pk}/refuse", {"words": "照片里看不到店名"})
        api.done(f"stops/{contested.pk}/contest", {"words": "店名在照片左上角，清楚可辨"})
        self.poster.done(f"errands/{errand_id}/accept-all", {})
        page = f"/errands/stops/{contested.pk}/"
        journey.submit(
            journey.staff_browser(DECIDER), page, f"{page}finding/for/", {"words": "放大可见店名，应予通过"}
        )  # fmt: skip
        journey.move(days=3)
        journey.until("全部结束", lambda: Errand.objects.get(pk=errand_id).state == "completed")
        journey.until("余款退回", lambda: not books.balance(ledger.escrow_of("errand", errand_id)))
        errand = Errand.objects.get(pk=errand_id)
        paid = Stop.objects.filter(errand=errand, state="paid").count()
        if paid != len(held) - 1 or errand.paid_fen + (errand.back_fen or 0) != errand.total_fen:
            raise Failed(f"{paid} stops of {len(held)} were paid {errand.paid_fen}, {errand.back_fen} went back")
        journey.say(
            f"{paid} 个点位拍照提交、验收付款共 {show_yuan(errand.paid_fen)}（一个被拒的经平台裁定应付），一人爽约扣信誉，"
            f"没做的 {show_yuan(errand.back_fen or 0)} 退回"
        )

    def _registered(self, phone: str, place: tuple[float, float], kind: str) -> Client:
        api = self.journey.client(phone)
        body = {"latitude": place[0], "longitude": place[1], "reach_km": 20, "kinds": [kind]}
        api.put("my/runner", body)
        return api

    def _hand_in(self, api: Client, stop: Stop, number: int) -> None:
        shot = {"name": "现场.png", "content": base64.b64encode(drawing(number)).decode()}
        api.done(f"stops/{stop.pk}/photos", shot)
        where = {"latitude": stop.latitude, "longitude": stop.longitude}
        api.done(f"stops/{stop.pk}/submission", {"words": "正常营业", **where})

    # --- dispatch ---------------------------------------------------------------------------------------------------

    def _dispatch(self, at: Task) -> None:
        """Food is brought only by who holds a health certificate: the one who has none is not even asked."""
        journey = self.journey
        place = (at.place.latitude, at.place.longitude)
        api = self._registered(COURIER, place, "food")
        key = self._publish(self._draft("food", "dispatch", [_row("T1", at, 6_000)]))
        journey.move(minutes=31)
        journey.until("没有持证的人可派", lambda: Stop.objects.get(errand_id=key).is_for_all)
        stop = Stop.objects.get(errand_id=key)
        code = api.post(f"stops/{stop.pk}/book", {}).json()["code"]
        if code != "licence_missing":
            raise Failed(f"without a licence the answer was {code}")
        today = date.fromisoformat(clock.now().date().isoformat())
        paper: dict[str, Any] = {"kind": "food", "number": "EJK20260088", "valid_from": str(today - timedelta(days=9)),
                                 "valid_until": str(today + timedelta(days=200))}  # fmt: skip
        licence = api.done("my/licences", paper)
        page = f"/errands/licences/{licence['id']}/"
        journey.submit(
            journey.staff_browser(DECIDER), page, f"{page}confirm/", {"reason": "已与健康证系统核对"}
        )  # fmt: skip
        if Licence.objects.get(pk=licence["id"]).state != "in_force":
            raise Failed("the licence was not confirmed")
        second = self._publish(self._draft("food", "dispatch", [_row("T2", at, 6_000)]))
        journey.move(minutes=31)
        stop = Stop.objects.get(errand_id=second)
        journey.until("派单", lambda: stop.offers.filter(state="made").exists())
        (offer,) = api.read("my/runner")["offers"]
        api.done(f"offers/{offer['id']}/accept", {})
        journey.move(hours=2)
        self._hand_in(api, stop, 90)
        journey.move(days=3, minutes=5)
        for one in (key, second):
            journey.until("配送结束", lambda one=one: Errand.objects.get(pk=one).state == "completed")  # type: ignore[misc]
        if (Stop.objects.get(pk=stop.pk).state, Errand.objects.get(pk=key).back_fen) != ("paid", 6_000):
            raise Failed("the delivery was not paid, or the one that nobody could take did not go back")
        journey.say(
            "餐食配送须持健康证：没有证的派不到也订不了，报酬到期全退；证照核验后派单、接单、送达，发布方三天没说话视为通过并付款"
        )

    # --- from a price card ----------------------------------------------------------------------------------------

    def _order(self, at: Task) -> None:
        """What a provider offers at a price is ordered twice from them alone: once they come, once they do not."""
        journey, place = self.journey, (at.place.latitude, at.place.longitude)
        provider, customer = self._registered(PROVIDER, place, "housekeeping"), journey.client(CUSTOMER)
        line = {"kind": "housekeeping", "title": "日常保洁", "unit": "hour", "price_fen": 4_000, "least_n": 2}
        service = provider.done("my/services", line)
        near = customer.read("services", latitude=place[0], longitude=place[1])["rows"]
        if service["id"] not in {row["id"] for row in near}:
            raise Failed("what is on a price card nearby was not found")
        wanted: dict[str, Any] = {
            "quantity": 3, "price_fen": 3_900, "latitude": place[0], "longitude": place[1], "address": "演示小区 1 栋",
        }  # fmt: skip
        wanted |= {"from_at": _after(hours=2), "until_at": _after(days=2)}
        code = customer.post(f"services/{service['id']}/orders", wanted).json()["code"]
        if code != "price_changed":
            raise Failed(f"another price than the card's was answered {code}")
        made = []
        for accepts in (True, False):
            order = customer.done(f"services/{service['id']}/orders", wanted | {"price_fen": 4_000})
            cashier = customer.done(f"errands/{order['id']}/cashier", {})["url"]
            journey.browser.choose(journey.browser.arrive(cashier))
            stop = Stop.objects.get(errand_id=order["id"])
            journey.until("问服务者", lambda stop=stop: stop.offers.filter(state="made").exists())  # type: ignore[misc]
            (offer,) = provider.read("my/runner")["offers"]
            provider.done(f"offers/{offer['id']}/{'accept' if accepts else 'decline'}", {})
            made.append(stop)
        journey.move(hours=3)
        provider.done(f"stops/{made[0].pk}/submission", {"words": "三小时，已收拾干净"})
        customer.done(f"stops/{made[0].pk}/accept", {})
        for stop in made:
            key = stop.errand_id
            journey.until("订单结束", lambda key=key: Errand.objects.get(pk=key).state == "completed")  # type: ignore[misc]
            journey.until("余款退回", lambda key=key: not books.balance(ledger.escrow_of("errand", key)))  # type: ignore[misc]
        paid, back = (Errand.objects.get(pk=stop.errand_id) for stop in made)
        if (paid.paid_fen, back.back_fen) != (12_000, 12_000):
            raise Failed(
                f"the service was paid {paid.paid_fen}, the one that nobody came for went back {back.back_fen}"
            )
        journey.say(
            "保洁员挂出价目表，客户按每小时 ¥40 订三小时两次：价格与所见不符的当场拒绝；钱先托管、只问本人，接了的做完付 ¥120，"
            "没接的 ¥120 全退，别人看不到也接不到"
        )


def _quarter(tasks: list[Task]) -> list[Task]:
    """The tasks nearest to the first one: a quarter of a town."""
    first = (tasks[0].place.latitude, tasks[0].place.longitude)
    return sorted(tasks, key=lambda one: geography.metres(first, (one.place.latitude, one.place.longitude)))[:STOPS]


def _dealt(stops: list[Stop]) -> list[list[Stop]]:
    """Three stops for each runner but the last, who gets what is left but one."""
    return [stops[0:3], stops[3:6], stops[6:9], stops[9:11]]


def _row(key: str, one: Task, price_fen: int) -> str:
    return f"{key},{one.place.latitude:.7f},{one.place.longitude:.7f},{wire_yuan(price_fen)}"


def _after(**by: float) -> str:
    return (clock.now() + timedelta(**by)).isoformat()
