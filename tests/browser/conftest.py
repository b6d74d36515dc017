"""One Chromium for all browser tests: Debian's, headless."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.helpers import ARGS, CHROMIUM

expect.set_options(timeout=20_000)  # a machine at work elsewhere is slow; what never comes still fails


@pytest.fixture(scope="session")
def _browser():
    if not (os.path.exists(CHROMIUM) or shutil.which("chromium")):
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: apt-get install chromium fonts-noto-cjk")
        pytest.skip("Chromium is missing: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def chromium(_browser):
    """The browser; what a test opened is closed with it, or its pages would look for their site for ever."""
    yield _browser
    for context in list(_browser.contexts):
        context.close()
