"""The moderator's side of solicitations; what is signed before one is opened."""

from __future__ import annotations

from marketplace.ideas.operations.shared import KIND, SOLICITATIONS, move
from marketplace.reviewing import Reviewing

CHECKLIST = {
    "poster": ("发起方符合实名要求，名义真实", "The poster is verified and acts in their own name"),
    "lawful": (
        "征集内容合法，不借征集收集个人信息",
        "What is asked for is lawful, and not a way to collect personal data",
    ),
    "clear": ("征集什么、怎样答复写明", "What is asked for and how it will be answered is stated"),
    "contact": ("说明中没有站外联系方式", "The brief does not lead away from the platform"),
}
"""The lines that a moderator signs (审核清单)."""

REVIEWING = Reviewing(KIND, "征集", SOLICITATIONS, CHECKLIST, move)
