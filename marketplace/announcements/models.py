"""What posters announced."""

from __future__ import annotations

from django.db import models

from backend.common.ids import new_id

MOST_TEXT = 600


class Announcement(models.Model):
    """Words of a poster to everybody who takes part in their work (公告); never changed, only taken from view."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("任务种类", max_length=16)
    subject_id = models.UUIDField("任务编号")
    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="发布方")
    text = models.CharField("内容", max_length=MOST_TEXT)
    told_n = models.PositiveIntegerField("通知人数")
    at = models.DateTimeField("时间")
    hidden_at = models.DateTimeField("隐藏时间", null=True)
    hidden_why = models.CharField("隐藏理由", max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "subject_id", "-at", "-id"], name="announcement_of")]

    def __str__(self) -> str:
        return self.text[:30]
