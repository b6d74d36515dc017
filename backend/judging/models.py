"""A call, who applies, who judges, what each judge says, what is objected, what resembles what, and proofs of ideas."""

from __future__ import annotations

from fractions import Fraction

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from backend.common.ids import new_id
from backend.common.states import Stateful, spoken, states_known
from backend.judging.states import APPLICATION, CALL, GOING_ON, JUDGE, OBJECTION, Calling, Objecting, Standing

EARLIER, SHARE = "earlier", "share"
TIE_RULES = {
    EARLIER: (
        "总分相同的，依次比较首要标准得分、各评委总分的中位数、提交时间先后；仍相同的平分所占名次的奖金（精确到分）",
        "Equal totals are told apart by the main criterion, then the median of the judges, then who submitted earlier; "
        "those still equal share the prizes of their places, to the fen",
    ),
    SHARE: (
        "总分相同的，依次比较首要标准得分、各评委总分的中位数；仍相同的平分所占名次的奖金（精确到分）",
        "Equal totals are told apart by the main criterion, then the median of the judges; "
        "those still equal share the prizes of their places, to the fen",
    ),
}
"""How equal totals are told apart (同分规则); one of them is published with every call (features.md D5)."""


class Call(Stateful):
    """What applications are judged by (评审): criteria with weights, 100 together, how many places there are, and every clock.

    It belongs to a thing of a higher package, known by kind and id, which may be judged in several rounds: the winners of
    a round that is not the last (`is_last`) go on to the next. The first criterion is the main one. What is not public is
    named to nobody who may not see the thing itself.
    """

    machine = CALL

    subject_kind = models.CharField("所属事项类型", max_length=16)
    subject_id = models.UUIDField("所属事项")
    stage = models.PositiveSmallIntegerField("评审轮", default=1)
    is_last = models.BooleanField("决定奖金", default=True)
    is_public = models.BooleanField("公开", default=True)
    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="主办方")
    title = models.CharField("标题", max_length=60)
    url = models.CharField("页面地址", max_length=100)
    criteria = models.JSONField("评审标准")
    seats = models.PositiveSmallIntegerField("名次数")
    tie_rule = models.CharField("同分规则", max_length=8)
    is_blind = models.BooleanField("匿名评审", default=True)
    judge_days = models.PositiveSmallIntegerField("评审天数")
    publicity_days = models.PositiveSmallIntegerField("公示天数")
    judge_code = models.CharField("评委邀请码", max_length=32, unique=True)
    is_defaulted = models.BooleanField("按默认规则处理", default=False)
    applied_n = models.PositiveIntegerField("参评数", default=0)
    round_no = models.PositiveSmallIntegerField("公示轮次", default=0)
    closed_at = models.DateTimeField("截止时间", null=True)
    decided_at = models.DateTimeField("首次公示时间", null=True)
    state_at = models.DateTimeField("进入当前状态的时间")
    until = models.DateTimeField("到时自动处理", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    is_reminded = models.BooleanField("已提醒", default=False)

    class Meta:
        constraints = [
            states_known(CALL),
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "stage"], name="call_once"),
            models.CheckConstraint(condition=Q(seats__gt=0), name="call_seats"),
            models.CheckConstraint(condition=Q(tie_rule__in=sorted(TIE_RULES)), name="call_tie_rule"),
        ]
        indexes = [models.Index(fields=["due_at"], name="call_due", condition=Q(due_at__isnull=False))]

    @property
    def names_are_shown(self) -> bool:
        """Whether judges and owner may know who applied."""
        return not self.is_blind or self.state not in (Calling.COLLECTING, Calling.JUDGING)


