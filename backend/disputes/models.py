"""A dispute, its evidence and its rulings."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from backend.disputes.states import DISPUTE, Deciding


class Case(Stateful):
    """One dispute between two parties about one deal (纠纷): the claim as it was made, the answer, what is at stake.

    `stake_fen` is held in the ledger while the dispute is open, and is what a ruling divides.
    """

    machine = DISPUTE

    subject_kind = models.CharField("对象种类", max_length=16)
    subject_id = models.UUIDField("对象")
    about_id = models.UUIDField("所属项目")
    title = models.CharField("标题", max_length=120)
    claimant = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="投诉人")
    respondent = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="被投诉人")
    claim = models.CharField("诉求理由", max_length=200)
    claimed_at = models.DateTimeField("提出诉求时间")
    answer = models.CharField("对方答复", max_length=200, blank=True)
    facts = models.TextField("事实说明")
    wanted_fen = FenField("诉求金额")
    stake_fen = FenField("争议金额")
    hold_id = models.UUIDField("冻结")
    filed_at = models.DateTimeField("投诉时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    evidence_until = models.DateTimeField("举证截止", null=True)
    due_at = models.DateTimeField("下一时点", null=True)
    offer_fen = FenField("和解金额", null=True)
    offer_by = models.UUIDField("和解提出方", null=True)
    appeal = models.TextField("申诉理由", blank=True)
    appealed_by = models.UUIDField("申诉方", null=True)
    given_fen = FenField("判归投诉人", null=True)

    class Meta:
        constraints = [
            states_known(DISPUTE),
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(state__in=Deciding.OPEN),
                name="case_one_open",
            ),
            models.CheckConstraint(
                condition=Q(stake_fen__gt=0, wanted_fen__gt=0, wanted_fen__lte=F("stake_fen")), name="case_sums"
            ),
            models.CheckConstraint(
                condition=Q(offer_fen=None) | Q(offer_fen__gte=0, offer_fen__lte=F("stake_fen")), name="case_offer"
            ),
            models.CheckConstraint(
                condition=Q(given_fen=None) | Q(given_fen__gte=0, given_fen__lte=F("stake_fen")), name="case_given"
            ),
            models.CheckConstraint(condition=~Q(claimant=F("respondent")), name="case_two_parties"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="case_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["claimant", "-filed_at", "-id"], name="case_claimant"),
            models.Index(fields=["respondent", "-filed_at", "-id"], name="case_respondent"),
            models.Index(fields=["about_id"], name="case_about", condition=Q(state__in=Deciding.OPEN)),
            models.Index(fields=["filed_at", "id"], name="case_queue", condition=Q(state__in=Deciding.OPEN)),
            models.Index(fields=["subject_id"], name="case_subject"),
        ]


class Evidence(models.Model):
    """A file that a party brought (证据): never replaced, known by its hash."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="evidence", verbose_name="纠纷")
    party_id = models.UUIDField("提交方")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)
    note = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("提交时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "sha256"], name="evidence_once")]
        indexes = [models.Index(fields=["case", "at", "id"], name="evidence_in_order")]


class Ruling(models.Model):
    """What a decider found (裁定): the first ruling, and the one on appeal. Both sums make up the stake.

    With `redo_days` nothing is divided yet: whoever did the work does it again within so many days (重做), and the stake
    stays in escrow for it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="rulings", verbose_name="纠纷")
    no = models.PositiveSmallIntegerField("次序")
    to_claimant_fen = FenField("归投诉人")
    to_respondent_fen = FenField("归被投诉人")
    redo_days = models.PositiveSmallIntegerField("重做天数", null=True)
    text = models.TextField("裁定理由")
    person_id = models.UUIDField("裁定人")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "no"], name="ruling_numbered"),
            models.CheckConstraint(
                condition=Q(no__in=[1, 2], to_claimant_fen__gte=0, to_respondent_fen__gte=0), name="ruling_sums"
            ),
            models.CheckConstraint(
                condition=Q(redo_days=None) | Q(redo_days__gt=0, to_claimant_fen=0), name="ruling_redo_divides_nothing"
            ),
        ]
