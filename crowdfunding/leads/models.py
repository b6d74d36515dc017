"""Led round, lead, who follows whom, and what a lead reports."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from backend.common.fen import FenField
from backend.common.states import Stateful, states_known
from crowdfunding.leads.states import LEAD, REPORT, ROUND

GOODS, PRICE, NONE = "goods", "price", "none"
REWARDS = [(GOODS, "额外回报（实物）"), (PRICE, "优惠价格"), (NONE, "不要求回报")]
"""What a lead may be given for leading: goods or a price, never money (features.md G13)."""


class LedRound(Stateful):
    """A campaign that backers follow a lead into (领投跟投)."""

    machine = ROUND

    campaign = models.OneToOneField("campaigns.Campaign", models.PROTECT, related_name="led", verbose_name="项目")
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)

    class Meta:
        constraints = [states_known(ROUND)]
        indexes = [
            models.Index(fields=["due_at"], name="led_round_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["state_at", "id"], name="led_round_seeking", condition=Q(state__in=("seeking", "searching"))
            ),
        ]


class Lead(Stateful):
    """Somebody who puts money first and tells others why (领投人)."""

    machine = LEAD

    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="leads", verbose_name="项目")
    party = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="领投人")
    stake_fen = FenField("领投金额")
    reward_kind = models.CharField("领投回报类型", max_length=8, choices=REWARDS, default=NONE)
    reward = models.CharField("领投回报", max_length=200, blank=True)
    terms = models.TextField("跟投条款")
    diligence = models.TextField("尽调报告")
    diligence_html = models.TextField()
    conflicts = models.TextField("利益关系")
    is_related = models.BooleanField("与发起人有关联", default=False)
    pledge = models.OneToOneField(
        "campaigns.Pledge", models.PROTECT, null=True, related_name="stake_of", verbose_name="领投支持"
    )
    created_at = models.DateTimeField("申请时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    reason = models.CharField("理由", max_length=300, blank=True)

    class Meta:
        constraints = [
            states_known(LEAD),
            models.UniqueConstraint(
                fields=["campaign", "party"],
                condition=Q(state__in=("proposed", "agreed", "checked", "active")),
                name="lead_stands_once",
            ),
            models.CheckConstraint(condition=Q(stake_fen__gt=0), name="lead_stake_positive"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(pledge__isnull=False), name="lead_active_has_stake"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "created_at"], name="lead_campaign"),
            models.Index(fields=["party", "-created_at", "-id"], name="lead_party"),
            models.Index(
                fields=["state", "state_at"],
                name="lead_waiting",
                condition=Q(state__in=("proposed", "agreed", "checked")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} → {self.campaign_id}"


class Follow(models.Model):
    """Under whose terms a pledge stands (跟投); a lead's own pledge has none."""

    pledge = models.OneToOneField("campaigns.Pledge", models.PROTECT, primary_key=True, verbose_name="支持")
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="follows", verbose_name="领投人")
    at = models.DateTimeField("同意条款的时间")


class Report(Stateful):
    """What a lead tells its followers after success (领投报告)."""

    machine = REPORT

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="reports", verbose_name="领投人")
    no = models.PositiveSmallIntegerField("期次")
    due_at = models.DateTimeField("截止时间")
    body = models.TextField("内容", blank=True)
    body_html = models.TextField(blank=True)
    filed_at = models.DateTimeField("提交时间", null=True)

    class Meta:
        constraints = [
            states_known(REPORT),
            models.UniqueConstraint(fields=["lead", "no"], name="lead_report_once"),
        ]
        indexes = [models.Index(fields=["due_at"], name="lead_report_due", condition=Q(state="due"))]
