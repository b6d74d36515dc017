"""A survey's questions (问卷问题): a line each, `颜色：红色|蓝色` for a choice, `刻字` for free text."""

from __future__ import annotations

import re
from typing import Any

from backend.common.errors import Invalid

MOST, MOST_CHOICES, MOST_ANSWER = 8, 12, 100


def read(text: str) -> list[dict[str, Any]]:
    """Questions from the maker's lines.

    Raises:
        Invalid: too many, too long, doubled, or a choice with fewer than two options.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise Invalid(f"最多 {MOST} 个问题", f"At most {MOST} questions", field="questions")
    found = [_one(line) for line in lines]
    if len({question["text"] for question in found}) < len(found):
        raise Invalid("问题不能重复", "No question twice", field="questions")
    return found


def _one(line: str) -> dict[str, Any]:
    head, _colon, tail = re.sub("[：:]", ":", line, count=1).partition(":")
    options = [part.strip() for part in re.split(r"[|｜]", tail) if part.strip()]
    sizes = [len(head), *(len(option) for option in options)]
    if not head.strip() or max(sizes) > 40 or len(options) > MOST_CHOICES or len(set(options)) < len(options):
        raise Invalid(f"问题“{line[:20]}”的格式不对", f"“{line[:20]}” cannot be read as a question", field="questions")
    if len(options) == 1:
        raise Invalid("选择题至少两个选项", "A choice needs two options at least", field="questions")
    return {"text": head.strip(), "options": options}


def show(questions: list[dict[str, Any]]) -> str:
    """The maker's lines again."""
    return "\n".join(
        question["text"] + ("：" + "|".join(question["options"]) if question["options"] else "")
        for question in questions
    )


def check(questions: list[dict[str, Any]], answers: dict[str, str]) -> dict[str, str]:
    """The answers that belong to the questions.

    Raises:
        Invalid: an answer is missing, too long, or not among the options.
    """
    kept = {}
    for number, question in enumerate(questions):
        answer = " ".join(str(answers.get(question["text"], "")).split())
        if not answer or len(answer) > MOST_ANSWER or question["options"] and answer not in question["options"]:
            raise Invalid(f"请回答：{question['text']}", f"Please answer: {question['text']}", field=f"answer-{number}")
        kept[question["text"]] = answer
    return kept
