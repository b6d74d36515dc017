"""The deposit of a large campaign's maker: paid before it is published, kept until it ends (发起保证金).

When a campaign comes to nothing after its first part was paid, escrow is divided first, then the deposit, and only
what both lack is the maker's debt. In every other end it goes back the way it came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, PROVIDER, Actor
from backend.common.errors import Forbidden
from backend.common.fen import Fen, part, show_yuan
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments import queries as payments
from backend.payments.errors import DisputeOpen, RefundWindowPassed
from backend.payments.models import PaymentIntent
from backend.payments.operations import debts, intents, refunds
from backend.payments.states import Intent
from crowdfunding.campaigns.errors import DepositMissing, NoDepositDue
from crowdfunding.campaigns.events import DepositMoved
from crowdfunding.campaigns.models import Campaign, Deposit
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import Held, State

KIND = "deposit"


def due_fen(campaign: Campaign, at: datetime) -> Fen:
    """What the maker has to put in before publishing, in fen; nothing for small goals."""
    if campaign.goal_fen < rules.value("campaigns.deposit_from_fen", at=at, ruleset=campaign.ruleset):
        return 0
    share = part(campaign.goal_fen, rules.value("campaigns.deposit_bp", at=at, ruleset=campaign.ruleset))
    return min(share, rules.value("campaigns.deposit_most_fen", at=at, ruleset=campaign.ruleset))


def missing(campaign: Campaign, at: datetime) -> DepositMissing | None:
    """The refusal to publish while the deposit is not there."""
    due = due_fen(campaign, at)
    if due == 0 or Deposit.objects.filter(campaign=campaign, state=Held.HELD).exists():
        return None
    return DepositMissing(amount=show_yuan(due))


@transaction.atomic
def order(*, campaign_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order by which a maker pays the deposit; the open one while there is one (缴纳保证金).

    Raises:
        NotFound, Forbidden: not the maker's campaign; a hat that may not move money.
        NoDepositDue: it is not approved yet, or on its way; its goal asks for none; or the deposit is there.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if "money" not in by.scopes:
        raise Forbidden
    due = due_fen(campaign, at)
    if campaign.state != State.APPROVED or due == 0 or campaign.owner_id is None:
        raise NoDepositDue
    deposit, _new = Deposit.objects.get_or_create(
        campaign=campaign, defaults={"amount_fen": due, "created_at": at, "state_at": at}
    )
    if deposit.state != Held.DUE:
        raise NoDepositDue
    for standing in payments.intents_of([deposit.pk]).order_by("-created_at")[:5]:
        if standing.state == Intent.SUCCEEDED:
            raise NoDepositDue
        if standing.state in (Intent.CREATED, Intent.AWAITING) and at < standing.expires_at:
            return standing
    Deposit.objects.filter(pk=deposit.pk).update(amount_fen=due)
    ledger.open_account(ledger.escrow_of(KIND, deposit.pk))
    return intents.open_intent(
        purpose=(KIND, deposit.pk),
        subject=(KIND, deposit.pk),
        payer_id=campaign.owner_id,
        amount_fen=due,
        title=f"保证金：{campaign.title}"[:120],
        expires_at=at + timedelta(hours=rules.value("campaigns.deposit_hours", at=at)),
        at=at,
    )


@transaction.atomic
def hold(*, deposit_id: UUID, intent_id: UUID, at: datetime) -> None:
    """A deposit was paid, and the campaign may be published. Safe to repeat.

    One whose campaign ended meanwhile goes back, and so does what was paid beside it by an older order.
    """
    deposit = Deposit.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=deposit_id)
    if deposit.paid_by_id == intent_id:
        return
    if deposit.state == Held.DUE:
        deposit.paid_by_id = intent_id
        _step(deposit, "hold", by=PROVIDER, at=at)
    else:
        refunds.refund_whole(intent_id=intent_id, reason="保证金已缴或项目已撤回", at=at)


def bear(campaign: Campaign, lacking_fen: Fen, at: datetime) -> Fen:
    """Let the deposit bear what escrow lacks, as far as it reaches; what moved to the campaign's escrow, in fen."""
    deposit = Deposit.objects.select_for_update().filter(campaign=campaign, state=Held.HELD).first()
    if deposit is None:
        return 0
    own = ledger.escrow_of(KIND, deposit.pk)
    borne = min(lacking_fen, books.available(own))
    if borne <= 0:
        return 0
    leg = ledger.Leg(own, ledger.escrow_of("campaign", campaign.pk), borne)
    ledger.post(key=f"deposit:{deposit.pk}", kind=KIND, legs=[leg], cause=(KIND, deposit.pk), at=at)
    deposit.used_fen = borne
    deposit.save(update_fields=["used_fen"])
    return borne


@transaction.atomic
def end(*, deposit_id: UUID, at: datetime) -> None:
    """Give back what a campaign that ended left of its deposit. Safe to repeat.

    Raises:
        DisputeOpen: a chargeback about the deposit is undecided; it waits.
    """
    deposit = Deposit.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=deposit_id)
    if deposit.state not in (Held.DUE, Held.HELD) or deposit.campaign.state not in State.ENDED:
        return
    if deposit.state == Held.DUE:
        _step(deposit, "void", by=CLOCK, at=at)
        return
    _return_rest(deposit, at)
    _step(deposit, "use_up" if deposit.used_fen else "give_back", by=CLOCK, at=at)


def _return_rest(deposit: Deposit, at: datetime) -> None:
    """The original route first; where the provider no longer takes it, the maker is owed it.

    What a chargeback kept from the backers at the campaign's end pays the maker's debt to them.
    """
    own, owner_id = ledger.escrow_of(KIND, deposit.pk), deposit.campaign.owner_id
    if deposit.paid_by_id is None or owner_id is None:
        raise AssertionError("a deposit that is held was paid by a maker")
    reason = "保证金退还"
    intent = refunds.held_without_requests(intent_id=deposit.paid_by_id, at=at, reason=reason)
    if payments.is_disputed(intent.pk):
        raise DisputeOpen
    rest = min(books.available(own), int(intent.amount_fen - intent.refunded_fen))
    if rest <= 0:
        return
    if not payments.owes_backers(deposit.campaign_id):
        try:
            refunds.refund_by_rule(intent_id=intent.pk, amount_fen=rest, reason=reason, at=at)
            return
        except RefundWindowPassed:
            pass
    leg = ledger.Leg(own, ledger.open_account(ledger.payable_to(owner_id)), rest)
    ledger.post(key=f"deposit-rest:{deposit.pk}", kind="release", legs=[leg], cause=(KIND, deposit.pk), at=at)
    debts.settle(party_id=owner_id, at=at)


def _step(deposit: Deposit, event: str, *, by: Actor, at: datetime) -> None:
    deposit.move(event, by=by, at=at)
    deposit.state_at = at
    deposit.save(update_fields=["state_at", "paid_by"])
    owner_id = deposit.campaign.owner_id
    if owner_id is not None:
        outbox.record(
            DepositMoved(
                at=at,
                campaign_id=deposit.campaign_id,
                owner_id=owner_id,
                state=deposit.state,
                amount_fen=deposit.amount_fen,
                used_fen=deposit.used_fen,
            )
        )
