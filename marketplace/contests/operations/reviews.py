"""The moderator's side of contests; what is signed before the prize may be put into escrow."""

from __future__ import annotations

from marketplace.contests.operations.shared import CONTESTS, KIND, move
from marketplace.reviewing import Reviewing

CHECKLIST = {
    "poster": ("主办方符合实名要求，名义真实", "The host is verified and acts in their own name"),
    "lawful": ("征集内容合法，不借征集套取他人创意", "What is asked for is lawful, and not a way to harvest ideas"),
    "clear": ("评审标准、同分规则、公示期和默认处理写明", "Criteria, tie rule, publicity and default are stated"),
    "rights": (
        "未获奖作品的权利归作者，没有相反约定",
        "Entries that win nothing stay their makers', and nothing says otherwise",
    ),
    "contact": ("说明和附件没有站外联系方式", "Neither brief nor files lead away from the platform"),
}
"""The lines that a moderator signs (审核清单)."""

REVIEWING = Reviewing(KIND, "赛事", CONTESTS, CHECKLIST, move)
