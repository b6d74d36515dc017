"""Favourites and searches, each of one party's."""

from __future__ import annotations

from django.db import models

from backend.common.ids import new_id


class Favourite(models.Model):
    """A piece of work that somebody keeps an eye on (收藏), known by its kind and id."""

    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("任务")
    party = models.ForeignKey("accounts.Party", models.CASCADE, related_name="+", verbose_name="主体")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "subject_id"], name="kept_once")]
        indexes = [models.Index(fields=["party", "-at", "-id"], name="kept_party")]


class SavedSearch(models.Model):
    """A search in the hall of one kind of work (保存的筛选): the address's choices, without the page."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    party = models.ForeignKey("accounts.Party", models.CASCADE, related_name="+", verbose_name="主体")
    kind = models.CharField("种类", max_length=16)
    name = models.CharField("名称", max_length=30)
    query = models.CharField("条件", max_length=500)
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "kind", "name"], name="search_kept_once")]
