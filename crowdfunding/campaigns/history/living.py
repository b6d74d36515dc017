"""Living one record through the platform: the same tables, constraints and moves, set by set.

One transaction a campaign, so a stop loses nothing and a repeat doubles nothing. Stated rules for
outcomes that are not a verdict:

- `canceled`: the maker cancelled while it ran; every pledge is refunded whole.
- `suspended`: staff suspended it and nobody resumed it; the clock cancelled it, all refunded.
- `live`, `undefined`: the record ends before the outcome; our rules judge it at its deadline.

A success is paid out whole, without fees, to the historical clearing account; a failure is refunded.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from backend.accounts.models import Party
from backend.common import outbox
from backend.common.actors import CLOCK, Actor, Role
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.common.rules import HISTORICAL
from backend.ledger import operations as ledger
from crowdfunding.campaigns import verdicts
from crowdfunding.campaigns.events import CampaignsImported
from crowdfunding.campaigns.history.records import Record
from crowdfunding.campaigns.models import ALL_OR_NOTHING, Campaign
from crowdfunding.campaigns.operations.verdicts import cleared_fen

MAKER = "历史项目发起人"
_RECORDS = Actor(None, None, frozenset({Role.OWNER, Role.MODERATOR, Role.CLOCK, Role.SYSTEM}), name="records")


def maker() -> Party:
    """The one party that owns all historical campaigns."""
    return Party.objects.get_or_create(kind=Party.ORGANISATION, name=MAKER, defaults={"level": "O2"})[0]


def grow_pool(size: int) -> None:
    """Make sure that so many historical backers are there; they are reused from campaign to campaign."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_party (id, kind, name, level, county, about) "
            "SELECT md5('historical backer ' || n)::uuid, 'person', '历史支持者' || n, 'L1', '', '' "
            "FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING",
            [size],
        )


@transaction.atomic
def live(record: Record, *, owner_id: UUID) -> str:
    """Live one record and return the state it came to; a record that was lived before stays as it is."""
    known = Campaign.objects.filter(source_no=record.number).values_list("state", flat=True).first()
    if known is not None:
        return known
    campaign = _open(record, owner_id)
    if record.pledges:
        _pledge(campaign, record)
    if record.outcome in ("canceled", "suspended"):
        _cancel(campaign, record)
    else:
        _judge(campaign, record)
    outbox.record(
        CampaignsImported(at=record.closes_at, campaign_id=campaign.pk, source_no=record.number, state=campaign.state)
    )
    return campaign.state


def _open(record: Record, owner_id: UUID) -> Campaign:
    before = record.opens_at - timedelta(days=1)
    campaign = Campaign(
        id=new_id(),
        owner_id=owner_id,
        title=record.title,
        category=record.category,
        rule=ALL_OR_NOTHING,
        goal_fen=record.goal_fen,
        days=min(32_767, max(1, (record.closes_at - record.opens_at).days)),
        opens_at=record.opens_at,
        closes_at=record.closes_at,
        created_at=before,
        state_at=before,
        ruleset=HISTORICAL,
        source_no=record.number,
    )
    campaign.save(force_insert=True)
    ledger.open_account(ledger.escrow_of("campaign", campaign.pk))
    for event in ("submit", "approve", "launch"):
        campaign.move(event, by=_RECORDS, at=before)
    campaign.move("open", by=CLOCK, at=record.opens_at)
    return campaign


def _pledge(campaign: Campaign, record: Record) -> None:
    """All pledges at once: reserved, ordered, paid, counted; their sum is the record's to the fen."""
    count, total = record.pledges, record.pledged_fen
    names: dict[str, Any] = {
        "campaign": campaign.pk,
        "count": count,
        "share": total // count,
        "extra": total % count,
        "opens": record.opens_at,
        "step": (record.closes_at - record.opens_at) / (count + 1),
        "anonymous": record.backers == 0,
        "title": campaign.title[:120],
        "clearing": ledger.HISTORICAL_CLEARING.code,
        "debit": ledger.HISTORICAL_CLEARING.id,
        "credit": ledger.escrow_of("campaign", campaign.pk).id,
        "total": total,
    }
    with connection.cursor() as cursor:
        for statement in _PLEDGE_STATEMENTS:
            cursor.execute(statement, names)
    campaign.raised_fen, campaign.pledges_n = total, count


_PLEDGE_STATEMENTS = (
    """
    INSERT INTO campaigns_pledge (id, state, campaign_id, backer_id, quantity, goods_fen, shipping_fen, total_fen,
        is_anonymous, created_at, paid_at, state_at, ask_reason)
    SELECT gen_random_uuid(), 'paid', %(campaign)s,
        CASE WHEN %(anonymous)s THEN NULL ELSE md5('historical backer ' || n)::uuid END, 1,
        %(share)s + (n <= %(extra)s)::int, 0, %(share)s + (n <= %(extra)s)::int, %(anonymous)s,
        %(opens)s + %(step)s * n, %(opens)s + %(step)s * n, %(opens)s + %(step)s * n, ''
    FROM generate_series(1, %(count)s) AS n
    """,
    """
    INSERT INTO payments_paymentintent (id, state, number, purpose_kind, purpose_id, subject_kind, subject_id, payer_id,
        amount_fen, title, clearing, trade_no, created_at, expires_at, paid_at, refunded_fen, tries)
    SELECT gen_random_uuid(), 'succeeded', 'H' || replace(p.id::text, '-', ''), 'campaign', %(campaign)s, 'pledge', p.id,
        p.backer_id, p.total_fen, %(title)s, %(clearing)s, 'H' || replace(p.id::text, '-', ''), p.created_at,
        p.created_at, p.paid_at, 0, 0
    FROM campaigns_pledge p WHERE p.campaign_id = %(campaign)s
    """,
    """
    INSERT INTO common_statechange (machine, subject_id, event, source, target, role, reason, at)
    SELECT 'pledge', id, 'settle', 'reserved', 'paid', 'provider', '', paid_at
    FROM campaigns_pledge WHERE campaign_id = %(campaign)s
    UNION ALL
    SELECT 'payment_intent', id, 'succeed', 'created', 'succeeded', 'provider', '', paid_at
    FROM payments_paymentintent WHERE purpose_id = %(campaign)s
    """,
    """
    SELECT ledger_post_many('contribution', %(debit)s, %(credit)s, 'intent', array_agg('settle:' || id),
        array_agg(amount_fen), array_agg(id), array_agg(paid_at))
    FROM payments_paymentintent WHERE purpose_id = %(campaign)s
    """,
    """
    UPDATE campaigns_campaign SET raised_fen = %(total)s, pledges_n = %(count)s WHERE id = %(campaign)s
    """,
)


