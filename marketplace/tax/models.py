"""What was withheld from whom, one row a payment."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id


class Withheld(models.Model):
    """One payment for work to a party and what was withheld from it (扣缴记录); written with its transfer, never changed.

    A firm's payment stands here too, with nothing withheld: statements and reports count both. A payment that was taken
    back is undone by a row of its negative sums for the same day (更正), `corrects` it: what is filed for that month is
    then right, and so is what is reckoned from it later.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payee = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="收款方")
    payer = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="付款方")
    project_id = models.UUIDField("所属协议")
    cause_id = models.UUIDField("对应款项", unique=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="correction", verbose_name="更正的记录"
    )
    title = models.CharField("事项", max_length=120)
    method = models.CharField("预扣方法", max_length=16)
    paid_fen = FenField("报酬")
    fee_fen = FenField("服务费")
    taxable_fen = FenField("计税所得")
    percent = models.PositiveSmallIntegerField("预扣率")
    tax_fen = FenField("预扣税额")
    months = models.PositiveSmallIntegerField("连续月数")
    source = models.CharField("依据", max_length=120, blank=True)
    day = models.DateField("付款日")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    corrects=None,
                    paid_fen__gt=0,
                    fee_fen__gte=0,
                    tax_fen__gte=0,
                    paid_fen__gte=F("tax_fen") + F("fee_fen"),
                )
                | Q(
                    corrects__isnull=False,
                    paid_fen__lt=0,
                    fee_fen__lte=0,
                    tax_fen__lte=0,
                    paid_fen__lte=F("tax_fen") + F("fee_fen"),
                ),
                name="withheld_sums",
            )
        ]
        indexes = [
            models.Index(fields=["payee", "-day", "-id"], name="withheld_payee"),
            models.Index(fields=["day", "id"], name="withheld_day"),
            models.Index(fields=["project_id"], name="withheld_project"),
        ]
