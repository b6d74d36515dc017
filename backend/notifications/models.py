"""What people are told: the inbox, and in the demo the SMS and mail that would have been sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from backend.common.ids import new_id
from backend.notifications.kinds import MAILS


class Message(models.Model):
    """One entry of somebody's inbox (消息), in both languages."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    party = models.ForeignKey("accounts.Party", models.CASCADE, verbose_name="收件人")
    key = models.CharField("事件", max_length=80)
    kind = models.CharField("种类", max_length=24)
    zh = models.CharField("中文", max_length=300)
    en = models.CharField("英文", max_length=300)
    url = models.CharField("链接", max_length=200, blank=True)
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    mail_due_at = models.DateTimeField("邮件发送时间", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "key"], name="message_once")]
        indexes = [
            models.Index(fields=["party", "-at", "-id"], name="message_newest"),
            models.Index(fields=["party"], name="message_unread", condition=Q(read_at=None)),
            models.Index(fields=["mail_due_at"], name="message_mail_due", condition=Q(mail_due_at__isnull=False)),
        ]


class Choice(models.Model):
    """What a party chose for a kind of message (通知设置); without a row the kind's default holds."""

    party = models.ForeignKey("accounts.Party", models.CASCADE, verbose_name="收件人")
    kind = models.CharField("种类", max_length=24)
    in_inbox = models.BooleanField("站内", default=True)
    mail = models.CharField("邮件", max_length=8, choices=[(key, zh) for key, (zh, _en) in MAILS.items()])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "kind"], name="choice_once")]


class DemoMessage(models.Model):
    """An SMS or mail of the demo, kept to be shown instead of sent."""

    kind = models.CharField("通道", max_length=8)
    target = models.CharField("收件", max_length=190)
    text = models.TextField("内容")
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-id"], name="demo_message_newest")]
