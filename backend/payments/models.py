"""Orders, trades, notices, refunds, payouts, disputes and the stop switch."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from backend.common.fen import Fen, FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from backend.payments.states import BATCH, DEBT, DISPUTE, INTENT, PAYOUT, REFUND, Disputing, Paying, Refunding


class PaymentIntent(Stateful):
    """An order for money (支付单): what for, how much, until when, and what came of it.

    `purpose` is whose escrow it fills (a campaign), `subject` what is bought (a pledge).
    """

    machine = INTENT

    number = models.CharField("商户订单号", max_length=64, unique=True)
    purpose_kind = models.CharField("资金用途", max_length=16)
    purpose_id = models.UUIDField("用途编号")
    subject_kind = models.CharField("对象类别", max_length=16)
    subject_id = models.UUIDField("对象")
    payer = models.ForeignKey("accounts.Party", models.PROTECT, null=True, verbose_name="付款方")
    amount_fen = FenField("金额")
    title = models.CharField("标题", max_length=128)
    clearing = models.CharField("清算户", max_length=24, default="clearing:alipay")
    trade_no = models.CharField("支付宝交易号", max_length=64, null=True)
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="重复支付")
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("支付截止")
    paid_at = models.DateTimeField("支付时间", null=True)
    refundable_until = models.DateField("最后可退日", null=True)
    refunded_fen = FenField("已退及在退", default=0)
    next_try_at = models.DateTimeField("下次查询", null=True)
    tries = models.PositiveSmallIntegerField("查询次数", default=0)

    class Meta:
        constraints = [
            states_known(INTENT),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="intent_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=models.F("amount_fen")), name="intent_refund_bounded"
            ),
            models.UniqueConstraint(fields=["clearing", "trade_no"], name="intent_trade_once"),
        ]
        indexes = [
            models.Index(fields=["subject_id"], name="intent_subject"),
            models.Index(fields=["next_try_at"], name="intent_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=["purpose_id", "state"], name="intent_purpose"),
            BrinIndex(fields=["paid_at"], name="intent_paid"),
        ]


class Notice(models.Model):
    """A message of the provider as it came (通知), and what was made of it."""

    BOOKED, REPEATED, QUARANTINED, IGNORED = "booked", "repeated", "quarantined", "ignored"

    digest = models.CharField("唯一标识", max_length=80, unique=True)
    body = models.JSONField("内容")
    received_at = models.DateTimeField("收到时间")
    outcome = models.CharField("处理结果", max_length=12)
    reason = models.CharField("原因", max_length=40, blank=True)
    times = models.PositiveIntegerField("次数", default=1)
    settled_by = models.UUIDField("处理人", null=True)
    settled_at = models.DateTimeField("处理时间", null=True)
    settled_note = models.CharField("处理说明", max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-id"], name="notice_quarantine", condition=Q(outcome="quarantined", settled_at=None))
        ]


class RefundBatch(Stateful):
    """Refunds to be made together (批量退款): the preview a second person approves, and its progress."""

    machine = BATCH

    purpose_id = models.UUIDField("用途编号")
    reason = models.CharField("事由", max_length=120)
    digest = models.CharField("清单摘要", max_length=64)
    count = models.IntegerField("笔数")
    total_fen = FenField("合计")
    requested_by = models.UUIDField("申请人")
    approved_by = models.UUIDField("复核人", null=True)
    created_at = models.DateTimeField("申请时间")

    class Meta:
        constraints = [states_known(BATCH)]


class Refund(Stateful):
    """Money on its way back to whoever paid (退款), by the original route."""

    machine = REFUND

    number = models.CharField("退款请求号", max_length=64, unique=True)
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, related_name="refunds", verbose_name="支付单")
    amount_fen = FenField("金额")
    reason = models.CharField("事由", max_length=120)
    account_code = models.CharField("出账账户", max_length=80)
    batch = models.ForeignKey(RefundBatch, models.PROTECT, null=True, related_name="refunds", verbose_name="批次")
    requested_by = models.UUIDField("申请人", null=True)
    approved_by = models.UUIDField("复核人", null=True)
    hold_id = models.UUIDField("冻结", null=True)
    created_at = models.DateTimeField("申请时间")
    succeeded_at = models.DateTimeField("退回时间", null=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)
    last_answer = models.CharField("最近应答", max_length=80, blank=True)

    class Meta:
        constraints = [
            states_known(REFUND),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="refund_amount_positive"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="refund_due",
                condition=Q(state__in=[Refunding.APPROVED, Refunding.SENDING, Refunding.MANUAL]),
            ),
            models.Index(fields=["-created_at", "id"], name="refund_newest"),
            BrinIndex(fields=["succeeded_at"], name="refund_succeeded"),
        ]


class PayoutAccount(models.Model):
    """Where a party is paid (收款账户); the login is sealed, and a new one waits before it may be used."""

    id = models.UUIDField(primary_key=True)
    party = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="收款方")
    login_sealed = models.TextField("支付宝账号密文")
    login_masked = models.CharField("支付宝账号", max_length=60)
    holder = models.CharField("户名", max_length=60)
    added_by = models.UUIDField("添加人")
    added_at = models.DateTimeField("添加时间")
    usable_from = models.DateTimeField("可用时间")
    removed_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party"], condition=Q(removed_at=None), name="payout_account_once")
        ]

    @property
    def place(self) -> str:
        """Where the sealed login belongs."""
        return account_place(self.id)


def account_place(account_id: UUID) -> str:
    """Where a sealed payout login belongs."""
    return f"payments_payoutaccount.login:{account_id}"


class Payout(Stateful):
    """Money leaving to whoever earned it (付款), after two officers."""

    machine = PAYOUT

    number = models.CharField("商户转账号", max_length=64, unique=True)
    party = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="收款方")
    account = models.ForeignKey(PayoutAccount, models.PROTECT, verbose_name="收款账户")
    amount_fen = FenField("金额")
    title = models.CharField("事由", max_length=120)
    requested_by = models.UUIDField("申请人", null=True)
    checked_by = models.UUIDField("初审人", null=True)
    authorized_by = models.UUIDField("复核人", null=True)
    hold_id = models.UUIDField("冻结", null=True)
    created_at = models.DateTimeField("申请时间")
    authorized_at = models.DateTimeField("批准时间", null=True)
    paid_at = models.DateTimeField("付款时间", null=True)
    order_id = models.CharField("支付宝转账单号", max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)
    last_answer = models.CharField("最近应答", max_length=80, blank=True)

    class Meta:
        constraints = [
            states_known(PAYOUT),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payout_amount_positive"),
            models.CheckConstraint(
                condition=Q(checked_by=None) | Q(authorized_by=None) | ~Q(checked_by=models.F("authorized_by")),
                name="payout_two_officers",
            ),
            models.UniqueConstraint(
                fields=["party"], condition=Q(state__in=Paying.IN_FLIGHT), name="payout_one_in_flight"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="payout_due",
                condition=Q(state__in=[Paying.AUTHORIZED, Paying.PROCESSING, Paying.PAID]),
            ),
            models.Index(fields=["-created_at", "id"], name="payout_newest"),
            BrinIndex(fields=["paid_at"], name="payout_paid"),
        ]


class Dispute(Stateful):
    """A payer's bank asks for the money back (拒付)."""

    machine = DISPUTE

    provider_no = models.CharField("拒付单号", max_length=64, unique=True)
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, related_name="disputes", verbose_name="支付单")
    amount_fen = FenField("金额")
    counted_fen = FenField("计入已退", default=0)
    hold_id = models.UUIDField("冻结", null=True)
    payee_id = models.UUIDField("收款方", null=True)
    opened_by = models.UUIDField("登记人")
    opened_at = models.DateTimeField("受理时间")
    answer_by = models.DateTimeField("举证截止")
    evidence = models.TextField("证据", blank=True)

    class Meta:
        constraints = [
            states_known(DISPUTE),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, counted_fen__gte=0, counted_fen__lte=models.F("amount_fen")),
                name="dispute_amount_bounded",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], name="dispute_open", condition=Q(state__in=[Disputing.OPENED, Disputing.EVIDENCE])
            )
        ]


