"""What the gateway knows: visits at the cashier, trades, refunds, transfers, letters, faults."""

from django.db import models
from django.db.models.functions import Now


class Clock(models.Model):
    """How far the gateway's clock runs ahead; one row."""

    ahead = models.DurationField()


class Visit(models.Model):
    """A payer's browser at the cashier; no trade is in being yet."""

    token = models.CharField(max_length=32, unique=True)
    product = models.CharField(max_length=8)
    out_trade_no = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()
    subject = models.CharField(max_length=256)
    time_expire = models.DateTimeField(null=True)
    notify_url = models.CharField(max_length=500, blank=True)
    return_url = models.CharField(max_length=500, blank=True)
    passback = models.TextField(blank=True)


class Trade(models.Model):
    """A payment as the provider holds it."""

    trade_no = models.CharField(max_length=64, unique=True)
    out_trade_no = models.CharField(max_length=64)
    status = models.CharField(max_length=20)
    amount_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField(default=0)
    subject = models.CharField(max_length=256)
    product = models.CharField(max_length=8)
    notify_url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    time_expire = models.DateTimeField(null=True)
    passback = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["out_trade_no"], name="sandbox_trade_once"),
            models.CheckConstraint(
                condition=models.Q(refunded_fen__gte=0, refunded_fen__lte=models.F("amount_fen")),
                name="sandbox_refund_bounded",
            ),
        ]


class RefundMade(models.Model):
    """A refund that moved money."""

    trade = models.ForeignKey(Trade, models.CASCADE, related_name="refunds")
    out_request_no = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trade", "out_request_no"], name="sandbox_refund_once")]


class TransferMade(models.Model):
    """A payout as the provider holds it."""

    out_biz_no = models.CharField(max_length=64, unique=True)
    order_id = models.CharField(max_length=64, unique=True)
    amount_fen = models.BigIntegerField()
    content = models.CharField(max_length=64)
    status = models.CharField(max_length=12)
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)


class Letter(models.Model):
    """A notice on its way to the merchant."""

    url = models.CharField(max_length=500)
    body = models.JSONField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    done = models.BooleanField(default=False)
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="sandbox_letter_due", condition=models.Q(done=False))]


class Fault(models.Model):
    """A fault to be had: which, on which call (`*` for any), and how many times more."""

    kind = models.CharField(max_length=24)
    call = models.CharField(max_length=64, default="*")
    left = models.IntegerField(default=1)
    seconds = models.FloatField(default=0)
