"""Shared tables: clock, history, outbox, idempotency keys, dated rules."""

from django.db import models
from django.db.models.functions import Now


class ClockOffset(models.Model):
    """How far `clock.now()` runs ahead of the database's clock; one row, and none in production."""

    ahead = models.DurationField("提前量")


class Heartbeat(models.Model):
    """One row that readiness writes, so that a database which only reads is not called ready."""

    at = models.DateTimeField("时间")


class StateChange(models.Model):
    """One move of one object (状态变更); append-only."""

    machine = models.CharField("状态机", max_length=32)
    subject_id = models.UUIDField("对象")
    event = models.CharField("事件", max_length=32)
    source = models.CharField("原状态", max_length=32)
    target = models.CharField("新状态", max_length=32)
    role = models.CharField("身份", max_length=16)
    person_id = models.UUIDField("自然人", null=True)
    party_id = models.UUIDField("代表", null=True)
    reason = models.TextField("理由", blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        indexes = [models.Index(fields=["subject_id", "id"], name="statechange_subject")]


class AllowedMove(models.Model):
    """A jump that the tables of moves know; read by the trigger on every stateful table."""

    machine = models.CharField(max_length=32)
    source = models.CharField(max_length=32)
    target = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["machine", "source", "target"], name="allowed_move_once")]


class OutboxEvent(models.Model):
    """What happened (事件), written in the transaction that made it happen."""

    event_id = models.UUIDField("编号", unique=True)
    kind = models.CharField("种类", max_length=100)
    body = models.JSONField("内容")
    at = models.DateTimeField("业务时间")
    recorded_at = models.DateTimeField("记录时间", db_default=Now())
    fanned_out = models.BooleanField("已分发", default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(fanned_out=False)),
            models.Index(fields=["kind", "id"], name="outbox_kind"),
        ]


class Delivery(models.Model):
    """One event on its way to one handler (投递); dead after too many tries, and replayable."""

    WAITING, DONE, DEAD = "waiting", "done", "dead"

    event = models.ForeignKey(OutboxEvent, models.CASCADE, related_name="deliveries")
    handler = models.CharField("处理者", max_length=150)
    state = models.CharField("状态", max_length=8, default=WAITING)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", db_default=Now())
    error = models.TextField("错误", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "dead"]), name="delivery_state_known"
            ),
        ]
        indexes = [models.Index(fields=["next_try_at", "id"], name="delivery_due", condition=models.Q(state="waiting"))]


class IdempotencyKey(models.Model):
    """An answer kept under the client's key (幂等键), in the transaction that made the change."""

    actor = models.CharField("请求方", max_length=64)
    route = models.CharField("路由", max_length=200)
    key = models.CharField("键", max_length=100)
    body_hash = models.CharField("请求摘要", max_length=64)
    status = models.PositiveSmallIntegerField("应答状态")
    answer = models.JSONField("应答")
    created_at = models.DateTimeField("时间", db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "route", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]


class Rule(models.Model):
    """A rule of law or policy as a dated row (规则): value, unit, window and source."""

    key = models.CharField("键", max_length=80)
    ruleset = models.CharField("规则集", max_length=20, default="city")
    name = models.CharField("名称", max_length=80)
    value = models.JSONField("值")
    unit = models.CharField("单位", max_length=20, blank=True)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True)
    source = models.TextField("依据")
    status = models.CharField("性质", max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ruleset", "key", "valid_from"], name="rule_starts_once")]
