"""A venture's passport with its evidence, team, needs, pictures and followers."""

from __future__ import annotations

import unicodedata

from django.db import models
from django.db.models import F, Q

from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from backend.projects.states import EVIDENCE, PASSPORT, Proving, Showing


def key_of(name: str) -> str:
    """What two spellings of one venture's name have in common."""
    flat = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in flat if letter.isalnum())


class Passport(Stateful):
    """What a venture says of itself, once (创业项目档案)."""

    machine = PASSPORT

    holder = models.ForeignKey("accounts.Party", models.PROTECT, related_name="passports", verbose_name="发起人")
    name = models.CharField("项目名称", max_length=60)
    key = models.CharField("名称（归一）", max_length=60)
    summary = models.CharField("一句话介绍", max_length=160, blank=True)
    story = models.TextField("项目介绍", blank=True)
    story_html = models.TextField(blank=True)
    stage = models.CharField("阶段", max_length=16, default="idea")
    category = models.CharField("类别", max_length=32, default="other")
    county = models.CharField("县市区", max_length=6, blank=True)
    founded_on = models.DateField("起步日期", null=True)
    followers_n = models.PositiveIntegerField("关注人数", default=0)
    version = models.PositiveIntegerField("版本", default=1)
    reason = models.CharField("理由", max_length=300, blank=True)
    created_at = models.DateTimeField("创建时间")
    touched_at = models.DateTimeField("最近更新")
    state_at = models.DateTimeField("进入当前状态的时间")
    due_at = models.DateTimeField("下一时点", null=True)

    class Meta:
        constraints = [
            states_known(PASSPORT),
            models.UniqueConstraint(
                fields=["holder", "key"], condition=~Q(state=Showing.ARCHIVED), name="passport_one_of_a_venture"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="passport_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["holder", "-created_at", "-id"], name="passport_holder"),
            models.Index(fields=["-created_at", "-id"], name="passport_newest", condition=Q(state="published")),
            models.Index(fields=["key"], name="passport_key", condition=~Q(state="archived")),
        ]

    def __str__(self) -> str:
        return self.name


class Evidence(Stateful):
    """A document that proves something of a venture, filed once, with who verified it (项目凭证)."""

    machine = EVIDENCE

    passport = models.ForeignKey(Passport, models.PROTECT, related_name="evidence", verbose_name="项目")
    kind = models.CharField("种类", max_length=20)
    number = models.CharField("编号", max_length=40)
    issuer = models.CharField("出具单位", max_length=60)
    valid_from = models.DateField("有效期起", null=True)
    valid_until = models.DateField("有效期止", null=True)
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField("哈希", max_length=64)
    filed_at = models.DateTimeField("提交时间")
    checked_by = models.UUIDField("核验人", null=True)
    checker = models.CharField("核验人姓名", max_length=60, blank=True)
    checked_at = models.DateTimeField("核验时间", null=True)
    remark = models.CharField("核验说明", max_length=300, blank=True)
    due_at = models.DateTimeField("下一时点", null=True)

    class Meta:
        constraints = [
            states_known(EVIDENCE),
            models.UniqueConstraint(
                fields=["passport", "kind", "number"],
                condition=Q(state__in=Proving.STANDING),
                name="evidence_filed_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "number"], condition=Q(state="verified"), name="evidence_of_one_venture"
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="evidence_validity_ordered",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="evidence_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["passport", "-filed_at", "-id"], name="evidence_newest"),
        ]


class Teammate(models.Model):
    """Somebody who said that they belong to the team (团队成员)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    passport = models.ForeignKey(Passport, models.PROTECT, related_name="team", verbose_name="项目")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="成员")
    shown_name = models.CharField("公开的称呼", max_length=20)
    role = models.CharField("负责", max_length=30)
    joined_at = models.DateTimeField("加入时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passport", "party"], name="teammate_once")]
        indexes = [models.Index(fields=["passport", "joined_at", "id"], name="teammate_order")]


class Need(models.Model):
    """What a venture is looking for (需求)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    passport = models.ForeignKey(Passport, models.PROTECT, related_name="needs", verbose_name="项目")
    kind = models.CharField("种类", max_length=12)
    text = models.CharField("内容", max_length=160)
    at = models.DateTimeField("提出时间")
    met_at = models.DateTimeField("解决时间", null=True)

    class Meta:
        indexes = [models.Index(fields=["passport", "-at", "-id"], name="need_newest")]


class Picture(models.Model):
    """A picture of the showcase (创意展示)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    passport = models.ForeignKey(Passport, models.PROTECT, related_name="pictures", verbose_name="项目")
    caption = models.CharField("说明", max_length=80)
    mime = models.CharField("类型", max_length=40)
    sha256 = models.CharField("哈希", max_length=64)
    width = models.PositiveIntegerField("宽")
    height = models.PositiveIntegerField("高")
    at = models.DateTimeField("上传时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passport", "sha256"], name="picture_once")]
        indexes = [models.Index(fields=["passport", "at", "id"], name="picture_order")]


class Follower(models.Model):
    """Who wants to hear of a venture (关注)."""

    passport = models.ForeignKey(Passport, models.PROTECT, related_name="followers", verbose_name="项目")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="谁")
    at = models.DateTimeField("关注时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passport", "party"], name="follower_once")]
        indexes = [models.Index(fields=["party", "-at", "-id"], name="follower_of")]