def _cancel(campaign: Campaign, record: Record) -> None:
    if record.outcome == "suspended":
        campaign.move("suspend", by=_RECORDS, at=record.closes_at, reason="历史记录：suspended")
    campaign.move("cancel", by=_RECORDS, at=record.closes_at, reason=f"历史记录：{record.outcome}")
    _refund_all(campaign, record.closes_at)
    _rest(campaign, record.closes_at)


def _judge(campaign: Campaign, record: Record) -> None:
    """The verdict of our rules, on what the pledges in the books sum to."""
    cleared = cleared_fen(campaign.pk)
    won = verdicts.has_succeeded(rule=campaign.rule, goal_fen=campaign.goal_fen, cleared_fen=cleared)
    campaign.move("close", by=CLOCK, at=record.closes_at)
    if won:
        campaign.move("succeed", by=CLOCK, at=record.closes_at)
        _pay_out(campaign, cleared, record.closes_at)
    else:
        campaign.move("fail", by=CLOCK, at=record.closes_at)
        _refund_all(campaign, record.closes_at)
    _rest(campaign, record.closes_at)


def _pay_out(campaign: Campaign, cleared: Fen, at: datetime) -> None:
    leg = ledger.Leg(ledger.escrow_of("campaign", campaign.pk), ledger.HISTORICAL_CLEARING, cleared)
    ledger.post(key=f"history:{campaign.pk}", kind="release", legs=[leg], cause=("campaign", campaign.pk), at=at)
    for event in ("produce", "ship", "deliver", "finish"):
        campaign.move(event, by=_RECORDS, at=at)


def _refund_all(campaign: Campaign, at: datetime) -> None:
    """Every pledge back the way it came, to the fen, in sets."""
    names: dict[str, Any] = {
        "campaign": campaign.pk,
        "at": at,
        "debit": ledger.escrow_of("campaign", campaign.pk).id,
        "code": ledger.escrow_of("campaign", campaign.pk).code,
        "credit": ledger.HISTORICAL_CLEARING.id,
    }
    if campaign.pledges_n == 0:
        return
    with connection.cursor() as cursor:
        for statement in _REFUND_STATEMENTS:
            cursor.execute(statement, names)


_REFUND_STATEMENTS = (
    """
    INSERT INTO payments_refund (id, state, number, intent_id, amount_fen, reason, account_code, created_at,
        succeeded_at, tries, last_answer)
    SELECT gen_random_uuid(), 'succeeded', 'HR' || replace(id::text, '-', ''), id, amount_fen, '历史项目退款', %(code)s,
        %(at)s, %(at)s, 0, ''
    FROM payments_paymentintent WHERE purpose_id = %(campaign)s
    """,
    """
    SELECT ledger_post_many('refund', %(debit)s, %(credit)s, 'refund', array_agg('refund:' || r.id),
        array_agg(r.amount_fen), array_agg(r.id), array_agg(%(at)s::timestamptz))
    FROM payments_refund r JOIN payments_paymentintent i ON i.id = r.intent_id WHERE i.purpose_id = %(campaign)s
    """,
    """
    UPDATE payments_paymentintent SET state = 'returned', refunded_fen = amount_fen WHERE purpose_id = %(campaign)s
    """,
    """
    UPDATE campaigns_pledge SET state = 'refunded', state_at = %(at)s WHERE campaign_id = %(campaign)s
    """,
    """
    INSERT INTO common_statechange (machine, subject_id, event, source, target, role, reason, at)
    SELECT 'pledge', id, 'give_back', 'paid', 'refunded', 'system', '', %(at)s
    FROM campaigns_pledge WHERE campaign_id = %(campaign)s
    UNION ALL
    SELECT 'payment_intent', id, 'give_back', 'succeeded', 'returned', 'system', '', %(at)s
    FROM payments_paymentintent WHERE purpose_id = %(campaign)s
    """,
    """
    INSERT INTO common_statechange (machine, subject_id, event, source, target, role, reason, at)
    SELECT 'refund', r.id, step.event, step.source, step.target, step.role, '', %(at)s
    FROM payments_refund r JOIN payments_paymentintent i ON i.id = r.intent_id
    CROSS JOIN (VALUES (1, 'approve', 'requested', 'approved', 'system'), (2, 'send', 'approved', 'sending', 'system'),
        (3, 'succeed', 'sending', 'succeeded', 'provider')) AS step(n, event, source, target, role)
    WHERE i.purpose_id = %(campaign)s ORDER BY step.n
    """,
)


def _rest(campaign: Campaign, at: datetime) -> None:
    """The clock has nothing more to do here."""
    Campaign.objects.filter(pk=campaign.pk).update(state_at=at, due_at=None)
