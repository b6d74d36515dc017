"""R&D challenges as tests need them: a secret to promise for, a first round, a final."""

from __future__ import annotations

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from marketplace.contests.models import Contest, ContestFile, Entry, Pledge
from marketplace.contests.operations import drafts, reviews, secrecy
from tests import contest_builders as made
from tests.builders import acting, firm, moderator, person

SECRET = "现用配方：竹纤维 62%，改性淀粉 31%，其余为助剂；挤出温度 168 度，失效样品见附件。"
TWO_ROUNDS: dict[str, object] = {
    "title": "可降解竹餐盒的防水涂层",
    "summary": "不含氟的防水涂层，八小时不渗漏",
    "category": "research",
    "mode": "single",
    "prizes": (2_000_000,),
    "finalists": 2,
    "grant_fen": 300_000,
    "final_days": 20,
    "secrecy_years": 3,
    "secret": SECRET,
    "entry_limit": 1,
}


def challenge_draft(by: Actor, **more: object) -> tuple[Contest, ContestFile]:
    """A complete draft, with a secret file."""
    draft = made.contest_draft(by, **(TWO_ROUNDS | more))
    file = drafts.attach(
        contest_id=draft.pk, name="失效样品.png", body=made.drawing(900), is_secret=True, by=by, at=clock.now()
    )
    return Contest.objects.get(pk=draft.pk), file


def open_challenge(cashier, by: Actor | None = None, **more: object) -> tuple[Contest, Actor]:
    """A challenge that takes plans, and its host."""
    by = by or firm(name="楚竹科技")[1]
    draft, _file = challenge_draft(by, **more)
    drafts.submit(contest_id=draft.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=draft.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return made.put_in(cashier, draft, by), by


def promised(contest: Contest, by: Actor) -> Pledge:
    """Somebody who signed what they were shown."""
    sha256 = secrecy.hash_of(secrecy.text_for(contest, by))
    return secrecy.promise(contest_id=contest.pk, sha256=sha256, by=by, at=clock.now())


def planned(contest: Contest, who: User | None = None, *, seed: int = 1, title: str = "方案") -> tuple[Entry, Actor]:
    """A plan, or in the final a solution, of somebody who signed; and who made it."""
    who = who or person(name="研发者")
    if contest.secrecy_years:
        promised(contest, acting(who))
    return made.entered(contest, who, seed=seed, title=title)


def in_final(cashier, *totals: int, **more: object) -> tuple[Contest, Actor, Actor, list[User], list[Entry]]:
    """A challenge whose first round is over: itself, its host, its judge, and everybody's person and plan in order."""
    contest, host = open_challenge(cashier, **more)
    people = [person(name=f"研发{number}") for number in range(len(totals))]
    plans = [planned(contest, who, seed=number, title=f"方案{number}")[0] for number, who in enumerate(people, 1)]
    judge = made.judge_for(contest)
    contest = made.close(contest)
    for plan, total in zip(plans, totals, strict=True):
        made.give(judge, plan, total, total, total)
    made.publish(contest, host)
    return made.wait_out(contest), host, judge, people, plans
