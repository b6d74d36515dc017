"""The journey's micro-tasks: five hundred items, three answers each, by twenty-five people; gold, a wrong gold item, pay with tax."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING

from backend.common.fen import show_yuan
from backend.demo.drawings import drawing
from backend.demo.failed import Failed
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from marketplace.microtasks.models import Answer, Item, Job, Participant
from marketplace.microtasks.operations.reviews import CHECKLIST
from marketplace.tax.models import Withheld

if TYPE_CHECKING:
    from backend.demo.journey import Client, Journey

POSTER, DECIDER = "13800000013", "13800000001"
WORKERS = (*(f"1390000{number:04d}" for number in range(1, 25)), "13800000014")
ITEMS, GOLDS, EACH, PRICE = 500, 10, 3, 2_000
"""Five hundred items, ten of gold beside them, three answers to each, at 20 yuan, so that tax falls due on the busy ones."""
FIRST, WRONG_GOLD = 24, 4
"""The worker who begins is stopped by the four gold items of which the poster has the answer wrong."""
BRIEF = "看商品标题判断材质：竹、藤、木三选一；看不清的请跳过，混合材质按主体判断。"
KINDS = ("竹", "藤", "木")


def _items() -> str:
    works = [
        {"id": f"w{number:03d}", "text": f"{KINDS[number % 3]}编提篮 第 {number} 号"}
        | ({"image": f"p{number}.png"} if number < 3 else {})
        for number in range(ITEMS)
    ]
    golds = [
        {"id": f"g{number}", "text": f"{KINDS[number % 3]}编提篮 第 {600 + number} 号", "gold": KINDS[number % 3],
         "why": "标题写明材质"}
        for number in range(GOLDS)
    ]  # fmt: skip
    for gold in golds[:WRONG_GOLD]:
        gold["gold"] = KINDS[
            (KINDS.index(gold["gold"]) + 1) % 3
        ]  # the poster's mistake, found by whoever is stopped for it
    return json.dumps(works + golds, ensure_ascii=False)


class MicrotaskAct:
    """One play of a batch of micro-tasks."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        journey.clients.clear()  # months have passed, and tokens live ninety days
        self.poster = journey.client(POSTER)

    def play(self) -> None:
        """From the file to the last worker's pay."""
        job_id = self._open()
        self._contest_gold(job_id)
        self._answer(job_id)
        self._check(job_id)
        self._pay(job_id)

    def _open(self) -> uuid.UUID:
        made = self.poster.done("microtasks", {})
        page = f"microtasks/{made['id']}"
        terms = {
            "version": made["version"], "title": "竹木藤商品材质判断", "summary": "五百件商品的材质标注", "brief": BRIEF,
            "category": "data", "skills": ["数据标注"], "county": "421223", "question": "这件商品是什么材质？",
            "form": "choice", "options": list(KINDS), "price_fen": PRICE, "answers_each": EACH, "gold_percent": 10,
            "gold_least": 60, "agree_percent": 60, "lease_minutes": 30, "sheet_size": 20, "open_days": 7,
        }  # fmt: skip
        for path, body in ((page, terms), (f"{page}/items", {"content": _items()})):
            self.poster.put(path, body)
        for number in range(3):
            file = {"name": f"p{number}.png", "content": base64.b64encode(drawing(number)).decode()}
            self.poster.done(f"{page}/pictures", file)
        total = self.poster.done(f"{page}/submission", {})["total_fen"]
        review = f"/microtasks/{made['id']}/review/"
        self.journey.submit(
            self.journey.staff_browser(DECIDER), review, f"{review}approve/", {"checklist": list(CHECKLIST)}
        )
        if self.journey.client(WORKERS[0]).post(f"{page}/sheets", {}).status_code < 400:
            raise Failed("items were handed out before the pay was held")
        browser = self.journey.browser
        browser.choose(browser.arrive(self.poster.done(f"{page}/cashier", {})["url"]))
        self.journey.until("报酬到账", lambda: Job.objects.get(pk=made["id"]).state == "open")
        self.journey.say(
            f"竹器厂从一个 JSON 文件导入 {ITEMS} 道题和 {GOLDS} 道校验题，每题 {EACH} 人独立作答，全部报酬 {show_yuan(total)} 先托管再发题"
        )
        return uuid.UUID(made["id"])

    def _contest_gold(self, job_id: uuid.UUID) -> None:
        """Somebody who answers as things are is stopped by the poster's wrong gold items, contests them, and is let go on."""
        api = self.journey.client(WORKERS[FIRST])
        stopped: dict[str, object] = {}
        for _ in range(6):
            stopped = self._hand_in(api, job_id) or {}
            if not stopped or stopped["is_stopped"]:
                break
        wrong = list(Answer.objects.filter(item__job_id=job_id, is_right=False).order_by("pk"))
        if not stopped.get("is_stopped"):
            raise Failed("nobody was stopped by the gold items that are wrong")
        for answer in wrong:
            plea = api.done(f"answers/{answer.pk}/plea", {"grounds": "标题写明了材质，标准答案有误"})
            self.poster.done(f"pleas/{plea['id']}/agree", {})
        part = Participant.objects.get(pk=wrong[0].participant_id)
        if part.barred_at is not None or part.answers.filter(state="held").exists():
            raise Failed("a wrong gold item did not restore who had failed it")
        self.journey.say(
            f"一位答题人因 {len(wrong)} 道标准答案有误的校验题被暂停，申诉成立后这些题作废，他和已交的 {part.answered_n} 条答案全部恢复"
        )

    def _answer(self, job_id: uuid.UUID) -> None:
        apis = [self.journey.client(phone) for phone in WORKERS]
        busy = list(apis)
        while busy:
            busy = [api for api in busy if self._hand_in(api, job_id) is not None]
        given = Answer.objects.filter(item__job_id=job_id, item__is_gold=False, state="answered")
        twice = given.count() - given.values("item", "person_id").distinct().count()
        if given.count() != ITEMS * EACH or twice:
            raise Failed(f"{given.count()} answers to {ITEMS} items × {EACH}, {twice} of them twice")
        people = given.values("person_id").distinct().count()
        self.journey.say(
            f"{people} 人轮流领取、限时作答，{given.count()} 条答案不重不漏；互相看不到答案，校验题混在其中"
        )

    def _hand_in(self, api: Client, job_id: uuid.UUID) -> dict[str, object] | None:
        """Take a sheet and answer it as the titles say, some of them wrong; None where nothing is left."""
        reply = api.post(f"microtasks/{job_id}/sheets", {})
        if reply.status_code >= 400:
            return None
        sheet = reply.json()
        given = [{"item_id": item["item_id"], "value": self._value(item)} for item in sheet["items"]]
        return dict(api.done(f"sheets/{sheet['id']}", {"answers": given}))

    def _value(self, item: dict[str, str]) -> str:
        """What the title says; every fortieth item is told apart by nobody, so that answers to it differ."""
        number = int("".join(letter for letter in item["text"] if letter.isdigit()))
        if number < 600 and number % 40 == 0:
            self._turn = getattr(self, "_turn", 0) + 1
            return KINDS[self._turn % 3]
        return item["text"][0]

    def _check(self, job_id: uuid.UUID) -> None:
        self.journey.until("全部答完", lambda: Job.objects.get(pk=job_id).state == "checking")
        differ = list(Item.objects.filter(job_id=job_id, state="disputed").order_by("rank"))
        for item in differ:
            self.poster.done(f"microtasks/{job_id}/items/{item.pk}", {"value": item.text[0]})
        agreed = Item.objects.filter(job_id=job_id, state="agreed").count()
        if agreed + len(differ) != ITEMS or not differ:
            raise Failed(f"{agreed} items agree and {len(differ)} differ, of {ITEMS}")
        self.journey.say(f"{agreed} 题答案一致；{len(differ)} 题有分歧，由发布方逐题定结果，作答的人照样计酬")

    def _pay(self, job_id: uuid.UUID) -> None:
        journey = self.journey
        journey.move(days=3, minutes=5)
        journey.until("发放报酬", lambda: Job.objects.get(pk=job_id).state == "completed")
        journey.until("余款退回", lambda: not books.balance(ledger.escrow_of("microtask", job_id)))
        job = Job.objects.get(pk=job_id)
        parts = list(Participant.objects.filter(job=job, paid_fen__gt=0))
        counted = Answer.objects.filter(participant__job=job, state="paid").count()
        taxed = Withheld.objects.filter(cause_id__in=[part.pk for part in parts], tax_fen__gt=0).count()
        if job.given_fen != counted * PRICE or sum(part.paid_fen or 0 for part in parts) != job.given_fen:
            raise Failed(f"{job.given_fen} fen were given for {counted} answers to {len(parts)} people")
        journey.say(
            f"验收期满，{len(parts)} 人按 {counted} 条答案共得 {show_yuan(job.given_fen or 0)}：扣服务费 {show_yuan(job.fee_fen or 0)}，"
            f"预扣个税 {show_yuan(job.tax_fen or 0)}（{taxed} 人达到起征），没用完的 {show_yuan(job.back_fen or 0)} 退回"
        )
