"""How the site is served."""

from __future__ import annotations

import httpx

from backend.config import gunicorn_settings


def test_a_server_outwaits_its_clients():
    assert gunicorn_settings.keepalive > httpx.Limits().keepalive_expiry * 2
