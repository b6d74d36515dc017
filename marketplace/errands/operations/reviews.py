"""The moderator's side of on-site errands; what is signed before the pay may be put into escrow."""

from __future__ import annotations

from marketplace.errands.operations.shared import ERRANDS, KIND, move
from marketplace.reviewing import Reviewing

CHECKLIST = {
    "poster": ("发布方符合实名要求，名义真实", "The poster is verified and acts in their own name"),
    "lawful": ("任务合法，不要求进入他人场所或拍摄他人隐私", "It is lawful, and asks nobody to enter or photograph what is private"),
    "kind": ("服务类型选择正确，须持证的没有归入其他类型", "The kind is right; nothing that needs a licence hides under another kind"),
    "clear": ("要求和验收标准清楚", "What is to be done, and how it is judged, is clear"),
    "safe": ("时间与路程合理，无人身危险", "Time and way are reasonable, and nobody is put in danger"),
    "contact": ("没有站外联系方式", "Nothing leads away from the platform"),
}  # fmt: skip
"""The lines that a moderator signs (审核清单)."""

REVIEWING = Reviewing(KIND, "现场", ERRANDS, CHECKLIST, move)
