"""Every read of campaigns that spans rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from backend.accounts.models import Party
from backend.common.errors import NotFound
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.moderation import screening
from crowdfunding.campaigns.models import (
    Batch,
    Campaign,
    Cancellation,
    Claim,
    Deposit,
    OutsideSettlement,
    Pledge,
    Question,
    Reminder,
    Stretch,
    Tier,
    Update,
)
from crowdfunding.campaigns.states import Held, Outside, PledgeState, State

COMPARED = 300
"""With how many earlier stories a new one is compared."""


def owner_of(campaign_id: UUID) -> UUID | None:
    """Whose campaign it is."""
    return Campaign.objects.filter(pk=campaign_id).values_list("owner_id", flat=True).first()


def due(*, at: datetime) -> list[UUID]:
    """Campaigns whose clock has something to do, oldest first."""
    found = Campaign.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:1_000])


def ending_soon(*, at: datetime, within: timedelta) -> list[UUID]:
    """Live campaigns about to end of which somebody still wants to be reminded."""
    waiting = Reminder.objects.filter(told_at=None, campaign__state=State.LIVE, campaign__closes_at__gt=at)
    found = waiting.filter(campaign__closes_at__lte=at + within).order_by("campaign_id")
    return list(found.values_list("campaign_id", flat=True).distinct()[:200])


def is_reminded(campaign_id: UUID, party_id: UUID) -> bool:
    """Whether a party wants to be reminded of a campaign."""
    return Reminder.objects.filter(campaign_id=campaign_id, party_id=party_id, told_at=None).exists()


def public() -> QuerySet[Campaign]:
    """What anyone may see, with its maker and rewards."""
    tiers = Prefetch("tiers", Tier.objects.select_related("batch").order_by("position", "pk"))
    return Campaign.objects.filter(state__in=State.PUBLIC).select_related("owner", "deposit").prefetch_related(tiers)


def owned_by(party_id: UUID) -> QuerySet[Campaign]:
    """A maker's own campaigns, drafts included."""
    return Campaign.objects.filter(owner_id=party_id).select_related("deposit")


def visible(campaign_id: UUID, party_id: UUID | None) -> Campaign:
    """A campaign that is public, or the reader's own.

    Raises:
        NotFound: neither.
    """
    readable = Q(state__in=State.PUBLIC) | (Q(owner_id=party_id) if party_id is not None else Q(pk=None))
    found = Campaign.objects.filter(readable, pk=campaign_id).first()
    if found is None:
        raise NotFound
    return found


def of_maker(campaign_id: UUID, party_id: UUID | None) -> Campaign:
    """The maker's own campaign.

    Raises:
        NotFound: somebody else's.
    """
    found = Campaign.objects.filter(pk=campaign_id, owner_id=party_id).first() if party_id is not None else None
    if found is None:
        raise NotFound
    return found


def pledges_of(party_id: UUID) -> QuerySet[Pledge]:
    """A backer's own pledges."""
    return Pledge.objects.filter(backer_id=party_id).select_related("campaign", "tier")


def backers_of(campaign_id: UUID) -> QuerySet[Pledge]:
    """A campaign's pledges, for its maker."""
    return Pledge.objects.filter(campaign_id=campaign_id).select_related("backer", "tier")


def pledges_to(party_id: UUID | None) -> QuerySet[Pledge]:
    """The pledges of a maker's own campaigns."""
    if party_id is None:
        return Pledge.objects.none()
    return Pledge.objects.filter(campaign__owner_id=party_id).select_related("campaign")


def cancellation_waits(campaign_id: UUID) -> bool:
    """Whether somebody asked to cancel a successful campaign, and nobody has confirmed."""
    return Cancellation.objects.filter(campaign_id=campaign_id, second_by=None).exists()


@dataclass(frozen=True)
class Step:
    """One stretch goal as the page shows it; `percent` of the way from nothing to its sum."""

    stretch: Stretch
    is_reached: bool
    percent: int


