"""A contest with its prizes, and the entries with their files; how an entry stands is its application's business."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.common.fen import Fen, FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from backend.judging.models import TIE_RULES
from marketplace.contests.states import CONTEST, Running
from marketplace.invitations.models import Restrictable

SINGLE, SEVERAL, COUNT = "single", "several", "count"
MODES = {
    SINGLE: ("单奖", "One prize"),
    SEVERAL: ("多奖", "Several prizes"),
    COUNT: ("计件", "Piece-rate"),
}
"""How many prizes there are (赏金模式; the modes of KPPW): one; several of their own size; so many of one size."""

QUALIFYING, FINAL = 1, 2
"""The rounds of a contest: one where everybody may enter, and where there are finalists one more, of theirs alone."""

AFTER_CLOSE, WINNERS = "after", "winners"
GALLERIES = {
    AFTER_CLOSE: ("公示起展示全部作品", "All entries are shown from the publicity on"),
    WINNERS: ("只展示获奖作品", "Only winning entries are shown"),
}
"""Which entries everybody sees once there is a result (作品展示)."""


class Contest(Stateful, Restrictable):
    """A prize for the best works (赛事、悬赏): what is wanted, the prizes in fen by place, and how it is judged.

    `criteria` are key, title and weight, 100 together, the main one first. `total_fen` is what is put into escrow: all
    prizes, and a grant of `grant_fen` for each of `finalists`, who have `final_days` for their solutions; without
    finalists there is one round. `recalled_fen` is what was paid for awards that were revoked later: as it comes back it goes
    to those who move up, and what none of them is due to the host. Where `secrecy_years` is not 0, `secret` and the files that are secret are read by
    those alone who promised to keep them to themselves for so long. `fee_fen` and `tax_fen` are of all that is paid.
    """

    machine = CONTEST

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="contests", verbose_name="主办方")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    brief = models.TextField("征集说明", blank=True)
    brief_html = models.TextField(blank=True)
    category = models.CharField("类别", max_length=32)
    skills = ArrayField(models.CharField(max_length=20), verbose_name="技能", default=list, blank=True)
    county = models.CharField("县市区", max_length=6, blank=True)
    mode = models.CharField("赏金模式", max_length=8, default=SINGLE)
    prizes = models.JSONField("各名次奖金（分）", default=list)
    total_fen = FenField("奖金合计")
    finalists = models.PositiveSmallIntegerField("入选决赛的名额", default=0)
    grant_fen = FenField("每位决赛者的研发补助", default=0)
    final_days = models.PositiveSmallIntegerField("决赛提交天数", default=30)
    stage = models.PositiveSmallIntegerField("轮次", default=QUALIFYING)
    secrecy_years = models.PositiveSmallIntegerField("保密年限", default=0)
    secret = models.TextField("保密内容", blank=True)
    secret_html = models.TextField(blank=True)
    criteria = models.JSONField("评审标准", default=list)
    tie_rule = models.CharField("同分规则", max_length=8, blank=True)
    is_blind = models.BooleanField("匿名评审", default=True)
    rights = models.CharField("成果权利", max_length=16, default="transfer")
    gallery = models.CharField("作品展示", max_length=8, default=AFTER_CLOSE)
    entry_limit = models.PositiveSmallIntegerField("每人作品上限", default=1)
    entry_days = models.PositiveSmallIntegerField("征集天数", default=21)
    judge_days = models.PositiveSmallIntegerField("评审天数", default=10)
    publicity_days = models.PositiveSmallIntegerField("公示天数", default=5)
    opens_at = models.DateTimeField("开始征集", null=True)
    closes_at = models.DateTimeField("截止时间", null=True)
    final_at = models.DateTimeField("决赛开始时间", null=True)
    created_at = models.DateTimeField("创建时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    frozen_at = models.DateTimeField("冻结时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    reason = models.CharField("公开的理由", max_length=300, blank=True)
    entries_n = models.PositiveIntegerField("作品数", default=0)
    paid_by = models.ForeignKey(
        "payments.PaymentIntent", models.PROTECT, null=True, related_name="+", verbose_name="托管付款"
    )
    given_fen = FenField("已发奖金", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)
    back_fen = FenField("已退奖金", null=True)
    recalled_fen = FenField("须收回的奖金", default=0)
    recalled_back_fen = FenField("收回后已退主办方", default=0)

    class Meta:
        constraints = [
            states_known(CONTEST),
            models.CheckConstraint(condition=Q(total_fen__gt=0), name="contest_prize_positive"),
            models.CheckConstraint(condition=Q(mode__in=sorted(MODES)), name="contest_mode_known"),
            models.CheckConstraint(
                condition=Q(state__in=Running.EDITABLE)
                | Q(tie_rule__in=sorted(TIE_RULES))
                | Q(state=Running.WITHDRAWN),
                name="contest_has_a_tie_rule",
            ),
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at")), name="contest_window_ordered"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=Running.HOLDING) | Q(paid_by__isnull=False), name="contest_open_is_funded"
            ),
            models.CheckConstraint(
                condition=Q(stage=QUALIFYING) | Q(stage=FINAL, finalists__gt=0), name="contest_final_has_finalists"
            ),
            models.CheckConstraint(condition=~Q(state=Running.FINAL) | Q(stage=FINAL), name="contest_final_is_staged"),
            models.CheckConstraint(
                condition=Q(grant_fen=0) | Q(grant_fen__gt=0, finalists__gt=0), name="contest_grant_for_finalists"
            ),
            models.CheckConstraint(
                condition=Q(secrecy_years__gt=0) | Q(secret="", secret_html=""), name="contest_secret_is_kept"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="contest_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="contest_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    def takes_entries(self, at: datetime) -> bool:
        """Whether an entry made at a moment counts."""
        return self.state in Running.TAKING and self.closes_at is not None and at < self.closes_at

    @property
    def sums(self) -> list[Fen]:
        """The prizes by place, the first place first."""
        return [int(prize) for prize in self.prizes]

    @property
    def prize_fen(self) -> Fen:
        """All prizes together."""
        return sum(self.sums)

    @property
    def grants_fen(self) -> Fen:
        """What the finalists share."""
        return int(self.finalists * self.grant_fen)


class ContestFile(models.Model):
    """A file of the brief, known by its hash (附件)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contest = models.ForeignKey(Contest, models.CASCADE, related_name="files", verbose_name="赛事")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)
    is_secret = models.BooleanField("保密", default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contest", "sha256"], name="contest_file_once")]


class Pledge(models.Model):
    """A signed promise to keep a brief secret (保密协议): who gave it for whom, its words and their hash; never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contest = models.ForeignKey(Contest, models.PROTECT, related_name="pledges", verbose_name="赛事")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="承诺方")
    person = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="签署人")
    text = models.TextField("协议正文")
    sha256 = models.CharField("正文摘要", max_length=64)
    proof_id = models.UUIDField("存证")
    at = models.DateTimeField("签署时间")
    until = models.DateTimeField("保密至")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contest", "party", "person"], name="pledge_once")]
        indexes = [models.Index(fields=["contest", "-at", "-id"], name="pledge_contest")]


class SecretRead(models.Model):
    """That somebody was shown what is secret (保密内容查阅记录): the words, or a file; never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contest = models.ForeignKey(Contest, models.PROTECT, related_name="reads", verbose_name="赛事")
    person = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="查阅人")
    file_name = models.CharField("文件名", max_length=80, blank=True)
    file_sha256 = models.CharField("文件摘要", max_length=64, blank=True)
    role = models.CharField("身份", max_length=12, choices=[("signer", "签署人"), ("staff", "审核员")])
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["contest", "-at", "-id"], name="secret_read_contest")]


