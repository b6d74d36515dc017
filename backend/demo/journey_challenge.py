"""The journey's R&D challenge: a secret behind a promise, five plans, two finalists with a grant each, the winner paid."""

from __future__ import annotations

import base64
import random
import uuid
from typing import TYPE_CHECKING

from backend.common.fen import show_yuan
from backend.demo.drawings import drawing
from backend.demo.failed import Failed
from backend.judging.models import Call
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.contests.models import Contest, Entry, SecretRead
from marketplace.contests.operations.reviews import CHECKLIST

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

HOST, DECIDER = "13800000013", "13800000001"
JUDGES = ("13800000005", "13800000004")
MAKERS = tuple(f"1390000{number:04d}" for number in range(1, 6))
PRIZE, GRANT = 3_000_000, 400_000
MARKS = {1: 70, 2: 88, 3: 61, 4: 93, 5: 55}
"""What both judges give the plans, for every criterion: the second and the fourth go into the final."""
BRIEF = (
    "为可降解竹餐盒研制不含氟的防水涂层：装 85 度热汤八小时不渗漏，可堆肥，每只成本增加不超过六分钱；先交方案，入选后交样品和检测报告。"
    * 2
)
SECRET = "现用坯体：竹纤维 62%，改性淀粉 31%，其余为助剂；热压 168 度、42 秒。失效样品的照片见附件。"


