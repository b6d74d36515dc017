"""What production refuses to start with: sandbox, demo, DEBUG, default keys, movable time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def refuse_demo_settings(settings: Mapping[str, Any]) -> None:
    """Stop at start-up, naming everything that must be mended.

    Raises:
        ImproperlyConfigured: something here belongs to a demo or to a developer.
    """
    problems = list(problems_of(settings))
    if problems:
        raise ImproperlyConfigured("production settings refuse to start:\n- " + "\n- ".join(problems))


def problems_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """Everything that keeps these settings out of production, one sentence each."""
    if settings["DEBUG"]:
        yield "SIZHONG_DEBUG is on"
    if len(settings["SECRET_KEY"]) < 50 or len(set(settings["SECRET_KEY"])) < 10:
        yield "SIZHONG_SECRET_KEY is missing or too weak (50 random characters at least)"
    if not settings["SITE_URL"].startswith("https://"):
        yield "SIZHONG_SITE_URL must be https"
    if "*" in settings["ALLOWED_HOSTS"]:
        yield "SIZHONG_ALLOWED_HOSTS allows every host"
    if os.environ.get("SIZHONG_DEMO") == "1":
        yield "SIZHONG_DEMO is on: demo accounts and their shown codes"
    if os.environ.get("SIZHONG_CRASH_AT"):
        yield "SIZHONG_CRASH_AT arms crash points"
    if "demo" in settings["SIZHONG_MESSAGE_SENDER"]:
        yield "SIZHONG_MESSAGE_SENDER shows messages in the demo's inbox; name a real sender"
    if not settings["VALKEY_URL"]:
        yield "SIZHONG_VALKEY_URL is missing"
    if "SIZHONG_DATABASE_URL" not in os.environ:
        yield "SIZHONG_DATABASE_URL is missing"
    yield from _alipay_problems(settings["ALIPAY"])
    yield from _file_problems("SIZHONG_KEY_RING", settings["SIZHONG_KEY_RING"])
    yield from _file_problems("SIZHONG_KEEPER_PUBLIC", settings["SIZHONG_KEEPER_PUBLIC"])


def _alipay_problems(alipay: Mapping[str, Any]) -> Iterator[str]:
    gateway = str(alipay["gateway"])
    if "/sandbox/" in gateway or not gateway.startswith("https://") or "localhost" in gateway:
        yield "SIZHONG_ALIPAY_GATEWAY is a sandbox; payments need the real gateway"
    if alipay["app_id"] == "2026000000000001" or alipay["seller_id"] == "2088000000000001":
        yield "SIZHONG_ALIPAY_APP_ID or SIZHONG_ALIPAY_SELLER_ID is the demo's"
    yield from _file_problems("SIZHONG_ALIPAY_PRIVATE_KEY", alipay["private_key"])


def _file_problems(name: str, path: Path) -> Iterator[str]:
    if not path.is_file():
        yield f"{name} is not a file: {path}"
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{name} can be read by others: {path}"
