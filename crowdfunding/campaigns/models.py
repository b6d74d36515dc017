"""Campaigns, tiers, pledges, updates, questions, cancellations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from backend.common.fen import Fen, FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from crowdfunding.campaigns.states import CAMPAIGN, DEPOSIT, OUTSIDE, PLEDGE, Held, State

ALL_OR_NOTHING, KEEP_IT_ALL, TWO_ROUNDS = "all_or_nothing", "keep_it_all", "two_rounds"
FUNDING_RULES = [
    (ALL_OR_NOTHING, "达标才成立"),
    (KEEP_IT_ALL, "筹多少是多少"),
    (TWO_ROUNDS, "两轮：先到最低，再到理想"),
]
RIGHT_CLASSES = [
    ("seven_days", "收货后七日无理由退货"),
    ("made_to_order", "定制商品，不适用七日无理由"),
    ("fresh", "鲜活易腐，不适用七日无理由"),
]


class Campaign(Stateful):
    """A call for money with a goal and a window (众筹项目)."""

    machine = CAMPAIGN

    owner = models.ForeignKey("accounts.Party", models.PROTECT, null=True, verbose_name="发起人")
    passport = models.ForeignKey("projects.Passport", models.PROTECT, null=True, verbose_name="项目档案")
    title = models.CharField("标题", max_length=120)
    summary = models.CharField("一句话介绍", max_length=160, blank=True)
    story = models.TextField("项目介绍", blank=True)
    story_html = models.TextField(blank=True)
    risks = models.TextField("风险与应对", blank=True)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6, blank=True)
    rule = models.CharField("筹资规则", max_length=16, choices=FUNDING_RULES, default=ALL_OR_NOTHING)
    is_led = models.BooleanField("领投跟投", default=False)
    goal_fen = FenField("目标金额")
    optimum_fen = FenField("理想金额", null=True)
    days = models.PositiveSmallIntegerField("筹资天数", default=30)
    promised_on = models.DateField("承诺交付日", null=True)
    opens_at = models.DateTimeField("开始时间", null=True)
    closes_at = models.DateTimeField("截止时间", null=True)
    round_no = models.PositiveSmallIntegerField("轮次", default=1)
    extended_at = models.DateTimeField("延期时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)
    raised_fen = FenField("已筹", default=0)
    pledges_n = models.IntegerField("支持人次", default=0)
    late_until = models.DateTimeField("后续支持截止", null=True)
    ruleset = models.CharField("规则集", max_length=20, default="city")
    source_no = models.CharField("来源编号", max_length=24, null=True, unique=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        constraints = [
            states_known(CAMPAIGN),
            models.CheckConstraint(condition=Q(goal_fen__gt=0), name="campaign_goal_positive"),
            models.CheckConstraint(
                condition=Q(optimum_fen=None) | Q(optimum_fen__gt=F("goal_fen")), name="campaign_optimum_above"
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at__gt=F("opens_at")), name="campaign_window_ordered"
            ),
            models.CheckConstraint(condition=Q(raised_fen__gte=0, pledges_n__gte=0), name="campaign_figures_positive"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="campaign_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="campaign_owner"),
            models.Index(fields=["ruleset", "category", "goal_fen"], name="campaign_comparable"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_open(self, at: datetime) -> bool:
        """Whether a pledge made at `at` counts."""
        if self.state != State.LIVE or self.opens_at is None or self.closes_at is None:
            return False
        return self.opens_at <= at < self.closes_at

    def is_open_late(self, at: datetime) -> bool:
        """Whether a pledge made at `at` is taken although it does not count to the goal."""
        return self.state in State.TAKES_LATE and self.late_until is not None and at < self.late_until

    @property
    def percent(self) -> int:
        """How far the goal is reached, in whole percent rounded down."""
        return int(self.raised_fen * 100 // self.goal_fen)


class Batch(models.Model):
    """Goods that several rewards draw from (批次): how much there is, in its own unit, and how much nobody has yet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="batches", verbose_name="项目")
    name = models.CharField("名称", max_length=40)
    unit = models.CharField("单位", max_length=8)
    total = models.PositiveIntegerField("总量")
    left = models.PositiveIntegerField("余量")
    harvested_on = models.DateField("采收日期", null=True)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="batch_name_once"),
            models.CheckConstraint(condition=Q(left__gte=0, left__lte=F("total")), name="batch_never_oversold"),
        ]


