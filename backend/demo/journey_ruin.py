"""The journey's ruin: a success that cannot be kept, cancelled by two people; the maker owes its backers, and pays."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from backend.common.fen import Fen, show_yuan
from backend.demo.failed import Failed
from backend.payments.models import Debt

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

MAKER, MODERATOR = "13800000014", "13800000001"
GOAL: Fen = 50_000


class RuinAct:
    """One play of a campaign that is cancelled after its first part was paid out."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def play(self) -> None:
        """From the pledges to the last fen that the maker pays back."""
        journey = self.journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        maker = journey.maker(MAKER)
        campaign, tiers = journey.publish(MAKER, "药香枕：一炉烧坏的陶罐", goal=GOAL)
        paid = journey.back(campaign, tiers["box"], 5)
        journey.move(days=30, minutes=5)
        journey.until("项目判定成功", lambda: journey.state(campaign) == "successful")
        journey.move(days=3, minutes=5)
        journey.two_officers("首款", maker.party_id)
        self._cancel(campaign)
        owed = self._owe(campaign, paid)
        self._repay(campaign, owed, paid)

    def _cancel(self, campaign: uuid.UUID) -> None:
        journey = self.journey
        self._maker().done(f"campaigns/{campaign}/ending", {"reason": "窑炉损毁，无法按期交付，愿意退款"})
        page = f"/review/{campaign}/"
        journey.submit(journey.staff_browser(MODERATOR), page, f"{page}confirm-cancel-after/", {})
        if journey.state(campaign) != "cancelled_after":
            raise Failed(f"the campaign is {journey.state(campaign)}")

    def _owe(self, campaign: uuid.UUID, paid: Fen) -> Fen:
        self.journey.until("托管余额退回", lambda: self.journey.escrow(campaign) == 0)
        back, debt = self.journey.refunded(campaign), Debt.objects.get(campaign_id=campaign)
        if back + debt.left_fen != paid:
            raise Failed(f"{back} fen went back and {debt.left_fen} are owed, of {paid}")
        api = self._maker()
        fresh = api.done("campaigns", {})["id"]
        refused = api.post(f"campaigns/{fresh}/submission", {})
        if "debt_open" not in refused.text:
            raise Failed(f"the debtor was not refused: {refused.status_code} {refused.text[:200]}")
        self.journey.say(
            f"首款付出后窑炉损毁，发起人申请、审核员确认取消：托管的 {show_yuan(back)} 按比例退回；"
            f"不足的 {show_yuan(debt.left_fen)} 记为发起人对支持者的欠款，还清前不能发起新项目"
        )
        return debt.left_fen

    def _repay(self, campaign: uuid.UUID, owed: Fen, paid: Fen) -> None:
        journey = self.journey
        journey.browser.choose(journey.browser.arrive(self._maker().done("debts/cashier", {})["url"]))
        journey.until("补退到账", lambda: self.journey.refunded(campaign) == paid, moving=True)
        if Debt.objects.get(campaign_id=campaign).state != "paid" or self.journey.escrow(campaign):
            raise Failed("the debt is not what came in")
        journey.say(f"发起人经支付宝还款 {show_yuan(owed)}：五位支持者各自补足，共 {show_yuan(paid)} 分文不差")

    def _maker(self) -> Client:
        return self.journey.client(MAKER)
