"""Production settings refuse everything that belongs to a demo, one by one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

GOOD = {
    "SIZHONG_PRODUCTION": "1",
    "SIZHONG_SITE_URL": "https://sizhong.example.org",
    "SIZHONG_ALLOWED_HOSTS": "sizhong.example.org",
    "SIZHONG_SECRET_KEY": "kq3v9x7m2c8w4r6t1y5u0i-o_pAsDfGhJkLzXcVbNmQwErTyUiOp",
    "SIZHONG_DATABASE_URL": "postgresql://sizhong_web@db/sizhong",
    "SIZHONG_VALKEY_URL": "redis://valkey:6379",
    "SIZHONG_ALIPAY_GATEWAY": "https://openapi.alipay.com/gateway.do",
    "SIZHONG_ALIPAY_APP_ID": "2021000000000123",
    "SIZHONG_ALIPAY_SELLER_ID": "2088000000000123",
    "SIZHONG_MESSAGE_SENDER": "city.sms.send",
}
BAD = {
    "DEBUG": {"SIZHONG_DEBUG": "1"},
    "SECRET_KEY": {"SIZHONG_SECRET_KEY": "x" * 60},
    "https": {"SIZHONG_SITE_URL": "http://sizhong.example.org"},
    "ALLOWED_HOSTS": {"SIZHONG_ALLOWED_HOSTS": "*"},
    "SIZHONG_DEMO": {"SIZHONG_DEMO": "1"},
    "CRASH_AT": {"SIZHONG_CRASH_AT": "refund.sent"},
    "MESSAGE_SENDER": {"SIZHONG_MESSAGE_SENDER": "backend.notifications.messages.keep_in_demo_inbox"},
    "VALKEY_URL": {"SIZHONG_VALKEY_URL": ""},
    "GATEWAY": {"SIZHONG_ALIPAY_GATEWAY": "http://localhost:8002/sandbox/alipay/gateway.do"},
    "APP_ID": {"SIZHONG_ALIPAY_APP_ID": "2026000000000001"},
    "PRIVATE_KEY": {"SIZHONG_ALIPAY_PRIVATE_KEY": "/nowhere"},
    "KEY_RING": {"SIZHONG_KEY_RING": "/nowhere"},
    "KEEPER_PUBLIC": {"SIZHONG_KEEPER_PUBLIC": "/nowhere"},
}


def start(tmp_path, changed: dict[str, str]) -> subprocess.CompletedProcess:
    for name in ("key.pem", "ring.json", "keeper.hex"):
        path = tmp_path / name
        path.write_text("{}")
        path.chmod(0o600)
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIZHONG_")}
    env |= GOOD | {
        "SIZHONG_HOME": str(tmp_path), "SIZHONG_ALIPAY_PRIVATE_KEY": str(tmp_path / "key.pem"),
        "SIZHONG_KEY_RING": str(tmp_path / "ring.json"),
        "SIZHONG_KEEPER_PUBLIC": str(tmp_path / "keeper.hex"),
    } | changed  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "backend.config.cli", "doctor", "--deploy"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_without_anything_of_a_demo_start(tmp_path):
    done = start(tmp_path, {})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("what", sorted(BAD))
def test_production_refuses_to_start_with(tmp_path, what):
    done = start(tmp_path, BAD[what])
    assert done.returncode == 1
    assert what in done.stdout
