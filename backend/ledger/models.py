"""Accounts, transfers, spread counters and the fee schedule.

A transfer row is the unit: debit, credit, amount. An unbalanced posting cannot be written down.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from backend.common.fen import MOST_FEN, FenField


class AccountKind(models.TextChoices):
    """What an account stands for."""

    CLEARING = "clearing", "支付机构在途"
    ESCROW = "escrow", "托管资金"
    PAYABLE = "payable", "应付款"
    FEES = "fees", "平台收费"
    SUSPENSE = "suspense", "待核资金"
    RESERVE = "reserve", "风险准备"
    RECEIVABLE = "receivable", "应收欠款"
    CLAIMS = "claims", "待补退款"
    TAX = "tax", "代扣税款"


class Account(models.Model):
    """A named place for money (账户), with what was posted and what is held.

    The balance is these counters plus those of the slots. `floored`: it may not fall below zero,
    holds included; the row's own check says so.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    code = models.CharField("代码", max_length=80, unique=True)
    kind = models.CharField("类别", max_length=12, choices=AccountKind.choices)
    currency = models.CharField("币种", max_length=3, default="CNY")
    debit_normal = models.BooleanField("借方账户", default=False)
    floored = models.BooleanField("不可透支", default=True)
    debits_fen = FenField("借方累计", default=0)
    credits_fen = FenField("贷方累计", default=0)
    held_fen = FenField("冻结", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(floored=False)
                | Q(debit_normal=False, credits_fen__gte=F("debits_fen") + F("held_fen"))
                | Q(debit_normal=True, debits_fen__gte=F("credits_fen") + F("held_fen")),
                name="ledger_account_floor",
            ),
            models.CheckConstraint(condition=Q(held_fen__gte=0), name="ledger_account_held"),
            models.CheckConstraint(
                condition=Q(debits_fen__gte=0, credits_fen__gte=0), name="ledger_account_counters_grow"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Slot(models.Model):
    """A spread counter of a busy account: each writer takes the first that nobody holds."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="slots")
    n = models.IntegerField()
    debits_fen = FenField(default=0)
    credits_fen = FenField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "n"], name="ledger_slot_once")]


class Fee(models.Model):
    """One line of the published fee schedule (收费清单), with its window and source."""

    code = models.CharField("代码", max_length=40)
    name = models.CharField("名称", max_length=60)
    rate_bp = models.IntegerField("费率（万分之）")
    payer = models.CharField("承担方", max_length=40)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True)
    source = models.TextField("依据")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "valid_from"], name="fee_starts_once")]


class Transfer(models.Model):
    """Money that moved, is held, or was let go (转账). Append-only by trigger and by role.

    Legs of one act share a `key`, made by whoever asked, and a hash of all of them.
    """

    POSTED, PENDING, CAPTURED, VOIDED = "posted", "pending", "captured", "voided"

    id = models.UUIDField(primary_key=True, editable=False)
    seq = models.BigIntegerField("序号", unique=True)
    key = models.CharField("记账键", max_length=120)
    leg = models.PositiveSmallIntegerField("分录序号", default=0)
    body_hash = models.CharField("内容摘要", max_length=64)
    kind = models.CharField("种类", max_length=24)
    phase = models.CharField("阶段", max_length=8, default=POSTED)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="借")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="贷")
    amount_fen = FenField("金额")
    resolves = models.OneToOneField("self", models.PROTECT, null=True, related_name="resolved_by", verbose_name="处理")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by", verbose_name="冲正")
    fee = models.ForeignKey(Fee, models.PROTECT, null=True, verbose_name="收费依据")
    fee_base_fen = FenField("计费基数", null=True)
    cause_kind = models.CharField("事由类别", max_length=24)
    cause_id = models.UUIDField("事由")
    at = models.DateTimeField("业务时间")
    recorded_at = models.DateTimeField("记录时间", db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "leg"], name="ledger_transfer_key"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0, amount_fen__lte=MOST_FEN), name="ledger_amount_range"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="ledger_two_accounts"),
            models.CheckConstraint(
                condition=Q(phase__in=["posted", "pending"], resolves=None)
                | Q(phase__in=["captured", "voided"], resolves__isnull=False),
                name="ledger_phase_known",
            ),
            models.CheckConstraint(
                condition=Q(fee=None, fee_base_fen=None) | Q(fee__isnull=False, fee_base_fen__gt=0),
                name="ledger_fee_has_base",
            ),
        ]
        indexes = [
            models.Index(fields=["debit", "seq"], name="ledger_debit_seq"),
            models.Index(fields=["credit", "seq"], name="ledger_credit_seq"),
            models.Index(fields=["cause_id"], name="ledger_cause"),
            BrinIndex(fields=["at"], name="ledger_at"),
        ]
