"""The journey's led campaign: one lead, thirty followers, the lead leaves and is replaced, each follower decides."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Sum

from backend.common import clock
from backend.common.fen import show_yuan
from backend.demo import people
from backend.demo.failed import Failed
from backend.payments.models import Refund
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.leads.models import Lead, LedRound

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

MAKER, FIRST, SECOND = "13800000012", "13800000014", "13800000015"
GOAL, STAKE = 300_000, 60_000
STAY, LEAVE, LATE = 18, 4, 4
"""How many followers confirm early, leave, and press at the last second; the others stay silent."""

DOSSIER = {
    "stake_fen": STAKE,
    "reward_kind": "goods",
    "reward": "首季青砖一块，编号一号",
    "terms": "跟投人按所选回报收货；渥堆失败按批次退款，延期超过三十天可申请退款。",
    "diligence": "到茶厂看过三次：核对了老青叶收购合同、木仓图纸和前两季的出货单，温度记录可查。" * 3,
    "conflicts": "无",
}


class LedAct:
    """One play of the led campaign."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        phones = [person.phone for person in people.BACKERS]
        makers = ("13800000011", "13800000013", "13800000016", "13800000017")
        self.followers = [*phones, *makers, *phones[:2]]

    def play(self) -> None:
        """From the first lead to the verdict."""
        say = self.journey.say
        self.journey.clients.clear()  # months have passed, and tokens live ninety days
        campaign, tiers = self.journey.publish(MAKER, "羊楼洞青砖：领投跟投的一季茶", goal=GOAL, is_led=True)
        tier = tiers["box"]
        first = self._take_lead(FIRST, campaign)
        self._refused_before_the_stake(campaign, tier, first)
        self._pay_stake(FIRST, campaign, first)
        say(f"领投人提交尽调，发起人同意、审核员通过；{show_yuan(STAKE)} 到账前跟投一律被拒，到账后开放跟投")
        made = self._follow(campaign, tier, first)
        self.journey.move(days=5)
        self._leave(campaign, first)
        self.journey.move(days=2)
        second = self._take_lead(SECOND, campaign)
        self._pay_stake(SECOND, campaign, second)
        self.journey.until("逐一请跟投人确认", lambda: self._waiting(campaign) == len(made))
        self._decide(campaign, second, made)
        self._finish(campaign)

    def _take_lead(self, phone: str, campaign: uuid.UUID) -> uuid.UUID:
        """A candidacy over the API, the maker's yes, and the moderator's check in the browser."""
        made = self.journey.client(phone).done(f"campaigns/{campaign}/leads", DOSSIER)
        self.journey.client(MAKER).done(f"leads/{made['id']}/agree", {})
        page = f"/leads/{made['id']}/"
        http = self.journey.staff_browser("13800000001")
        self.journey.submit(http, page, f"{page}check/", {"reason": "材料与实地相符"})
        if Lead.objects.get(pk=made["id"]).state != "checked":
            raise Failed("the lead was not checked")
        return uuid.UUID(made["id"])

    def _refused_before_the_stake(self, campaign: uuid.UUID, tier: uuid.UUID, lead: uuid.UUID) -> None:
        body = {"tier_id": str(tier), "lead_id": str(lead)}
        reply = self.journey.client(self.followers[0]).post(f"campaigns/{campaign}/pledges", body)
        if reply.status_code != 409 or reply.json()["code"] != "lead_not_funded":
            raise Failed(f"a follower came before the lead's money: {reply.status_code} {reply.text[:200]}")

    def _pay_stake(self, phone: str, campaign: uuid.UUID, lead: uuid.UUID) -> None:
        api = self.journey.client(phone)
        made = api.done(f"campaigns/{campaign}/pledges", {"amount_fen": STAKE, "lead_id": str(lead)})
        self.journey.pay(made, "paid", api)
        self.journey.until("领投资金到账", lambda: Lead.objects.get(pk=lead).state == "active")

    def _follow(self, campaign: uuid.UUID, tier: uuid.UUID, lead: uuid.UUID) -> list[tuple[Client, dict[str, Any]]]:
        made = []
        for phone in self.followers:
            api = self.journey.client(phone)
            body = {"tier_id": str(tier), "lead_id": str(lead)}
            made.append((api, api.done(f"campaigns/{campaign}/pledges", body)))
            self.journey.pay(made[-1][1], "paid", api)
        followers = Pledge.objects.filter(campaign_id=campaign, state="paid", follow__lead_id=lead)
        self.journey.until("三十位跟投到账", lambda: followers.count() == len(made))
        self.journey.say(f"{len(made)} 笔跟投到账，共筹 {show_yuan(self._raised(campaign))}")
        return made

    def _leave(self, campaign: uuid.UUID, lead: uuid.UUID) -> None:
        self.journey.client(FIRST).done(f"leads/{lead}/withdraw", {"reason": "家中变故，无力履职"})
        self.journey.until("众筹暂停", lambda: self.journey.state(campaign) == "paused")
        back = Refund.objects.filter(intent__purpose_id=campaign, amount_fen=STAKE, state="succeeded")
        self.journey.until("领投款退回", back.exists)
        self.journey.say("领投人公开理由后退出：领投款原路退回，众筹暂停计时，跟投人的钱仍在托管中、可随时退出")

    def _waiting(self, campaign: uuid.UUID) -> int:
        return Pledge.objects.filter(campaign_id=campaign, state="to_confirm").count()

    def _decide(self, campaign: uuid.UUID, lead: uuid.UUID, made: list[tuple[Client, dict[str, Any]]]) -> None:
        """Some say yes, some leave, some press as the time runs out, some say nothing; all at once."""
        body = {"lead_id": str(lead)}

        def stay(one: tuple[Client, dict[str, Any]]) -> int:
            return one[0].post(f"pledges/{one[1]['id']}/following", body).status_code

        def leave(one: tuple[Client, dict[str, Any]]) -> int:
            return one[0].post(f"pledges/{one[1]['id']}/cancellation", {}).status_code

        with ThreadPoolExecutor(8) as pool:
            stays = pool.map(stay, made[:STAY])
            leaves = pool.map(leave, made[STAY : STAY + LEAVE])
            answers = {*stays, *leaves}
            if answers != {201}:
                raise Failed(f"a follower could neither stay nor leave: {sorted(answers)}")
        until = Pledge.objects.filter(campaign_id=campaign, state="to_confirm").first()
        if until is None or until.confirm_by is None:
            raise Failed("nobody is left to be asked")
        left = until.confirm_by - clock.now() - timedelta(seconds=1)
        self.journey.move(seconds=left.total_seconds())
        with ThreadPoolExecutor(LATE) as pool:
            late = list(pool.map(stay, made[STAY + LEAVE : STAY + LEAVE + LATE]))
        self.journey.move(minutes=5)
        self.journey.until("众筹恢复", lambda: self.journey.state(campaign) == "live")
        kept = Pledge.objects.filter(campaign_id=campaign, state="paid", follow__lead_id=lead).count()
        if kept != STAY + late.count(201) or self._waiting(campaign):
            raise Failed(f"{kept} followers are kept, {STAY + late.count(201)} said yes")
        self._refunded(campaign)
        self.journey.say(
            f"新领投人到位：{STAY} 人确认、{LEAVE} 人退出、{LATE} 人在最后一秒点击（{late.count(201)} 人赶上），"
            f"其余不答复者到期退出，{len(made) - kept} 笔全额退款；众筹恢复，截止时间顺延"
        )

    def _refunded(self, campaign: uuid.UUID) -> None:
        gone = Pledge.objects.filter(campaign_id=campaign, state="cancelled")
        due = gone.aggregate(total=Sum("total_fen"))["total"] or 0
        done = Refund.objects.filter(intent__purpose_id=campaign, state="succeeded")
        self.journey.until(
            "退款到账", lambda: (done.aggregate(total=Sum("amount_fen"))["total"] or 0) == due, moving=True
        )

    def _finish(self, campaign: uuid.UUID) -> None:
        ends = Campaign.objects.get(pk=campaign).closes_at
        if ends is None:
            raise Failed("the campaign has no end")
        self.journey.move(seconds=(ends - clock.now()).total_seconds() + 60)
        self.journey.until("领投项目判定", lambda: self.journey.state(campaign) == "successful")
        self.journey.until("领投窗口结束", lambda: LedRound.objects.get(campaign_id=campaign).state == "ended")
        raised = self._raised(campaign)
        self.journey.say(f"到期共筹 {show_yuan(raised)}，目标 {show_yuan(GOAL)}：成功；领投人此后每月向跟投人报告")

    def _raised(self, campaign: uuid.UUID) -> int:
        return int(Campaign.objects.values_list("raised_fen", flat=True).get(pk=campaign))
