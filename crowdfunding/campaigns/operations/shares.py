"""Dividing what escrow still holds when a campaign ends badly."""

from backend.ledger import operations as ledger
from backend.ledger import queries as books
from crowdfunding.campaigns import verdicts
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState


def plan_shares(campaign: Campaign) -> None:
    """Fix what each pledge gets of what escrow holds, before anything of it moves."""
    rest = books.available(ledger.escrow_of("campaign", campaign.id))
    open_pledges = list(
        Pledge.objects.filter(campaign=campaign, state__in=(PledgeState.PAID, PledgeState.ASKED)).order_by("pk")
    )
    shares = verdicts.shares_of_rest(rest, [made.total_fen for made in open_pledges])
    for made, share in zip(open_pledges, shares, strict=True):
        made.share_fen = share
    Pledge.objects.bulk_update(open_pledges, ["share_fen"], batch_size=500)