class Tier(models.Model):
    """What a backer gets for how much (回报); one of it takes `batch_units` of its batch, where it has one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="tiers", verbose_name="项目")
    title = models.CharField("名称", max_length=60)
    description = models.TextField("内容", blank=True)
    price_fen = FenField("价格")
    shipping_fen = FenField("运费", default=0)
    stock = models.PositiveIntegerField("总份数", null=True, blank=True)
    left = models.PositiveIntegerField("剩余份数", null=True, blank=True)
    per_person = models.PositiveIntegerField("每人限购", null=True, blank=True)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="tiers", verbose_name="批次")
    batch_units = models.PositiveIntegerField("每份用量", default=0)
    right_class = models.CharField("退货类别", max_length=16, choices=RIGHT_CLASSES, default="seven_days")
    deliver_on = models.DateField("预计发货", null=True)
    position = models.PositiveSmallIntegerField("次序", default=0)
    is_open = models.BooleanField("开放", default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_fen__gt=0, shipping_fen__gte=0), name="tier_price_positive"),
            models.CheckConstraint(
                condition=Q(stock=None, left=None) | Q(stock__isnull=False, left__isnull=False, left__lte=F("stock")),
                name="tier_left_bounded",
            ),
            models.CheckConstraint(condition=Q(left=None) | Q(left__gte=0), name="tier_never_oversold"),
            models.CheckConstraint(
                condition=Q(batch=None, batch_units=0) | Q(batch__isnull=False, batch_units__gt=0),
                name="tier_draws_from_its_batch",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "position"], name="tier_order")]

    @property
    def free(self) -> int | None:
        """How many can still be had: of its own stock, and of its batch; None where nothing bounds them."""
        of_batch = self.batch.left // self.batch_units if self.batch is not None else None
        bounds = [number for number in (self.left, of_batch) if number is not None]
        return min(bounds) if bounds else None

    @property
    def is_sold_out(self) -> bool:
        return self.free == 0


class Stretch(models.Model):
    """What the maker promises beyond the goal (追加目标): never taken back, reached by money on the platform alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="stretches", verbose_name="项目")
    at_fen = FenField("达到金额")
    promise = models.CharField("承诺", max_length=120)
    cost = models.CharField("成本与影响", max_length=200)
    is_physical = models.BooleanField("实物", default=False)
    created_at = models.DateTimeField("公布时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "at_fen"], name="stretch_sum_once"),
            models.CheckConstraint(condition=Q(at_fen__gt=0), name="stretch_positive"),
        ]


class Pledge(Stateful):
    """One backer's support of one campaign (支持)."""

    machine = PLEDGE

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="pledges", verbose_name="项目")
    tier = models.ForeignKey(Tier, models.PROTECT, null=True, related_name="pledges", verbose_name="回报")
    backer = models.ForeignKey("accounts.Party", models.PROTECT, null=True, verbose_name="支持者")
    quantity = models.PositiveIntegerField("份数", default=1)
    goods_fen = FenField("回报金额")
    shipping_fen = FenField("运费", default=0)
    total_fen = FenField("合计")
    share_fen = FenField("应退份额", null=True)
    is_anonymous = models.BooleanField("匿名支持", default=False)
    is_late = models.BooleanField("后续支持", default=False, db_default=False)
    created_at = models.DateTimeField("下单时间")
    paid_at = models.DateTimeField("支付时间", null=True)
    state_at = models.DateTimeField("进入当前状态的时间")
    ask_reason = models.CharField("退款理由", max_length=200, blank=True)
    received_at = models.DateTimeField("收货时间", null=True)
    declined_at = models.DateTimeField("退款被拒时间", null=True)
    confirm_by = models.DateTimeField("确认期限", null=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replacements", verbose_name="换自")

    class Meta:
        constraints = [
            states_known(PLEDGE),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(state="reserved"), name="pledge_one_change_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(total_fen=F("goods_fen") + F("shipping_fen"), goods_fen__gt=0, shipping_fen__gte=0),
                name="pledge_total_sums",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="pledge_quantity_positive"),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "id"], name="pledge_campaign_state"),
            models.Index(fields=["backer", "-created_at", "-id"], name="pledge_backer"),
            models.Index(fields=["state_at"], name="pledge_asked", condition=Q(state="refund_asked")),
            models.Index(fields=["campaign", "received_at"], name="pledge_received", condition=Q(state="received")),
            models.Index(
                fields=["campaign", "declined_at"], name="pledge_declined", condition=Q(declined_at__isnull=False)
            ),
            models.Index(fields=["confirm_by"], name="pledge_to_confirm", condition=Q(state="to_confirm")),
            models.Index(fields=["campaign"], name="pledge_late", condition=Q(is_late=True)),
            BrinIndex(fields=["created_at"], name="pledge_created"),
        ]


