"""The journey's solicitation: the public proposes and endorses, once each and by level; the poster answers every idea."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from backend.demo.failed import Failed
from marketplace.ideas.models import Endorsement, Idea, Solicitation
from marketplace.ideas.operations.reviews import CHECKLIST

if TYPE_CHECKING:
    from backend.demo.journey import Journey

POSTER, DECIDER = "13800000013", "13800000001"
AUTHORS = ("13900000002", "13900000003", "13900000004")
VERIFIED = ("13800000011", "13800000012", "13800000014")
"""Makers of the demo, verified to L2; backers are L1, which this solicitation does not let endorse."""
BRIEF = "竹艺街区入口的空地怎样用：给谁用、怎样运营、雨天怎么办。每条创意都会公开答复。" * 2


class IdeaAct:
    """One play of a solicitation of ideas."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.poster = journey.client(POSTER)

    def play(self) -> None:
        """From the question to the public conclusion."""
        key = self._open()
        ideas = [
            self.journey.client(phone).done(
                f"solicitations/{key}/ideas",
                {
                    "title": f"街区入口·{number}",
                    "text": f"第{number}个主意：" + "把空地做成周末手作市集，雨天搬进连廊。" * 2,
                },
            )["id"]
            for number, phone in enumerate(AUTHORS, 1)
        ]
        self._endorse(ideas)
        self._answer(key, ideas)

    def _open(self) -> uuid.UUID:
        made = self.poster.done("solicitations", {})
        terms = {
            "version": made["version"], "title": "竹艺街区入口空地征集创意", "summary": "为街区入口征集用途", "brief": BRIEF,
            "category": "design", "county": "421223", "level": "L2", "open_days": 7,
        }  # fmt: skip
        self.poster.put(f"solicitations/{made['id']}", terms)
        self.poster.done(f"solicitations/{made['id']}/submission", {})
        page = f"/ideas/{made['id']}/review/"
        self.journey.submit(
            self.journey.staff_browser(DECIDER), page, f"{page}approve/", {"checklist": list(CHECKLIST)}
        )
        return uuid.UUID(made["id"])

    def _endorse(self, ideas: list[str]) -> None:
        for number, phone in enumerate(VERIFIED):
            api = self.journey.client(phone)
            for idea in ideas[: number + 1]:
                api.done(f"ideas/{idea}/endorse", {})
        again = self.journey.client(VERIFIED[0]).post(f"ideas/{ideas[0]}/endorse", {})
        low = self.journey.client(AUTHORS[1]).post(f"ideas/{ideas[0]}/endorse", {})
        own = self.journey.client(AUTHORS[0]).post(f"ideas/{ideas[0]}/endorse", {})
        codes = [reply.json()["code"] for reply in (again, low, own)]
        if codes != ["endorsed_already", "level_for_endorsing", "own_idea"]:
            raise Failed(f"endorsements were answered {codes}")
        counts = [Idea.objects.get(pk=idea).endorsements_n for idea in ideas]
        if counts != [3, 2, 1] or Endorsement.objects.filter(idea__in=[uuid.UUID(idea) for idea in ideas]).count() != 6:
            raise Failed(f"the ideas have {counts} endorsements")
        self.journey.say(
            "竹艺社向公众征集街区入口的用途：三条创意自动存证；实名 L2 才能支持，每人每条一次，自己的和等级不够的都被拒绝"
        )

    def _answer(self, key: uuid.UUID, ideas: list[str]) -> None:
        self.poster.done(f"ideas/{ideas[0]}/adopt", {"words": "今年秋天试办周末市集"})
        self.poster.done(f"ideas/{ideas[1]}/decline", {"words": "连廊消防不达标，暂不采纳"})
        self.journey.move(days=7, minutes=5)
        self.journey.until("征集截止", lambda: Solicitation.objects.get(pk=key).state == "answering")
        text = "采纳市集一条，秋天试办；连廊一条因消防未采纳；其余并入明年计划再议。"
        done = self.poster.done(f"solicitations/{key}/conclusion", {"text": text})
        states = [Idea.objects.get(pk=idea).state for idea in ideas]
        if done["state"] != "concluded" or states != ["adopted", "declined", "unanswered"]:
            raise Failed(f"the solicitation is {done['state']}, its ideas are {states}")
        self.journey.say("截止后公布结果：采纳一条、说明理由不采纳一条，没答复的一条也照样公开显示“未获答复”")
