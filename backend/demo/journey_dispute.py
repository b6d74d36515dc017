"""The journey's dispute: a refund refused, brought before a moderator with a hashed file, ruled sixty to forty."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING

from backend.accounts.models import User
from backend.common import files
from backend.common.fen import show_yuan
from backend.demo.failed import Failed
from backend.disputes.models import Case
from backend.payments.models import Refund
from crowdfunding.campaigns.models import Pledge

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

DECIDER = "13800000001"
REPORT = b"%PDF-1.4\n% a crack of four centimetres, photographed on arrival\n%%EOF\n"


class DisputeAct:
    """One play of a dispute about a pledge of a running campaign."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey

    def play(self, campaign: uuid.UUID, maker: User) -> None:
        """From the refused refund to the split."""
        journey = self.journey
        made = Pledge.objects.filter(campaign_id=campaign, state="paid", quantity=1).order_by("created_at").first()
        if made is None:
            raise Failed("nobody to disagree")
        backer = journey.client(self._phone(made.backer_id))
        backer.done(f"pledges/{made.pk}/refund", {"reason": "样品开裂，不想要了"})
        journey.client(self._phone(maker.party_id)).done(
            f"pledges/{made.pk}/answer", {"agree": False, "reason": "天然纹理"}
        )
        case = backer.done(f"pledges/{made.pk}/complaint", {"facts": "样品开裂四厘米", "wanted_fen": made.total_fen})
        stake, case_id = int(case["stake_fen"]), case["id"]
        journey.say(f"另一位支持者的退款被拒，投诉到平台：{show_yuan(stake)} 随即冻结，谁也动不了")
        self._hear(
            case_id, backer_body={"name": "report.pdf", "content": base64.b64encode(REPORT).decode()}, api=backer
        )
        given = stake * 6 // 10
        self._act(case_id, "rule", {"to_claimant": f"{given / 100:.2f}", "reason": "裂缝属实，其余可用，按六成退还"})
        self.journey.move(days=7, minutes=5)
        journey.until("裁定执行", lambda: Case.objects.get(pk=case_id).state == "executed")
        journey.until(
            "裁定退款到账",
            lambda: Refund.objects.filter(intent__subject_id=made.pk, state="succeeded", amount_fen=given).exists(),
        )
        journey.say(f"举证七天后裁定六四开，无人申诉，到期执行：{show_yuan(given)} 原路退回，其余仍归发起人")

    def _hear(self, case_id: str, *, backer_body: dict[str, str], api: Client) -> None:
        kept = api.done(f"cases/{case_id}/evidence", backer_body)
        if kept["sha256"] != hashlib.sha256(REPORT).hexdigest() or files.read(kept["sha256"]) != REPORT:
            raise Failed("the evidence is not what was handed in")
        self._act(case_id, "take-up", {})
        self.journey.move(days=7, minutes=5)

    def _act(self, case_id: str, act: str, data: dict[str, str]) -> None:
        http = self.journey.staff_browser(DECIDER)
        self.journey.submit(http, f"/cases/{case_id}/", f"/cases/{case_id}/{act}/", data)

    def _phone(self, party_id: uuid.UUID | None) -> str:
        return next(phone for phone, user in self.journey.users.items() if user.party_id == party_id)
