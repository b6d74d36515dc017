"""A party's profile as a worker, and the pieces of work that it shows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from backend.common.ids import new_id

MOST_SKILLS, MOST_CATEGORIES, MOST_PIECES = 15, 6, 12


class Profile(models.Model):
    """What somebody can do, for whom, and where (工作者资料); what they said of themselves, never what others found."""

    party = models.OneToOneField(
        "accounts.Party", models.PROTECT, primary_key=True, related_name="profile", verbose_name="主体"
    )
    headline = models.CharField("一句话介绍", max_length=80, blank=True)
    text = models.TextField("介绍", blank=True)
    html = models.TextField(blank=True)
    skills = ArrayField(models.CharField(max_length=20), verbose_name="技能", default=list, blank=True)
    categories = ArrayField(models.CharField(max_length=32), verbose_name="接单类别", default=list, blank=True)
    counties = ArrayField(models.CharField(max_length=6), verbose_name="可上门的县市区", default=list, blank=True)
    takes_work = models.BooleanField("接单中", default=True)
    version = models.PositiveIntegerField("版本", default=1)
    changed_at = models.DateTimeField("更改时间", null=True)

    def __str__(self) -> str:
        return self.headline


class Piece(models.Model):
    """A piece of work that somebody shows (作品): a picture, known by its content, with a name and a few words."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="pieces", verbose_name="资料")
    title = models.CharField("作品名", max_length=60)
    text = models.CharField("说明", max_length=300, blank=True)
    mime = models.CharField("类型", max_length=40)
    sha256 = models.CharField("存储摘要", max_length=64)
    width = models.PositiveIntegerField("宽")
    height = models.PositiveIntegerField("高")
    hidden_at = models.DateTimeField("隐藏时间", null=True)
    hidden_why = models.CharField("隐藏理由", max_length=300, blank=True)
    at = models.DateTimeField("上传时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "sha256"], name="piece_once")]
        indexes = [models.Index(fields=["profile", "-at", "-id"], name="piece_order")]
