"""An entry, its versions, the changes that people propose to it, and the gaps that somebody pays to have filled."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from marketplace.knowledge.licences import LICENCES
from marketplace.knowledge.states import CHANGE, ENTRY, GAP, Changing, Missing, Shelved


class Article(Stateful):
    """An entry of the city's knowledge (知识条目): title, summary and words are those of its latest version, `current_no`.

    It belongs to nobody; what is in it is used under `licence`, which its first version fixed.
    """

    machine = ENTRY

    founder = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="创建者")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6, blank=True)
    licence = models.CharField("许可", max_length=8, blank=True)
    current_no = models.PositiveIntegerField("当前版本", default=0)
    made_at = models.DateTimeField("创建时间")
    changed_at = models.DateTimeField("最近发布时间", null=True)

    class Meta:
        constraints = [
            states_known(ENTRY),
            models.CheckConstraint(
                condition=Q(state=Shelved.BLANK)
                | Q(state=Shelved.DROPPED, current_no=0)
                | Q(state__in=(Shelved.PUBLISHED, Shelved.HIDDEN), current_no__gt=0, licence__in=sorted(LICENCES)),
                name="article_published_has_a_version",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Gap(Stateful):
    """What is missing, and what its poster pays for it (知识悬赏): a new entry, or more in one; the first change that is published and fills it is paid.

    `fen` is the bounty before fee and tax; `fee_fen` and `tax_fen` are of what was paid.
    """

    machine = GAP

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="悬赏方")
    article = models.ForeignKey(Article, models.PROTECT, null=True, related_name="gaps", verbose_name="条目")
    title = models.CharField("标题", max_length=60)
    wanted = models.CharField("缺什么、怎样算补上", max_length=2_000)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6, blank=True)
    fen = FenField("赏金")
    open_days = models.PositiveSmallIntegerField("征求天数", default=30)
    opens_at = models.DateTimeField("开始时间", null=True)
    closes_at = models.DateTimeField("截止时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    reason = models.CharField("公开的理由", max_length=300, blank=True)
    paid_by = models.ForeignKey(
        "payments.PaymentIntent", models.PROTECT, null=True, related_name="+", verbose_name="托管付款"
    )
    filled_by = models.ForeignKey(
        "knowledge.Change", models.PROTECT, null=True, related_name="+", verbose_name="补上它的修改"
    )
    paid_fen = FenField("已付", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)
    back_fen = FenField("已退", null=True)

    class Meta:
        constraints = [
            states_known(GAP),
            models.CheckConstraint(condition=Q(fen__gt=0), name="gap_bounty_positive"),
            models.CheckConstraint(
                condition=~Q(state__in=Missing.HOLDING) | Q(paid_by__isnull=False), name="gap_open_is_funded"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(Missing.FILLED, Missing.CONTESTED, Missing.COMPLETED))
                | Q(filled_by__isnull=False),
                name="gap_filled_by_something",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="gap_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="gap_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_wanted(self, at: datetime) -> bool:
        """Whether a change for it may be handed in at a moment."""
        return self.state == Missing.OPEN and self.closes_at is not None and at < self.closes_at


class Change(Stateful):
    """What somebody proposes an entry to say (修改), made on version `base_no` (0 for a new entry), given under `licence`.

    `note` says what is changed and why; `comment` is the reviewer's. `reviewer` is a natural person, with one in hand.
    """

    machine = CHANGE

    article = models.ForeignKey(Article, models.PROTECT, related_name="changes", verbose_name="条目")
    gap = models.ForeignKey(Gap, models.PROTECT, null=True, related_name="changes", verbose_name="所补悬赏")
    base_no = models.PositiveIntegerField("基准版本", default=0)
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    text = models.TextField("正文", blank=True)
    note = models.CharField("改动说明", max_length=300, blank=True)
    licence = models.CharField("贡献许可", max_length=8, blank=True)
    author = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="作者")
    person_id = models.UUIDField("自然人")
    reviewer = models.ForeignKey("accounts.Party", models.PROTECT, null=True, related_name="+", verbose_name="评审人")
    comment = models.CharField("评审意见", max_length=1000, blank=True)
    proof_id = models.UUIDField("存证", null=True)
    made_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    version = models.PositiveIntegerField("保存次数", default=1)

    class Meta:
        constraints = [
            states_known(CHANGE),
            models.CheckConstraint(
                condition=Q(state__in=Changing.EDITABLE)
                | Q(state=Changing.WITHDRAWN)
                | Q(licence__in=sorted(LICENCES)),
                name="change_submitted_has_a_licence",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(Changing.REVIEWING, Changing.PUBLISHED)) | Q(reviewer__isnull=False),
                name="change_published_was_reviewed",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None) | ~Q(reviewer=F("person_id")), name="change_reviewed_by_another"
            ),
            models.UniqueConstraint(
                fields=["reviewer"], condition=Q(state=Changing.REVIEWING), name="change_one_in_hand"
            ),
            models.UniqueConstraint(
                fields=["article", "person_id"], condition=Q(state__in=Changing.OPEN), name="change_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="change_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["state_at", "id"], name="change_waiting", condition=Q(state=Changing.REVIEW)),
            models.Index(fields=["author", "-made_at", "-id"], name="change_author"),
            models.Index(fields=["person_id"], name="change_published_by", condition=Q(state=Changing.PUBLISHED)),
        ]

    def __str__(self) -> str:
        return self.title


class Version(models.Model):
    """What an entry said from a moment on (版本): who wrote it, who read it before, under what licence; never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="versions", verbose_name="条目")
    no = models.PositiveIntegerField("版本号")
    change = models.OneToOneField(Change, models.PROTECT, related_name="published", verbose_name="修改")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160)
    text = models.TextField("正文")
    html = models.TextField()
    note = models.CharField("改动说明", max_length=300)
    licence = models.CharField("贡献许可", max_length=8)
    sha256 = models.CharField("内容摘要", max_length=64)
    author = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="作者")
    reviewer = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="评审人")
    at = models.DateTimeField("发布时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "no"], name="version_numbered")]