PRIZES = "prizes"
"""The kind of the fund that a contest's revoked prizes come back into."""


class Debt(Stateful):
    """What a payee owes (欠款): the platform, for a lost chargeback that neither escrow nor payable could bear; the
    backers of a campaign that came to nothing after its first part was paid; or who would have won a prize without the
    work whose award was revoked (`prize_id`), through the fund of that contest (`fund_id`)."""

    machine = DEBT

    party = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="欠款方")
    dispute = models.OneToOneField(Dispute, models.PROTECT, null=True, related_name="debt", verbose_name="拒付")
    campaign_id = models.UUIDField("待补退款的项目", null=True, unique=True)
    prize_id = models.UUIDField("须退回奖金的作品", null=True, unique=True)
    fund_id = models.UUIDField("收回的奖金归属的赛事", null=True)
    amount_fen = FenField("金额")
    paid_fen = FenField("已还", default=0)
    created_at = models.DateTimeField("发生时间")
    state_at = models.DateTimeField("进入当前状态的时间")

    class Meta:
        constraints = [
            states_known(DEBT),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, paid_fen__gte=0, paid_fen__lte=models.F("amount_fen")),
                name="debt_paid_bounded",
            ),
            models.CheckConstraint(
                condition=Q(dispute__isnull=False, campaign_id=None, prize_id=None, fund_id=None)
                | Q(dispute=None, campaign_id__isnull=False, prize_id=None, fund_id=None)
                | Q(dispute=None, campaign_id=None, prize_id__isnull=False, fund_id__isnull=False),
                name="debt_has_one_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["party", "created_at"], name="debt_open", condition=Q(state__in=["due", "part_paid"]))
        ]

    @property
    def left_fen(self) -> Fen:
        """What is still owed, in fen."""
        return int(self.amount_fen - self.paid_fen)

    @property
    def owed_on(self) -> tuple[str, UUID] | None:
        """Through whose claims and escrow the money goes on to others; None where the platform itself is owed."""
        if self.campaign_id is not None:
            return "campaign", self.campaign_id
        return None if self.fund_id is None else (PRIZES, self.fund_id)


