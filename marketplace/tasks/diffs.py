"""What changed between two versions of a task's terms, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from backend.common.fen import show_yuan
from marketplace.tasks.models import Task, TermsVersion

FIELDS = {
    "title": "标题",
    "summary": "一句话说明",
    "brief": "任务书",
    "category": "类别",
    "skills": "技能",
    "county": "县市区",
    "budget_fen": "最高限价",
    "work_days": "期望工期（天）",
    "accept_days": "验收期（天）",
    "rights": "成果权利",
    "stages": "阶段",
    "files": "附件",
}
MOST_LINES = 400


@dataclass(frozen=True)
class Change:
    """One field: its name, and its lines with `-` for what went, `+` for what came and a space for what stayed."""

    field: str
    word: str
    lines: tuple[tuple[str, str], ...]


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """Every field that differs."""
    return [
        Change(field, word, _lines(field, before.get(field), after.get(field)))
        for field, word in FIELDS.items()
        if before.get(field) != after.get(field)
    ]


def changes_since(task: Task, terms_no: int) -> list[Change]:
    """What changed since the version that a bid stands on."""
    kept = {row.no: row.body for row in TermsVersion.objects.filter(task=task, no__in=(terms_no, task.terms_no))}
    return changes(kept.get(terms_no, {}), kept.get(task.terms_no, {}))


def _lines(field: str, before: object, after: object) -> tuple[tuple[str, str], ...]:
    lines = difflib.ndiff(_text(field, before), _text(field, after))
    return tuple((line[0], line[2:]) for line in lines if line[0] != "?")[:MOST_LINES]


def _text(field: str, value: object) -> list[str]:
    if value is None:
        return []
    if field == "budget_fen":
        return [show_yuan(int(str(value)))]
    if field == "stages" and isinstance(value, list):
        return [f"{stage['title']} {stage['percent']}%" for stage in value]
    if isinstance(value, list):
        return [str(each) for each in value]
    return str(value).splitlines()
