"""Every read of short harvests that spans rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, Sum

from backend.common.actors import Actor, Role
from backend.common.errors import NotFound, Refusal
from backend.common.fen import Fen
from crowdfunding.campaigns.errors import TailWaits
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.fulfilment.models import Parcel
from crowdfunding.harvest.models import Clause, Portion, Shortfall
from crowdfunding.harvest.portions import back_fen
from crowdfunding.harvest.states import Falling

A_HANDFUL = 200


def clause_of(campaign: Campaign) -> Clause | None:
    """What a campaign agreed on for a short harvest; asked once of each campaign that was read."""
    found: Clause | None = getattr(campaign, "clause", None)
    return found


def latest(campaign_id: UUID) -> Shortfall | None:
    """The last word on a campaign's harvest."""
    return Shortfall.objects.filter(campaign_id=campaign_id).order_by("-declared_at", "-pk").first()


def standing(campaign_id: UUID) -> Shortfall | None:
    """The shortfall by which a campaign's goods are shared out."""
    return Shortfall.objects.filter(campaign_id=campaign_id, state__in=(Falling.SHARING, Falling.SETTLED)).first()


def share_to_send(campaign_id: UUID) -> int | None:
    """How much of each reward of a campaign goes into its parcels, in percent; None where all of it does."""
    found = standing(campaign_id)
    return None if found is None else found.percent


def bars_late(campaign: Campaign) -> bool:
    """Whether nobody may order a whole reward any more."""
    return Shortfall.objects.filter(campaign=campaign, state__in=Falling.STANDING).exists()


def campaign_of(shortfall_id: UUID) -> UUID:
    """Of which campaign a shortfall is.

    Raises:
        NotFound: there is none.
    """
    found = Shortfall.objects.filter(pk=shortfall_id).values_list("campaign_id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def is_sent(campaign_id: UUID) -> bool:
    """Whether a parcel of a campaign was ever sent."""
    return Parcel.objects.filter(campaign_id=campaign_id, sent_n__gt=0).exists()


def visible(shortfall_id: UUID, actor: Actor) -> Shortfall:
    """A shortfall, for its maker and moderators; everybody else reads of it on the campaign's page.

    Raises:
        NotFound: not for this reader.
    """
    found = Shortfall.objects.select_related("campaign__owner").filter(pk=shortfall_id).first()
    mine = found is not None and actor.party_id is not None and actor.party_id == found.campaign.owner_id
    if found is None or not (mine or Role.MODERATOR in actor.roles):
        raise NotFound
    return found


@dataclass(frozen=True)
class Figures:
    """What a shortfall comes to, in fen and in pledges: due, given so far, and how many still wait."""

    pledges: int
    due_fen: Fen
    given_fen: Fen
    waiting: int

    @property
    def percent(self) -> int:
        """How much of it has gone, in whole percent."""
        return 100 if self.waiting == 0 else int(self.given_fen * 100 // max(1, self.due_fen))


def figures(shortfall: Shortfall) -> Figures:
    """What it comes to: what is fixed, or would be if it were confirmed now."""
    if shortfall.state in (Falling.SHARING, Falling.SETTLED):
        row = shortfall.portions.aggregate(
            n=Count("pk"), due=Sum("amount_fen"), given=Sum("given_fen"), waiting=Count("pk", filter=Q(given_fen=None))
        )
        return Figures(row["n"], int(row["due"] or 0), int(row["given"] or 0), row["waiting"])
    owed = Pledge.objects.filter(campaign_id=shortfall.campaign_id, state__in=PledgeState.OWED, tier__isnull=False)
    prices = owed.values("goods_fen").annotate(n=Count("pk")).order_by("goods_fen")
    rows = [(back_fen(int(row["goods_fen"]), shortfall.percent), row["n"]) for row in prices]
    pledges = sum(n for _fen, n in rows)
    return Figures(pledges, sum(fen * n for fen, n in rows), 0, pledges)


def portion_of(pledge_id: UUID) -> Portion | None:
    """What one backer gets back."""
    return Portion.objects.select_related("shortfall").filter(pk=pledge_id).first()


def shortfalls_due(*, at: datetime) -> list[UUID]:
    """Shortfalls whose clock has something to do."""
    found = Shortfall.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def portions_due(*, at: datetime) -> list[UUID]:
    """Pledges whose part goes back now."""
    return list(Portion.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:A_HANDFUL])


def holds(campaign: Campaign, at: datetime) -> list[Refusal]:
    """An open shortfall keeps a campaign from counting as delivered, and its tail back."""
    if Shortfall.objects.filter(campaign=campaign, state__in=Falling.OPEN).exists():
        return [TailWaits(what_zh="歉收差额未退完", what_en="the harvest was short and its rest is not given back")]
    return []


STANDING: dict[str, str] = {
    "portion differs from what its pledge's price and the harvest give (pledge, portion fen, expected fen)": """
        SELECT p.id, x.amount_fen, p.goods_fen - p.goods_fen * s.percent / 100 FROM harvest_portion x
        JOIN campaigns_pledge p ON p.id = x.pledge_id JOIN harvest_shortfall s ON s.id = x.shortfall_id
        WHERE x.amount_fen <> p.goods_fen - p.goods_fen * s.percent / 100 ORDER BY 1""",
    "portion was given and did not go (pledge, given fen, refunds fen)": """
        SELECT x.pledge_id, x.given_fen, coalesce(r.total, 0) + coalesce(t.amount_fen, 0) FROM harvest_portion x
        JOIN payments_paymentintent i ON i.subject_id = x.pledge_id AND i.subject_kind = 'pledge'
        LEFT JOIN (
            SELECT intent_id, sum(amount_fen) AS total FROM payments_refund WHERE state <> 'refused' GROUP BY 1
        ) r ON r.intent_id = i.id
        LEFT JOIN ledger_transfer t ON t.key = 'portion:' || x.pledge_id
        WHERE coalesce(x.given_fen, 0) > coalesce(r.total, 0) + coalesce(t.amount_fen, 0) ORDER BY 1""",
    "shortfall is settled and a portion waits (shortfall, waiting)": """
        SELECT s.id, count(*) FROM harvest_shortfall s JOIN harvest_portion x ON x.shortfall_id = s.id
        WHERE s.state <> 'sharing' AND x.due_at IS NOT NULL GROUP BY 1 ORDER BY 1""",
}
