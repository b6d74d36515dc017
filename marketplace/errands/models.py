"""Errands that are posted, their stops, who runs them with what licence, whom dispatch asked, and what was imported."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from marketplace.errands.geography import MapPoint
from marketplace.errands.kinds import KINDS, LICENCES, UNITS
from marketplace.errands.states import ERRAND, LICENCE, OFFER, STOP, At, Licensed, Offered, Posted
from marketplace.invitations.models import Restrictable

BOOKING, DISPATCH = "booking", "dispatch"
MODES = {BOOKING: ("抢单：符合条件者自行预订", "Booking: who qualifies takes it"),
         DISPATCH: ("派单：平台按距离、余量和信誉逐一询问", "Dispatch: asked one by one, by distance, room and reputation")}  # fmt: skip
"""How stops find who does them (接单方式)."""

DIRECT = "direct"
MODE_WORDS = MODES | {DIRECT: ("直接下单：只问所选的服务者", "Ordered from a price card: only its provider is asked")}
"""The modes that posters choose, and the one of what is ordered from somebody's price card."""


class Placed(models.Model):
    """A row at a place: degrees as people give them, metres on the map as the index wants them."""

    latitude = models.FloatField("纬度")
    longitude = models.FloatField("经度")
    east = models.FloatField("地图东向米数", editable=False)
    north = models.FloatField("地图北向米数", editable=False)

    class Meta:
        abstract = True

    @property
    def place(self) -> tuple[float, float]:
        """Latitude and longitude in degrees."""
        return self.latitude, self.longitude


