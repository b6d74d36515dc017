"""The demo's ventures: each maker's passport, with the documents that its goods need, verified."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from backend.accounts.models import User
from backend.common.actors import Actor
from backend.demo.stories import Story
from backend.projects import queries
from backend.projects.models import Passport
from backend.projects.operations import documents, passports, profile
from backend.projects.operations.documents import Fact
from backend.projects.operations.passports import Profile

ISSUERS = {
    "origin": ("县农业农村局", "CD"),
    "quality": ("咸宁市公共检验检测中心", "JC"),
    "ip_statement": ("本人", "SM"),
}
WORDS = {"tea": "茶", "osmanthus": "桂花", "food": "农产", "craft": "手作", "culture": "文创"}


def passport_of(
    maker: User, story: Story, kinds: Collection[str], by: Actor, moderator: Actor, at: datetime
) -> Passport:
    """The maker's passport for a kind of goods, made where it is not there, with verified documents of these kinds."""
    name = f"{maker.party.name}·{WORDS[story.category]}"
    found = queries.held_by(maker.party_id).filter(name=name).first()
    if found is None:
        found = _publish(name, story, by, moderator, at)
    for kind in kinds:
        if kind not in queries.kinds_filed(found.pk):
            _prove(found, kind, by, moderator, at)
    return found


def _publish(name: str, story: Story, by: Actor, moderator: Actor, at: datetime) -> Passport:
    made = passports.start(name=name, by=by, at=at)
    told = Profile(
        name=name,
        summary=story.summary,
        story=f"## 我们是谁\n\n{by.name}，在本地做了多年。\n\n## 在做什么\n\n{story.what}\n\n## 做到哪一步\n\n已经小批做出来，正在找第一批用的人，欢迎来看。",
        stage="pilot",
        category=story.category,
        county=story.county,
        founded_on=None,
    )
    passports.write(passport_id=made.pk, profile=told, version=made.version, by=by, at=at)
    profile.add_need(passport_id=made.pk, kind="market", text="市内外愿意试销的门店", by=by, at=at)
    passports.submit(made.pk, "", by, at)
    passports.approve(made.pk, "材料齐全，介绍属实", moderator, at)
    made.refresh_from_db()
    return made


def _prove(passport: Passport, kind: str, by: Actor, moderator: Actor, at: datetime) -> None:
    issuer, letters = ISSUERS[kind]
    fact = Fact(kind, f"{letters}{str(passport.pk)[-6:]}", issuer, None, None)
    filed = documents.file_document(
        passport_id=passport.pk, fact=fact, name="document.pdf", body=b"%PDF-1.4 demo", by=by, at=at
    )
    documents.verify(filed.pk, "与原件及公示信息一致", moderator, at)
