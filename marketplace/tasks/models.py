"""A task, every version of its terms, who may see it, what is asked about it, and the bids for it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from marketplace.invitations.models import Restrictable
from marketplace.tasks.states import BID, TASK, Bidding, Posting


class Task(Stateful, Restrictable):
    """Work that a party publishes (众包任务): what, until when, for at most how much, in which stages."""

    machine = TASK

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="tasks", verbose_name="发包方")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    brief = models.TextField("任务书", blank=True)
    brief_html = models.TextField(blank=True)
    category = models.CharField("类别", max_length=32)
    skills = ArrayField(models.CharField(max_length=20), verbose_name="技能", default=list, blank=True)
    county = models.CharField("县市区", max_length=6, blank=True)
    budget_fen = FenField("最高限价")
    bid_days = models.PositiveSmallIntegerField("应标天数", default=14)
    work_days = models.PositiveSmallIntegerField("期望工期（天）", default=30)
    accept_days = models.PositiveSmallIntegerField("验收期（天）", default=7)
    rights = models.CharField("成果权利", max_length=16, default="transfer")
    stages = models.JSONField("阶段", default=list)
    terms_no = models.PositiveSmallIntegerField("条款版本", default=1)
    opens_at = models.DateTimeField("开始应标", null=True)
    closes_at = models.DateTimeField("开标时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    is_reminded = models.BooleanField("已提醒", default=False)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    reason = models.CharField("公开的理由", max_length=300, blank=True)
    bids_n = models.PositiveIntegerField("应标数", default=0)

    class Meta:
        constraints = [
            states_known(TASK),
            models.CheckConstraint(condition=Q(budget_fen__gt=0), name="task_budget_positive"),
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at")), name="task_window_ordered"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="task_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="task_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    def takes_bids(self, at: datetime) -> bool:
        """Whether a bid made at a moment counts."""
        return self.state == Posting.OPEN and self.closes_at is not None and at < self.closes_at

    @property
    def plan(self) -> list[tuple[str, int]]:
        """The stages as title and percent of the price."""
        return [(str(stage["title"]), int(stage["percent"])) for stage in self.stages]


class TermsVersion(models.Model):
    """The terms of a published task as they stood (条款版本), and why they were changed; kept for good."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="versions", verbose_name="任务")
    no = models.PositiveSmallIntegerField("版本")
    body = models.JSONField("条款")
    reason = models.CharField("变更说明", max_length=300, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "no"], name="terms_numbered")]


class SealLock(models.Model):
    """The lock that a task's bids are sealed with (开标锁): another one for each opening time.

    `private_key` is empty until the keeper has released it at that time; from then on everyone may check the seals.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="locks", verbose_name="任务")
    no = models.PositiveSmallIntegerField("次序")
    public_key = models.CharField("公钥", max_length=64)
    box = models.TextField("密钥盒")
    opens_at = models.DateTimeField("开启时间")
    private_key = models.CharField("私钥", max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "no"], name="seal_lock_numbered")]


class TaskFile(models.Model):
    """A file of the brief, known by its hash (附件)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="files", verbose_name="任务")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "sha256"], name="task_file_once")]


class Inquiry(models.Model):
    """A question before the opening, and its answer, for everyone to read (答疑); nobody learns who asked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="inquiries", verbose_name="任务")
    asker = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="提问人")
    text = models.CharField("问题", max_length=500)
    asked_at = models.DateTimeField("提问时间")
    answer = models.CharField("答复", max_length=1000, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        indexes = [models.Index(fields=["task", "asked_at", "id"], name="inquiry_in_order")]


class Bid(Stateful):
    """What somebody would do a task for (应标): sealed until all are opened together.

    `seal` is the sealed text, wrapped by the locks from `first_lock` to the task's last; `digest` is the SHA-256 of the
    plain text, so that the bidder can prove what it was. Price, time and words are empty until it is opened.
    """

    machine = BID

    task = models.ForeignKey(Task, models.PROTECT, related_name="bids", verbose_name="任务")
    bidder = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="应标方")
    person_id = models.UUIDField("经手人")
    terms_no = models.PositiveSmallIntegerField("所依据的条款版本")
    seal = models.TextField("封存内容")
    digest = models.CharField("原文摘要", max_length=64)
    first_lock = models.PositiveSmallIntegerField("首个锁")
    last_lock = models.PositiveSmallIntegerField("末个锁")
    made_at = models.DateTimeField("提交时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    opened_at = models.DateTimeField("开标时间", null=True)
    amount_fen = FenField("报价", null=True)
    days = models.PositiveSmallIntegerField("工期（天）", null=True)
    text = models.TextField("方案", blank=True)
    reason = models.CharField("选定理由", max_length=300, blank=True)

    class Meta:
        constraints = [
            states_known(BID),
            models.UniqueConstraint(fields=["task", "bidder"], name="bid_once"),
            models.CheckConstraint(
                condition=Q(state__in=[*Bidding.CLOSED_UP, Bidding.WITHDRAWN], amount_fen=None, opened_at=None)
                | ~Q(state__in=[*Bidding.CLOSED_UP, Bidding.WITHDRAWN]),
                name="bid_sealed_is_unread",
            ),
            models.CheckConstraint(condition=Q(amount_fen=None) | Q(amount_fen__gt=0), name="bid_positive"),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(state__in=[Bidding.AWARDED, Bidding.CONTRACTED]),
                name="bid_one_chosen",
            ),
        ]
        indexes = [
            models.Index(fields=["bidder", "-made_at", "-id"], name="bid_bidder"),
            models.Index(fields=["task", "amount_fen", "id"], name="bid_price"),
        ]