class Errand(Stateful, Restrictable):
    """A posted errand with one stop or many (现场任务): what is to be done there, how it is proved, who may take it.

    `total_fen` is the price of all stops; `paid_fen` what stops that were done have earned so far, before fee and tax.
    """

    machine = ERRAND

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="errands", verbose_name="发布方")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    brief = models.TextField("任务要求", blank=True)
    brief_html = models.TextField(blank=True)
    kind = models.CharField("服务类型", max_length=16, default="survey")
    county = models.CharField("县市区", max_length=6, blank=True)
    mode = models.CharField("接单方式", max_length=8, default=BOOKING)
    service = models.ForeignKey(
        "errands.Service", models.PROTECT, null=True, related_name="errands", verbose_name="所订的服务"
    )
    photos_least = models.PositiveSmallIntegerField("至少几张照片", default=1)
    stops_n = models.PositiveIntegerField("点位数", default=0)
    total_fen = FenField("报酬合计", default=0)
    opens_at = models.DateTimeField("开放时间", null=True)
    closes_at = models.DateTimeField("最晚点位的截止时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    reason = models.CharField("公开的理由", max_length=300, blank=True)
    paid_by = models.ForeignKey(
        "payments.PaymentIntent", models.PROTECT, null=True, related_name="+", verbose_name="托管付款"
    )
    paid_fen = FenField("已发报酬", default=0)
    fee_fen = FenField("服务费", default=0)
    tax_fen = FenField("代扣税", default=0)
    back_fen = FenField("已退报酬", null=True)

    class Meta:
        constraints = [
            states_known(ERRAND),
            models.CheckConstraint(condition=Q(kind__in=sorted(KINDS)), name="errand_kind_known"),
            models.CheckConstraint(condition=Q(mode__in=sorted(MODE_WORDS)), name="errand_mode_known"),
            models.CheckConstraint(
                condition=Q(mode=DIRECT, service__isnull=False) | ~Q(mode=DIRECT) & Q(service__isnull=True),
                name="errand_ordered_from_a_card",
            ),
            models.CheckConstraint(condition=Q(paid_fen__lte=F("total_fen")), name="errand_pays_no_more_than_it_has"),
            models.CheckConstraint(
                condition=~Q(state__in=Posted.HOLDING) | Q(paid_by__isnull=False, total_fen__gt=0),
                name="errand_open_is_funded",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="errand_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="errand_owner"),
            models.Index(fields=["opens_at"], name="errand_holding", condition=Q(state__in=Posted.HOLDING)),
        ]

    def __str__(self) -> str:
        return self.title


class Runner(Placed):
    """Who takes errands (接单人): a natural person, where they start from, how far they go, and what they have earned of trust.

    `reputation` rises with what was accepted and falls with what was missed; it decides how many stops they may hold at a
    time and how early they may book. `in_hand_n` counts the stops they hold.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    party = models.OneToOneField("accounts.Party", models.PROTECT, related_name="runner", verbose_name="接单人")
    kinds = ArrayField(models.CharField(max_length=16), verbose_name="愿意接的类型", default=list)
    reach_km = models.PositiveSmallIntegerField("接单半径（公里）", default=5)
    takes_offers = models.BooleanField("接受派单", default=True)
    reputation = models.IntegerField("信誉分", default=0)
    in_hand_n = models.PositiveIntegerField("手上的点位", default=0)
    done_n = models.PositiveIntegerField("完成数", default=0)
    missed_n = models.PositiveIntegerField("爽约数", default=0)
    created_at = models.DateTimeField("登记时间")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reputation__gte=0), name="runner_reputation_not_negative"),
            models.CheckConstraint(condition=Q(reach_km__gte=1), name="runner_reach"),
        ]
        indexes = [GistIndex(MapPoint(), name="runner_place", condition=Q(takes_offers=True))]


class Service(models.Model):
    """A line of somebody's price card (价目): what they do, for how much a unit, from how many on.

    A line that is changed or removed stays for the orders that name it; `ended_at` takes it from the card.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    runner = models.ForeignKey(Runner, models.PROTECT, related_name="services", verbose_name="服务者")
    kind = models.CharField("服务类型", max_length=16)
    title = models.CharField("服务", max_length=30)
    text = models.CharField("说明", max_length=200, blank=True)
    unit = models.CharField("单位", max_length=16)
    price_fen = FenField("单价")
    least_n = models.PositiveSmallIntegerField("起订数量", default=1)
    created_at = models.DateTimeField("上架时间")
    ended_at = models.DateTimeField("下架时间", null=True)
    hidden_why = models.CharField("平台下架的理由", max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["runner", "title"], name="service_once_on_a_card", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(condition=Q(kind__in=sorted(KINDS)), name="service_kind_known"),
            models.CheckConstraint(condition=Q(unit__in=sorted(UNITS)), name="service_unit_known"),
            models.CheckConstraint(condition=Q(price_fen__gt=0, least_n__gte=1), name="service_costs_something"),
        ]
        indexes = [models.Index(fields=["runner", "created_at"], name="service_card")]

    def __str__(self) -> str:
        return self.title

    @property
    def kind_words(self) -> tuple[str, str]:
        """Its kind, in Chinese and in English."""
        return KINDS[self.kind]

    @property
    def unit_words(self) -> tuple[str, str]:
        """What it is counted in, in Chinese and in English."""
        return UNITS[self.unit]


class Stop(Stateful, Placed):
    """One thing to be done at one place between two moments, for a price (点位).

    `address` is for the poster and whoever holds it; the public sees the place to about a kilometre. `is_for_all` once it
    is open: at once where runners book themselves, after dispatch found nobody else. A runner who gave it up may not take
    it again.
    """

    machine = STOP

    errand = models.ForeignKey(Errand, models.CASCADE, related_name="stops", verbose_name="任务")
    key = models.CharField("编号", max_length=32)
    rank = models.PositiveIntegerField("序号")
    address = models.CharField("地址", max_length=120, blank=True)
    price_fen = FenField("报酬")
    from_at = models.DateTimeField("最早")
    until_at = models.DateTimeField("最晚")
    opens_at = models.DateTimeField("开放预订", null=True)
    is_for_all = models.BooleanField("谁都可以预订", default=False)
    runner = models.ForeignKey(Runner, models.PROTECT, null=True, related_name="stops", verbose_name="接单人")
    booked_at = models.DateTimeField("预订时间", null=True)
    words = models.CharField("完成说明", max_length=500, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    away_m = models.PositiveIntegerField("提交时距点位（米）", null=True)
    redone_n = models.PositiveSmallIntegerField("重做次数", default=0)
    refusal = models.CharField("未通过的理由", max_length=300, blank=True)
    grounds = models.CharField("异议理由", max_length=500, blank=True)
    finding = models.CharField("裁定", max_length=300, blank=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    paid_fen = FenField("已付", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)

    class Meta:
        constraints = [
            states_known(STOP),
            models.UniqueConstraint(fields=["errand", "key"], name="stop_key_once"),
            models.CheckConstraint(condition=Q(price_fen__gt=0), name="stop_price_positive"),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="stop_window_ordered"),
            models.CheckConstraint(
                condition=~Q(state__in=(At.BOOKED, *At.HANDED_IN, At.PAID)) | Q(runner__isnull=False),
                name="stop_held_by_somebody",
            ),
        ]
        indexes = [
            GistIndex(MapPoint(), name="stop_place", condition=Q(state=At.READY, is_for_all=True)),
            models.Index(
                fields=["from_at"],
                name="stop_to_offer",
                condition=Q(state=At.READY, is_for_all=False, opens_at__isnull=False),
            ),
            models.Index(fields=["due_at"], name="stop_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["errand", "rank"], name="stop_errand"),
            models.Index(fields=["runner", "-booked_at"], name="stop_runner"),
        ]

    def is_free(self, at: datetime) -> bool:
        """Whether somebody may still take it at a moment."""
        return self.state == At.READY and self.opens_at is not None and at < self.until_at


class Photo(models.Model):
    """A photo that proves what was done at a stop (现场照片)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    stop = models.ForeignKey(Stop, models.PROTECT, related_name="photos", verbose_name="点位")
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    added_at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stop", "sha256"], name="photo_once")]


class Licence(Stateful):
    """A runner's licence for a kind of errand (从业证照); its number is kept sealed."""

    machine = LICENCE

    runner = models.ForeignKey(Runner, models.PROTECT, related_name="licences", verbose_name="接单人")
    kind = models.CharField("服务类型", max_length=16)
    number_sealed = models.TextField("证号密文")
    number_masked = models.CharField("证号", max_length=40)
    valid_from = models.DateField("有效期起")
    valid_until = models.DateField("有效期止")
    picture_sha256 = models.CharField("证照照片摘要", max_length=64, blank=True)
    picture_mime = models.CharField("证照照片类型", max_length=40, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    created_at = models.DateTimeField("提交时间")
    due_at = models.DateTimeField("时钟下次查看", null=True)

    class Meta:
        constraints = [
            states_known(LICENCE),
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="licence_dates_ordered"),
            models.UniqueConstraint(
                fields=["runner", "kind"], name="licence_one_submitted", condition=Q(state=Licensed.SUBMITTED)
            ),
        ]
        indexes = [
            models.Index(fields=["runner", "kind", "-created_at"], name="licence_runner"),
            models.Index(fields=["state", "created_at", "id"], name="licence_queue"),
            models.Index(fields=["due_at"], name="licence_due", condition=Q(due_at__isnull=False)),
        ]

    @property
    def word(self) -> str:
        """What licence it is, as people read it."""
        zh, en = LICENCES[self.kind]
        return en if (get_language() or "zh").startswith("en") else zh


class Offer(Stateful):
    """A stop held out to one runner until a moment (派单); never the same to the same one twice."""

    machine = OFFER

    stop = models.ForeignKey(Stop, models.PROTECT, related_name="offers", verbose_name="点位")
    runner = models.ForeignKey(Runner, models.PROTECT, related_name="offers", verbose_name="接单人")
    away_m = models.PositiveIntegerField("距离（米）")
    made_at = models.DateTimeField("派单时间")
    until = models.DateTimeField("答复截止")

    class Meta:
        constraints = [
            states_known(OFFER),
            models.UniqueConstraint(fields=["stop", "runner"], name="offer_once"),
            models.UniqueConstraint(fields=["stop"], name="offer_one_at_a_time", condition=Q(state=Offered.MADE)),
        ]
        indexes = [
            models.Index(fields=["until"], name="offer_due", condition=Q(state=Offered.MADE)),
            models.Index(fields=["runner", "-made_at"], name="offer_runner"),
        ]


class PastErrand(Placed):
    """An errand of before whose end is known, from the platform or from a file; forecasts learn from it (历史任务)."""

    number = models.CharField("编号", max_length=40, unique=True)
    price_fen = FenField("报酬")
    is_done = models.BooleanField("是否完成")
    ended_at = models.DateTimeField("结束时间")

    class Meta:
        indexes = [
            models.Index(fields=["-ended_at", "-id"], name="past_errand_latest"),
            GistIndex(MapPoint(), name="past_errand_place"),
        ]


class RosterMember(Placed):
    """A member who was not on the platform, from a file: whom forecasts count around a place (历史会员)."""

    number = models.CharField("编号", max_length=40, unique=True)
    quota = models.PositiveIntegerField("预订限额")
    opens_minute = models.PositiveSmallIntegerField("几点可订（当日分钟）")
    reputation = models.FloatField("信誉值")

    class Meta:
        indexes = [GistIndex(MapPoint(), name="roster_member_place")]


class Outlook(models.Model):
    """What a draft's prices are likely to bring (报酬预测): asked for by its poster, reckoned in the background.

    `rows` holds one object a stop: how likely it is to be done at its price, how its nearest neighbours ended, and at
    which price it would be as likely as `target_percent`. `failure` says why there is none.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    errand = models.OneToOneField(Errand, models.CASCADE, related_name="outlook", verbose_name="任务")
    target_percent = models.PositiveSmallIntegerField("目标完成率（%）", default=90)
    asked_at = models.DateTimeField("请求时间")
    made_at = models.DateTimeField("完成时间", null=True)
    version = models.PositiveIntegerField("所依据的草稿版本", default=0)
    failure = models.CharField("失败原因", max_length=200, blank=True)
    rows = models.JSONField("结果", default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target_percent__gte=1) & Q(target_percent__lte=99), name="outlook_target_sensible"
            )
        ]
        indexes = [models.Index(fields=["asked_at"], name="outlook_waiting", condition=Q(made_at=None))]
