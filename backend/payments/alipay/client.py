"""Transport to the gateway: our own, because the SDK's fails on ports and trusts too much.

The SDK's request and model classes stay: they know the fields. Signing, sending, reading and
verifying are here. Every call ends in one of three ways: done, refused (a signed business error),
or unknown. Unknown is never failure.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from django.conf import settings

from backend.common.rules import SHANGHAI
from backend.payments.alipay import signing
from backend.payments.provider import Done, Outcome, Refused, Unknown

log = logging.getLogger(__name__)

MOST_ANSWER = 1_000_000
_UNKNOWN_CODES = frozenset({"20000", "10003"})
_UNKNOWN_SUBCODES = frozenset({"ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error"})


class SdkRequest(Protocol):
    """What every request class of the SDK offers."""

    notify_url: str
    return_url: str

    def get_params(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Config:
    """One merchant application at one gateway."""

    gateway: str
    app_id: str
    private_key: Any
    alipay_public_key: Any


def configured() -> Config:
    """The configured application, its keys read and checked.

    Raises:
        ValueError: the configured Alipay public key is our own, the commonest mistake in the field.
    """
    chosen = settings.ALIPAY
    private = signing.read_private_key(chosen["private_key"])
    public = signing.read_public_key(chosen["alipay_public_key"])
    if private.public_key().public_numbers() == public.public_numbers():
        raise ValueError("the Alipay public key is the application's own; take the one that Alipay shows")
    return Config(str(chosen["gateway"]), str(chosen["app_id"]), private, public)


_http = httpx.Client(timeout=httpx.Timeout(15.0, connect=3.0), follow_redirects=False, trust_env=False)


def signed(request: SdkRequest, *, config: Config, at: datetime) -> dict[str, str]:
    """All parameters of a call, signed."""
    params = {
        **request.get_params(),
        "app_id": config.app_id,
        "format": "json",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
    }
    params = {name: value for name, value in params.items() if value not in (None, "")}
    params["sign"] = signing.sign(signing.text_to_sign(params, without=("sign",)), config.private_key)
    return params


def page_url(request: SdkRequest, *, at: datetime) -> str:
    """The address to send the payer's browser to. Always GET: the SDK's form breaks signatures and needs inline script."""
    config = configured()
    return f"{config.gateway}?{urlencode(signed(request, config=config, at=at))}"


def execute(request: SdkRequest, *, expect: Mapping[str, str], at: datetime) -> Outcome:
    """Call the gateway and read its answer.

    `expect` are fields that must come back as sent (out_trade_no and such), so that another call's
    signed answer does not pass for ours.
    """
    config = configured()
    params = signed(request, config=config, at=at)
    method = params["method"]
    started = time.monotonic()
    outcome = _read(_send(config, params), node=method.replace(".", "_") + "_response", config=config, expect=expect)
    log.info(
        "alipay.call",
        extra={
            "method": method,
            "numbers": dict(expect),
            "took": round(time.monotonic() - started, 3),
            "as": str(outcome),
        },
    )
    return outcome


def _send(config: Config, params: dict[str, str]) -> str | Unknown:
    try:
        with _http.stream("POST", config.gateway, data=params) as reply:
            if reply.status_code != 200:
                return Unknown(f"http {reply.status_code}")
            body = bytearray()
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > MOST_ANSWER:
                    return Unknown("answer too large")
        return body.decode("utf-8")
    except httpx.HTTPError as error:
        return Unknown(type(error).__name__)
    except UnicodeDecodeError:
        return Unknown("answer is not UTF-8")


def _read(answer: str | Unknown, *, node: str, config: Config, expect: Mapping[str, str]) -> Outcome:
    if isinstance(answer, Unknown):
        return answer
    try:
        whole = json.loads(answer)
    except ValueError:
        return Unknown("answer is not JSON")
    names = [name for name in whole if name.endswith("_response")] if isinstance(whole, dict) else []
    if names != [node] or not isinstance(whole[node], dict) or not isinstance(whole.get("sign"), str):
        return Unknown(f"answer of another shape: {names}")
    content = raw_node(answer, node)
    if content is None or not signing.verify(content.encode(), whole["sign"], config.alipay_public_key):
        return Unknown("signature does not fit")
    data: dict[str, Any] = whole[node]
    return _judge(data, expect)


def _judge(data: dict[str, Any], expect: Mapping[str, str]) -> Outcome:
    code, sub_code = str(data.get("code", "")), str(data.get("sub_code", ""))
    if code == "10000":
        for name, value in expect.items():
            if str(data.get(name, value)) != value:
                return Unknown(f"answer for another {name}")
        return Done({name: value if isinstance(value, (dict, list)) else str(value) for name, value in data.items()})
    if code in _UNKNOWN_CODES or sub_code in _UNKNOWN_SUBCODES or code != "40004":
        return Unknown(f"{code} {sub_code}")
    return Refused(sub_code)


def raw_node(answer: str, node: str) -> str | None:
    """The exact characters of a node's object: the signature is over these, not over a re-dump."""
    start = answer.find("{", answer.find(f'"{node}"') + len(node) + 2)
    if start < 0:
        return None
    depth, in_string, escaped = 0, False, False
    for index in range(start, len(answer)):
        character = answer[index]
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return answer[start : index + 1]
    return None
