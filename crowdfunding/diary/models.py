"""Steps of the work that a campaign promises, and what was seen of them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q

from backend.common.ids import new_id


class Step(models.Model):
    """One step of the work, from the field to the parcel, with its day (农时).

    Once the campaign is public a day may move, with a reason; the day that was promised first stays on the page.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="steps", verbose_name="项目")
    title = models.CharField("名称", max_length=40)
    planned_on = models.DateField("计划日期")
    first_planned_on = models.DateField("最初公布的日期")
    moved_because = models.CharField("改期理由", max_length=160, blank=True)
    done_on = models.DateField("完成日期", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "title"], name="step_title_once"),
            models.CheckConstraint(
                condition=Q(planned_on=models.F("first_planned_on")) | ~Q(moved_because=""),
                name="step_moved_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "planned_on", "id"], name="step_order")]

    def is_late(self, today: date) -> bool:
        """Whether its day is over and it is not done."""
        return self.done_on is None and self.planned_on < today


class Entry(models.Model):
    """What the maker saw and did on a day, with a photo or without (日志). It is never changed; a withdrawn one leaves its mark."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="entries", verbose_name="项目")
    step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="entries", verbose_name="农时")
    day = models.DateField("日期")
    text = models.CharField("内容", max_length=500)
    mime = models.CharField("图片类型", max_length=40, blank=True)
    sha256 = models.CharField("图片哈希", max_length=64, blank=True)
    width = models.PositiveIntegerField("宽", default=0)
    height = models.PositiveIntegerField("高", default=0)
    at = models.DateTimeField("记录时间")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)

    class Meta:
        indexes = [models.Index(fields=["campaign", "-day", "-id"], name="entry_newest")]
