"""The moderator's side of micro-tasks; what is signed before the pay may be put into escrow."""

from __future__ import annotations

from marketplace.microtasks.operations.shared import JOBS, KIND, move
from marketplace.reviewing import Reviewing

CHECKLIST = {
    "poster": ("发布方符合实名要求，名义真实", "The poster is verified and acts in their own name"),
    "lawful": ("题目和图片合法，不含他人隐私", "Items and pictures are lawful and show nobody's private matters"),
    "clear": (
        "问题、选项和作答说明清楚，抽查题目能答",
        "Question, options and guide are clear; items looked at can be answered",
    ),
    "gold": ("校验题的标准答案抽查无误", "The answers of gold items, as looked at, are right"),
    "pay": ("单价与作答时间相称", "The price is fit for the time that an answer takes"),
    "contact": ("说明和题目没有站外联系方式", "Neither guide nor items lead away from the platform"),
}
"""The lines that a moderator signs (审核清单)."""

REVIEWING = Reviewing(KIND, "计件", JOBS, CHECKLIST, move)
