"""Every read of knowledge that spans rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.models import Party
from backend.common import clock
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from marketplace.knowledge.models import Article, Change, Gap, Version
from marketplace.knowledge.operations import gaps, verdicts
from marketplace.knowledge.operations.shared import may_see
from marketplace.knowledge.states import Changing, Missing

A_HANDFUL = 200
MOST_CREDITED = 50


def due(*, at: datetime) -> list[UUID]:
    """Changes whose clock has something to do."""
    return list(Change.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def visible(article_id: UUID, actor: Actor) -> Article:
    """An entry that one may read.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Article.objects.select_related("founder").filter(pk=article_id).first()
    if found is None or not may_see(found, actor):
        raise NotFound
    return found


def version_of(article: Article, no: int) -> Version:
    """One version of an entry.

    Raises:
        NotFound: none with this number.
    """
    found = Version.objects.select_related("author", "reviewer").filter(article=article, no=no).first()
    if found is None:
        raise NotFound
    return found


def versions_of(article: Article) -> QuerySet[Version]:
    """All versions of an entry."""
    return Version.objects.filter(article=article).select_related("author", "reviewer")


def credited(article: Article) -> list[str]:
    """Whose words are in an entry, as its licence asks it to be said, the first author first; at most fifty masked names."""
    rows = versions_of(article).order_by("no")[:A_HANDFUL]
    names = dict.fromkeys(version.author_id for version in rows)
    parties = Party.objects.in_bulk(list(names)[:MOST_CREDITED])
    return [parties[key].masked_name for key in list(names)[:MOST_CREDITED]]


def authors_of(article_id: UUID) -> list[UUID]:
    """The parties whose words are in an entry; at most fifty."""
    rows = Version.objects.filter(article=article_id).order_by("-no").values_list("author_id", flat=True)[:A_HANDFUL]
    return list(dict.fromkeys(rows))[:MOST_CREDITED]


def readable(change_id: UUID, actor: Actor) -> Change:
    """A change that one may read: its author's, its reviewer's, staff's; while it waits, that of all who may review.

    Raises:
        NotFound: none, or not for this reader.
    """
    rows = Change.objects.select_related("article__founder", "author", "reviewer", "gap")
    found = rows.filter(pk=change_id).first()
    if found is None or actor.person_id is None:
        raise NotFound
    if actor.party_id == found.author_id or actor.person_id in (found.person_id, found.reviewer_id):
        return found
    if found.state in Changing.EDITABLE:
        raise NotFound
    if actor.roles & {Role.MODERATOR, Role.AUDITOR}:
        return found
    if found.state in Changing.WAITING and may_review(actor, at=clock.now()):
        return found
    raise NotFound


def own(change_id: UUID, actor: Actor) -> Change:
    """A change of one's own.

    Raises:
        NotFound: none of this hat.
    """
    found = Change.objects.select_related("article__founder", "author", "reviewer").filter(pk=change_id).first()
    if found is None or actor.party_id is None or found.author_id != actor.party_id:
        raise NotFound
    return found


def open_change(article: Article, actor: Actor) -> Change | None:
    """What the person at hand is changing in an entry."""
    if actor.person_id is None:
        return None
    return Change.objects.filter(article=article, person_id=actor.person_id, state__in=Changing.OPEN).first()


def base_of(change: Change) -> Version | None:
    """The version that a change was made on; None for a new entry."""
    return Version.objects.filter(article=change.article_id, no=change.base_no).first()


def may_review(actor: Actor, *, at: datetime) -> bool:
    """Whether somebody has the standing to review anything."""
    try:
        verdicts.require_standing(actor, at=at)
    except Refusal:
        return False
    return True


def waiting(actor: Actor) -> QuerySet[Change]:
    """What waits for a reviewer, but for what the person at hand wrote themselves."""
    rows = Change.objects.filter(state=Changing.REVIEW).select_related("article", "author")
    return rows.exclude(Q(person_id=actor.person_id) | Q(author=actor.party_id))


def in_hand(actor: Actor) -> Change | None:
    """What the person at hand is reviewing."""
    rows = Change.objects.filter(reviewer=actor.person_id, state=Changing.REVIEWING).select_related("article")
    return rows.first() if actor.person_id is not None else None


def changes_of(party_id: UUID) -> QuerySet[Change]:
    """An author's changes."""
    return Change.objects.filter(author=party_id).select_related("article")


# --- gaps ------------------------------------------------------------------------------------------------------


gap, own_gap, gaps_of, gaps_due = (
    gaps.GAPS.visible,
    gaps.GAPS.own,
    gaps.GAPS.posted_by,
    gaps.GAPS.due,
)


def open_gaps(article: Article) -> list[Gap]:
    """What somebody pays for in an entry; at most ten."""
    return list(Gap.objects.filter(article=article, state=Missing.OPEN).order_by("-fen", "pk")[:10])


def open_change_for(found: Gap, actor: Actor) -> Change | None:
    """What the person at hand writes for a gap."""
    if actor.person_id is None:
        return None
    rows = found.changes.filter(person_id=actor.person_id, state__in=Changing.OPEN)
    return rows.order_by("-made_at").first()


