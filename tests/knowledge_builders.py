"""Entries of knowledge and changes to them as tests need them, made through operations."""

from __future__ import annotations

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from backend.payments.operations import intents
from marketplace.knowledge.models import Article, Change, Gap
from marketplace.knowledge.operations import bounties, changes, gaps, verdicts
from marketplace.knowledge.operations.changes import Terms
from tests.builders import acting, deliver_events, firm, moderator, person

TEXT = (
    "## 怎样选竹\n\n三年生的楠竹最韧，竹青发白、节间匀称的为好。清明前后砍的竹子含糖少，不易生虫。\n\n"
    "## 怎样防霉\n\n竹材剖开后先晾到含水率百分之十五以下，再以石灰水浸泡两小时，阴干三天。\n"
    "室内相对湿度高于百分之七十时，每两周通风一次，并检查有无霉点与虫孔；发现霉点即取出擦净再晾。\n"
)


def terms(**more: object) -> Terms:
    """A complete text under CC BY-SA."""
    words: dict[str, object] = {
        "title": "楠竹的选材与防霉",
        "summary": "选三年生的竹，先晾后浸再阴干",
        "text": TEXT,
        "note": "补充来源和做法",
        "licence": "by-sa",
        "category": "engineering",
        "county": "421223",
    } | more
    return Terms(**words)


def written(by: Actor, **more: object) -> Change:
    """A draft of a new entry."""
    made = changes.start(by=by, at=clock.now())
    return changes.write(change_id=made.pk, terms=terms(**more), version=made.version, by=by, at=clock.now())


def handed_in(by: Actor, **more: object) -> Change:
    """A new entry that waits for a reviewer."""
    return changes.submit(change_id=written(by, **more).pk, by=by, at=clock.now())


def reviewed(change: Change, by: Actor | None = None) -> Change:
    """A change that somebody independent published."""
    by = by or moderator()
    verdicts.take(change_id=change.pk, by=by, at=clock.now())
    return verdicts.publish(change_id=change.pk, by=by, at=clock.now())


def entry(who: User | None = None, **more: object) -> tuple[Article, Actor]:
    """A published entry, and its first author."""
    by = acting(who or person(name="竹匠"))
    change = reviewed(handed_in(by, **more))
    return Article.objects.get(pk=change.article_id), by


def changed(article: Article, by: Actor, **more: object) -> Change:
    """A change to an entry that waits for a reviewer."""
    made = changes.propose(article_id=article.pk, by=by, at=clock.now())
    words = {"title": made.title, "summary": made.summary, "text": made.text + "\n补：竹节朝外放置。"} | more
    changes.write(change_id=made.pk, terms=terms(**words), version=made.version, by=by, at=clock.now())
    return changes.submit(change_id=made.pk, by=by, at=clock.now())


def experienced(name: str = "老评审") -> User:
    """Somebody who may review: verified, with three published changes."""
    who = person(name=name)
    for number in range(3):
        entry(who, title=f"{name}的条目{number}", text=TEXT + f"\n{name}{number}")
    return who


WANTED = "请补充楠竹熏蒸防虫的做法：药剂名称和用量、温度、时长、通风要求，以及依据的标准编号，写成可以照做的步骤。"


def gap_terms(**more: object) -> gaps.Terms:
    """A bounty of 300 yuan for something that the city does not know yet."""
    words: dict[str, object] = {
        "title": "楠竹熏蒸防虫怎样做",
        "wanted": WANTED,
        "category": "engineering",
        "county": "421223",
        "fen": 30_000,
        "open_days": 20,
    } | more
    return gaps.Terms(**words)


def asked(by: Actor | None = None, **more: object) -> tuple[Gap, Actor]:
    """A gap whose bounty waits to be put into escrow, and its poster."""
    by = by or firm(name="竹业协会")[1]
    made = gaps.ask(terms=gap_terms(**more), by=by, at=clock.now())
    gaps.REVIEWING.approve(subject_id=made.pk, checklist=gaps.CHECKLIST, by=moderator(), at=clock.now())
    return Gap.objects.get(pk=made.pk), by


def open_gap(cashier, by: Actor | None = None, **more: object) -> tuple[Gap, Actor]:
    """A gap whose bounty is in escrow, and its poster."""
    made, by = asked(by, **more)
    intent = bounties.order(gap_id=made.pk, by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()
    return Gap.objects.get(pk=made.pk), by


def answered(gap: Gap, by: Actor, **more: object) -> Change:
    """What somebody hands in for a gap."""
    made = changes.answer(gap_id=gap.pk, by=by, at=clock.now())
    words = {"title": made.title, "text": made.text + TEXT + "\n熏蒸：略。"} | more
    changes.write(change_id=made.pk, terms=terms(**words), version=made.version, by=by, at=clock.now())
    return changes.submit(change_id=made.pk, by=by, at=clock.now())


def judged(change: Change, by: Actor | None = None, *, fills: bool) -> Change:
    """What somebody independent published, and whether it fills the gap."""
    by = by or moderator()
    verdicts.take(change_id=change.pk, by=by, at=clock.now())
    made = verdicts.publish(change_id=change.pk, fills_gap=fills, by=by, at=clock.now())
    deliver_events()
    return made
