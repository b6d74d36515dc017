"""The journey's tender: sealed bids, changed terms, two stages in escrow, and a dispute divided sixty to forty."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

from backend.common.fen import show_yuan
from backend.demo.failed import Failed
from backend.disputes.models import Case
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import Refund
from marketplace.engagements.models import Contract, Milestone
from marketplace.tasks.models import Bid, Task
from marketplace.tasks.operations.reviews import CHECKLIST

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

POSTER, DECIDER = "13800000013", "13800000001"
BIDDERS = {"13800000011": 580_000, "13800000014": 600_000, "13800000015": 520_000}
CHOSEN = "13800000014"
DRAWINGS = b"%PDF-1.4\n% two drafts of a box, front and unfolded\n%%EOF\n"
BRIEF = "为三款竹编食盒设计外包装：主视觉、展开图和可印刷的源文件。尺寸以刀版为准，文字与条码由我方提供。" * 2


class WorkAct:
    """One play of a tender in two stages."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        self.poster = journey.client(POSTER)
        self.worker = journey.client(CHOSEN)

    def play(self) -> None:
        """From the draft to what is left of a divided stage."""
        task_id = self._publish()
        self._bids(task_id)
        contract = self._award(task_id)
        first, second = contract.milestones.order_by("no")
        self._first_stage(contract, first)
        self._dispute(contract, second)
        self._payout(contract)

    def _publish(self) -> uuid.UUID:
        made = self.poster.done("tasks", {"like": "packaging"})
        terms = {
            "version": made["version"], "title": "竹编食盒外包装设计", "summary": "三款食盒的外包装，可直接印刷",
            "brief": BRIEF, "category": "design", "skills": ["包装设计"], "county": "421223", "budget_fen": 800_000,
            "bid_days": 10, "work_days": 30, "accept_days": 7, "rights": "transfer",
            "stages": [{"title": "初稿两套", "percent": 40}, {"title": "定稿与印刷文件", "percent": 60}],
        }  # fmt: skip
        self._put(f"tasks/{made['id']}", terms)
        self.poster.done(f"tasks/{made['id']}/submission", {})
        page = f"/work/{made['id']}/review/"
        moderator = self.journey.staff_browser(DECIDER)
        self.journey.submit(moderator, page, f"{page}approve/", {"checklist": list(CHECKLIST)})
        if Task.objects.get(pk=made["id"]).state != "open":
            raise Failed("the task was not published")
        self.journey.say("竹器厂发布包装设计招标，最高限价 ¥8,000，分两阶段付款；审核员逐项确认后上线")
        return uuid.UUID(made["id"])

    def _put(self, path: str, body: dict[str, Any]) -> None:
        self.poster.put(path, body)

    def _bids(self, task_id: uuid.UUID) -> None:
        """Three bids under seal; the terms change, two confirm; nobody reads any before all are opened."""
        journey = self.journey
        for phone, fen in BIDDERS.items():
            text = f"走访作坊后出两套方向，按刀版交付可印刷源文件，附打样一次。（{phone[-2:]} 号）"
            body = {"amount_fen": fen, "days": 25, "text": text, "terms_no": 1}
            journey.client(phone).done(f"tasks/{task_id}/bids", body)
        asked = journey.client(CHOSEN).done(f"tasks/{task_id}/inquiries", {"text": "刀版尺寸是成品尺寸吗？"})
        self.poster.done(f"inquiries/{asked['id']}/reply", {"text": "是成品尺寸，含粘口。"})
        if self.poster.read(f"tasks/{task_id}/bids")["rows"]:
            raise Failed("the poster reads sealed bids")
        if Bid.objects.filter(task_id=task_id).exclude(amount_fen=None).exists():
            raise Failed("a sealed price lies open in the database")
        journey.say("三家应标，一提交就加密封存：发包方和数据库里都看不到报价；提问与答复对所有人公开")
        task = self.poster.read(f"tasks/{task_id}")
        fields = (
            "title", "summary", "brief", "category", "skills", "county", "budget_fen", "bid_days", "accept_days",
            "rights", "stages", "version",
        )  # fmt: skip
        changed = {name: task[name] for name in fields} | {"work_days": 40, "reason": "工期放宽到四十天"}
        self.poster.done(f"tasks/{task_id}/amendment", changed)
        for phone in ("13800000011", CHOSEN):
            journey.client(phone).done(f"tasks/{task_id}/bid/reconfirmation", {"terms_no": 2})
        journey.move(days=10, minutes=5)
        journey.until("开标", lambda: Task.objects.get(pk=task_id).state == "selecting")
        found = {bid.amount_fen: bid.state for bid in Bid.objects.filter(task_id=task_id)}
        if found != {580_000: "opened", 600_000: "opened", None: "lapsed"}:
            raise Failed(f"the opening came to {found}")
        journey.say("发包方放宽工期，两家看过差异后重新确认；到时同时开标，没确认的那份失效，价格至今没人看过")

    def _award(self, task_id: uuid.UUID) -> Contract:
        bid = Bid.objects.get(task_id=task_id, amount_fen=BIDDERS[CHOSEN])
        self.poster.done(f"bids/{bid.pk}/award", {"reason": "方案最贴合，附打样"})
        contract = Contract.objects.get(subject_id=bid.pk)
        left = self.worker.read(f"contracts/{contract.pk}/take-home")["rows"]
        refused = self.worker.post(f"contracts/{contract.pk}/signature", {"digest": "0" * 64})
        if "terms_changed" not in refused.text:
            raise Failed("other terms could be signed than those that were read")
        self.worker.done(f"contracts/{contract.pk}/signature", {"digest": contract.digest})
        self.journey.until("签订", lambda: Task.objects.get(pk=task_id).state == "delivering")
        net = sum(row["net_fen"] for row in left)
        self.journey.say(
            f"选定一家并写明理由；承接方先看到扣除服务费和个税后预计到手 {show_yuan(net)}，再签订 {show_yuan(contract.total_fen)} 的协议"
        )
        return contract

    def _fund(self, stage: Milestone) -> None:
        refused = self.worker.post(f"milestones/{stage.pk}/start", {})
        if "not_funded" not in refused.text:
            raise Failed("work began without its money")
        browser = self.journey.browser
        browser.choose(browser.arrive(self.poster.done(f"milestones/{stage.pk}/cashier", {})["url"]))
        self.journey.until("托管到账", lambda: Milestone.objects.get(pk=stage.pk).state == "funded")
        self.worker.done(f"milestones/{stage.pk}/start", {})

    def _deliver(self, stage: Milestone, text: str) -> None:
        file = {"name": "drawings.pdf", "content": base64.b64encode(DRAWINGS).decode()}
        self.worker.done(f"milestones/{stage.pk}/deliveries", {"text": text, "files": [file]})

    def _first_stage(self, contract: Contract, stage: Milestone) -> None:
        self._fund(stage)
        self._deliver(stage, "初稿两套见附件")
        self.poster.done(f"milestones/{stage.pk}/ask-changes", {"text": "主色偏暗，请按样张调整后再交一次"})
        self._deliver(stage, "已按样张调整，见附件")
        self.poster.done(f"milestones/{stage.pk}/approve", {})
        self.journey.until("放款", lambda: Milestone.objects.get(pk=stage.pk).state == "released")
        stage.refresh_from_db()
        self.journey.say(
            f"第一阶段：先托管 {show_yuan(stage.amount_fen)} 再开工，改一轮后验收；放款扣服务费 {show_yuan(stage.fee_fen or 0)}、"
            f"预扣个税 {show_yuan(stage.tax_fen or 0)}"
        )

    def _dispute(self, contract: Contract, stage: Milestone) -> None:
        """The client wants it all back; a decider gives it two fifths."""
        journey = self.journey
        self._fund(stage)
        self._deliver(stage, "定稿见附件，印刷源文件另行补交")
        whole = stage.amount_fen
        claim = self.poster.done(
            f"milestones/{stage.pk}/claims", {"wanted_fen": whole, "reason": "缺少可印刷的源文件，无法使用"}
        )
        self.worker.done(f"claims/{claim['id']}/refuse", {"text": "定稿已交，源文件随后补上"})
        case = self.poster.done(f"claims/{claim['id']}/dispute", {"text": "约定交付源文件，至今没有收到"})
        page = f"/cases/{case['id']}/"
        decider = journey.staff_browser(DECIDER)
        journey.submit(decider, page, f"{page}take-up/", {})
        journey.move(days=7, minutes=5)
        back = whole * 4 // 10
        words = {"to_claimant": f"{back / 100:.2f}", "reason": "定稿可用，缺源文件，按六四分配"}
        journey.submit(decider, page, f"{page}rule/", words)
        journey.move(days=7, minutes=5)
        journey.until("裁定执行", lambda: Case.objects.get(pk=case["id"]).state == "executed")
        stage.refresh_from_db()
        if (stage.state, stage.given_fen, stage.back_fen) != ("split", whole - back, back):
            raise Failed(f"the split came to {stage.state} {stage.given_fen} {stage.back_fen}")
        journey.until(
            "裁定退款到账",
            lambda: Refund.objects.filter(intent=stage.paid_by, amount_fen=back, state="succeeded").exists(),
            moving=True,
        )
        journey.say(
            f"第二阶段起争议：{show_yuan(whole)} 冻结，举证后裁定六四分配；承接方得 {show_yuan(whole - back)}（税费前），"
            f"{show_yuan(back)} 原路退回发包方"
        )

    def _payout(self, contract: Contract) -> None:
        for api, text in ((self.poster, "沟通顺畅，初稿出色"), (self.worker, "需求清楚，托管及时")):
            api.done(f"contracts/{contract.pk}/review", {"stars": 4, "text": text})
        for stage in contract.milestones.all():
            rest = books.balance(ledger.escrow_of("milestone", stage.pk))
            if rest:
                raise Failed(f"{show_yuan(rest)} is left in the escrow of stage {stage.no}")
        party = self.journey.users[CHOSEN].party_id
        owed = books.available(ledger.payable_to(party))
        self.journey.maker(CHOSEN)
        self.journey.move(days=1, minutes=5)
        self._ask(self.worker, owed)
        self.journey.two_officers("设计报酬", party)

    def _ask(self, api: Client, fen: int) -> None:
        api.done("payouts", {"amount_fen": fen})
