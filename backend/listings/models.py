"""What anyone can discover, of every kind, in one plain table (发现)."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from backend.common.fen import FenField


class Listing(models.Model):
    """One discoverable thing as lists show it, written by its own app in the same transaction."""

    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("编号")
    title = models.CharField("标题", max_length=80)
    summary = models.CharField("简介", max_length=160, blank=True)
    owner_id = models.UUIDField("主体", null=True)
    owner_name = models.CharField("主体名称", max_length=60, blank=True)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6, blank=True)
    state = models.CharField("状态", max_length=16)
    is_public = models.BooleanField("公开", default=False)
    is_open = models.BooleanField("进行中", default=False)
    goal_fen = FenField("目标", default=0)
    raised_fen = FenField("已筹", default=0)
    people_n = models.IntegerField("人次", default=0)
    percent = models.IntegerField("进度", default=0)
    opens_at = models.DateTimeField("开始", null=True)
    closes_at = models.DateTimeField("截止", null=True)
    listed_at = models.DateTimeField("发布时间")
    words = SearchVectorField("检索词", null=True)
    cover_sha256 = models.CharField("封面摘要", max_length=64, blank=True)
    cover_mime = models.CharField("封面类型", max_length=20, blank=True)
    cover_width = models.PositiveIntegerField("封面宽（像素）", null=True)
    cover_height = models.PositiveIntegerField("封面高（像素）", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="listing_once")]
        indexes = [
            GinIndex(fields=["words"], name="listing_words", fastupdate=False),
            models.Index(fields=["kind", "-listed_at", "-id"], name="listing_newest", condition=Q(is_public=True)),
            models.Index(
                fields=["kind", "closes_at", "id"], name="listing_closing", condition=Q(is_public=True, is_open=True)
            ),
            models.Index(fields=["kind", "-raised_fen", "-id"], name="listing_raised", condition=Q(is_public=True)),
            models.Index(fields=["kind", "-percent", "-id"], name="listing_percent", condition=Q(is_public=True)),
            models.Index(fields=["owner_id", "-listed_at", "-id"], name="listing_owner"),
            models.Index(
                fields=["kind", "category", "county", "state"], name="listing_facets", condition=Q(is_public=True)
            ),
        ]


class Tally(models.Model):
    """How many public listings a kind has by category, county and state: the sum of rows that the database adds (计数).

    A trigger adds a row for what a statement changed, so writers never wait for each other at a counter;
    `operations.fold_tallies` makes one row of many.
    """

    kind = models.CharField("种类", max_length=16)
    category = models.CharField("类别", max_length=32)
    county = models.CharField("县市区", max_length=6)
    state = models.CharField("状态", max_length=16)
    closes = models.BooleanField("进行中且有截止时间")
    n = models.IntegerField("数量变化")

    class Meta:
        indexes = [models.Index(fields=["kind", "category", "county", "state", "closes"], name="tally_of")]
