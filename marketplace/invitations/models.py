"""Whether work is everybody's, and who was let in to see what is not."""

from __future__ import annotations

from django.db import models

from backend.common import ids

PUBLIC, INVITED = "public", "invited"
VISIBILITIES = [(PUBLIC, "公开"), (INVITED, "仅受邀者可见")]


def new_code() -> str:
    """A word for an invitation's address, which cannot be guessed."""
    return ids.entropy(16).hex()


class Restrictable(models.Model):
    """Posted work that is everybody's, or theirs alone who were sent its address (可见范围)."""

    visibility = models.CharField("可见范围", max_length=8, choices=VISIBILITIES, default=PUBLIC)
    invite_code = models.CharField("邀请码", max_length=32, unique=True, default=new_code)

    class Meta:
        abstract = True

    @property
    def is_restricted(self) -> bool:
        """Whether only the invited see it."""
        return self.visibility == INVITED


class Invitation(models.Model):
    """That a party may see a piece of work, known by its kind and id (邀请)."""

    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("任务")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="受邀者")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_id", "party"], name="invited_once")]
        indexes = [models.Index(fields=["party", "-at", "-id"], name="invited_newest")]
