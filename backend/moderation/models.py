"""The review queue (审核): what waits for a moderator, and what was decided and why."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from backend.moderation.states import APPEAL


class Review(models.Model):
    """One thing in the queue; open until it is decided, and then a record."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("对象")
    title = models.CharField("标题", max_length=80)
    owner_name = models.CharField("发起人", max_length=60)
    opened_at = models.DateTimeField("提交时间")
    checklist = ArrayField(models.CharField(max_length=40), verbose_name="已确认", default=list)
    decision = models.CharField("决定", max_length=12, blank=True)
    reason = models.TextField("理由", blank=True)
    decided_by = models.UUIDField("审核人", null=True)
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], condition=Q(decision=""), name="review_open_once")
        ]
        indexes = [models.Index(fields=["opened_at", "id"], name="review_queue", condition=Q(decision=""))]


class StaffAct(models.Model):
    """What a member of staff did, with the reason they gave (审计)."""

    person_id = models.UUIDField("人员")
    act = models.CharField("操作", max_length=40)
    subject_id = models.UUIDField("对象", null=True)
    reason = models.TextField("理由")
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="staff_act_newest"),
            models.Index(fields=["subject_id", "-at", "-id"], name="staff_act_of"),
        ]


class Appeal(Stateful):
    """What its owner says against a moderator's decision (申诉): one a decision, answered by another moderator."""

    machine = APPEAL

    kind = models.CharField("种类", max_length=16)
    subject_id = models.UUIDField("对象")
    title = models.CharField("标题", max_length=80)
    appellant = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="申诉人")
    against = models.OneToOneField(StaffAct, models.PROTECT, related_name="appeal", verbose_name="原决定")
    text = models.TextField("申诉理由")
    filed_at = models.DateTimeField("提交时间")
    answered_by = models.UUIDField("答复人", null=True)
    answer = models.TextField("答复", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    due_at = models.DateTimeField("答复期限", null=True)

    class Meta:
        constraints = [states_known(APPEAL)]
        indexes = [
            models.Index(fields=["due_at", "id"], name="appeal_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["subject_id", "-filed_at", "-id"], name="appeal_of"),
        ]
