"""A job of many small questions, who takes part, what they take in hand, and what they answer."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from backend.common.fen import FenField
from backend.common.ids import new_id
from backend.common.states import Stateful, states_known
from marketplace.invitations.models import Restrictable
from marketplace.microtasks.states import ANSWER, ITEM, JOB, PLEA, SHEET, Given, Pleading, Posted, Taking

CHOICE, TEXT = "choice", "text"
FORMS = {CHOICE: ("单选", "One of several"), TEXT: ("填写文字", "Words")}
"""How an item is answered (作答方式)."""


class Job(Stateful, Restrictable):
    """Many small questions paid by the piece (计件任务): the question, how often each item is asked, and for how much.

    `price_fen` is paid for each answer; `answers_each` answers are wanted of an item. `gold_percent` of what a worker
    gets are gold items, whose answer is known; under `gold_least` percent right a worker is stopped. An item's answer is
    agreed where `agree_percent` of its answers are the same. `total_fen` is the price of every slot of every item.
    """

    machine = JOB

    owner = models.ForeignKey("accounts.Party", models.PROTECT, related_name="jobs", verbose_name="发布方")
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("一句话说明", max_length=160, blank=True)
    brief = models.TextField("作答说明", blank=True)
    brief_html = models.TextField(blank=True)
    category = models.CharField("类别", max_length=32)
    skills = ArrayField(models.CharField(max_length=20), verbose_name="技能", default=list, blank=True)
    county = models.CharField("县市区", max_length=6, blank=True)
    question = models.CharField("问题", max_length=200, blank=True)
    form = models.CharField("作答方式", max_length=8, default=CHOICE)
    options = ArrayField(models.CharField(max_length=40), verbose_name="选项", default=list, blank=True)
    price_fen = FenField("每条单价")
    answers_each = models.PositiveSmallIntegerField("每题答案数", default=3)
    gold_percent = models.PositiveSmallIntegerField("校验题占比（%）", default=10)
    gold_least = models.PositiveSmallIntegerField("校验正确率下限（%）", default=70)
    agree_percent = models.PositiveSmallIntegerField("一致比例（%）", default=60)
    lease_minutes = models.PositiveSmallIntegerField("作答时限（分钟）", default=30)
    sheet_size = models.PositiveSmallIntegerField("每次领取题数", default=10)
    open_days = models.PositiveSmallIntegerField("开放天数", default=14)
    items_n = models.PositiveIntegerField("题目数", default=0)
    golds_n = models.PositiveIntegerField("校验题数", default=0)
    total_fen = FenField("报酬合计", default=0)
    opens_at = models.DateTimeField("开始时间", null=True)
    closes_at = models.DateTimeField("截止时间", null=True)
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
    given_fen = FenField("已发报酬", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)
    back_fen = FenField("已退报酬", null=True)

    class Meta:
        constraints = [
            states_known(JOB),
            models.CheckConstraint(condition=Q(price_fen__gt=0), name="job_price_positive"),
            models.CheckConstraint(condition=Q(form__in=sorted(FORMS)), name="job_form_known"),
            models.CheckConstraint(
                condition=Q(answers_each__gte=1) & Q(gold_percent__lte=50) & Q(agree_percent__lte=100),
                name="job_terms_sensible",
            ),
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at")), name="job_window_ordered"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=Posted.HOLDING) | Q(paid_by__isnull=False, total_fen__gt=0),
                name="job_open_is_funded",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="job_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["owner", "-created_at", "-id"], name="job_owner"),
        ]

    def __str__(self) -> str:
        return self.title

    def gives_items(self, at: datetime) -> bool:
        """Whether items are handed out at a moment."""
        return self.state == Posted.OPEN and self.closes_at is not None and at < self.closes_at


class Picture(models.Model):
    """A picture that items show, known by its file name (题目图片)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, models.CASCADE, related_name="pictures", verbose_name="任务")
    name = models.CharField("文件名", max_length=80)
    mime = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("存储摘要", max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="picture_name_once")]


