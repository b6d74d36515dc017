"""The journey: the platform's main job over real HTTP, told so that a stranger understands it.

It plays in a scratch database on ports of its own. People use the API and pages over HTTP, money
goes through the signed gateway, and the clock is moved over weeks.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db.models import Sum

from backend.accounts import operations as accounts
from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Role
from backend.common.fen import Fen, show_yuan
from backend.common.models import Delivery, OutboxEvent
from backend.demo import people
from backend.demo.failed import Failed
from backend.demo.gateway import Browser
from backend.demo.journey_challenge import ChallengeAct
from backend.demo.journey_contest import ContestAct
from backend.demo.journey_dispute import DisputeAct
from backend.demo.journey_errand import ErrandAct
from backend.demo.journey_harvest import HarvestAct
from backend.demo.journey_idea import IdeaAct
from backend.demo.journey_knowledge import KnowledgeAct
from backend.demo.journey_led import LedAct
from backend.demo.journey_microtask import MicrotaskAct
from backend.demo.journey_pot import PotAct
from backend.demo.journey_ruin import RuinAct
from backend.demo.journey_silence import SilenceAct
from backend.demo.journey_work import WorkAct
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent, Payout, Refund
from backend.payments.operations import payouts, refunds
from crowdfunding.campaigns.models import Campaign, Deposit, Pledge, Tier
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.operations.reviews import CHECKLIST

STORY = "崇阳的楠竹三年成材。选竹、刮青、分篾、起底、编身、收口，共二十七道工序。筹到的钱用于晾竹棚和第一批刀具。" * 2
PATIENCE_SECONDS = 60


BUSY_TRIES = 10


class Client:
    """One person's program: a token, idempotency keys, plain HTTP."""

    def __init__(self, base: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=f"{base}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def post(self, path: str, body: dict[str, Any], *, key: str = "") -> httpx.Response:
        """Post, whatever the answer."""
        return self._sent("POST", path, json=body, headers={"Idempotency-Key": key or uuid.uuid4().hex})

    def done(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post, and expect it to be done."""
        return _answer(self.post(path, body))

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Put, and expect it to be kept."""
        _answer(self._sent("PUT", path, json=body))

    def read(self, path: str, **params: object) -> dict[str, Any]:
        """Get, and expect to be shown it."""
        # No parameters, rather than none of them: those would take away what stands behind the path's own `?`.
        return _answer(self._sent("GET", path, params=params or None))

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send, and come back with the same while the site says that it is busy."""
        for _ in range(BUSY_TRIES):
            reply = self.http.request(method, path, **more)
            if reply.status_code != 503:
                break
            time.sleep(float(reply.headers.get("Retry-After", "1")))
        return reply


def _answer(reply: httpx.Response) -> dict[str, Any]:
    if reply.status_code not in (200, 201):
        path = reply.request.url.raw_path.decode()
        raise Failed(f"{reply.request.method} {path} answered {reply.status_code}: {reply.text[:300]}")
    answer: dict[str, Any] = reply.json()
    return answer


class Journey:
    """One play of the journey."""

    def __init__(self, base: str, say: Callable[[str], None]) -> None:
        self.base, self.tell, self.step = base, say, 0
        self.browser = Browser()
        self.users = people.make_all(clock.now())
        self.clients: dict[str, Client] = {}
        self.staff: dict[str, httpx.Client] = {}

    def say(self, text: str) -> None:
        """Number and print a step."""
        self.step += 1
        self.tell(f"{self.step:2}. {text}")

    def play(self) -> bool:
        """Play it all; true when everything holds, the books included."""
        try:
            self._success()
            self._failure()
            LedAct(self).play()
            PotAct(self).play()
            RuinAct(self).play()
            HarvestAct(self).play()
            SilenceAct(self).play()
            WorkAct(self).play()
            ContestAct(self).play()
            ChallengeAct(self).play()
            MicrotaskAct(self).play()
            ErrandAct(self).play()
            IdeaAct(self).play()
            KnowledgeAct(self).play()
        except Failed as failed:
            self.tell(f"✗ {failed}")
            return False
        differences = list(books.differences())
        totals = books.totals()
        for line in differences:
            self.tell(f"✗ {line}")
        sums = "，".join(f"{kind} {show_yuan(fen)}" for kind, fen in totals.by_kind.items())
        self.say(f"核对账目：{totals.transfers} 笔分录，{len(differences)} 处不符（{sums}）")
        return not differences

    # --- the first campaign ---------------------------------------------------------------------

    def _success(self) -> None:
        maker = self.maker("13800000013")
        campaign, tiers = self.publish("13800000013", "楠竹食盒：一只盒子的二十七道工序", goal=400_000)
        self._forty_pledges(campaign, tiers)
        self._race(campaign, tiers["last"])
        raised = self._raised(campaign)
        self.move(days=30, minutes=5)
        self.until("项目判定成功", lambda: self.state(campaign) == "successful")
        self.say(f"三十天到期，共筹 {show_yuan(raised)}，目标 {show_yuan(400_000)}：众筹成功，进入公示")
        self.move(days=3, minutes=5)
        self.two_officers("首款", maker.party_id)
        self._refund_by_agreement(campaign, maker)
        DisputeAct(self).play(campaign, maker)
        self._deliver(campaign, maker)
        self.move(days=8)
        self.two_officers("尾款", maker.party_id)
        rest = books.balance(ledger.escrow_of("campaign", campaign))
        if rest:
            raise Failed(f"{show_yuan(rest)} is still in escrow")
        self.say("托管账户余额 ¥0：每一分钱都有去处")

    def maker(self, phone: str) -> User:
        """A maker with an account to be paid to."""
        user = self.users[phone]
        at = clock.now()
        payouts.set_account(
            party_id=user.party_id, login=phone, holder=user.party.name, by=people.acting(user, at), at=at
        )
        return user

    def client(self, phone: str, *, hat: uuid.UUID | None = None) -> Client:
        """A person's program, with a token of their own, or of the organisation they act for."""
        name = f"{phone}:{hat}" if hat else phone
        if name not in self.clients:
            user = self.users[phone]
            _token, text = accounts.make_token(
                user=user,
                party_id=hat or user.party_id,
                name="journey",
                scopes={"read", "pledge", "campaigns", "work", "money"},
                at=clock.now(),
            )
            self.clients[name] = Client(self.base, text)
        return self.clients[name]

    def publish(
        self,
        phone: str,
        title: str,
        *,
        goal: int,
        optimum: int | None = None,
        is_led: bool = False,
        least_percent: int | None = None,
    ) -> tuple[uuid.UUID, dict[str, uuid.UUID]]:
        """Draft, submit, review, launch: the maker over the API, the moderator in the browser's own flow.

        With an optimum it runs in two rounds; with a least percentage it has a clause for a short harvest.
        """
        api = self.client(phone)
        made = api.done("campaigns", {})
        campaign_id = uuid.UUID(made["id"])
        terms = {
            "version": made["version"], "title": title, "summary": "老篾匠与年轻设计师合作的竹编器具", "story": STORY,
            "risks": "阴雨天会推迟晾竹；逾期三十天可申请退款。", "category": "bamboo", "county": "421223",
            "rule": "two_rounds" if optimum else "all_or_nothing", "goal_fen": goal, "optimum_fen": optimum, "days": 30,
            "promised_on": (clock.now() + timedelta(days=90)).date().isoformat(),
        }  # fmt: skip
        api.put(f"campaigns/{campaign_id}", terms)
        tiers = {}
        for name, price, shipping, stock in (
            ("box", 10_000, 1_200, None),
            ("big", 26_800, 0, 50),
            ("last", 8_800, 0, 1),
        ):
            offer = {
                "title": f"回报 {name}",
                "price_fen": price,
                "shipping_fen": shipping,
                "right_class": "made_to_order",
            }
            tiers[name] = uuid.UUID(
                api.done(f"campaigns/{campaign_id}/tiers", offer | ({"stock": stock} if stock else {}))["id"]
            )
        if is_led:
            api.put(f"campaigns/{campaign_id}/led", {"is_led": True})
        if least_percent is not None:
            clause = {"least_percent": least_percent, "basis": "三片竹林共六百斤，以合作社过磅单为准"}
            api.put(f"campaigns/{campaign_id}/harvest-clause", clause)
        api.done(f"campaigns/{campaign_id}/submission", {})
        self.say(f"发起人写好《{title}》，目标 {show_yuan(goal)}，提交审核")
        self._review_in_browser(campaign_id)
        self._put_in_deposit(api, campaign_id)
        api.done(f"campaigns/{campaign_id}/launch", {})
        self.say("审核员用密码和验证器登录，逐项确认清单后通过；发起人发布，项目上线")
        return campaign_id, tiers

    def _put_in_deposit(self, api: Client, campaign_id: uuid.UUID) -> None:
        """Where the goal is large enough for one; without it the platform does not publish."""
        due = api.read(f"campaigns/{campaign_id}/deposit")["due_fen"]
        if due == 0:
            return
        refused = api.post(f"campaigns/{campaign_id}/launch", {})
        if "deposit_missing" not in refused.text:
            raise Failed(f"published without its deposit: {refused.status_code} {refused.text[:200]}")
        self.browser.choose(self.browser.arrive(api.done(f"campaigns/{campaign_id}/deposit", {})["url"]))
        self.until("保证金到账", lambda: Deposit.objects.filter(campaign_id=campaign_id, state="held").exists())
        self.say(f"目标较大：未缴保证金不能发布；发起人经支付宝缴存 {show_yuan(due)}，由平台托管")

    def _review_in_browser(self, campaign_id: uuid.UUID) -> None:
        http = self.staff_browser("13800000001")
        page = f"/review/{campaign_id}/"
        reply = self.submit(http, page, f"{page}approve/", {"checklist": list(CHECKLIST)})
        if self.state(campaign_id) != "approved":
            raise Failed(f"the review did not come through ({reply.status_code})")

    def staff_browser(self, phone: str) -> httpx.Client:
        """A member of staff signs in with password and authenticator, as in a browser, and stays signed in."""
        if phone in self.staff:
            return self.staff[phone]
        user = self.users[phone]
        http = httpx.Client(base_url=self.base, follow_redirects=True, timeout=30, trust_env=False)
        self.submit(http, "/accounts/login/", "/accounts/login/", {"login": phone, "password": people.PASSWORD})
        authenticator = people.authenticator_of(user)
        if authenticator is None:
            raise Failed(f"{phone} has no authenticator")
        reply = self.submit(
            http, "/accounts/2fa/authenticate/", "/accounts/2fa/authenticate/", {"code": people.code_of(authenticator)}
        )
        if reply.status_code != 200 or "/accounts/" in str(reply.url):
            raise Failed(f"{phone} could not sign in: {reply.status_code} {reply.url}")
        self.staff[phone] = http
        return http

    def submit(self, http: httpx.Client, page: str, action: str, data: dict[str, Any]) -> httpx.Response:
        """Open a page and send its form, with the token that the page carries."""
        shown = http.get(page)
        mark = 'name="csrfmiddlewaretoken" value="'
        start = shown.text.find(mark)
        token = shown.text[start + len(mark) : shown.text.find('"', start + len(mark))] if start >= 0 else ""
        return http.post(action, data=data | {"csrfmiddlewaretoken": token}, headers={"Referer": f"{self.base}{page}"})

    def _forty_pledges(self, campaign: uuid.UUID, tiers: dict[str, uuid.UUID]) -> None:
        """Forty pledges over HTTP: most on time, one notice doubled, one late, one lost, two never paid."""
        phones = [person.phone for person in people.BACKERS[:20]]
        fates = ["paid"] * 34 + ["doubled", "late", "lost", "forged", "never", "never"]
        orders = []
        for number, fate in enumerate(fates):
            api = self.client(phones[number % len(phones)])
            tier = tiers["big"] if number % 7 == 3 else tiers["box"]
            key = uuid.uuid4().hex
            body = {"tier_id": str(tier), "quantity": 1}
            reply = api.post(f"campaigns/{campaign}/pledges", body, key=key)
            again = api.post(f"campaigns/{campaign}/pledges", body, key=key)
            if reply.status_code != 201 or again.json() != reply.json():
                raise Failed(f"pledge {number} was refused or doubled: {reply.status_code} {reply.text[:300]}")
            orders.append((reply.json(), fate, api))
        self.say("二十位支持者经开放接口下了四十单；每单都重发一次，同一幂等键只成一单")
        for made, fate, api in orders:
            self.pay(made, fate, api)
        self.until("三十八单到账", lambda: Pledge.objects.filter(campaign_id=campaign, state="paid").count() == 38)
        self.say("经支付宝协议付款：三十四单正常；通知重复、迟到、丢失、伪造各一单都只记一次；两单始终未付")

    def pay(self, made: dict[str, Any], fate: str, api: Client) -> None:
        """Pay at the gateway, with what happens to its notice."""
        if fate == "never":
            return
        if fate == "late":
            self.browser.control(fault={"kind": "notice_late", "seconds": 20})
        elif fate != "paid":
            self.browser.control(fault={"kind": f"notice_{fate}"})
        url = api.done(f"pledges/{made['id']}/cashier", {})["url"]
        self.browser.choose(self.browser.arrive(url))

    def _race(self, campaign: uuid.UUID, tier: uuid.UUID) -> None:
        """Two backers press at the same moment for the last unit."""
        pair = [self.client(person.phone) for person in people.BACKERS[20:22]]
        with ThreadPoolExecutor(2) as pool:
            replies = list(
                pool.map(lambda api: api.post(f"campaigns/{campaign}/pledges", {"tier_id": str(tier)}), pair)
            )
        codes = sorted(reply.status_code for reply in replies)
        if codes != [201, 409]:
            raise Failed(f"the last unit went to {codes}")
        won = next((api, reply.json()) for api, reply in zip(pair, replies, strict=True) if reply.status_code == 201)
        self.pay(won[1], "paid", won[0])
        self.until("最后一份到账", lambda: Pledge.objects.get(pk=won[1]["id"]).state == "paid")
        left = Tier.objects.values_list("left", flat=True).get(pk=tier)
        self.say(f"两人同时抢最后一份：一人成功，一人得知“已订完”；剩余 {left} 份")

    def two_officers(self, what: str, payee: uuid.UUID) -> None:
        """First and second signature by two persons, in the browser, and the transfer by the worker."""
        waiting = Payout.objects.filter(state="pending", party_id=payee)
        self.until(f"{what}待审批", waiting.exists)
        payout = waiting.get()
        for phone, act, expected in (
            ("13800000003", "check", "checked"),
            ("13800000003", "authorize", "checked"),
            ("13800000004", "authorize", ""),
        ):
            self.submit(self.staff_browser(phone), "/finance/", f"/finance/payout/{payout.pk}/{act}/", {})
            payout.refresh_from_db()
            if expected and payout.state != expected:
                raise Failed(f"{phone} {act}: the payout is {payout.state}")
        self.until(f"{what}付出", lambda: Payout.objects.get(pk=payout.pk).state == "paid")
        self.say(f"{what} {show_yuan(payout.amount_fen)}：财务甲初审，甲再复核被拒，财务乙复核，已转入发起人支付宝")

    def _refund_by_agreement(self, campaign: uuid.UUID, maker: User) -> None:
        made = Pledge.objects.filter(campaign_id=campaign, state="paid", quantity=1).order_by("created_at").first()
        if made is None:
            raise Failed("nobody to refund")
        phone = next(phone for phone, user in self.users.items() if user.party_id == made.backer_id)
        self.client(phone).done(f"pledges/{made.pk}/refund", {"reason": "搬家了，用不上"})
        asked = pledges.answer_refund(
            pledge_id=made.pk, agree=True, reason="", by=people.acting(maker, clock.now()), at=clock.now()
        )
        if asked is None:
            raise Failed("the maker's agreement made no refund")
        officer = people.acting(self.users["13800000003"], clock.now(), Role.FINANCE)
        refunds.approve_refund(refund_id=asked.pk, by=officer, at=clock.now())
        self.until("协商退款到账", lambda: Refund.objects.get(pk=asked.pk).state == "succeeded")
        self.say(f"一位支持者搬家，申请退款；发起人同意，财务复核，{show_yuan(asked.amount_fen)} 原路退回")

    def _deliver(self, campaign: uuid.UUID, maker: User) -> None:
        phone = next(phone for phone, user in self.users.items() if user.pk == maker.pk)
        api = self.client(phone)
        api.done(f"campaigns/{campaign}/shipment", {})
        for made in Pledge.objects.filter(campaign_id=campaign, state="paid"):
            backer = next(number for number, user in self.users.items() if user.party_id == made.backer_id)
            self.client(backer).done(f"pledges/{made.pk}/receipt", {})
        self.move(hours=2)
        self.until("确认交付", lambda: self.state(campaign) == "delivered")
        api.done(f"campaigns/{campaign}/updates", {"title": "全部寄出", "body": "谢谢大家的等待。"})
        self.say("开始发货，支持者逐一确认收货；超过 98% 后视为交付，进入七天异议期")

    # --- the second campaign --------------------------------------------------------------------

    def _failure(self) -> None:
        self.maker("13800000011")
        campaign, tiers = self.publish("13800000011", "月桂书签：一枚银桂叶", goal=5_000_000)
        paid = 0
        for person in people.BACKERS[:8]:
            api = self.client(person.phone)
            made = api.done(f"campaigns/{campaign}/pledges", {"tier_id": str(tiers["box"]), "quantity": 2})
            self.pay(made, "paid", api)
            paid += made["total_fen"]
        self.until("八单到账", lambda: Pledge.objects.filter(campaign_id=campaign, state="paid").count() == 8)
        self.browser.control(fault={"kind": "cut_after", "call": "alipay.trade.refund", "left": 2})
        self.move(days=30, minutes=5)
        self.until("判定未达目标", lambda: self.state(campaign) == "failed")
        self.until(
            "全部退回",
            lambda: Refund.objects.filter(intent__purpose_id=campaign, state="succeeded").count() == 8,
            moving=True,
        )
        back = sum(
            Refund.objects.filter(intent__purpose_id=campaign, state="succeeded").values_list("amount_fen", flat=True)
        )
        if back != paid or books.balance(ledger.escrow_of("campaign", campaign)):
            raise Failed(f"paid {paid} fen, refunded {back} fen")
        self.say(f"另一个项目未达目标：八位支持者的 {show_yuan(paid)} 分文不差原路退回，其中两笔退款时网关中途断线")
        held = Deposit.objects.get(campaign_id=campaign)
        returned = Refund.objects.filter(intent_id=held.paid_by_id, amount_fen=held.amount_fen, state="succeeded")
        self.until("保证金退回", returned.exists, moving=True)
        self.say(f"发起人的保证金 {show_yuan(held.amount_fen)} 也原路退回")

    # --- helpers --------------------------------------------------------------------------------

    def state(self, campaign: uuid.UUID) -> str:
        """Where a campaign is."""
        return str(Campaign.objects.values_list("state", flat=True).get(pk=campaign))

    def _raised(self, campaign: uuid.UUID) -> int:
        return int(Campaign.objects.values_list("raised_fen", flat=True).get(pk=campaign))

    def escrow(self, campaign: uuid.UUID) -> Fen:
        """What a campaign's escrow holds."""
        return books.balance(ledger.escrow_of("campaign", campaign))

    def refunded(self, campaign: uuid.UUID) -> Fen:
        """What has gone back to a campaign's backers."""
        done = Refund.objects.filter(intent__purpose_id=campaign, state="succeeded")
        return int(done.aggregate(total=Sum("amount_fen"))["total"] or 0)

    def back(self, campaign: uuid.UUID, tier: uuid.UUID, number: int) -> Fen:
        """So many backers take a reward and pay; what it comes to."""
        total = 0
        for person in people.BACKERS[:number]:
            api = self.client(person.phone)
            made = api.done(f"campaigns/{campaign}/pledges", {"tier_id": str(tier)})
            self.pay(made, "paid", api)
            total += int(made["total_fen"])
        paid = Pledge.objects.filter(campaign_id=campaign, state="paid")
        self.until(f"{number} 单到账", lambda: paid.count() == number)
        return total

    def move(self, **by: float) -> datetime:
        """Move the platform's clock and the gateway's together."""
        at = clock.advance(timedelta(**by))
        self.browser.set_clock(at)
        return at

    def until(self, what: str, holds: Callable[[], bool], *, moving: bool = False) -> None:
        """Wait until workers and relay have brought it about; `moving` lets retries' gaps pass quickly."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if holds():
                return
            time.sleep(0.2)
            if moving:
                self.move(seconds=15)
        waiting = Delivery.objects.exclude(state=Delivery.DONE).count()
        raise Failed(
            f"{what}: not within {PATIENCE_SECONDS} s ({waiting} deliveries open, "
            f"{OutboxEvent.objects.filter(fanned_out=False).count()} events waiting, "
            f"{PaymentIntent.objects.filter(state='awaiting_payer').count()} orders unpaid)"
        )
