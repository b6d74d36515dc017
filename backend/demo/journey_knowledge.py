"""The journey's knowledge: a bounty in escrow, an entry nobody reads before its review, a second version, the author paid."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from backend.common.fen import show_yuan
from backend.demo.failed import Failed
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.knowledge.models import Gap, Version
from marketplace.knowledge.operations.gaps import CHECKLIST

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

POSTER, DECIDER = "13800000012", "13800000001"
AUTHOR, OTHER = "13900000007", "13900000008"
BOUNTY = 80_000
TEXT = (
    "## 工具\n\n篾刀、刮刀、剑门各一，刀口常磨；刮刀与竹面成四十五度。\n\n"
    "## 步骤\n\n一剖二，二剖四，去节后从小头起刀，匀力分青黄两层；青篾厚不过半毫米，宽窄用剑门定，拉过即匀。\n"
    "新手先用隔年的黄篾练手，练到一尺之内厚薄不差一根头发，再上青篾。"
)


class KnowledgeAct:
    """One play of knowledge and its bounty."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # months have passed, and tokens live ninety days

    def play(self) -> None:
        """From what is missing to the bounty paid."""
        gap_id = self._ask()
        article_id = self._write(gap_id)
        self._change(article_id)
        self._pay(gap_id)

    def _ask(self) -> uuid.UUID:
        journey, poster = self.journey, self.journey.client(POSTER)
        made = poster.done(
            "gaps",
            {"title": "手工分篾的做法", "wanted": "写明工具、角度、步骤和练习方法，能照着做，并说明青篾的厚薄标准。",
             "category": "engineering", "county": "421223", "fen": BOUNTY, "open_days": 20},
        )  # fmt: skip
        page = f"/knowledge/gaps/{made['id']}/review/"
        journey.submit(journey.staff_browser(DECIDER), page, f"{page}approve/", {"checklist": list(CHECKLIST)})
        early = journey.client(AUTHOR).post(f"gaps/{made['id']}/changes", {})
        if early.status_code != 404:
            raise Failed("somebody wrote for a bounty that was not held")
        browser = journey.browser
        browser.choose(browser.arrive(poster.done(f"gaps/{made['id']}/cashier", {})["url"]))
        journey.until("赏金到账", lambda: Gap.objects.get(pk=made["id"]).state == "open")
        journey.say(f"茶工坊悬赏补一条知识：赏金 {show_yuan(BOUNTY)} 先托管，写明怎样算补上")
        return uuid.UUID(made["id"])

    def _put(self, api: Client, change: dict[str, Any], text: str, licence: str) -> None:
        terms = {
            "title": "手工分篾的做法", "summary": "一剖二、二剖四，匀力分青黄", "text": text, "note": "写明角度和厚薄",
            "licence": licence, "category": "engineering", "county": "421223", "version": change["version"],
        }  # fmt: skip
        api.put(f"changes/{change['id']}", terms)

    def _write(self, gap_id: uuid.UUID) -> str:
        journey, author = self.journey, self.journey.client(AUTHOR)
        change = author.done(f"gaps/{gap_id}/changes", {})
        self._put(author, change, TEXT, "")
        bare = author.post(f"changes/{change['id']}/submit", {})
        if "licence_missing" not in bare.text:
            raise Failed("a contribution was taken without a licence")
        change = author.read(f"changes/{change['id']}")
        self._put(author, change, TEXT, "by-sa")
        author.done(f"changes/{change['id']}/submit", {})
        own = author.post(f"changes/{change['id']}/take", {})
        hidden = journey.client(OTHER).http.get(f"articles/{change['article_id']}").status_code
        if own.status_code != 403 or hidden != 404:
            raise Failed(f"the author took their own change ({own.status_code}), others read it ({hidden})")
        self._review(change["id"], "publish-filled")
        article = journey.client(OTHER).read(f"articles/{change['article_id']}")
        if article["versions"] != 1 or article["licence"] != "by-sa":
            raise Failed(f"the entry is {article}")
        journey.say(
            "作者按许可提交，不选许可、自己评审都被拒绝；发布前别人看不到；无关的评审人发布为第 1 版，并认定补上空缺"
        )
        return str(change["article_id"])

    def _review(self, change_id: str, verdict: str) -> None:
        desk, page = self.journey.staff_browser(DECIDER), f"/knowledge/changes/{change_id}/"
        self.journey.submit(desk, page, f"{page}take/", {})
        self.journey.submit(desk, page, f"{page}{verdict}/", {"comment": "做法清楚"})

    def _change(self, article_id: str) -> None:
        journey, other = self.journey, self.journey.client(OTHER)
        change = other.done(f"articles/{article_id}/changes", {})
        self._put(other, change, TEXT.replace("四十五度", "三十到四十五度"), "cc0")
        other.done(f"changes/{change['id']}/submit", {})
        self._review(change["id"], "publish")
        found = other.read(f"articles/{article_id}/diff?from=1&to=2")["text"]
        changed = [part["words"] for line in found for part in line["parts"] if part["is_changed"]]
        if changed != ["三十到"] or Version.objects.filter(article=uuid.UUID(article_id)).count() != 2:
            raise Failed(f"between the versions differs {changed}")
        journey.say("另一人以 CC0 提出修改，对照逐字显示；评审后成为第 2 版，第 1 版仍可读")

    def _pay(self, gap_id: uuid.UUID) -> None:
        journey = self.journey
        journey.move(days=5, minutes=5)
        journey.until("发放赏金", lambda: Gap.objects.get(pk=gap_id).state == "completed")
        gap = Gap.objects.get(pk=gap_id)
        rest = books.balance(ledger.escrow_of("gap", gap_id))
        if rest or gap.paid_fen != BOUNTY:
            raise Failed(f"{gap.paid_fen} fen were paid, {show_yuan(rest)} is left in escrow")
        journey.say(
            f"五天无异议，赏金 {show_yuan(BOUNTY)} 发放：服务费 {show_yuan(gap.fee_fen or 0)}，预扣个税 {show_yuan(gap.tax_fen or 0)}"
        )
