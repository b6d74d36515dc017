"""Contests, entries and panels as tests need them, made through operations."""

from __future__ import annotations

import io
import random
from datetime import timedelta
from uuid import UUID

from PIL import Image, ImageDraw

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from backend.judging.models import Application, Call
from backend.judging.operations import calls, objections, panel
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.operations import intents
from marketplace.contests.models import SHOWN, Contest, Entry
from marketplace.contests.operations import drafts, entries, money, reviews
from marketplace.contests.operations.drafts import Terms
from tests.builders import acting, beat, deliver_events, firm, moderator, person

BRIEF = "为楠竹三层食盒设计造型与纹样，提交效果图和文字说明；要能手工编成，能放进三十厘米的礼盒，成本在八十元以内。" * 2
THREE = (("切题与实用", 50), ("创意", 30), ("完成度", 20))


def terms(**more: object) -> Terms:
    """A complete contest: one prize of 5,000 yuan, three criteria, blind."""
    words: dict[str, object] = {
        "title": "竹器新生设计赛",
        "summary": "三层食盒的造型与纹样",
        "brief": BRIEF,
        "category": "design",
        "skills": ("产品设计",),
        "county": "421223",
        "mode": "single",
        "prizes": (500_000,),
        "criteria": THREE,
        "tie_rule": "share",
        "is_blind": True,
        "rights": "transfer",
        "gallery": "after",
        "entry_limit": 2,
        "entry_days": 10,
        "judge_days": 7,
        "publicity_days": 5,
    } | more
    return Terms(**words)


def contest_draft(by: Actor, **more: object) -> Contest:
    """A complete draft."""
    made = drafts.start(by=by, at=clock.now())
    return drafts.write(contest_id=made.pk, terms=terms(**more), version=made.version, by=by, at=clock.now())


def approved(by: Actor | None = None, **more: object) -> tuple[Contest, Actor]:
    """A contest whose prize waits to be put into escrow, and its host."""
    by = by or firm(name="楚竹坊")[1]
    made = contest_draft(by, **more)
    drafts.submit(contest_id=made.pk, by=by, at=clock.now())
    reviews.REVIEWING.approve(subject_id=made.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return Contest.objects.get(pk=made.pk), by


def put_in(cashier, contest: Contest, by: Actor) -> Contest:
    """The host pays the prize in."""
    intent = money.order(contest_id=contest.pk, by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    return Contest.objects.get(pk=contest.pk)


def open_contest(cashier, by: Actor | None = None, **more: object) -> tuple[Contest, Actor]:
    """A contest that takes entries, and its host."""
    made, host = approved(by, **more)
    return put_in(cashier, made, host), host


def drawing(seed: int, size: int = 320) -> bytes:
    """A picture that resembles no other seed's."""
    chance = random.Random(seed)
    image = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = chance.randrange(size), chance.randrange(size)
        colour = tuple(chance.randrange(256) for _ in range(3))
        pen.ellipse((left, top, left + chance.randrange(20, size // 2), top + chance.randrange(20, size // 2)), colour)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def resized(body: bytes) -> bytes:
    """The same picture in another size and another compression."""
    out = io.BytesIO()
    Image.open(io.BytesIO(body)).resize((500, 500)).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


WORDS = "一层放茶点二层放米糕三层放香囊盖上刻桂花纹样篾丝加宽以便手工编成四角包铜可以拆洗盒内衬布可换颜色与尺寸皆按附图".strip()


def story(seed: int) -> str:
    """Words that resemble no other seed's."""
    chance = random.Random(seed)
    return "".join(chance.choice(WORDS) for _ in range(160))


def entered(
    contest: Contest,
    who: User | None = None,
    *,
    seed: int = 1,
    title: str = "叠翠",
    text: str | None = None,
    image: bytes | None = None,
) -> tuple[Entry, Actor]:
    """An entry that is handed in, and its maker."""
    by = acting(who or person(name="参赛者"))
    made = entries.begin(contest_id=contest.pk, title=title, text=text or story(seed), by=by, at=clock.now())
    entries.attach(
        entry_id=made.pk,
        use=SHOWN,
        name="效果图.jpg" if image else "效果图.png",
        body=image or drawing(seed),
        by=by,
        at=clock.now(),
    )
    entries.hand_in(entry_id=made.pk, by=by, at=clock.now())
    return Entry.objects.select_related("application").get(pk=made.pk), by


def call_of(contest: Contest) -> Call:
    return Call.objects.filter(subject_kind="contest", subject_id=contest.pk).latest("stage")


def judge_for(contest: Contest, who: User | None = None) -> Actor:
    """Somebody on the panel who declared to be free of conflicts."""
    by = acting(who or person(name="评委"))
    call = call_of(contest)
    panel.come_in(code=call.judge_code, by=by, at=clock.now())
    panel.declare(call_id=call.pk, declaration="", by=by, at=clock.now())
    return by


def close(contest: Contest) -> Contest:
    """Let the window end."""
    contest.refresh_from_db()
    if contest.closes_at is not None:
        clock.move_to(contest.closes_at + timedelta(seconds=1))
    beat()
    return Contest.objects.get(pk=contest.pk)


def give(judge: Actor, entry: Entry, *marks: int) -> None:
    """One judge's marks for one entry, by criterion."""
    panel.score(
        application_id=entry.application_id,
        marks={f"c{number}": mark for number, mark in enumerate(marks, 1)},
        note="",
        by=judge,
        at=clock.now(),
    )


def publish(contest: Contest, host: Actor) -> Contest:
    """The host publishes the result."""
    calls.tally(call_id=call_of(contest).pk, by=host, at=clock.now())
    deliver_events()
    return Contest.objects.get(pk=contest.pk)


def wait_out(contest: Contest) -> Contest:
    """Let the publicity pass, and everything that follows."""
    until = call_of(contest).until
    if until is not None:
        clock.move_to(until + timedelta(seconds=1))
    beat()
    return Contest.objects.get(pk=contest.pk)


def standing(entry: Entry) -> Application:
    return Application.objects.get(pk=entry.application_id)


def objected(entry: Entry, by: Actor | None = None, aim: str = "against"):
    """An objection to an entry in publicity."""
    by = by or acting(person(name="异议人"))
    return objections.raise_objection(
        application_id=entry.application_id,
        aim=aim,
        grounds="纹样与去年公开的作品一致，附对照图",
        by=by,
        at=clock.now(),
    )


def judged(cashier, *totals: int, by: Actor | None = None, **more: object) -> tuple[Contest, Actor, list[Entry]]:
    """A contest in publicity whose entries got the same mark for every criterion, one each."""
    contest, host = open_contest(cashier, by, **more)
    made = [entered(contest, seed=number, title=f"作品{number}")[0] for number in range(1, len(totals) + 1)]
    judge = judge_for(contest)
    close(contest)
    for entry, total in zip(made, totals, strict=True):
        give(judge, entry, total, total, total)
    return publish(contest, host), host, made


def spend(party_id: UUID) -> None:
    """Let somebody have taken out all that the platform owes them: it is another's now."""
    mine, away = ledger.payable_to(party_id), ledger.open_account(ledger.payable_to(person().party_id))
    leg = ledger.Leg(mine, away, books.available(mine))
    contest_id = Contest.objects.values_list("pk", flat=True).get()
    ledger.post(key=f"gone:{party_id}", kind="release", legs=[leg], cause=("contest", contest_id), at=clock.now())
