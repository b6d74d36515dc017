"""Who belongs together (关联方): a match is for money of others."""

from __future__ import annotations

from uuid import UUID

from backend.accounts.queries import people_behind
from crowdfunding.campaigns.models import Campaign
from crowdfunding.leads.models import Lead
from crowdfunding.leads.states import Leading
from crowdfunding.pots.models import Pot


def is_of(campaign: Campaign, pot: Pot) -> bool:
    """Whether sponsor and maker belong together: a pot is not for its sponsor's own campaigns."""
    return bool(people_behind(campaign.owner_id) & people_behind(pot.sponsor_id))


def is_affiliated(backer_id: UUID, campaign: Campaign, pot: Pot) -> bool:
    """Whether a backer belongs to the maker or to the sponsor, or leads as somebody related to the maker."""
    if people_behind(backer_id) & people_behind(campaign.owner_id, pot.sponsor_id):
        return True
    related = Lead.objects.filter(campaign=campaign, party_id=backer_id, is_related=True)
    return related.filter(state__in=Leading.PUBLIC).exists()