class Item(Stateful):
    """One thing to answer (题目). `key` is the poster's own name for it; a gold item has its right answer (校验题).

    `need` slots are there: so many answers are wanted and paid for. `leased_n` are in workers' hands, `done_n` handed in
    and not forfeited, of them `good_n` count. `note` is why an answer was rejected; until `calm_until` only experienced
    workers get the item, after its author.
    """

    machine = ITEM

    job = models.ForeignKey(Job, models.CASCADE, related_name="items", verbose_name="任务")
    key = models.CharField("编号", max_length=60)
    rank = models.PositiveIntegerField("顺序")
    text = models.TextField("内容", blank=True)
    picture = models.ForeignKey(Picture, models.PROTECT, null=True, related_name="+", verbose_name="图片")
    picture_name = models.CharField("图片文件名", max_length=80, blank=True)
    is_gold = models.BooleanField("校验题", default=False)
    gold = models.CharField("标准答案", max_length=300, blank=True)
    why = models.CharField("解析", max_length=300, blank=True)
    need = models.PositiveIntegerField("答案名额", default=0)
    leased_n = models.PositiveIntegerField("作答中", default=0)
    done_n = models.PositiveIntegerField("已提交", default=0)
    good_n = models.PositiveIntegerField("有效", default=0)
    final = models.CharField("结果", max_length=300, blank=True)
    share = models.PositiveSmallIntegerField("一致度（%）", null=True)
    note = models.CharField("退回意见", max_length=300, blank=True)
    calm_until = models.DateTimeField("先给熟手到", null=True)

    class Meta:
        constraints = [
            states_known(ITEM),
            models.UniqueConstraint(fields=["job", "key"], name="item_key_once"),
            models.UniqueConstraint(fields=["job", "rank"], name="item_rank_once"),
            models.CheckConstraint(condition=Q(need__gte=F("leased_n") + F("done_n")), name="item_slots_kept"),
            models.CheckConstraint(condition=Q(done_n__gte=F("good_n")), name="item_good_are_done"),
            models.CheckConstraint(condition=Q(is_gold=False) | ~Q(gold=""), name="item_gold_has_an_answer"),
        ]
        indexes = [
            models.Index(
                fields=["job", "is_gold", "rank"],
                name="item_to_take",
                condition=Q(state="open") & Q(need__gt=F("leased_n") + F("done_n")),
            ),
            models.Index(fields=["job", "state", "rank"], name="item_state"),
        ]


