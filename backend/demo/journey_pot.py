"""The journey's match pot: a campaign in two rounds whose pledges a firm doubles, until the pot is used up and some comes back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backend.accounts.models import Party
from backend.common import clock
from backend.common.fen import show_yuan
from backend.demo import people
from backend.demo.failed import Failed
from crowdfunding.campaigns.models import Campaign
from crowdfunding.pots import queries
from crowdfunding.pots.models import Match, Pot

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

MAKER, SPONSOR = "13800000011", "13800000017"
MINIMUM, OPTIMUM, POT = 100_000, 150_000, 100_000
PLAN: dict[str, Any] = {
    "title": "香城好物配捐",
    "purpose": "支持本市小作坊把第一批货做出来，一元配一元，先到先得，配完为止。",
    "amount_fen": POT,
    "ratio_bp": 10_000,
    "per_project_fen": POT,
    "per_person_fen": 10_000,
}


class PotAct:
    """One play of the match pot."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def play(self) -> None:
        """From the firm's offer to the verdict of the second round."""
        say = self.journey.say
        self.journey.clients.clear()  # months have passed, and tokens live ninety days
        campaign, tiers = self.journey.publish(MAKER, "桂花蜜：一季两轮", goal=MINIMUM, optimum=OPTIMUM)
        pot = self._open()
        backers = [self.journey.client(person.phone) for person in people.BACKERS[:13]]
        made = [self._back(api, campaign, tiers["box"]) for api in backers[:12]]
        self.journey.until("配完", lambda: self._state(pot) == "exhausted")
        if Match.objects.filter(pot_id=pot, state="matched").count() != 10:
            raise Failed("ten pledges should be matched, and no more")
        if Match.objects.filter(pledge_id__in=(made[0]["id"], made[11]["id"])).exists():
            raise Failed("the firm's own clerk, or whoever came after the last fen, was matched")
        say(
            f"十二笔支持到账：企业经办人的一笔不配；其后十笔各配 {show_yuan(10_000)}，资金池配完；"
            "最后一笔没有配到，如实显示"
        )
        self._leave_and_come(campaign, tiers["box"], pot, backers, made)
        self._two_rounds(campaign)
        figures = queries.figures(Pot.objects.get(pk=pot))
        say(f"配捐共 {show_yuan(figures.given)}，待项目交付后拨付；目标按支持者的钱算，不含配捐")

    def _open(self) -> uuid.UUID:
        """The firm offers over the API, a moderator passes it in the browser, the firm pays."""
        firm = Party.objects.get(kind=Party.ORGANISATION)
        api, now = self.journey.client(SPONSOR, hat=firm.pk), clock.now()
        dates = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=120)).isoformat()}
        pot = uuid.UUID(api.done("pots", PLAN | dates)["id"])
        page = f"/pots/{pot}/"
        http = self.journey.staff_browser("13800000001")
        self.journey.submit(http, page, f"{page}approve/", {"reason": "出资方与方案相符"})
        url = api.done(f"pots/{pot}/cashier", {})["url"]
        self.journey.browser.choose(self.journey.browser.arrive(url))
        self.journey.until("配捐开始", lambda: self._state(pot) == "open")
        self.journey.say(
            f"企业设立配捐 {show_yuan(POT)}，一元配一元、每人至多 {show_yuan(10_000)}；审核通过、注资托管后开始"
        )
        return pot

    def _back(self, api: Client, campaign: uuid.UUID, tier: uuid.UUID) -> dict[str, Any]:
        made = api.done(f"campaigns/{campaign}/pledges", {"tier_id": str(tier)})
        self.journey.pay(made, "paid", api)
        looked = f"pledges/{made['id']}"
        self.journey.until("支持到账", lambda: api.read(looked)["state"] == "paid")
        return made

    def _leave_and_come(
        self, campaign: uuid.UUID, tier: uuid.UUID, pot: uuid.UUID, backers: list[Client], made: list[dict[str, Any]]
    ) -> None:
        backers[1].done(f"pledges/{made[1]['id']}/cancellation", {})
        self.journey.until("收回配捐", lambda: Match.objects.get(pledge_id=made[1]["id"]).state == "clawed_back")
        self._back(backers[12], campaign, tier)
        self.journey.until("再次配完", lambda: self._state(pot) == "exhausted")
        given = queries.figures(Pot.objects.get(pk=pot)).given
        if given != POT:
            raise Failed(f"{show_yuan(given)} of {show_yuan(POT)} is matched")
        self.journey.say("一位支持者退出：配给他的钱收回资金池，随下一位支持者配出，不多一分")

    def _two_rounds(self, campaign: uuid.UUID) -> None:
        found = Campaign.objects.get(pk=campaign)
        if found.closes_at is None:
            raise Failed("the campaign has no end")
        self.journey.move(seconds=(found.closes_at - clock.now()).total_seconds() + 60)
        self.journey.until("进入第二轮", lambda: Campaign.objects.get(pk=campaign).round_no == 2)
        second = Campaign.objects.get(pk=campaign)
        if second.closes_at is None:
            raise Failed("the second round has no end")
        self.journey.move(seconds=(second.closes_at - clock.now()).total_seconds() + 60)
        self.journey.until("第二轮判定", lambda: self.journey.state(campaign) == "successful")
        self.journey.say(
            f"首轮到期筹得 {show_yuan(second.raised_fen)}，过最低 {show_yuan(MINIMUM)}、未到理想 {show_yuan(OPTIMUM)}：进入第二轮，到期成功"
        )

    def _state(self, pot: uuid.UUID) -> str:
        return str(Pot.objects.values_list("state", flat=True).get(pk=pot))
