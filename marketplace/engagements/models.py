"""A contract, its milestones and what is delivered, claimed, said and invoiced under it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from marketplace.engagements.states import CLAIM, CONTRACT, MILESTONE, Agreeing, Claiming, Stage

CLIENT, WORKER = "client", "worker"
SIDES = ((CLIENT, "发包方"), (WORKER, "承接方"))


class Contract(Stateful):
    """What two parties agreed on (承接协议): who, for what, how much, by when; the same words for both."""

    machine = CONTRACT

    client = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="发包方")
    worker = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="承接方")
    subject_kind = models.CharField("来源种类", max_length=16)
    subject_id = models.UUIDField("来源")
    title = models.CharField("标题", max_length=80)
    scope = models.TextField("工作内容")
    offer = models.TextField("承接方案", blank=True)
    rights = models.CharField("成果权利", max_length=16)
    accept_days = models.PositiveSmallIntegerField("验收期（天）")
    rounds_most = models.PositiveSmallIntegerField("最多修改轮数")
    total_fen = FenField("总价")
    digest = models.CharField("条款摘要", max_length=64)
    offered_at = models.DateTimeField("发出时间")
    signed_at = models.DateTimeField("签订时间", null=True)
    over_at = models.DateTimeField("结束时间", null=True)
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)
    reason = models.CharField("结束原因", max_length=300, blank=True)
    end_by = models.UUIDField("提出提前终止的一方", null=True)
    end_reason = models.CharField("提前终止的理由", max_length=300, blank=True)
    reviews_until = models.DateTimeField("互评截止", null=True)
    reviews_shown_at = models.DateTimeField("评价公开时间", null=True)

    class Meta:
        constraints = [
            states_known(CONTRACT),
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="contract_once"),
            models.CheckConstraint(condition=~Q(client=F("worker")), name="contract_two_parties"),
            models.CheckConstraint(condition=Q(total_fen__gt=0, accept_days__gt=0), name="contract_positive"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="contract_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["client", "-offered_at", "-id"], name="contract_client"),
            models.Index(fields=["worker", "-offered_at", "-id"], name="contract_worker"),
            models.Index(
                fields=["reviews_until"],
                name="contract_reviews",
                condition=Q(reviews_until__isnull=False, reviews_shown_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state in Agreeing.OPEN


class Milestone(Stateful):
    """One stage of a contract with its money (里程碑): held in escrow of its own, paid when it is accepted."""

    machine = MILESTONE

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="milestones", verbose_name="协议")
    no = models.PositiveSmallIntegerField("次序")
    title = models.CharField("名称", max_length=60)
    amount_fen = FenField("金额")
    days = models.PositiveSmallIntegerField("工期（天）")
    paid_by = models.OneToOneField("payments.PaymentIntent", models.PROTECT, null=True, verbose_name="托管订单")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    active_at = models.DateTimeField("承接方最近一次进展", null=True)
    nudges = models.PositiveSmallIntegerField("提醒次数", default=0)
    nudged_at = models.DateTimeField("最近提醒时间", null=True)
    rounds = models.PositiveSmallIntegerField("已修改轮数", default=0)
    started_at = models.DateTimeField("开工时间", null=True)
    deliver_by = models.DateTimeField("应交付时间", null=True)
    submitted_at = models.DateTimeField("最近交付时间", null=True)
    resumes = models.CharField("争议前的状态", max_length=12, blank=True)
    given_fen = FenField("归承接方（税费前）", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税款", null=True)
    back_fen = FenField("退还发包方", null=True)

    class Meta:
        constraints = [
            states_known(MILESTONE),
            models.UniqueConstraint(fields=["contract", "no"], name="milestone_numbered"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0, days__gt=0), name="milestone_positive"),
            models.CheckConstraint(
                condition=Q(given_fen=None)
                | Q(given_fen__gte=0, fee_fen__gte=0, tax_fen__gte=0, given_fen__lte=F("amount_fen")),
                name="milestone_given_bounded",
            ),
            models.CheckConstraint(
                condition=Q(back_fen=None) | Q(back_fen__gte=0, back_fen__lte=F("amount_fen")),
                name="milestone_back_bounded",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="milestone_due", condition=Q(due_at__isnull=False))]

    @property
    def net_fen(self) -> int:
        """What the worker got."""
        return (self.given_fen or 0) - (self.fee_fen or 0) - (self.tax_fen or 0)

    @property
    def holds_money(self) -> bool:
        return self.state in Stage.HOLDING


class Delivery(models.Model):
    """What the worker handed in (交付), never changed; or a note of progress, which carries no files."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="deliveries", verbose_name="里程碑")
    round_no = models.PositiveSmallIntegerField("轮次")
    text = models.TextField("说明")
    is_progress = models.BooleanField("进展", default=False)
    digest = models.CharField("摘要", max_length=64)
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["milestone", "at", "id"], name="delivery_in_order")]


