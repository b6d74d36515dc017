"""Survey, parcel, and who read the addresses."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from crowdfunding.fulfilment.states import PARCEL, SURVEY, Parceling


class Survey(Stateful):
    """What a campaign asks its backers before it ships (回报问卷), and when addresses lock."""

    machine = SURVEY

    campaign = models.OneToOneField("campaigns.Campaign", models.PROTECT, related_name="survey", verbose_name="项目")
    questions: models.JSONField[list[dict[str, Any]]] = models.JSONField("问题", default=list)
    opened_at = models.DateTimeField("开始时间")
    warned_at = models.DateTimeField("锁定预告时间", null=True)
    due_at = models.DateTimeField("下一时点", null=True)
    addresses_until = models.DateTimeField("地址保留到", null=True)

    class Meta:
        constraints = [
            states_known(SURVEY),
            models.CheckConstraint(condition=Q(state="open") | Q(warned_at__isnull=False), name="survey_lock_warned"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="survey_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["addresses_until"], name="survey_forget", condition=Q(addresses_until__isnull=False)),
        ]


class Parcel(Stateful):
    """The reward of one pledge on its way (包裹). The address is sealed; nobody finds people by it."""

    machine = PARCEL

    campaign = models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="parcels", verbose_name="项目")
    pledge = models.OneToOneField("campaigns.Pledge", models.PROTECT, related_name="parcel", verbose_name="支持")
    no = models.PositiveIntegerField("编号")
    address_sealed = models.TextField("收货信息密文", blank=True)
    region = models.CharField("省市区", max_length=60, blank=True)
    wish_sealed = models.TextField("更改请求密文", blank=True)
    wish_at = models.DateTimeField("请求时间", null=True)
    answers: models.JSONField[dict[str, str]] = models.JSONField("回答", default=dict)
    filled_at = models.DateTimeField("填写时间", null=True)
    carrier = models.CharField("承运商", max_length=30, blank=True)
    tracking_no = models.CharField("运单号", max_length=40, blank=True)
    shipped_at = models.DateTimeField("发货时间", null=True)
    batch_id = models.UUIDField("批次", null=True)
    sent_n = models.PositiveSmallIntegerField("寄出次数", default=0)
    state_at = models.DateTimeField("进入当前状态的时间")

    class Meta:
        constraints = [
            states_known(PARCEL),
            models.UniqueConstraint(fields=["campaign", "no"], name="parcel_number_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[Parceling.SHIPPED, Parceling.LOST]) | ~Q(tracking_no=""),
                name="parcel_shipped_is_tracked",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "no"], name="parcel_campaign_state"),
            models.Index(
                fields=["state", "state_at"],
                name="parcel_waiting",
                condition=Q(state__in=[Parceling.SHIPPED, Parceling.LOST, Parceling.MISSED]),
            ),
        ]

    @property
    def place(self) -> str:
        """Where the sealed address belongs."""
        return f"fulfilment_parcel.address:{self.pk}"


class AddressReading(models.Model):
    """Who took out the addresses of a campaign, when, how many and what for (地址读取记录)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey("campaigns.Campaign", models.CASCADE, verbose_name="项目")
    person_id = models.UUIDField("人员")
    count = models.PositiveIntegerField("条数")
    purpose = models.CharField("用途", max_length=24)
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["campaign", "-at"], name="address_reading_newest")]
