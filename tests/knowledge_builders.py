"""Entries of knowledge and changes to them as tests need them, made through operations."""

from __future__ import annotations

from backend.accounts.models import User
from backend.common import clock
from backend.common.actors import Actor
from marketplace.knowledge.models import Article, Change
from marketplace.knowledge.operations import changes, verdicts
from marketplace.knowledge.operations.changes import Terms
from tests.builders import acting, moderator, person

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
