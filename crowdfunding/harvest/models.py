"""The clause that backers read before they pay, what the maker says of the harvest, and what each of them gets back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.states import Stateful, states_known
from crowdfunding.harvest.states import SHORTFALL, Falling


class Clause(models.Model):
    """What a short harvest means for a campaign (歉收条款), fixed before its review.

    From `least_percent` of the promised harvest on, everyone gets that share of the goods, and the price of the rest back;
    below it the campaign is called off. The maker's first part never exceeds it, so the money is there.
    """

    campaign = models.OneToOneField(
        "campaigns.Campaign", models.PROTECT, primary_key=True, related_name="clause", verbose_name="项目"
    )
    least_percent = models.PositiveSmallIntegerField("最低收成（百分比）")
    basis = models.CharField("收成的口径", max_length=120)
    created_at = models.DateTimeField("订立时间")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(least_percent__gte=1, least_percent__lte=99), name="clause_is_a_part")
        ]


class Shortfall(Stateful):
    """What a maker says of a harvest that fell short (歉收申报), checked by a moderator who is somebody else."""

    machine = SHORTFALL

    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="shortfalls", verbose_name="项目")
    percent = models.PositiveSmallIntegerField("实收（百分比）")
    account = models.TextField("情况说明")
    mime = models.CharField("凭证类型", max_length=40, blank=True)
    sha256 = models.CharField("凭证哈希", max_length=64, blank=True)
    declared_by = models.UUIDField("申报人")
    declared_at = models.DateTimeField("申报时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)
    decision = models.CharField("核实意见", max_length=300, blank=True)

    class Meta:
        constraints = [
            states_known(SHORTFALL),
            models.CheckConstraint(condition=Q(percent__lte=99), name="shortfall_is_short"),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state__in=Falling.STANDING), name="shortfall_once_a_campaign"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="shortfall_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["campaign", "-declared_at"], name="shortfall_of_campaign"),
        ]


class Portion(models.Model):
    """What one backer gets back of a short harvest (应退差额): the price of the goods that are not sent.

    `given_fen` is what went, once it did; less than `amount_fen` where the pledge ended otherwise meanwhile.
    """

    pledge = models.OneToOneField(
        "campaigns.Pledge", models.PROTECT, primary_key=True, related_name="portion", verbose_name="支持"
    )
    shortfall = models.ForeignKey(Shortfall, models.PROTECT, related_name="portions", verbose_name="申报")
    amount_fen = FenField("应退")
    given_fen = FenField("已退", null=True)
    due_at = models.DateTimeField("下次处理", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="portion_positive"),
            models.CheckConstraint(
                condition=Q(given_fen=None) | Q(given_fen__gte=0, given_fen__lte=F("amount_fen")),
                name="portion_bounded",
            ),
            models.CheckConstraint(
                condition=Q(given_fen=None, due_at__isnull=False) | Q(given_fen__isnull=False, due_at=None),
                name="portion_due_until_given",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="portion_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["shortfall"], name="portion_of_shortfall"),
        ]