def stretch_steps(campaign: Campaign) -> list[Step]:
    """A campaign's stretch goals from the lowest, and how far each is. Only pledges on the platform count."""
    rows = Stretch.objects.filter(campaign=campaign).order_by("at_fen")[:20]
    return [
        Step(row, campaign.raised_fen >= row.at_fen, min(100, int(campaign.raised_fen * 100 // row.at_fen)))
        for row in rows
    ]


def batches_of(campaign_id: UUID) -> list[Batch]:
    """What a campaign's rewards draw from, oldest first."""
    return list(Batch.objects.filter(campaign_id=campaign_id).order_by("created_at", "pk")[:20])


def updates_of(campaign_id: UUID) -> QuerySet[Update]:
    """A campaign's updates."""
    return Update.objects.filter(campaign_id=campaign_id)


def questions_of(campaign_id: UUID) -> QuerySet[Question]:
    """A campaign's questions, with who asked."""
    return Question.objects.filter(campaign_id=campaign_id).select_related("asker")


def open_business(party: Party) -> tuple[str, str] | None:
    """What of a party's pledges, campaigns and money keeps its account from being closed."""
    running = set(State.PUBLIC) - {State.FAILED, State.CANCELLED, State.CANCELLED_AFTER, State.CLOSED}
    open_pledges = Pledge.objects.filter(backer=party, state__in=(PledgeState.RESERVED, *PledgeState.OWED))
    if open_pledges.exclude(campaign__state__in=(State.CLOSED,)).exists():
        return "您有进行中的支持", "you have open pledges"
    if Campaign.objects.filter(owner=party, state__in=(*running, State.REVIEW, State.APPROVED)).exists():
        return "您有进行中的项目", "you have running campaigns"
    if books.balance(ledger.payable_to(party.pk)):
        return "您有尚未付出的款项", "money is still owed to you"
    return None


@dataclass(frozen=True)
class Sums:
    """What everybody's campaigns come to."""

    live: int
    raised_fen: Fen
    pledges: int
    succeeded: int


def sums() -> Sums:
    """Figures of the city's own campaigns, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'live'), coalesce(sum(raised_fen), 0), "
            "coalesce(sum(pledges_n), 0), count(*) FILTER (WHERE state = ANY(%s)) "
            "FROM campaigns_campaign WHERE ruleset = 'city' AND state = ANY(%s)",
            [list(State.SUCCEEDED), list(State.PUBLIC)],
        )
        live, raised, pledges, succeeded = cursor.fetchone()
    return Sums(live, int(raised), int(pledges), succeeded)


def daily_raised(campaign_id: UUID) -> list[tuple[datetime, Fen]]:
    """What was paid on each day (Shanghai), at most 400 days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('day', paid_at AT TIME ZONE 'Asia/Shanghai') AS day, sum(total_fen) "
            "FROM campaigns_pledge WHERE campaign_id = %s AND paid_at IS NOT NULL AND NOT is_late AND state = ANY(%s) "
            "GROUP BY 1 ORDER BY 1 LIMIT 400",
            [campaign_id, list(PledgeState.COUNTED)],
        )
        return [(day, int(total)) for day, total in cursor.fetchall()]


@dataclass(frozen=True)
class Late:
    """What late pledges of a campaign come to."""

    fen: Fen
    pledges: int


def late_pledges(campaign: Campaign) -> Late | None:
    """What came after success; None where that was never open."""
    if campaign.late_until is None:
        return None
    found = Pledge.objects.filter(campaign=campaign, is_late=True, state__in=PledgeState.COUNTED)
    row = found.aggregate(fen=Sum("total_fen"), n=Count("pk"))
    return Late(int(row["fen"] or 0), row["n"])


def refundable_lines(campaign_id: UUID) -> list[tuple[UUID, Fen]]:
    """Orders of a campaign that could be refunded and what is left of each: a bulk refund's preview."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id, i.amount_fen - i.refunded_fen FROM payments_paymentintent i "
            "JOIN campaigns_pledge p ON p.id = i.subject_id "
            "WHERE i.purpose_id = %s AND i.state = 'succeeded' AND i.amount_fen > i.refunded_fen "
            "AND p.state IN ('paid', 'to_confirm', 'refund_asked') AND NOT EXISTS (SELECT 1 FROM payments_dispute d "
            "WHERE d.intent_id = i.id AND d.state IN ('opened', 'evidence')) ORDER BY i.id LIMIT 20000",
            [campaign_id],
        )
        return [(row[0], int(row[1])) for row in cursor.fetchall()]


def deposits_ended(*, limit: int = 200) -> list[UUID]:
    """Deposits, due or held, whose campaign has ended."""
    waiting = Deposit.objects.filter(state__in=(Held.DUE, Held.HELD), campaign__state__in=State.ENDED)
    return list(waiting.order_by("created_at", "pk").values_list("pk", flat=True)[:limit])


def claims_due(*, limit: int) -> list[UUID]:
    """Claims whose money has come from the maker and goes back."""
    return list(Claim.objects.filter(due_fen__gt=0).order_by("pk").values_list("pk", flat=True)[:limit])


def pledge_of_either(pledge_id: UUID, party_id: UUID | None) -> Pledge:
    """A pledge, for its backer and the maker it was made to.

    Raises:
        NotFound: neither's hat.
    """
    found = Pledge.objects.select_related("campaign").filter(pk=pledge_id).first()
    if found is None or party_id is None or party_id not in (found.backer_id, found.campaign.owner_id):
        raise NotFound
    return found


def outside_of(pledge_ids: Sequence[UUID]) -> dict[UUID, OutsideSettlement]:
    """What is said to be settled outside of each pledge and waits for its answer."""
    found = OutsideSettlement.objects.filter(pledge_id__in=pledge_ids, state=Outside.SAID)
    return {said.pledge_id: said for said in found}


def outside_said_about(campaign_id: UUID) -> QuerySet[OutsideSettlement]:
    """What backers of a campaign, or its maker, say was settled outside and waits for its answer, oldest first."""
    found = OutsideSettlement.objects.filter(pledge__campaign_id=campaign_id, state=Outside.SAID)
    return found.select_related("pledge__backer").order_by("said_at", "pk")[:50]


def outside_due(*, at: datetime, limit: int = 200) -> list[UUID]:
    """What was said to be settled outside and not answered in time."""
    due = OutsideSettlement.objects.filter(due_at__lte=at).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


STANDING: dict[str, str] = {
    "campaign shows another sum than its pledges (campaign, state, shown fen, pledges fen, shown, counted)": """
        SELECT c.id, c.state, c.raised_fen, coalesce(p.total, 0), c.pledges_n, coalesce(p.n, 0)
        FROM campaigns_campaign c
        LEFT JOIN (
            SELECT campaign_id, sum(total_fen) total, count(*) n FROM campaigns_pledge
            WHERE paid_at IS NOT NULL AND state <> 'cancelled' AND NOT is_late GROUP BY 1
        ) p ON p.campaign_id = c.id
        WHERE c.raised_fen <> coalesce(p.total, 0) OR c.pledges_n <> coalesce(p.n, 0) ORDER BY 1""",
    "escrow differs from its payments (campaign, escrow fen, expected fen)": """
        SELECT c.id, coalesce(e.net, 0), coalesce(x.total, 0) FROM campaigns_campaign c
        LEFT JOIN (
            SELECT a.code, a.credits_fen - a.debits_fen + coalesce(s.net, 0) AS net FROM ledger_account a
            LEFT JOIN (SELECT account_id, sum(credits_fen - debits_fen) net FROM ledger_slot GROUP BY 1) s
                ON s.account_id = a.id WHERE a.kind = 'escrow'
        ) e ON e.code = 'escrow:campaign:' || c.id
        LEFT JOIN (
            SELECT campaign, sum(fen) total FROM (
                SELECT i.purpose_id campaign, i.amount_fen fen FROM payments_paymentintent i
                WHERE i.trade_no IS NOT NULL AND i.subject_kind = 'pledge' AND (i.state = 'succeeded'
                    OR (i.state = 'returned' AND EXISTS (
                        SELECT 1 FROM payments_refund r WHERE r.intent_id = i.id AND r.account_code LIKE 'escrow:%')))
                UNION ALL
                SELECT i.purpose_id, -r.amount_fen FROM payments_refund r
                JOIN payments_paymentintent i ON i.id = r.intent_id
                WHERE r.state = 'succeeded' AND r.account_code LIKE 'escrow:%'
                UNION ALL
                SELECT t.cause_id, -t.amount_fen FROM ledger_transfer t WHERE t.cause_kind = 'campaign'
                UNION ALL
                SELECT i.purpose_id, -t.amount_fen FROM ledger_transfer t
                JOIN payments_dispute d ON d.id = t.cause_id JOIN payments_paymentintent i ON i.id = d.intent_id
                JOIN ledger_account a ON a.id = t.debit_id
                WHERE t.cause_kind = 'dispute' AND t.phase IN ('captured', 'posted') AND a.kind = 'escrow'
                UNION ALL
                SELECT d.campaign_id, t.amount_fen FROM ledger_transfer t
                JOIN payments_debt d ON d.id = t.cause_id JOIN ledger_account a ON a.id = t.credit_id
                WHERE t.cause_kind = 'debt' AND a.kind = 'escrow'
                UNION ALL
                SELECT campaign_id, used_fen FROM campaigns_deposit
            ) parts GROUP BY 1
        ) x ON x.campaign = c.id
        WHERE coalesce(e.net, 0) <> coalesce(x.total, 0) ORDER BY 1""",
    "claims of backers differ from what their maker owes (campaign, claims fen, debt fen, given fen, came in)": """
        SELECT coalesce(c.campaign_id, d.campaign_id), c.total, d.amount_fen, c.given, d.paid_fen FROM (
            SELECT campaign_id, sum(amount_fen) total, sum(due_fen + repaid_fen) given FROM campaigns_claim GROUP BY 1
        ) c FULL JOIN (SELECT * FROM payments_debt WHERE campaign_id IS NOT NULL) d ON d.campaign_id = c.campaign_id
        WHERE c.total IS DISTINCT FROM d.amount_fen OR c.given > d.paid_fen ORDER BY 1""",
    "deposit differs from its escrow (campaign, state, escrow fen, expected fen)": """
        SELECT d.campaign_id, d.state, e.net, x.total FROM campaigns_deposit d
        JOIN LATERAL (
            SELECT coalesce(sum(a.credits_fen - a.debits_fen + coalesce(s.net, 0)), 0) AS net FROM ledger_account a
            LEFT JOIN (SELECT account_id, sum(credits_fen - debits_fen) net FROM ledger_slot GROUP BY 1) s
                ON s.account_id = a.id WHERE a.code = 'escrow:deposit:' || d.id
        ) e ON true
        JOIN LATERAL (
            SELECT coalesce(sum(fen), 0) AS total FROM (
                SELECT i.amount_fen AS fen FROM payments_paymentintent i WHERE i.subject_id = d.id
                    AND i.trade_no IS NOT NULL AND (i.state = 'succeeded' OR (i.state = 'returned' AND EXISTS (
                        SELECT 1 FROM payments_refund r WHERE r.intent_id = i.id AND r.account_code LIKE 'escrow:%')))
                UNION ALL
                SELECT -r.amount_fen FROM payments_refund r JOIN payments_paymentintent i ON i.id = r.intent_id
                WHERE i.subject_id = d.id AND r.state = 'succeeded' AND r.account_code LIKE 'escrow:%'
                UNION ALL
                SELECT -t.amount_fen FROM ledger_transfer t WHERE t.cause_kind = 'deposit' AND t.cause_id = d.id
                UNION ALL
                SELECT -t.amount_fen FROM ledger_transfer t JOIN payments_dispute x ON x.id = t.cause_id
                JOIN payments_paymentintent i ON i.id = x.intent_id JOIN ledger_account a ON a.id = t.debit_id
                WHERE i.subject_id = d.id AND t.cause_kind = 'dispute' AND t.phase IN ('captured', 'posted')
                  AND a.kind = 'escrow'
            ) parts
        ) x ON true
        WHERE e.net <> x.total OR (d.state IN ('due', 'void') AND d.used_fen <> 0) ORDER BY 1""",
    "paid pledge differs from its order (pledge, state, pledge fen, order fen, order state)": """
        SELECT p.id, p.state, p.total_fen, i.amount_fen, i.state FROM campaigns_pledge p
        LEFT JOIN payments_paymentintent i ON i.subject_id = p.id AND i.subject_kind = 'pledge'
        WHERE i.id IS NULL OR i.amount_fen <> p.total_fen
           OR (p.state IN ('paid', 'to_confirm', 'refund_asked', 'refund_agreed', 'received', 'in_dispute')
               AND i.state NOT IN ('succeeded', 'returned'))
           OR (p.state = 'expired' AND i.state = 'succeeded') ORDER BY 1""",
    "reward gives out another number than it has (tier, stock, left, taken)": """
        SELECT t.id, t.stock, t.left, coalesce(p.n, 0) FROM campaigns_tier t
        LEFT JOIN (
            SELECT tier_id, sum(quantity) n FROM campaigns_pledge WHERE state NOT IN ('expired', 'cancelled') GROUP BY 1
        ) p ON p.tier_id = t.id
        WHERE t.stock IS NOT NULL AND t.stock - t.left <> coalesce(p.n, 0) ORDER BY 1""",
    "batch gives out another number than it has (batch, total, left, taken)": """
        SELECT b.id, b.total, b.left, coalesce(p.n, 0) FROM campaigns_batch b
        LEFT JOIN (
            SELECT t.batch_id, sum(m.quantity * t.batch_units) n FROM campaigns_pledge m
            JOIN campaigns_tier t ON t.id = m.tier_id WHERE m.state NOT IN ('expired', 'cancelled') GROUP BY 1
        ) p ON p.batch_id = b.id
        WHERE b.total - b.left <> coalesce(p.n, 0) ORDER BY 1""",
    "state differs from its history (machine, id, state, history)": """
        SELECT machine, id, state, target FROM (
            SELECT 'campaign' AS machine, c.id, c.state, h.target FROM campaigns_campaign c LEFT JOIN LATERAL
                (SELECT target FROM common_statechange s WHERE s.subject_id = c.id ORDER BY s.id DESC LIMIT 1) h ON true
            UNION ALL
            SELECT 'refund', r.id, r.state, h.target FROM payments_refund r LEFT JOIN LATERAL
                (SELECT target FROM common_statechange s WHERE s.subject_id = r.id ORDER BY s.id DESC LIMIT 1) h ON true
            UNION ALL
            SELECT 'payout', o.id, o.state, h.target FROM payments_payout o LEFT JOIN LATERAL
                (SELECT target FROM common_statechange s WHERE s.subject_id = o.id ORDER BY s.id DESC LIMIT 1) h ON true
        ) lives
        WHERE state <> coalesce(target, CASE machine WHEN 'campaign' THEN 'draft' WHEN 'refund' THEN 'requested' ELSE 'pending' END)
        ORDER BY 1, 2""",
    "pledge differs from its history (pledge, state, history)": """
        SELECT p.id, p.state, h.target FROM campaigns_pledge p
        LEFT JOIN (SELECT DISTINCT ON (subject_id) subject_id, target FROM common_statechange
                   WHERE machine = 'pledge' ORDER BY subject_id, id DESC) h ON h.subject_id = p.id
        WHERE p.state <> coalesce(h.target, 'reserved') ORDER BY 1""",
}


def findings(campaign: Campaign) -> list[screening.Finding]:
    """What a moderator should look at twice in a campaign's own words."""
    texts = [("title", campaign.title), ("summary", campaign.summary), ("story", campaign.story)]
    texts += [("risks", campaign.risks)]
    for tier in campaign.tiers.order_by("position", "pk"):
        texts.append(("tier", f"{tier.title} {tier.description}"))
    found = [
        one for field, text in texts for one in (*screening.contacts(field, text), *screening.promises(field, text))
    ]
    return found[:50]


def alike(campaign: Campaign) -> list[tuple[Campaign, int]]:
    """Campaigns of the last time whose story is nearly this one's, of other makers or the same, with the percentage."""
    others = Campaign.objects.exclude(pk=campaign.pk).exclude(state=State.DRAFT).filter(ruleset="city")
    known = {
        str(one.pk): one for one in others.order_by("-created_at", "-pk").only("title", "story", "state")[:COMPARED]
    }
    pairs = screening.alike(campaign.story, ((key, one.story) for key, one in known.items()))
    return [(known[key], percent) for key, percent in pairs][:10]
