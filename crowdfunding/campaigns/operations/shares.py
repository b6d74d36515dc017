"""Dividing what escrow still holds when a campaign ends badly."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from backend.disputes.operations import rulings
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from backend.payments.operations import refunds
from backend.payments.states import Disputing
from crowdfunding.campaigns import verdicts
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import deposits
from crowdfunding.campaigns.operations.claims import owe_the_rest
from crowdfunding.campaigns.states import PledgeState


def disputed() -> Exists:
    """Whether a pledge's payment is under a chargeback: its sum is held, and it waits for the decision."""
    return Exists(PaymentIntent.objects.filter(subject_id=OuterRef("pk"), disputes__state__in=Disputing.OPEN))


def plan_shares(campaign: Campaign, at: datetime) -> None:
    """Fix what each pledge gets of what escrow holds, before anything of it moves.

    Disputes are overtaken by the end of the whole: everybody gets a share by the same rule.
    Refunds that nobody approved yet are dropped first, so that each claim is what was paid less what
    is on its way back. A pledge under chargeback has no share: its sum is held for it alone. What escrow lacks the
    maker's deposit bears; what both lack is the maker's debt to each of them.
    """
    rulings.overtake_all(about_id=campaign.pk, reason=campaign.state_word, at=at)
    owed = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.OWED).exclude(disputed())
    open_pledges = list(owed.order_by("pk"))
    paid = PaymentIntent.objects.filter(purpose_id=campaign.id, subject_kind="pledge")
    orders = paid.filter(subject_id__in=[made.id for made in open_pledges])
    refunds.drop_requested(intent_ids=list(orders.values_list("pk", flat=True)), at=at, reason=campaign.state_word)
    left = {row[0]: row[1] - row[2] for row in paid.values_list("subject_id", "amount_fen", "refunded_fen")}
    claims = [made for made in open_pledges if left[made.id]]
    rest = books.available(ledger.escrow_of("campaign", campaign.id))
    rest += deposits.bear(campaign, sum(left[made.id] for made in claims) - rest, at)
    for made in open_pledges:
        made.share_fen = 0
    for made, share in zip(claims, verdicts.shares_of_rest(rest, [left[made.id] for made in claims]), strict=True):
        made.share_fen = share
    Pledge.objects.bulk_update(open_pledges, ["share_fen"], batch_size=500)
    lacking = [(made, left[made.id] - (made.share_fen or 0)) for made in claims]
    owe_the_rest(campaign, [(made, fen) for made, fen in lacking if fen], at)
