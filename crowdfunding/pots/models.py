"""A pot of a sponsor's money, and what of it goes with which pledge."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.states import Stateful, states_known
from crowdfunding.pots.states import MATCH, POT

PAY, VOID = "pay", "void"


class Pot(Stateful):
    """Money of a government body or a firm that goes with other people's pledges (配捐资金池)."""

    machine = POT

    sponsor = models.ForeignKey("accounts.Party", models.PROTECT, related_name="pots", verbose_name="出资方")
    title = models.CharField("名称", max_length=60)
    purpose = models.TextField("说明")
    amount_fen = FenField("总额")
    ratio_bp = models.PositiveIntegerField("比例（万分之）")
    per_project_fen = FenField("每个项目上限")
    per_person_fen = FenField("每人上限")
    categories = ArrayField(models.CharField(max_length=32), verbose_name="类别", default=list, blank=True)
    counties = ArrayField(models.CharField(max_length=6), verbose_name="县市区", default=list, blank=True)
    opens_at = models.DateTimeField("开始时间")
    closes_at = models.DateTimeField("截止时间")
    created_at = models.DateTimeField("提交时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    paid_by = models.OneToOneField("payments.PaymentIntent", models.PROTECT, null=True, verbose_name="注资订单")

    class Meta:
        constraints = [
            states_known(POT),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, ratio_bp__gt=0, per_project_fen__gt=0, per_person_fen__gt=0),
                name="pot_positive",
            ),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="pot_window_ordered"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="pot_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["opens_at", "id"], name="pot_open", condition=Q(state="open")),
            models.Index(fields=["sponsor", "-created_at", "-id"], name="pot_sponsor"),
            models.Index(fields=["-opens_at", "-id"], name="pot_newest"),
        ]

    def __str__(self) -> str:
        return self.title


class Match(Stateful):
    """What goes with one pledge (一笔配捐): set aside at once, paid when the goods are delivered."""

    machine = MATCH

    pot = models.ForeignKey(Pot, models.PROTECT, related_name="matches", verbose_name="资金池")
    pledge = models.OneToOneField("campaigns.Pledge", models.PROTECT, related_name="match", verbose_name="支持")
    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="matches", verbose_name="项目")
    backer = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="支持者")
    fen = FenField("配捐金额")
    paid_fen = FenField("拨付金额", null=True)
    hold_id = models.UUIDField("冻结")
    verdict = models.CharField("项目结果", max_length=4, blank=True, choices=[(PAY, "拨付"), (VOID, "收回")])
    created_at = models.DateTimeField("配捐时间")
    state_at = models.DateTimeField("进入当前状态的时间")

    class Meta:
        constraints = [
            states_known(MATCH),
            models.CheckConstraint(condition=Q(fen__gt=0), name="match_positive"),
            models.CheckConstraint(
                condition=Q(paid_fen=None) | Q(paid_fen__gte=0, paid_fen__lte=F("fen")), name="match_paid_bounded"
            ),
        ]
        indexes = [
            models.Index(fields=["pot", "campaign", "state"], name="match_project"),
            models.Index(fields=["pot", "backer", "state"], name="match_person"),
            models.Index(fields=["campaign", "state"], name="match_campaign"),
            models.Index(fields=["id"], name="match_due", condition=Q(state="matched") & ~Q(verdict="")),
        ]
