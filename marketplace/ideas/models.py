"""A solicitation of ideas, the ideas, and who endorses them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from backend.common.states import Stateful, states_known
from marketplace.ideas.states import IDEA, SOLICITATION, Asking, Proposed
from marketplace.invitations.models import Restrictable

LEVELS = ("L1", "L2")
"""What a natural person needs to endorse: their name and number verified, or their bank card or Alipay account besides."""


class Solicitation(Stateful, Restrictable):
    """A question to the public (创意征集): anybody verified proposes; whoever has `level` endorses, once an idea.

    `conclusion` is what the poster makes of it; without one it is shown as left unanswered.
    """

    machine = SOLICITATION

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="solicitations", verbose_name="发起方")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    brief = models.TextField("征集说明", blank=True)
    brief_html = models.TextField(blank=True)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6, blank=True)
    level = models.CharField("支持所需实名等级", max_length=2, default="L1")
    open_days = models.PositiveSmallIntegerField("征集天数", default=30)
    opens_at = models.DateTimeField("开始征集", null=True)
    closes_at = models.DateTimeField("截止时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    reason = models.CharField("公开的理由", max_length=300, blank=True)
    conclusion = models.TextField("征集结果", blank=True)
    ideas_n = models.PositiveIntegerField("创意数", default=0)

    class Meta:
        constraints = [
            states_known(SOLICITATION),
            models.CheckConstraint(condition=Q(level__in=LEVELS), name="solicitation_level_known"),
            models.CheckConstraint(
                condition=~Q(state=Asking.OPEN) | Q(closes_at__gt=F("opens_at")), name="solicitation_open_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(state=Asking.CONCLUDED) | ~Q(conclusion=""), name="solicitation_concluded_says_what"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="solicitation_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="solicitation_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    def takes_ideas(self, at: datetime) -> bool:
        """Whether ideas are proposed and endorsed at a moment."""
        return self.state == Asking.OPEN and self.closes_at is not None and at < self.closes_at


class Idea(Stateful):
    """What somebody proposes (创意), on record by its hash before anybody reads it; `reply` is the poster's answer."""

    machine = IDEA

    solicitation = models.ForeignKey(Solicitation, models.PROTECT, related_name="ideas", verbose_name="征集")
    author = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="提出者")
    person_id = models.UUIDField("自然人")
    title = models.CharField("标题", max_length=60)
    text = models.TextField("内容")
    html = models.TextField(blank=True)
    proof_id = models.UUIDField("存证")
    made_at = models.DateTimeField("提出时间")
    endorsements_n = models.PositiveIntegerField("支持数", default=0)
    reply = models.CharField("发起方答复", max_length=500, blank=True)
    replied_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        constraints = [
            states_known(IDEA),
            models.CheckConstraint(
                condition=~Q(state__in=(Proposed.ADOPTED, Proposed.DECLINED)) | ~Q(reply=""),
                name="idea_answer_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["solicitation", "-endorsements_n", "-id"], name="idea_endorsed"),
            models.Index(fields=["solicitation", "-made_at", "-id"], name="idea_newest"),
            models.Index(fields=["author", "-made_at", "-id"], name="idea_author"),
        ]


class Endorsement(models.Model):
    """One natural person's word for an idea (支持), once, whatever hat they wear; taken back by deleting it."""

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="endorsements", verbose_name="创意")
    person_id = models.UUIDField("自然人")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["idea", "person_id"], name="endorsement_once")]