class Bill(models.Model):
    """The provider's bill of one day, fetched once (对账单)."""

    clearing = models.CharField("清算户", max_length=24, default="clearing:alipay")
    day = models.DateField("账单日")
    fetched_at = models.DateTimeField("取得时间")
    lines_n = models.IntegerField("笔数")
    total_fen = FenField("净额")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clearing", "day"], name="bill_once")]


class BillEntry(models.Model):
    """One movement as the provider's bill has it (对账单明细)."""

    bill = models.ForeignKey(Bill, models.CASCADE, related_name="entries", verbose_name="账单")
    kind = models.CharField("种类", max_length=12)
    key = models.CharField("唯一号", max_length=64)
    number = models.CharField("商户订单号", max_length=64)
    trade_no = models.CharField("支付宝交易号", max_length=64)
    amount_fen = FenField("金额")
    fee_fen = FenField("服务费", default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="bill_entry_once")]


class BillDifference(models.Model):
    """Where the bill and our records do not agree (对账差异): a work item until an officer explains it."""

    MISSING_HERE, MISSING_THERE, AMOUNT, FEE = "missing_here", "missing_there", "amount", "fee"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField("账单日")
    kind = models.CharField("种类", max_length=12)
    key = models.CharField("唯一号", max_length=64)
    what = models.CharField("差异", max_length=16)
    ours_fen = FenField("我方金额", null=True)
    theirs_fen = FenField("对方金额", null=True)
    found_at = models.DateTimeField("发现时间")
    settled_by = models.UUIDField("处理人", null=True)
    settled_at = models.DateTimeField("处理时间", null=True)
    settled_note = models.CharField("处理说明", max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key", "what"], name="bill_difference_once")]
        indexes = [models.Index(fields=["-found_at", "id"], name="bill_difference_open", condition=Q(settled_at=None))]


class StopSwitch(models.Model):
    """One row: whether payouts are stopped, since when and why (停付开关)."""

    stopped = models.BooleanField("停付", default=False)
    reason = models.CharField("原因", max_length=200, blank=True)
    by = models.UUIDField("操作人", null=True)
    at = models.DateTimeField("时间", db_default=Now())


def order_number(prefix: str, at: datetime, ident: UUID) -> str:
    """Our number for the provider: a letter, the day, and the row's own id; unique and unguessable."""
    day: date = at.date()
    return f"{prefix}{day:%Y%m%d}{ident.hex}"
