"""The journey's short harvest: a clause read beforehand, a share in kind and the rest in money, a latecomer, a lost parcel."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backend.common import clock
from backend.common.fen import Fen, show_yuan
from backend.demo import people
from backend.demo.failed import Failed
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.fulfilment.models import Parcel
from crowdfunding.harvest.models import Portion, Shortfall
from crowdfunding.harvest.portions import back_fen

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

MAKER, MODERATOR = "13800000016", "13800000001"
GOAL: Fen = 60_000
LEAST, CAME_IN = 60, 80


class HarvestAct:
    """One play of a campaign whose harvest falls short and that is delivered all the same."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.backers: dict[uuid.UUID, Client] = {}

    def play(self) -> None:
        """From the clause to an empty escrow."""
        journey = self.journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        maker = journey.maker(MAKER)
        campaign, tiers = journey.publish(MAKER, "头春山笋：看天吃饭的一季", goal=GOAL, least_percent=LEAST)
        for person in people.BACKERS[:6]:
            self._back(campaign, tiers["box"], journey.client(person.phone))
        journey.move(days=30, minutes=5)
        journey.until("项目判定成功", lambda: journey.state(campaign) == "successful")
        journey.move(days=3, minutes=5)
        journey.two_officers(f"首款（有歉收条款，至多 {LEAST}%）", maker.party_id)
        self._latecomer(campaign, tiers["box"])
        self._fall_short(campaign)
        self._send(campaign)
        self._lose_one(campaign)
        journey.two_officers("尾款", maker.party_id)
        if rest := journey.escrow(campaign):
            raise Failed(f"{show_yuan(rest)} is still in escrow")

    def _back(self, campaign: uuid.UUID, tier: uuid.UUID, api: Client) -> dict[str, Any]:
        made = api.done(f"campaigns/{campaign}/pledges", {"tier_id": str(tier)})
        self.journey.pay(made, "paid", api)
        key = uuid.UUID(made["id"])
        self.journey.until("支持到账", lambda: Pledge.objects.get(pk=key).state == "paid")
        self.backers[key] = api
        return made

    def _latecomer(self, campaign: uuid.UUID, tier: uuid.UUID) -> None:
        journey = self.journey
        shown = Campaign.objects.get(pk=campaign).raised_fen
        last = (clock.now() + timedelta(days=10)).date().isoformat()
        journey.client(MAKER).put(f"campaigns/{campaign}/late", {"last_day": last})
        made = self._back(campaign, tier, journey.client(people.BACKERS[6].phone))
        if Campaign.objects.get(pk=campaign).raised_fen != shown:
            raise Failed("a late pledge moved the bar")
        journey.until("后到者有包裹", lambda: Parcel.objects.filter(pledge_id=made["id"]).exists())
        journey.say(f"众筹成功后又来了一位：后续支持 {show_yuan(made['total_fen'])}，不计入目标，整笔留在托管")

    def _fall_short(self, campaign: uuid.UUID) -> None:
        """The maker's word over the API, the moderator's check in the browser, and the money by itself."""
        journey, api = self.journey, self.journey.client(MAKER)
        account = "四月下旬连续低温，两片竹林未能出笋；合作社过磅单共四百八十斤，承诺六百斤。"
        said = api.done(f"campaigns/{campaign}/harvest", {"percent": CAME_IN, "account": account})
        page = f"/harvest/{said['id']}/"
        journey.submit(journey.staff_browser(MODERATOR), page, f"{page}confirm/", {"reason": "核对过磅单，属实"})
        settled = Shortfall.objects.filter(pk=said["id"], state="settled")
        journey.until("歉收差额退完", settled.exists, moving=True)
        journey.until("差额到账", lambda: journey.refunded(campaign) == self._due(), moving=True)
        parts = {portion.given_fen for portion in Portion.objects.filter(shortfall_id=said["id"])}
        if parts != {back_fen(10_000, CAME_IN)}:
            raise Failed(f"portions of {parts} fen")
        journey.say(
            f"收成只有 {CAME_IN}%：发起人申报、审核员核实，七位支持者各退未收成的 {show_yuan(back_fen(10_000, CAME_IN))}，"
            f"共 {show_yuan(self._due())}；回报按 {CAME_IN}% 发货"
        )

    def _due(self) -> Fen:
        return len(self.backers) * back_fen(10_000, CAME_IN)

    def _send(self, campaign: uuid.UUID) -> None:
        journey, api = self.journey, self.journey.client(MAKER)
        home = {"recipient": "演示收件人", "phone": "13812345678", "region": "湖北省咸宁市", "street": "永安大道 1 号"}
        for key, backer in self.backers.items():
            backer.put(f"pledges/{key}/parcel", home)
        api.done(f"campaigns/{campaign}/survey/lock", {})
        journey.move(hours=49)
        locked = Parcel.objects.filter(campaign_id=campaign, state="locked")
        journey.until("地址锁定", lambda: locked.count() == len(self.backers))
        rows = [{"no": str(no), "carrier": "顺丰", "tracking_no": f"SF2026{no:06d}"} for no in range(1, 8)]
        api.done(f"campaigns/{campaign}/shipments", {"rows": rows})
        api.done(f"campaigns/{campaign}/updates", {"title": "已寄出", "body": f"每份按 {CAME_IN}% 装箱。"})
        journey.say("支持者填写地址，预告四十八小时后锁定；发起人导回运单号，七个包裹寄出")

    def _lose_one(self, campaign: uuid.UUID) -> None:
        """Six arrive; the seventh is lost, the maker says nothing, and the clock gives its money back."""
        journey = self.journey
        keys = list(self.backers)
        for key in keys[1:]:
            self.backers[key].done(f"pledges/{key}/receipt", {})
        journey.move(days=8)
        self.backers[keys[0]].done(f"pledges/{keys[0]}/parcel/loss", {})
        journey.move(days=14, minutes=5)
        journey.until("丢失退款", lambda: Parcel.objects.get(pledge_id=keys[0]).state == "returned", moving=True)
        made = Pledge.objects.get(pk=keys[0])
        back = self._due() + made.total_fen - back_fen(made.goods_fen, CAME_IN)
        journey.until("退款到账", lambda: journey.refunded(campaign) == back, moving=True)
        journey.say(
            f"一个包裹丢失，发起人十四天没有处理：到期自动退回余下的 "
            f"{show_yuan(made.total_fen - back_fen(made.goods_fen, CAME_IN))}，与已退差额合计正好是全款"
        )
        journey.move(hours=2)
        journey.until("确认交付", lambda: journey.state(campaign) in ("delivered", "closed"))
        journey.client(MAKER).post(f"campaigns/{campaign}/updates", {"title": "全部送达", "body": "谢谢体谅。"})
        journey.move(days=8)