class Update(models.Model):
    """What the maker tells everyone about the progress (进展)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="updates", verbose_name="项目")
    title = models.CharField("标题", max_length=80)
    body = models.TextField("内容")
    body_html = models.TextField()
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["campaign", "-at", "-id"], name="update_newest")]


class Question(models.Model):
    """A question to the maker and its answer, for everyone to read (问答)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="questions", verbose_name="项目")
    asker = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="提问者")
    text = models.CharField("问题", max_length=500)
    answer = models.TextField("回答", blank=True)
    at = models.DateTimeField("时间")
    answered_at = models.DateTimeField("回答时间", null=True)

    class Meta:
        indexes = [models.Index(fields=["campaign", "-at", "-id"], name="question_newest")]


class Reminder(models.Model):
    """Who wants to be reminded of a campaign (提醒我): when it opens, and before it ends."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="reminders", verbose_name="项目")
    party = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="谁")
    at = models.DateTimeField("登记时间")
    told_at = models.DateTimeField("截止提醒时间", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "party"], name="reminder_once")]
        indexes = [models.Index(fields=["campaign"], name="reminder_waiting", condition=Q(told_at=None))]


class Cancellation(models.Model):
    """The one record of a campaign's cancellation after success, signed twice (成功后取消)."""

    campaign = models.OneToOneField(Campaign, models.PROTECT, related_name="cancellation", verbose_name="项目")
    ruling = models.TextField("裁定")
    first_by = models.UUIDField("申请人")
    first_at = models.DateTimeField("申请时间")
    second_by = models.UUIDField("复核人", null=True)
    second_at = models.DateTimeField("复核时间", null=True)


class OutsideSettlement(Stateful):
    """What one side says was settled between the two outside the platform, and the other's answer (平台外结清).

    Source: features.md X15.
    """

    machine = OUTSIDE

    pledge = models.ForeignKey(Pledge, models.PROTECT, related_name="outside", verbose_name="支持")
    said_by = models.ForeignKey("accounts.Party", models.PROTECT, verbose_name="提出方")
    text = models.CharField("说明", max_length=500)
    said_at = models.DateTimeField("提出时间")
    due_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        constraints = [
            states_known(OUTSIDE),
            models.UniqueConstraint(fields=["pledge"], condition=Q(state="said"), name="outside_one_at_a_time"),
        ]
        indexes = [models.Index(fields=["due_at"], name="outside_due", condition=Q(due_at__isnull=False))]


class Deposit(Stateful):
    """What a maker of a large campaign puts in beforehand, for its backers' sake (发起保证金).

    It lies in an escrow of its own. `used_fen` of it went to backers when the campaign came to nothing after its
    first part was paid; the rest goes back to the maker. Source: features.md §2.4.
    """

    machine = DEPOSIT

    campaign = models.OneToOneField(Campaign, models.PROTECT, related_name="deposit", verbose_name="项目")
    paid_by = models.OneToOneField("payments.PaymentIntent", models.PROTECT, null=True, verbose_name="付款")
    amount_fen = FenField("金额")
    used_fen = FenField("已用于支持者", default=0)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")

    class Meta:
        constraints = [
            states_known(DEPOSIT),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, used_fen__gte=0, used_fen__lte=F("amount_fen")), name="deposit_bounded"
            ),
        ]
        indexes = [models.Index(fields=["campaign"], name="deposit_open", condition=Q(state__in=[Held.DUE, Held.HELD]))]


class Claim(models.Model):
    """What the maker still owes one backer of a campaign that came to nothing (待补退款).

    Escrow had less than was paid. `due_fen` has come from the maker and is about to go back, `repaid_fen` went.
    """

    pledge = models.OneToOneField(Pledge, models.PROTECT, primary_key=True, related_name="claim", verbose_name="支持")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="claims", verbose_name="项目")
    amount_fen = FenField("尚欠")
    due_fen = FenField("待退", default=0)
    repaid_fen = FenField("已补退", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, due_fen__gte=0, repaid_fen__gte=0)
                & Q(amount_fen__gte=F("due_fen") + F("repaid_fen")),
                name="claim_bounded",
            )
        ]
        indexes = [models.Index(fields=["pledge"], name="claim_due", condition=Q(due_fen__gt=0))]

    @property
    def left_fen(self) -> Fen:
        """What has not come in yet, in fen."""
        return int(self.amount_fen - self.due_fen - self.repaid_fen)


def campaign_lock(campaign_id: UUID) -> str:
    """What payments share and the verdict holds alone."""
    return f"campaign:{campaign_id}"