class Entry(models.Model):
    """A work for a contest (参赛作品): replaced until the window ends, then judged as it stands.

    `digest` is the SHA-256 of title, words and files, put on record as a proof before anybody sees the work. `paid_fen`
    is what is paid before fee and tax, of which `grant_fen` is a finalist's grant and the rest a prize; the rights pass
    at `rights_at`, when a prize is paid, and not before: a grant buys none. Where an award of another was revoked,
    `more_due_fen` is what this one gets of that prize and `more_paid_fen` what came so far, in `more_n` payments; the
    rights of one who had won nothing pass when all of it has come. `revoked_at` ends an award, and takes the rights back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contest = models.ForeignKey(Contest, models.PROTECT, related_name="entries", verbose_name="赛事")
    application = models.OneToOneField(
        "judging.Application", models.PROTECT, null=True, related_name="entry", verbose_name="参评"
    )
    stage = models.PositiveSmallIntegerField("轮次", default=QUALIFYING)
    entrant = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="参赛者")
    person_id = models.UUIDField("经手人")
    title = models.CharField("作品名", max_length=60)
    text = models.TextField("创作说明", blank=True)
    html = models.TextField(blank=True)
    digest = models.CharField("内容摘要", max_length=64, blank=True)
    proof_id = models.UUIDField("存证", null=True)
    made_at = models.DateTimeField("创建时间")
    changed_at = models.DateTimeField("更改时间")
    paid_fen = FenField("奖金", null=True)
    grant_fen = FenField("其中研发补助", default=0)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)
    rights_at = models.DateTimeField("权利转移时间", null=True)
    revoked_at = models.DateTimeField("撤销奖项的时间", null=True)
    more_due_fen = FenField("递补应得", default=0)
    more_paid_fen = FenField("递补已得", default=0)
    more_fee_fen = FenField("递补服务费", default=0)
    more_tax_fen = FenField("递补代扣税", default=0)
    more_n = models.PositiveSmallIntegerField("递补付款笔数", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(paid_fen=None, grant_fen=0) | Q(paid_fen__gt=0, paid_fen__gte=F("grant_fen")),
                name="entry_grant_is_of_what_is_paid",
            ),
            models.CheckConstraint(
                condition=Q(rights_at=None)
                | Q(revoked_at=None, paid_fen__gt=F("grant_fen"))
                | Q(revoked_at=None, more_paid_fen__gt=0, more_paid_fen=F("more_due_fen")),
                name="entry_rights_pass_when_paid",
            ),
            models.CheckConstraint(
                condition=Q(paid_fen=None)
                | Q(paid_fen=F("grant_fen"))
                | Q(rights_at__isnull=False)
                | Q(revoked_at__isnull=False),
                name="entry_paid_prize_passes_rights",
            ),
            models.CheckConstraint(
                condition=Q(more_paid_fen__gte=0, more_paid_fen__lte=F("more_due_fen")), name="entry_more_bounded"
            ),
        ]
        indexes = [
            models.Index(fields=["entrant", "-made_at", "-id"], name="entry_entrant"),
            models.Index(fields=["contest", "entrant"], name="entry_contest"),
        ]

    @property
    def gross_fen(self) -> Fen:
        """All that was paid for it, before fee and tax."""
        return int((self.paid_fen or 0) + self.more_paid_fen)

    @property
    def whole_fee_fen(self) -> Fen:
        """The fee of all that was paid for it."""
        return int((self.fee_fen or 0) + self.more_fee_fen)

    @property
    def whole_tax_fen(self) -> Fen:
        """The tax that was withheld of all that was paid for it."""
        return int((self.tax_fen or 0) + self.more_tax_fen)

    @property
    def lacks_fen(self) -> Fen:
        """What it is still due of prizes that are being recovered."""
        return int(self.more_due_fen - self.more_paid_fen)


SHOWN, SOURCE = "shown", "source"


class EntryFile(models.Model):
    """A file of an entry: shown to those who judge, or a source that the poster gets once the prize is paid (作品文件)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="files", verbose_name="作品")
    use = models.CharField("用途", max_length=8, choices=[(SHOWN, "评审展示"), (SOURCE, "获奖后交付的源文件")])
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "sha256"], name="entry_file_once")]
