"""The journey's contest: a bamboo-ware firm, twelve entries, a tie, a copy found in the publicity, the next in line paid."""

from __future__ import annotations

import base64
import random
import uuid
from typing import TYPE_CHECKING

from backend.common.fen import show_yuan
from backend.demo.drawings import drawing
from backend.demo.failed import Failed
from backend.judging.models import Application, Call, Likeness, Objection
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.contests.models import Contest, Entry
from marketplace.contests.operations.reviews import CHECKLIST

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

HOST, DECIDER = "13800000013", "13800000001"
JUDGES = ("13800000005", "13800000004")
ENTRANTS = tuple(f"1390000{number:04d}" for number in range(1, 13))
PRIZES = (1_200_000, 600_000, 300_001)
COPIED, COPY = 2, 7
"""The twelve entries are numbered as they come; the seventh shows what the second showed."""
MARKS = {COPY: (96, 92), 2: (90, 86), 5: (86, 90), 9: (82, 82)}
"""What the two judges give, for every criterion; the others get 60 and 64. Numbers 2 and 5 are equal in everything."""
BRIEF = "为楠竹三层食盒设计造型与纹样，提交效果图和文字说明；要能手工编成，能放进三十厘米的礼盒，成本在八十元以内。" * 2


class ContestAct:
    """One play of a design contest."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        self.host = journey.client(HOST)

    def play(self) -> None:
        """From the draft to the prize of the next in line."""
        contest_id = self._open()
        entries = self._enter(contest_id)
        call = self._judge(contest_id, entries)
        self._object(call, entries)
        self._pay(contest_id, entries)

    def _open(self) -> uuid.UUID:
        made = self.host.done("contests", {})
        terms = {
            "version": made["version"], "title": "竹器新生：三层食盒设计赛", "summary": "为楠竹食盒征集造型与纹样",
            "brief": BRIEF, "category": "design", "skills": ["产品设计"], "county": "421223", "mode": "several",
            "prizes": list(PRIZES), "tie_rule": "share", "is_blind": True, "rights": "transfer", "gallery": "after",
            "criteria": [{"title": "切题与实用", "weight": 50}, {"title": "创意", "weight": 30}, {"title": "完成度", "weight": 20}],
            "entry_limit": 1, "entry_days": 10, "judge_days": 7, "publicity_days": 5,
        }  # fmt: skip
        self.host.put(f"contests/{made['id']}", terms)
        self.host.done(f"contests/{made['id']}/submission", {})
        page = f"/contests/{made['id']}/review/"
        self.journey.submit(
            self.journey.staff_browser(DECIDER), page, f"{page}approve/", {"checklist": list(CHECKLIST)}
        )
        refused = self.journey.client(ENTRANTS[0]).post(
            f"contests/{made['id']}/entries", {"title": "早了", "text": "早" * 20}
        )
        if refused.status_code != 404:
            raise Failed("an entry was taken before the prize was held")
        browser = self.journey.browser
        browser.choose(browser.arrive(self.host.done(f"contests/{made['id']}/cashier", {})["url"]))
        self.journey.until("奖金到账", lambda: Contest.objects.get(pk=made["id"]).state == "open")
        self.journey.say(
            f"竹器厂办食盒设计赛：三个奖项共 {show_yuan(sum(PRIZES))} 先全额托管再征集；匿名评审，同分规则和逾期默认写在页面上"
        )
        return uuid.UUID(made["id"])

    def _enter(self, contest_id: uuid.UUID) -> dict[int, Entry]:
        for number in range(1, 13):
            api = self.journey.client(ENTRANTS[number - 1])
            text = f"第{number}稿：" + "".join(random.Random(number).choices("篾丝经纬盘编收口提梁盖纹桂花竹节", k=120))
            made = api.done(f"contests/{contest_id}/entries", {"title": f"食盒·{number}", "text": text})
            picture = drawing(COPIED if number == COPY else number)
            file = {"use": "shown", "name": "效果图.png", "content": base64.b64encode(picture).decode()}
            api.done(f"entries/{made['id']}/files", file)
            api.done(f"entries/{made['id']}/submission", {})
        entries = {
            one.application.no: one
            for one in Entry.objects.filter(contest_id=contest_id).select_related("application")
            if one.application
        }
        hidden = self.host.http.get(f"entries/{entries[1].pk}").status_code
        if len(entries) != 12 or hidden != 404:
            raise Failed(f"{len(entries)} entries, and the host reads one with {hidden}")
        self.journey.say("十二位设计师各交一件作品，每件的摘要在提交时自动存证；截止前连主办方也看不到")
        return entries

    def _judge(self, contest_id: uuid.UUID, entries: dict[int, Entry]) -> Call:
        call = Call.objects.get(subject_id=contest_id)
        judges = [self.journey.client(phone) for phone in JUDGES]
        for api in judges:
            api.done(f"judge-invitations/{call.judge_code}", {})
        self.journey.move(days=10, minutes=5)
        self.journey.until("截止", lambda: Contest.objects.get(pk=contest_id).state == "judging")
        body = {"marks": {"c1": 80, "c2": 80, "c3": 80}}
        early = judges[0].http.put(f"applications/{entries[1].application_id}/score", json=body)
        if "undeclared" not in early.text:
            raise Failed("somebody scored who had not declared")
        for place, api in enumerate(judges):
            api.done(f"calls/{call.pk}/declare", {"reason": "与参赛者无利益关系"})
            for number, entry in entries.items():
                self._score(api, entry, MARKS.get(number, (60, 64))[place])
        self.journey.until("相似比对", lambda: Likeness.objects.filter(application__call=call, kind="picture").exists())
        self.host.done(f"calls/{call.pk}/tally", {})
        self.journey.until("公示", lambda: Contest.objects.get(pk=contest_id).state == "publicity")
        places = self._places(call)
        if places != {1: [COPY], 2: [2, 5], 4: [9]}:
            raise Failed(f"the places came to {places}")
        self.journey.say(
            "两位评委声明无利益冲突后匿名打分；7 号第一，2 号和 5 号各项全同并列第二，名次和各评委得分一起公示"
        )
        return call

    def _score(self, api: Client, entry: Entry, mark: int) -> None:
        body = {"marks": {"c1": mark, "c2": mark, "c3": mark}, "note": ""}
        api.put(f"applications/{entry.application_id}/score", body)

    def _places(self, call: Call) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        rows = Application.objects.filter(call=call, place__lte=4).order_by("place", "no")
        for place, no in rows.values_list("place", "no"):
            found.setdefault(place or 0, []).append(no)
        return found

    def _object(self, call: Call, entries: dict[int, Entry]) -> None:
        """The maker of the copied work objects; the other is heard; a moderator decides."""
        journey = self.journey
        owner = journey.client(ENTRANTS[COPIED - 1])
        grounds = "7 号效果图与我的 2 号作品是同一张图，我的存证在先"
        made = owner.done(f"applications/{entries[COPY].application_id}/objections", {"grounds": grounds})
        decider = journey.staff_browser(DECIDER)
        page = f"/objections/{made['id']}/"
        words = {"text": "图像特征一致，存证时间在后，且无法说明来源，构成抄袭"}
        journey.client(ENTRANTS[COPY - 1]).done(
            f"objections/{made['id']}/answer", {"reason": "我参考了公开图谱，没有抄袭别人。"}
        )
        journey.submit(decider, page, f"{page}uphold/", words)
        if Objection.objects.get(pk=made["id"]).state != "upheld":
            raise Failed("the objection was not decided")
        places = self._places(call)
        if (places[1], places[3]) != ([2, 5], [9]):
            raise Failed(f"the next in line did not move up: {places}")
        journey.say(
            "公示期内 2 号作者提出异议，系统的图像比对和存证时间可供查看；7 号答辩后由审核员裁定取消资格，名次递补并重新公示"
        )

    def _pay(self, contest_id: uuid.UUID, entries: dict[int, Entry]) -> None:
        journey = self.journey
        journey.move(days=5, minutes=5)
        journey.until("发奖", lambda: Contest.objects.get(pk=contest_id).state == "completed")
        paid = {number: Entry.objects.get(pk=one.pk).paid_fen for number, one in entries.items()}
        won = {number: fen for number, fen in paid.items() if fen}
        if won != {2: 900_000, 5: 900_000, 9: 300_001}:
            raise Failed(f"the prizes came to {won}")
        contest = Contest.objects.get(pk=contest_id)
        rest = books.balance(ledger.escrow_of("contest", contest_id))
        if rest or not contest.tax_fen:
            raise Failed(f"{show_yuan(rest)} is left in escrow, {contest.tax_fen} fen of tax were withheld")
        journey.say(
            f"重新公示期满发奖：并列第一的两位各得 {show_yuan(900_000)}，递补第三名得 {show_yuan(300_001)}；"
            f"扣服务费 {show_yuan(contest.fee_fen or 0)}、预扣个税 {show_yuan(contest.tax_fen)}，权利在支付时转移，未获奖的仍归作者"
        )