class Participant(models.Model):
    """A natural person's part in a job (参与者), under the hat that they began with, which is paid.

    `cursor` is the rank of the last item they took. `gold_ok_n` of `gold_n` gold answers were right; `barred_at` is when
    they fell under the job's line: what they had answered is on hold until `due_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="participants", verbose_name="任务")
    person_id = models.UUIDField("自然人")
    party = models.ForeignKey("accounts.Party", models.PROTECT, related_name="+", verbose_name="收款方")
    joined_at = models.DateTimeField("加入时间")
    cursor = models.PositiveIntegerField("位置", default=0)
    served_n = models.PositiveIntegerField("领取数", default=0)
    answered_n = models.PositiveIntegerField("提交数", default=0)
    gold_n = models.PositiveIntegerField("校验题数", default=0)
    gold_ok_n = models.PositiveIntegerField("校验正确数", default=0)
    barred_at = models.DateTimeField("暂停时间", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)
    owed_fen = FenField("应发", null=True)
    paid_fen = FenField("已发", null=True)
    fee_fen = FenField("服务费", null=True)
    tax_fen = FenField("代扣税", null=True)
    paid_at = models.DateTimeField("发放时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "person_id"], name="participant_once"),
            models.CheckConstraint(condition=Q(gold_n__gte=F("gold_ok_n")), name="participant_gold"),
            models.CheckConstraint(
                condition=Q(paid_at=None, paid_fen=None) | Q(paid_at__isnull=False, paid_fen__gt=0),
                name="participant_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["party", "-joined_at", "-id"], name="participant_party"),
            models.Index(fields=["due_at"], name="participant_due", condition=Q(due_at__isnull=False)),
        ]


class Sheet(Stateful):
    """Items that one person has in hand until `until` (领取); one at a time across all jobs (X31)."""

    machine = SHEET

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="sheets", verbose_name="参与者")
    person_id = models.UUIDField("自然人")
    taken_at = models.DateTimeField("领取时间")
    until = models.DateTimeField("到期")
    extensions_n = models.PositiveSmallIntegerField("延长次数", default=0)

    class Meta:
        constraints = [
            states_known(SHEET),
            models.UniqueConstraint(fields=["person_id"], name="sheet_one_in_hand", condition=Q(state=Taking.LIVE)),
        ]
        indexes = [
            models.Index(fields=["until"], name="sheet_due", condition=Q(state=Taking.LIVE)),
            models.Index(fields=["participant", "-taken_at"], name="sheet_participant"),
        ]


class Answer(Stateful):
    """One person's answer to one item, from the moment they take it in hand (答案); never a second one.

    `is_right` says of a gold item whether it was. `note_read_at` is when they opened why an earlier answer was rejected.
    """

    machine = ANSWER

    item = models.ForeignKey(Item, models.PROTECT, related_name="answers", verbose_name="题目")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="answers", verbose_name="参与者")
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="answers", verbose_name="领取")
    person_id = models.UUIDField("自然人")
    value = models.CharField("答案", max_length=300, blank=True)
    is_right = models.BooleanField("校验正确", null=True)
    answered_at = models.DateTimeField("提交时间", null=True)
    note_read_at = models.DateTimeField("已看退回意见", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    rejected_at = models.DateTimeField("退回时间", null=True)
    due_at = models.DateTimeField("时钟下次查看", null=True)

    class Meta:
        constraints = [
            states_known(ANSWER),
            models.UniqueConstraint(fields=["item", "person_id"], name="answer_once"),
            models.CheckConstraint(
                condition=~Q(state__in=Given.WRITTEN) | Q(answered_at__isnull=False) & ~Q(value=""),
                name="answer_says_something",
            ),
        ]
        indexes = [
            models.Index(fields=["sheet"], name="answer_sheet"),
            models.Index(fields=["participant", "-id"], name="answer_participant"),
            models.Index(fields=["due_at"], name="answer_due", condition=Q(due_at__isnull=False)),
        ]


GOLD, WORK = "gold", "work"


class Plea(Stateful):
    """A worker's word against a gold item, or against a rejection (答题申诉): the poster answers, then the platform decides."""

    machine = PLEA

    answer = models.ForeignKey(Answer, models.PROTECT, related_name="pleas", verbose_name="答案")
    job = models.ForeignKey(Job, models.PROTECT, related_name="pleas", verbose_name="任务")
    about = models.CharField("对象", max_length=8, choices=[(GOLD, "校验题"), (WORK, "退回")])
    grounds = models.CharField("理由", max_length=500)
    reply = models.CharField("发布方答复", max_length=500, blank=True)
    finding = models.CharField("裁定理由", max_length=500, blank=True)
    made_at = models.DateTimeField("提出时间")
    until = models.DateTimeField("到时自动处理", null=True)

    class Meta:
        constraints = [
            states_known(PLEA),
            models.UniqueConstraint(
                fields=["answer"], name="plea_one_pending", condition=Q(state__in=Pleading.PENDING)
            ),
        ]
        indexes = [
            models.Index(fields=["until"], name="plea_due", condition=Q(until__isnull=False)),
            models.Index(fields=["job", "-made_at", "-id"], name="plea_job"),
        ]