class ChallengeAct:
    """One play of an R&D challenge."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        self.host = journey.client(HOST)

    def play(self) -> None:
        """From the draft to the prize and the grants."""
        contest_id = self._open()
        self._promise(contest_id)
        self._round(contest_id, "plan", dict(enumerate(MAKERS, 1)), MARKS)
        self._final(contest_id)

    def _open(self) -> uuid.UUID:
        made = self.host.done("contests", {})
        terms = {
            "version": made["version"], "title": "竹餐盒无氟防水涂层揭榜", "summary": "八小时不渗漏，可堆肥，每只六分钱以内",
            "brief": BRIEF, "category": "research", "skills": ["高分子材料"], "county": "XNGX", "mode": "single",
            "prizes": [PRIZE], "tie_rule": "earlier", "is_blind": True, "rights": "licence", "gallery": "winners",
            "criteria": [{"title": "技术可行", "weight": 60}, {"title": "成本", "weight": 40}],
            "entry_limit": 1, "entry_days": 15, "judge_days": 7, "publicity_days": 5,
            "finalists": 2, "grant_fen": GRANT, "final_days": 30, "secrecy_years": 3, "secret": SECRET,
        }  # fmt: skip
        self.host.put(f"contests/{made['id']}", terms)
        content = base64.b64encode(drawing(77)).decode()
        self.host.done(f"contests/{made['id']}/files", {"name": "失效样品.png", "content": content, "is_secret": True})
        self.host.done(f"contests/{made['id']}/submission", {})
        page = f"/contests/{made['id']}/review/"
        self.journey.submit(
            self.journey.staff_browser(DECIDER), page, f"{page}approve/", {"checklist": list(CHECKLIST)}
        )
        browser = self.journey.browser
        browser.choose(browser.arrive(self.host.done(f"contests/{made['id']}/cashier", {})["url"]))
        self.journey.until("托管", lambda: Contest.objects.get(pk=made["id"]).state == "open")
        self.journey.say(
            f"竹器厂发布研发揭榜：奖金 {show_yuan(PRIZE)}，两个决赛名额各补助 {show_yuan(GRANT)}，合计先托管；配方和失效样品只给签约者看"
        )
        return uuid.UUID(made["id"])

    def _promise(self, contest_id: uuid.UUID) -> None:
        """Nobody reads the secret, or enters, before the promise; whoever signs does, and it is on record."""
        api = self.journey.client(MAKERS[0])
        shut = api.http.get(f"contests/{contest_id}/secret")
        early = api.post(f"contests/{contest_id}/entries", {"title": "方案", "text": "未签先报" * 10})
        if (shut.status_code, early.status_code) != (403, 403) or "竹纤维" in shut.text:
            raise Failed(f"the secret answered {shut.status_code}, an entry {early.status_code}")
        for phone in MAKERS:
            self._sign(contest_id, self.journey.client(phone))
        found = api.read(f"contests/{contest_id}/secret")
        file = api.http.get(f"contests/{contest_id}/secret/{found['files'][0]['id']}")
        if found["secret"] != SECRET or file.status_code != 200:
            raise Failed("whoever signed does not read the secret")
        reads = SecretRead.objects.filter(contest_id=contest_id, role="signer").count()
        self.journey.say(
            f"未签保密协议的查阅和报名都被拒绝；五位研发者签署并存证后可查阅，查阅留痕 {reads} 条，主办方可见"
        )

    def _sign(self, contest_id: uuid.UUID, api: Client) -> None:
        shown = api.read(f"contests/{contest_id}/pledge")
        api.done(f"contests/{contest_id}/pledge", {"sha256": shown["sha256"]})

    def _enter(self, contest_id: uuid.UUID, phone: str, title: str, seed: int) -> None:
        api = self.journey.client(phone)
        text = f"{title}：" + "".join(
            random.Random(seed).choices("蜡质涂覆温度速率壳聚糖交联堆肥检测成本工艺试样", k=140)
        )
        made = api.done(f"contests/{contest_id}/entries", {"title": title, "text": text})
        api.done(f"entries/{made['id']}/submission", {})

    def _round(self, contest_id: uuid.UUID, what: str, makers: dict[int, str], marks: dict[int, int]) -> None:
        """One round: handed in, judged by the same two, made public, settled."""
        journey, is_final = self.journey, what == "solution"
        for number, phone in makers.items():
            self._enter(contest_id, phone, f"{'成果' if is_final else '方案'}·{number}", number + 100 * is_final)
        call = Call.objects.filter(subject_id=contest_id).latest("stage")
        for phone in JUDGES if not is_final else ():
            journey.client(phone).done(f"judge-invitations/{call.judge_code}", {})
        journey.move(days=30 if is_final else 15, minutes=5)
        journey.until("截止", lambda: Contest.objects.get(pk=contest_id).state == "judging")
        for phone in JUDGES:
            api = journey.client(phone)
            api.done(f"calls/{call.pk}/declare", {"reason": "与参赛者无利益关系"})
            for one in call.applications.order_by("no"):
                mark = marks[one.no]
                body = {"marks": {"c1": mark, "c2": mark}, "note": ""}
                api.put(f"applications/{one.pk}/score", body)
        self.host.done(f"calls/{call.pk}/tally", {})
        journey.until("公示", lambda: Contest.objects.get(pk=contest_id).state == "publicity")
        journey.move(days=5, minutes=5)
        journey.until("定案", lambda: Contest.objects.get(pk=contest_id).state in ("final", "completed"))

    def _final(self, contest_id: uuid.UUID) -> None:
        journey = self.journey
        contest = Contest.objects.get(pk=contest_id)
        late = journey.client(MAKERS[0]).post(
            f"contests/{contest_id}/entries", {"title": "补交", "text": "未入选也想补交" * 10}
        )
        if contest.state != "final" or "not_finalist" not in late.text:
            raise Failed(f"the final is {contest.state}, and answers {late.status_code} to who was not chosen")
        journey.say(
            "第一轮五份方案匿名评出两份入围并公示，未入选者不能进决赛；决赛者有三十天做样品，评委组不变、重新声明"
        )
        journey.clients.clear()  # tokens live ninety days
        self.host = journey.client(HOST)
        self._round(contest_id, "solution", {2: MAKERS[1], 4: MAKERS[3]}, {1: 91, 2: 84})
        paid = {
            one.title: (one.paid_fen, one.grant_fen, one.rights_at is not None)
            for one in Entry.objects.filter(contest_id=contest_id, stage=2)
        }
        if paid != {"成果·2": (PRIZE + GRANT, GRANT, True), "成果·4": (GRANT, GRANT, False)}:
            raise Failed(f"the final paid {paid}")
        contest.refresh_from_db()
        rest = books.balance(ledger.escrow_of("contest", contest_id))
        if rest or contest.given_fen != PRIZE + 2 * GRANT:
            raise Failed(f"{show_yuan(rest)} is left in escrow")
        journey.say(
            f"决赛公示期满：获奖者得奖金加补助 {show_yuan(PRIZE + GRANT)}，另一位得补助 {show_yuan(GRANT)} 且权利仍归自己；"
            f"服务费 {show_yuan(contest.fee_fen or 0)}，预扣个税 {show_yuan(contest.tax_fen or 0)}"
        )
