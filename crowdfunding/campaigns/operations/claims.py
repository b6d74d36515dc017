"""What a maker owes its backers when a campaign comes to nothing after the first part was paid (补退责任).

Escrow is divided at once; what it lacks is the maker's debt. Whatever the maker pays or earns elsewhere comes back
into the campaign's escrow, is divided over the open claims, and goes back to each backer by the original route.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from backend.common import locks, outbox
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.payments import queries as payments
from backend.payments.errors import RefundWindowPassed
from backend.payments.operations import debts, payouts, refunds
from crowdfunding.campaigns import verdicts
from crowdfunding.campaigns.events import ClaimPayable
from crowdfunding.campaigns.models import Campaign, Claim, Pledge, campaign_lock
from crowdfunding.campaigns.operations.pledges import intent_of

REASON = "发起人补退"


def owe_the_rest(campaign: Campaign, lacking: Sequence[tuple[Pledge, Fen]], at: datetime) -> None:
    """Note what each backer lacks, and take what the maker has with us at once."""
    if campaign.owner_id is None or not lacking:
        return
    rows = [Claim(pledge=made, campaign=campaign, amount_fen=fen) for made, fen in lacking]
    Claim.objects.bulk_create(rows, batch_size=500)
    total = sum(fen for _made, fen in lacking)
    debts.owe_backers(campaign_id=campaign.pk, party_id=campaign.owner_id, amount_fen=total, at=at)
    payouts.turn_back_unsigned(party_id=campaign.owner_id, reason="项目未能交付，款项用于补退支持者", at=at)
    debts.settle(party_id=campaign.owner_id, at=at)


def waiting_fen(campaign_id: UUID) -> Fen:
    """What came in for claims and lies in escrow until it goes back."""
    debt = payments.debt_to_backers(campaign_id)
    if debt is None:
        return 0
    repaid = Claim.objects.filter(campaign_id=campaign_id).aggregate(total=Sum("repaid_fen"))["total"] or 0
    return int(debt.paid_fen - repaid)


@transaction.atomic
def allot(*, campaign_id: UUID, at: datetime) -> None:
    """Divide what came in since over the open claims, by what each still lacks. Safe to repeat."""
    locks.alone(campaign_lock(campaign_id))
    debt = payments.debt_to_backers(campaign_id)
    claims = list(Claim.objects.select_for_update().filter(campaign_id=campaign_id).order_by("pk"))
    lacking = [claim for claim in claims if claim.left_fen]
    loose = int(debt.paid_fen - sum(claim.due_fen + claim.repaid_fen for claim in claims)) if debt else 0
    if loose <= 0:
        return
    for claim, share in zip(lacking, verdicts.shares_of_rest(loose, [c.left_fen for c in lacking]), strict=True):
        claim.due_fen += share
    Claim.objects.bulk_update(lacking, ["due_fen"], batch_size=500)


@transaction.atomic
def repay(*, pledge_id: UUID, at: datetime) -> None:
    """Give one backer back what came in for them. Safe to repeat.

    The original route first. Where the provider no longer takes it, the backer is owed it and asks for a payout;
    what a chargeback brought back already is the maker's, who bore that.

    Raises:
        DisputeOpen: a chargeback about the payment is undecided; the claim waits.
    """
    found = Claim.objects.select_for_update(no_key=True, of=("self",)).select_related("pledge", "campaign")
    claim = found.get(pk=pledge_id)
    due = int(claim.due_fen)
    if due == 0:
        return
    intent = refunds.held_without_requests(intent_id=intent_of(pledge_id).pk, at=at, reason=REASON)
    left = int(intent.amount_fen - intent.refunded_fen)
    back, to = min(due, left), claim.campaign.owner_id
    if back:
        try:
            refunds.refund_by_rule(intent_id=intent.pk, amount_fen=back, reason=REASON, at=at)
        except RefundWindowPassed:
            back, to = 0, claim.pledge.backer_id
    if due > back and to is not None:
        _owe(claim, to, due - back, at)
    Claim.objects.filter(pk=pledge_id).update(due_fen=0, repaid_fen=F("repaid_fen") + due)


def _owe(claim: Claim, party_id: UUID, amount_fen: Fen, at: datetime) -> None:
    escrow = ledger.escrow_of("campaign", claim.campaign_id)
    leg = ledger.Leg(escrow, ledger.open_account(ledger.payable_to(party_id)), amount_fen)
    key = f"claim:{claim.pk}:{claim.repaid_fen}"
    ledger.post(key=key, kind="release", legs=[leg], cause=("campaign", claim.campaign_id), at=at)
    if party_id == claim.pledge.backer_id:
        outbox.record(ClaimPayable(at=at, pledge_id=claim.pk, backer_id=party_id, amount_fen=amount_fen))
