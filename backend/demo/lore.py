"""The demo's knowledge: three entries, one in its second version, a change that waits for a reviewer, and an open bounty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.accounts.models import User
from backend.common.actors import Actor
from backend.demo import people
from backend.payments.models import PaymentIntent
from marketplace.knowledge.models import Article, Change, Gap
from marketplace.knowledge.operations import bounties, changes, gaps, verdicts
from marketplace.knowledge.operations.changes import Terms


@dataclass(frozen=True)
class Entry:
    """One entry of the demo: who wrote it, what it says, and what somebody else added later (empty for nobody)."""

    author: str
    title: str
    summary: str
    category: str
    county: str
    licence: str
    text: str
    added_by: str = ""
    added: str = ""


ENTRIES = (
    Entry("13800000013", "楠竹的选材与防霉", "选三年生的竹，先晾后浸再阴干", "engineering", "421223", "by-sa",
          "## 怎样选竹\n\n三年生的楠竹最韧，竹青发白、节间匀称的为好；秋冬砍伐的竹子含糖少，不易生虫。\n\n"
          "## 怎样防霉\n\n竹材剖开后先晾干，再以石灰水浸泡两小时，阴干三天。梅雨季每两周通风一次，发现霉点即取出擦净再晾。\n\n"
          "（演示数据，做法请以当地师傅为准）",
          "13900000003", "\n\n## 怎样存放\n\n竹节朝外、离地十厘米码放，上面盖透气的草帘，不要用塑料布。"),
    Entry("13800000012", "青砖茶怎样冲泡与存放", "先醒后煮，避光避味", "livelihood", "421281", "by",
          "## 冲泡\n\n取茶八克，沸水醒一次，倒掉；再以五百毫升沸水煮三分钟，茶汤红亮即可，能续煮三四次。\n\n"
          "## 存放\n\n放在通风、避光、没有异味的地方，牛皮纸包好即可，不必冷藏；受潮的砖茶先晾后饮，有霉味的不要再喝。\n\n"
          "（演示数据，纯属虚构）"),
    Entry("13800000011", "桂花怎样采收和窨制", "晴天上午采，当天拌糖或拌茶", "engineering", "421202", "by-sa",
          "## 采收\n\n花开六七成、露水干后的上午采，铺布轻摇枝条接花，拣去枝叶。雨天和雨后两天不采。\n\n"
          "## 窨制\n\n鲜花当天使用：一层茶一层花，四六之比，六小时翻一次堆，散热后再窨，连窨三次。花渣及时筛出，以免发酸。\n\n"
          "（演示数据，纯属虚构）"),
)  # fmt: skip
ASKER, ASKED = "13800000014", "金刺参与本地药香怎样搭配入香囊"
WANTED = "请写明三种以上配方的用料和克数、炮制方法、适用季节与禁忌，并注明依据的药典或典籍条目，写成可以照做的步骤。"


class Lore:
    """The making of the demo's knowledge."""

    def __init__(
        self,
        users: Mapping[str, User],
        moderator: Actor,
        now: datetime,
        settle: Callable[[PaymentIntent, datetime], None],
    ) -> None:
        self.users, self.moderator, self.now, self.settle = users, moderator, now, settle

    def make(self) -> int:
        """Write every entry and post the bounty, where they are not there yet; return how many were."""
        made = 0
        for days, entry in enumerate(ENTRIES, 6):
            if not Article.objects.filter(title=entry.title).exists():
                self._write(entry, self.now - timedelta(days=days))
                made += 1
        if not Gap.objects.filter(title=ASKED).exists():
            self._ask(self.now - timedelta(days=1))
            made += 1
        return made

    def _by(self, phone: str, at: datetime) -> Actor:
        return people.acting(self.users[phone], at)

    def _write(self, entry: Entry, at: datetime) -> None:
        by = self._by(entry.author, at)
        change = changes.start(by=by, at=at)
        self._hand_in(change, entry, entry.text, "新建条目", by, at)
        self._publish(change, at + timedelta(hours=3))
        if entry.added_by:
            later, other = at + timedelta(days=2), self._by(entry.added_by, at)
            change = changes.propose(article_id=change.article_id, by=other, at=later)
            self._hand_in(change, entry, entry.text + entry.added, "补充怎样存放", other, later)
            self._publish(change, later + timedelta(hours=5))
            third = self._by(ENTRIES[1].author, at)
            change = changes.propose(article_id=change.article_id, by=third, at=self.now)
            text = (entry.text + entry.added).replace("两小时", "两到三小时")
            self._hand_in(change, entry, text, "石灰水浸泡时间写成范围", third, self.now)

    def _hand_in(self, change: Change, entry: Entry, text: str, note: str, by: Actor, at: datetime) -> None:
        terms = Terms(entry.title, entry.summary, text, note, entry.licence, entry.category, entry.county)
        changes.write(change_id=change.pk, terms=terms, version=change.version, by=by, at=at)
        changes.submit(change_id=change.pk, by=by, at=at)

    def _publish(self, change: Change, at: datetime) -> None:
        verdicts.take(change_id=change.pk, by=self.moderator, at=at)
        verdicts.publish(change_id=change.pk, comment="来源可查", by=self.moderator, at=at)

    def _ask(self, at: datetime) -> None:
        by = self._by(ASKER, at)
        terms = gaps.Terms(ASKED, WANTED, "livelihood", "421222", 50_000, 30)
        gap = gaps.ask(terms=terms, by=by, at=at)
        gaps.REVIEWING.approve(subject_id=gap.pk, checklist=gaps.CHECKLIST, by=self.moderator, at=at)
        intent = bounties.order(gap_id=gap.pk, by=by, at=at)
        self.settle(intent, at)
        bounties.fund(gap_id=gap.pk, intent_id=intent.pk, at=at)
