"""Notices of the provider: genuine ones book once, everything else books nothing and breaks nothing."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from backend.common import clock
from backend.common.fen import wire_yuan
from backend.ledger.models import Transfer
from backend.payments.alipay import signing
from backend.payments.models import Notice, PaymentIntent
from crowdfunding.campaigns.operations import pledges
from tests.builders import live_campaign, reserve

KEY = Path(settings.ALIPAY["private_key"]).parent / "platform_private.pem"
CLIENT = Client(raise_request_exception=False)
URL = "/payments/alipay/notify/"
FORM = "application/x-www-form-urlencoded"


def genuine(intent: PaymentIntent, **changed: str) -> dict[str, str]:
    """A signed notice of a payment; `changed` fields are changed before signing."""
    body = {
        "gmt_create": "2026-11-23 10:00:00",
        "gmt_payment": "2026-11-23 10:00:05",
        "notify_time": "2026-11-23 10:00:06",
        "notify_type": "trade_status_sync",
        "notify_id": f"n{intent.pk.hex}",
        "app_id": settings.ALIPAY["app_id"],
        "seller_id": settings.ALIPAY["seller_id"],
        "trade_no": f"2026112322{intent.pk.int % 10**18:018d}",
        "out_trade_no": intent.number,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": wire_yuan(intent.amount_fen),
        "subject": "支持 & 项目=“%”",
        "charset": "utf-8",
        "version": "1.0",
        "sign_type": "RSA2",
    } | changed
    body = {name: value for name, value in body.items() if value is not None}
    text = signing.text_to_sign(body, without=("sign", "sign_type"))
    return body | {"sign": signing.sign(text, signing.read_private_key(KEY))}


@pytest.fixture
def intent(db) -> PaymentIntent:
    campaign, tier = live_campaign(price_fen=12_345)
    return pledges.intent_of(reserve(campaign, tier).pk)


def send(body: object, **extra: str) -> str:
    text = urlencode(body) if isinstance(body, dict) else body
    answer = CLIENT.post(URL, text, content_type=FORM, **extra)
    assert answer.status_code < 500
    return answer.content.decode()


def booked(intent: PaymentIntent) -> int:
    return Transfer.objects.filter(cause_id=intent.pk).count()


def test_a_genuine_notice_books_once_however_often_it_comes(intent):
    answers = {send(genuine(intent)) for _ in range(20)}
    intent.refresh_from_db()
    assert (answers, booked(intent), intent.state) == ({"success"}, 1, "succeeded")
    assert Notice.objects.get().times == 20


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("app", {"app_id": "2026000000000009"}),
        ("seller", {"seller_id": "2088000000000009"}),
        ("order", {"out_trade_no": "P20261123nobody"}),
        ("currency", {"trans_currency": "USD"}),
        ("amount", {"total_amount": "123.44"}),
        ("amount", {"total_amount": "1.2345e2"}),
        ("amount", {"total_amount": "１２３.45"}),
        ("amount", {"total_amount": "0.01"}),
        ("status", {"trade_status": "TRADE_PAID"}),
        ("trade_no", {"trade_no": "x" * 65}),
    ],
)
def test_a_signed_notice_that_does_not_fit_our_row_is_quarantined(intent, reason, changed):
    assert send(genuine(intent, **changed)) == "fail"
    assert send(genuine(intent, **changed)) == "fail"
    intent.refresh_from_db()
    assert (booked(intent), intent.state) == (0, "created")
    assert Notice.objects.get().reason == reason
    assert send(genuine(intent)) == "success"
    assert booked(intent) == 1


def test_a_message_with_refund_fields_is_never_a_payment(intent):
    assert send(genuine(intent, refund_fee="123.45", out_biz_no="R1")) == "success"
    assert booked(intent) == 0


def test_a_second_trade_for_a_paid_order_goes_back_by_itself(intent):
    send(genuine(intent))
    assert send(genuine(intent, trade_no="20261123229999999999", notify_id="other")) == "success"
    twin = PaymentIntent.objects.get(duplicate_of=intent)
    assert (twin.state, twin.refunds.get().state, twin.refunds.get().amount_fen) == ("late_success", "approved", 12_345)


def test_one_trade_pays_one_order_only(intent):
    campaign, tier = live_campaign(price_fen=12_345)
    other = pledges.intent_of(reserve(campaign, tier).pk)
    body = genuine(intent)
    send(body)
    assert send(genuine(other, trade_no=body["trade_no"])) == "fail"
    assert (booked(other), Notice.objects.get(outcome="quarantined").reason) == (0, "trade_reused")


def mutations(body: dict[str, str], count: int):
    """Bodies that differ from a genuine one in one or more bytes, fields or repetitions."""
    chooser = random.Random(7)
    names = list(body)
    for number in range(count):
        changed = dict(body)
        name = chooser.choice(names)
        kind = number % 9
        if kind == 0:
            changed[name] = changed[name] + chooser.choice(["0", " ", "x", "\u200b", "&", "="])
        elif kind == 1:
            del changed[name]
        elif kind == 2:
            changed[name] = ""
        elif kind == 3:
            changed["sign_type"] = chooser.choice(["RSA", "MD5", "rsa2", "RSA2 "])
        elif kind == 4:
            position = chooser.randrange(len(changed["sign"]))
            changed["sign"] = (
                changed["sign"][:position] + chooser.choice("ABCxyz019+/") + changed["sign"][position + 1 :]
            )
            if changed["sign"] == body["sign"]:
                changed["sign"] = "A" + changed["sign"]
        elif kind == 5:
            changed[f"extra{number}"] = "1"
        elif kind == 6:
            changed[name] = "\x00" + changed[name]
        elif kind == 7:
            changed["total_amount"] = chooser.choice(["0.01", "NaN", "-123.45", "123.450", "1e9", "99999999999"])
        else:
            changed[name] = "九" * chooser.randrange(1, 3_000)
        if changed != body and not (kind == 2 and name == "sign_type"):
            yield changed


def test_two_thousand_mutations_book_nothing_and_break_nothing(intent):
    body = genuine(intent)
    tried = 0
    for changed in mutations(body, 2_300):
        assert send(changed) == "fail", changed
        tried += 1
        if tried % 100 == 0:
            assert booked(intent) == 0
    assert tried >= 2_000
    assert booked(intent) == 0
    assert send(body) == "success"


def test_other_shapes_are_refused(intent):
    body = genuine(intent)
    client = Client(raise_request_exception=False)
    doubled = [*body.items(), ("total_amount", body["total_amount"])]
    form = FORM
    for answer in (
        client.get(URL, body),
        client.post(URL + "?a=1", urlencode(body), content_type=form),
        client.post(URL, body, content_type="application/json"),
        client.post(URL, urlencode(doubled), content_type=form),
        client.post(URL, b"\xff\xfe=%00", content_type=form),
        client.post(URL, urlencode(body).encode("gbk"), content_type=f"{form}; charset=gbk"),
        client.post(URL, "&".join(f"f{n}=1" for n in range(2_000)), content_type=form),
        client.post(URL, b"a=" + b"x" * 70_000, content_type=form),
        client.post(URL, b"", content_type=form),
    ):
        assert answer.status_code < 500 and answer.content != b"success"
    assert booked(intent) == 0


def test_sha1_and_another_key_do_not_pass(intent):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    body = genuine(intent)
    text = signing.text_to_sign(body, without=("sign", "sign_type"))
    import base64

    weak = signing.read_private_key(KEY).sign(text, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for signature in (base64.b64encode(weak).decode(), signing.sign(text, stranger)):
        assert send(body | {"sign": signature}) == "fail"
    assert booked(intent) == 0
    assert clock.now() is not None
