"""Every read of match pots that spans rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import Fen
from crowdfunding.campaigns.models import Campaign
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.operations.matches import fitting
from crowdfunding.pots.states import Matching, Pooling

A_HANDFUL = 200


def pots_due(*, at: datetime) -> list[UUID]:
    """Pots whose clock has something to do."""
    found = Pot.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def matches_due() -> list[UUID]:
    """Matches whose campaign has ended."""
    found = Match.objects.filter(state=Matching.MATCHED).exclude(verdict="").order_by("pk")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def public() -> QuerySet[Pot]:
    """Pots with money in them, or that had."""
    return Pot.objects.filter(state__in=Pooling.PUBLIC).select_related("sponsor")


def of_sponsor(party_id: UUID) -> QuerySet[Pot]:
    """A sponsor's own pots, newest first."""
    return Pot.objects.filter(sponsor_id=party_id).order_by("-created_at", "-pk")


def visible(pot_id: UUID, actor: Actor) -> Pot:
    """A pot: once funded for everybody, before that for its sponsor and moderators.

    Raises:
        NotFound: not for this reader.
    """
    pot = Pot.objects.select_related("sponsor").filter(pk=pot_id).first()
    if pot is None:
        raise NotFound
    own = actor.party_id is not None and actor.party_id == pot.sponsor_id
    if not (pot.state in Pooling.PUBLIC or own or Role.MODERATOR in actor.roles):
        raise NotFound
    return pot


@dataclass(frozen=True)
class Figures:
    """What a pot gives, in fen: set aside, paid, and left; campaigns and pledges it goes with."""

    matched: Fen
    paid: Fen
    left: Fen
    campaigns: int
    pledges: int

    @property
    def given(self) -> Fen:
        return self.matched + self.paid


def figures(pot: Pot) -> Figures:
    """What became of a pot's money so far."""
    return figures_of([pot])[pot.pk]


def figures_of(pots: Sequence[Pot]) -> dict[UUID, Figures]:
    """What became of the money of several pots so far, in one statement."""
    found = Match.objects.filter(pot__in=pots, state__in=Matching.GIVEN).values("pot_id")
    rows = found.annotate(
        matched=Sum("fen", filter=Q(state=Matching.MATCHED)),
        paid=Sum("paid_fen", filter=Q(state=Matching.PAID)),
        campaigns=Count("campaign", distinct=True),
        pledges=Count("pk"),
    )
    sums = {row["pot_id"]: row for row in rows}
    return {pot.pk: _figures(pot, sums.get(pot.pk)) for pot in pots}


def _figures(pot: Pot, row: Any) -> Figures:
    matched, paid = (int(row["matched"] or 0), int(row["paid"] or 0)) if row else (0, 0)
    has_money = pot.state in (Pooling.FUNDED, Pooling.OPEN, Pooling.EXHAUSTED, Pooling.ENDED)
    left = pot.amount_fen - matched - paid if has_money else 0
    return Figures(matched, paid, left, row["campaigns"] if row else 0, row["pledges"] if row else 0)


@dataclass(frozen=True)
class Received:
    """What goes with a campaign's pledges, in fen and in number."""

    fen: Fen
    pledges: int


def received(campaign_id: UUID) -> Received:
    """What pots give to one campaign."""
    found = Match.objects.filter(campaign_id=campaign_id, state__in=Matching.GIVEN).aggregate(
        fen=Sum("fen"), pledges=Count("pk")
    )
    return Received(int(found["fen"] or 0), found["pledges"])


def paid_to(campaign_id: UUID) -> Fen:
    """What pots have paid for a campaign."""
    found = Match.objects.filter(campaign_id=campaign_id, state=Matching.PAID)
    return int(found.aggregate(fen=Sum("paid_fen"))["fen"] or 0)


def projects(pot: Pot) -> list[Any]:
    """What a pot gives to which campaign, the most first; at most fifty."""
    found = pot.matches.filter(state__in=Matching.GIVEN).values("campaign_id", "campaign__title")
    return list(found.annotate(fen=Sum("fen"), pledges=Count("pk")).order_by("-fen", "campaign_id")[:50])


def open_for(campaign: Campaign) -> list[Pot]:
    """Pots that a campaign's pledges may be matched from now, first come first."""
    found = Pot.objects.filter(fitting(campaign), state=Pooling.OPEN).select_related("sponsor")
    return list(found.order_by("opens_at", "pk")[:5])


def match_of(pledge_id: UUID) -> Match | None:
    """What goes, or went, with a pledge."""
    return Match.objects.select_related("pot__sponsor").filter(pledge_id=pledge_id).first()


def open_business(party: Party) -> tuple[str, str] | None:
    """A pot that is not settled keeps its sponsor's account from being closed."""
    if Pot.objects.filter(sponsor=party, state__in=Pooling.UNDER_WAY).exists():
        return "您有未结清的配捐资金池", "a match pot of yours is not settled"
    return None


STANDING: dict[str, str] = {
    "match differs from its transfers (match, state, fen, paid fen, moved fen, open holds)": """
        SELECT m.id, m.state, m.fen, m.paid_fen, coalesce(t.moved, 0), coalesce(t.held, 0) FROM pots_match m
        LEFT JOIN (
            SELECT h.cause_id, sum(h.amount_fen) FILTER (WHERE h.phase = 'captured') AS moved,
                sum(h.amount_fen) FILTER (WHERE h.phase = 'pending' AND NOT EXISTS (
                    SELECT 1 FROM ledger_transfer x WHERE x.resolves_id = h.id)) AS held
            FROM ledger_transfer h WHERE h.cause_kind = 'match' GROUP BY 1
        ) t ON t.cause_id = m.id
        WHERE coalesce(t.moved, 0) <> CASE WHEN m.state = 'paid' THEN coalesce(m.paid_fen, -1) ELSE 0 END
           OR coalesce(t.held, 0) <> CASE WHEN m.state = 'matched' THEN m.fen ELSE 0 END ORDER BY 1""",
    "transfer of a match without its match (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN pots_match m ON m.id = t.cause_id
        WHERE t.cause_kind = 'match' AND m.id IS NULL ORDER BY t.seq""",
    "pot gives beyond its caps (pot, what, given fen, cap fen)": """
        SELECT p.id, x.what, x.fen, x.cap FROM pots_pot p JOIN LATERAL (
            SELECT 'pot' AS what, sum(fen) AS fen, p.amount_fen AS cap FROM pots_match
            WHERE pot_id = p.id AND state IN ('matched', 'paid')
            UNION ALL
            SELECT 'project ' || campaign_id, sum(fen), p.per_project_fen FROM pots_match
            WHERE pot_id = p.id AND state IN ('matched', 'paid') GROUP BY campaign_id
            UNION ALL
            SELECT 'person ' || backer_id, sum(fen), p.per_person_fen FROM pots_match
            WHERE pot_id = p.id AND state IN ('matched', 'paid') GROUP BY backer_id
        ) x ON x.fen > x.cap ORDER BY 1, 2""",
}