class DeliveredFile(models.Model):
    """A file of a delivery, known by its hash."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="files", verbose_name="交付")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)


class Remark(models.Model):
    """What the client asked to be changed (修改意见), one a round."""

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="remarks", verbose_name="里程碑")
    round_no = models.PositiveSmallIntegerField("轮次")
    text = models.TextField("意见")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["milestone", "round_no"], name="remark_once_a_round")]


class Claim(Stateful):
    """What one side asks of the other before any decider does (协商诉求): so much of a milestone's money, and why.

    `wanted_fen` is what the claimant would have: back for the client, before fee and tax for the worker.
    """

    machine = CLAIM

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="claims", verbose_name="里程碑")
    side = models.CharField("提出方", max_length=8, choices=SIDES)
    wanted_fen = FenField("诉求金额")
    reason = models.CharField("理由", max_length=200)
    answer = models.CharField("答复", max_length=200, blank=True)
    made_at = models.DateTimeField("提出时间")
    answer_by = models.DateTimeField("答复期限")
    due_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        constraints = [
            states_known(CLAIM),
            models.UniqueConstraint(
                fields=["milestone"], condition=Q(state__in=Claiming.OPEN), name="work_claim_one_open"
            ),
            models.CheckConstraint(condition=Q(wanted_fen__gt=0), name="work_claim_positive"),
        ]
        indexes = [models.Index(fields=["due_at"], name="work_claim_due", condition=Q(due_at__isnull=False))]


class Review(models.Model):
    """What one side says of the other once the deal is settled (评价); hidden until both have, or time is over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="reviews", verbose_name="协议")
    side = models.CharField("评价方", max_length=8, choices=SIDES)
    about = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="被评价方")
    stars = models.PositiveSmallIntegerField("星级")
    text = models.CharField("评语", max_length=500)
    at = models.DateTimeField("时间")
    is_shown = models.BooleanField("已公开", default=False)
    reply = models.CharField("回复", max_length=500, blank=True)
    replied_at = models.DateTimeField("回复时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "side"], name="review_once_a_side"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="review_stars"),
        ]
        indexes = [models.Index(fields=["about", "-at", "-id"], name="review_about", condition=Q(is_shown=True))]


class Message(models.Model):
    """What one side wrote to the other (留言), with a file where there is one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="messages", verbose_name="协议")
    side = models.CharField("发言方", max_length=8, choices=SIDES)
    person_id = models.UUIDField("发言人")
    text = models.TextField("内容")
    name = models.CharField("文件名", max_length=80, blank=True)
    mime = models.CharField("类型", max_length=40, blank=True)
    sha256 = models.CharField("存储摘要", max_length=64, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["contract", "-at", "-id"], name="work_message_newest")]


class Invoice(models.Model):
    """An invoice of the worker's to the client for one paid milestone (发票): asked for, then attached."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    milestone = models.OneToOneField(Milestone, models.PROTECT, related_name="invoice", verbose_name="里程碑")
    asked_at = models.DateTimeField("索取时间", null=True)
    number = models.CharField("数电发票号码", max_length=20, null=True, unique=True)
    amount_fen = FenField("价税合计", null=True)
    issued_on = models.DateField("开票日期", null=True)
    name = models.CharField("文件名", max_length=80, blank=True)
    mime = models.CharField("类型", max_length=40, blank=True)
    sha256 = models.CharField("存储摘要", max_length=64, blank=True)
    attached_at = models.DateTimeField("上传时间", null=True)
    differs = models.BooleanField("金额不符", default=False)
    explained = models.CharField("差额说明", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(number=None, attached_at=None)
                | Q(number__regex=r"^[0-9]{20}$", amount_fen__gt=0, attached_at__isnull=False),
                name="invoice_whole",
            ),
            models.CheckConstraint(condition=Q(differs=False) | ~Q(explained=""), name="invoice_difference_explained"),
        ]