class Application(Stateful):
    """Somebody's work in a call (参评作品), known to judges by its number alone while scores are blind.

    `place` is shared by those who are equal; `score_milli` is the mean of the counted totals in thousandths of a point.
    """

    machine = APPLICATION

    call = models.ForeignKey(Call, models.PROTECT, related_name="applications", verbose_name="评审")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="参评人")
    person_id = models.UUIDField("经手人")
    no = models.PositiveIntegerField("编号")
    submitted_at = models.DateTimeField("提交时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    place = models.PositiveIntegerField("名次", null=True)
    score_milli = models.PositiveIntegerField("得分（千分之一分）", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    shown_at = models.DateTimeField("制作比对特征的时间", null=True)

    class Meta:
        constraints = [
            states_known(APPLICATION),
            models.UniqueConstraint(fields=["call", "no"], name="application_numbered"),
            models.CheckConstraint(
                condition=~Q(state__in=[Standing.PROVISIONAL, Standing.AWARDED]) | Q(place__isnull=False),
                name="application_winner_has_a_place",
            ),
        ]
        indexes = [
            models.Index(fields=["call", "place", "no"], name="application_place"),
            models.Index(fields=["party", "-submitted_at", "-id"], name="application_party"),
        ]

    @property
    def state_word(self) -> str:
        """How it stands, as people read it; in a round that is not the last, winning is going on."""
        goes_on = None if self.call.is_last else GOING_ON.get(self.state)
        return spoken(goes_on) if goes_on else super().state_word

    @property
    def score(self) -> Fraction | None:
        """The score in points, of 100."""
        return None if self.score_milli is None else Fraction(self.score_milli, 1000)


class Judge(Stateful):
    """Who judges a call (评委): a natural person, who first declares to be free of conflicts or recuses themselves."""

    machine = JUDGE

    call = models.ForeignKey(Call, models.PROTECT, related_name="judges", verbose_name="评审")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="评委")
    invited_at = models.DateTimeField("受邀时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    declaration = models.CharField("声明", max_length=300, blank=True)

    class Meta:
        constraints = [
            states_known(JUDGE),
            models.UniqueConstraint(fields=["call", "party"], name="judge_once"),
        ]
        indexes = [models.Index(fields=["party", "-invited_at", "-id"], name="judge_party")]


class Scoring(models.Model):
    """What one judge says of one application (评分): 0 to 100 for each criterion; nobody reads another's until all are in."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="scorings", verbose_name="参评作品")
    judge = models.ForeignKey(Judge, models.PROTECT, related_name="scorings", verbose_name="评委")
    marks = models.JSONField("各项得分")
    note = models.CharField("评语", max_length=500, blank=True)
    is_counted = models.BooleanField("计入结果", default=False)
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "judge"], name="scoring_once")]


AGAINST, FOR = "against", "for"


class Objection(Stateful):
    """What somebody says against a result (异议): against an application, or for one that was excluded.

    It is answered by whoever it is about (the applicant, or the owner who excluded), then decided by a person.
    """

    machine = OBJECTION

    call = models.ForeignKey(Call, models.PROTECT, related_name="objections", verbose_name="评审")
    application = models.ForeignKey(Application, models.PROTECT, related_name="objections", verbose_name="参评作品")
    aim = models.CharField("请求", max_length=8, choices=[(AGAINST, "取消资格"), (FOR, "恢复参评")])
    by = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="提出人")
    person_id = models.UUIDField("经手人")
    grounds = models.CharField("理由", max_length=1000)
    answer = models.CharField("答辩", max_length=2000, blank=True)
    decision = models.CharField("裁定理由", max_length=1000, blank=True)
    decided_by = models.UUIDField("裁定人", null=True)
    raised_at = models.DateTimeField("提出时间")
    state_at = models.DateTimeField("进入当前状态的时间")
    answer_by = models.DateTimeField("答辩期限")
    due_at = models.DateTimeField("时钟下次查看", null=True)

    class Meta:
        constraints = [
            states_known(OBJECTION),
            models.UniqueConstraint(
                fields=["application", "by"], condition=Q(state__in=Objecting.OPEN), name="objection_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="objection_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["call", "raised_at", "id"], name="objection_in_order"),
        ]


class ObjectionFile(models.Model):
    """A file of evidence, known by its hash and time (证据)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    objection = models.ForeignKey(Objection, models.PROTECT, related_name="files", verbose_name="异议")
    person_id = models.UUIDField("提交人")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)
    received_sha256 = models.CharField("原件摘要", max_length=64)
    at = models.DateTimeField("时间")


class TextPrint(models.Model):
    """By what an application's text is compared with all others (文本特征): `bands` are looked up, `signature` is compared."""

    application = models.OneToOneField(
        Application, models.CASCADE, primary_key=True, related_name="text_print", verbose_name="参评作品"
    )
    bands = ArrayField(models.BigIntegerField(), verbose_name="索引")
    signature = ArrayField(models.BigIntegerField(), verbose_name="特征")

    class Meta:
        indexes = [GinIndex(fields=["bands"], name="text_print_bands")]


class PicturePrint(models.Model):
    """By what a picture is compared with all others (图像特征): 64 bits, and the keys that find those few bits away."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="picture_prints", verbose_name="参评作品")
    sha256 = models.CharField("图像摘要", max_length=64)
    bits = models.BigIntegerField("特征")
    keys = ArrayField(models.IntegerField(), verbose_name="索引")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "sha256"], name="picture_print_once")]
        indexes = [GinIndex(fields=["keys"], name="picture_print_keys")]


class Likeness(models.Model):
    """Two applications that resemble each other (相似提示): a reason for people to look, never a decision."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="likenesses", verbose_name="参评作品")
    other = models.ForeignKey(Application, models.CASCADE, related_name="+", verbose_name="相似作品")
    kind = models.CharField("依据", max_length=8, choices=[("text", "文字"), ("picture", "图像")])
    percent = models.PositiveSmallIntegerField("相似度")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "other", "kind"], name="likeness_once")]


class Proof(models.Model):
    """That a party had something at a time (存证): its hash alone, linked to the proof before it; never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    no = models.PositiveBigIntegerField("序号", unique=True)
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="存证人")
    title = models.CharField("名称", max_length=80)
    sha256 = models.CharField("内容摘要", max_length=64)
    at = models.DateTimeField("时间")
    before = models.CharField("上一环", max_length=64)
    link = models.CharField("本环", max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["party", "-no"], name="proof_party"),
            models.Index(fields=["sha256", "no"], name="proof_hash"),
        ]
