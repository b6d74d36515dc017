"""The interface is complete in English: every sentence of a template or page has its translation."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from tests.conftest import ROOT

TAG = re.compile(r'\{%\s*translate\s+"((?:[^"\\]|\\.)*)"')
CALL = re.compile(r'\b_\(\s*"((?:[^"\\]|\\.)*)"\s*\)')
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def wanted() -> set[str]:
    found: set[str] = set()
    for folder in ("backend", "crowdfunding", "marketplace"):
        for path in (ROOT / folder).rglob("*.html"):
            if "sandbox" not in path.parts:
                text = path.read_text(encoding="utf-8")
                found |= set(TAG.findall(text)) | set(CALL.findall(text))
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(CALL.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_sentence_is_in_the_english_catalogue():
    with (ROOT / "backend/web/locale/en/LC_MESSAGES/django.po").open("rb") as file:
        known = {str(message.id): str(message.string) for message in read_po(file)}
    assert sorted(text for text in wanted() if not known.get(text)) == []
    assert sorted(text for text in known.values() if CHINESE.search(text) and text != "中文") == []


def test_no_template_holds_chinese_outside_the_catalogue():
    loose = []
    for folder in ("backend", "crowdfunding", "marketplace"):
        for path in (ROOT / folder).rglob("templates/**/*.html"):
            if "sandbox" in path.parts:
                continue
            text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<c-vars.*?/>", "", path.read_text(encoding="utf-8"))
            loose += [(path.name, found) for found in re.findall(r"[\u4e00-\u9fff]{2,}", text)]
    assert [
        row for row in loose if row[1] not in ("中文", "点子", "手艺", "经验和资金", "把一座城的", "汇到一处")
    ] == []