def is_promised(gap_id: UUID) -> bool:
    """Whether a bounty is published and neither paid nor returned."""
    return Gap.objects.filter(pk=gap_id, state__in=Missing.HOLDING).exists()


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether knowledge keeps a party's account from being closed."""
    if gaps_of(party.pk).filter(state__in=Missing.UNDER_WAY).exists():
        return "您有未结束的知识悬赏", "you have bounties under way"
    if Gap.objects.filter(filled_by__author=party, state__in=(Missing.FILLED, Missing.CONTESTED)).exists():
        return "您有待发放的赏金", "a bounty of yours is not paid yet"
    if Change.objects.filter(author=party, state__in=Changing.WAITING).exists():
        return "您有评审中的知识修改", "you have changes under review"
    return None


STANDING: dict[str, str] = {
    "entry's latest version is not its last (entry, current, last)": """
        SELECT a.id, a.current_no, coalesce(max(v.no), 0) FROM knowledge_article a
        LEFT JOIN knowledge_version v ON v.article_id = a.id
        GROUP BY a.id HAVING a.current_no <> coalesce(max(v.no), 0) OR a.current_no <> count(v.id) ORDER BY 1""",
    "version was reviewed by its author (version)": """
        SELECT v.id FROM knowledge_version v JOIN knowledge_change c ON c.id = v.change_id
        WHERE v.reviewer_id IN (v.author_id, c.person_id) ORDER BY 1""",
    "change and its version say different things (change)": """
        SELECT c.id FROM knowledge_change c FULL JOIN knowledge_version v ON v.change_id = c.id
        WHERE (c.state = 'published') IS DISTINCT FROM (v.id IS NOT NULL)
           OR v.id IS NOT NULL AND (v.text, v.title, v.licence, v.reviewer_id, v.no)
              IS DISTINCT FROM (c.text, c.title, c.licence, c.reviewer_id, c.base_no + 1) ORDER BY 1""",
    "bounty's escrow differs from its state (gap, state, bounty, escrow, held)": """
        SELECT g.id, g.state, g.fen, e.fen, e.held_fen FROM knowledge_gap g JOIN LATERAL (
            SELECT a.held_fen, a.credits_fen - a.debits_fen + coalesce(sum(s.credits_fen - s.debits_fen), 0) fen
            FROM ledger_account a LEFT JOIN ledger_slot s ON s.account_id = a.id
            WHERE a.code = 'escrow:gap:' || g.id GROUP BY a.id
        ) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(i.amount_fen - coalesce(back.fen, 0)), 0) fen FROM payments_paymentintent i
            LEFT JOIN LATERAL (SELECT sum(r.amount_fen) fen FROM payments_refund r
                               WHERE r.intent_id = i.id AND r.state = 'succeeded') back ON true
            WHERE i.subject_kind = 'gap' AND i.subject_id = g.id AND i.state = 'succeeded' AND i.id <> g.paid_by_id
        ) twice ON true
        WHERE g.paid_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM payments_dispute d JOIN payments_paymentintent p ON p.id = d.intent_id
            WHERE p.subject_kind = 'gap' AND p.subject_id = g.id)
          AND e.fen - twice.fen <> CASE WHEN g.state IN ('open', 'deciding', 'filled', 'contested', 'frozen')
              THEN g.fen - (SELECT coalesce(sum(r.amount_fen), 0) FROM payments_refund r
                            WHERE r.intent_id = g.paid_by_id AND r.state = 'succeeded')
              ELSE e.held_fen END ORDER BY 1""",
    "bounty's transfer without its gap (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN knowledge_gap g ON g.id = t.cause_id
        WHERE t.cause_kind = 'gap' AND g.id IS NULL ORDER BY t.seq""",
    "bounty paid is not what its transfers say (gap, net, fee, tax, posted net, fee, tax)": """
        SELECT g.id, g.paid_fen - g.fee_fen - g.tax_fen, g.fee_fen, g.tax_fen, t.net, t.fee, t.tax
        FROM knowledge_gap g LEFT JOIN LATERAL (
            SELECT coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'payable'), 0) net,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'fees'), 0) fee,
                   coalesce(sum(t.amount_fen) FILTER (WHERE c.kind = 'tax'), 0) tax
            FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_id WHERE t.key = 'gap:' || g.id
        ) t ON true
        WHERE g.paid_fen IS NOT NULL
          AND (g.paid_fen - g.fee_fen - g.tax_fen, g.fee_fen, g.tax_fen) IS DISTINCT FROM (t.net, t.fee, t.tax)
        ORDER BY 1""",
    "tax on a bounty is not on record (gap, recorded, withheld)": """
        SELECT g.id, w.tax_fen, g.tax_fen FROM knowledge_gap g LEFT JOIN tax_withheld w ON w.cause_id = g.id
        WHERE g.paid_fen IS NOT NULL
          AND (w.paid_fen, w.fee_fen, w.tax_fen) IS DISTINCT FROM (g.paid_fen, g.fee_fen, g.tax_fen) ORDER BY 1""",
    "bounty was paid for nothing published, or not paid for what was (gap, state)": """
        SELECT g.id, g.state FROM knowledge_gap g LEFT JOIN knowledge_change c ON c.id = g.filled_by_id
        WHERE (g.filled_by_id IS NOT NULL AND (c.state <> 'published' OR c.gap_id IS DISTINCT FROM g.id))
           OR (g.state = 'completed' AND g.paid_fen IS DISTINCT FROM g.fen
               AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.intent_id = g.paid_by_id))
           OR (g.state <> 'completed' AND g.paid_fen IS NOT NULL) ORDER BY 1""",
}
