"""What sending a parcel costs makers of a county, and which rewards charge it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from backend.common.fen import Fen, FenField
from backend.common.ids import new_id


class Quote(models.Model):
    """A carrier's price for makers of one county (共享运价): so much up to the first weight, so much a further step.

    It is never changed: another price is another quote, and this one gets a last day.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    county = models.CharField("县市区", max_length=6)
    carrier = models.CharField("承运商", max_length=40)
    covers = models.CharField("寄达范围", max_length=80)
    first_g = models.PositiveIntegerField("首重（克）")
    first_fen = FenField("首重运费")
    step_g = models.PositiveIntegerField("续重单位（克）")
    step_fen = FenField("每续重单位运费")
    from_day = models.DateField("生效日期")
    last_day = models.DateField("最后一天", null=True)
    basis = models.CharField("依据", max_length=160)
    created_at = models.DateTimeField("登记时间")
    created_by = models.UUIDField("登记人")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_g__gt=0, step_g__gt=0, first_fen__gt=0, step_fen__gte=0), name="quote_is_a_price"
            ),
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("from_day")), name="quote_ends_after_it_begins"
            ),
        ]
        indexes = [
            models.Index(fields=["county", "first_fen", "id"], name="quote_of_county"),
            models.Index(fields=["first_fen", "id"], name="quote_cheapest"),
        ]

    def __str__(self) -> str:
        return f"{self.county} {self.carrier}"

    def fen_for(self, weight_g: int) -> Fen:
        """What a parcel of so many grams costs, in fen: every step that is begun counts."""
        beyond = max(0, weight_g - self.first_g)
        return int(self.first_fen + -(-beyond // self.step_g) * self.step_fen)

    def is_valid(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.from_day <= day and (self.last_day is None or day <= self.last_day)


class Parcelling(models.Model):
    """By which quote a reward charges its shipping, and what one of it weighs packed (按共享运价计费)."""

    tier = models.OneToOneField(
        "campaigns.Tier", models.CASCADE, primary_key=True, related_name="parcelling", verbose_name="回报"
    )
    quote = models.ForeignKey(Quote, models.PROTECT, related_name="parcellings", verbose_name="运价")
    weight_g = models.PositiveIntegerField("打包重量（克）")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(weight_g__gt=0), name="parcelling_weighs")]
