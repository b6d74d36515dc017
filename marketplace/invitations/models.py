"""Who was let in to see a piece of work that is not public."""

from __future__ import annotations

from django.db import models

PUBLIC, INVITED = "public", "invited"
VISIBILITIES = [(PUBLIC, "公开"), (INVITED, "仅受邀者可见")]


class Invitation(models.Model):
    """That a party may see a piece of work, known by its kind and id (邀请)."""

    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("任务")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="受邀者")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_id", "party"], name="invited_once")]
        indexes = [models.Index(fields=["party", "kind", "subject_id"], name="invited_party")]
