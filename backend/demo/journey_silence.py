"""The journey's late maker: a promise passes, then a month, then ninety days, and what is left goes back by itself."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from backend.common import clock, rules
from backend.common.fen import Fen, show_yuan
from backend.demo.failed import Failed
from backend.payments.models import Debt
from crowdfunding.campaigns.models import Campaign

if TYPE_CHECKING:
    from backend.demo.journey import Journey

MAKER = "13800000015"
GOAL: Fen = 50_000


class SilenceAct:
    """One play of a maker who takes the first part and is not heard of again."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def play(self) -> None:
        """From the pledges to the default that nobody had to ask for."""
        journey = self.journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        maker = journey.maker(MAKER)
        campaign, tiers = journey.publish(MAKER, "木匠的长凳：没有寄出的五条", goal=GOAL)
        paid = journey.back(campaign, tiers["box"], 5)
        journey.move(days=30, minutes=5)
        journey.until("项目判定成功", lambda: journey.state(campaign) == "successful")
        journey.move(days=3, minutes=5)
        journey.two_officers("首款", maker.party_id)
        self._wait(campaign, 31, "overdue")
        journey.say("过了承诺交付日三十天没有发货：项目标记逾期，支持者收到通知，页面写明下一个时点")
        self._wait(campaign, 91, "closed")
        self._settled(campaign, paid)

    def _wait(self, campaign: uuid.UUID, days: int, state: str) -> None:
        promised = Campaign.objects.get(pk=campaign).promised_on
        if promised is None:
            raise Failed("nothing was promised")
        until = datetime.combine(promised, time(), rules.SHANGHAI) + timedelta(days=days, minutes=5)
        self.journey.move(seconds=(until - clock.now()).total_seconds())
        self.journey.until(f"项目{state}", lambda: self.journey.state(campaign) == state, moving=True)

    def _settled(self, campaign: uuid.UUID, paid: Fen) -> None:
        journey = self.journey
        journey.until("托管余额退回", lambda: journey.escrow(campaign) == 0, moving=True)
        back, debt = journey.refunded(campaign), Debt.objects.get(campaign_id=campaign)
        if back + debt.left_fen != paid:
            raise Failed(f"{back} fen went back and {debt.left_fen} are owed, of {paid}")
        journey.say(
            f"再过六十天仍无音讯：自动按违约处理，托管的 {show_yuan(back)} 按比例退回，"
            f"其余 {show_yuan(debt.left_fen)} 记为发起人对五位支持者的欠款"
        )
