"""Everything that moves an errand's money: into escrow first, to each runner when their stop is accepted, the rest back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from backend.common import rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor
from backend.common.fen import Fen
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from backend.payments.operations import refunds
from marketplace import escrows
from marketplace.errands.models import BOOKING, Errand, Stop
from marketplace.errands.operations import hands
from marketplace.errands.operations.shared import KIND, errand_of, held, held_stop, move, move_stop, of_owner
from marketplace.errands.states import At, Posted


def subject_of(errand: Errand) -> escrows.Subject:
    """Whose escrow an errand's pay lies in."""
    return KIND, errand.pk


@transaction.atomic
def order(*, errand_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that puts the pay for every stop into escrow; the open one where there is one (托管报酬).

    Raises:
        MoveRefused: not approved yet, or funded already.
        BeingPaid: the money has come and is being booked.
    """
    errand, _actor = of_owner(errand_id, by)
    errand.machine.step("fund", errand.state)
    return escrows.order(
        subject_of(errand),
        payer_id=errand.owner_id,
        amount_fen=errand.total_fen,
        title=f"托管报酬：{errand.title}",
        hours=rules.value("errands.order_hours", at=at),
        at=at,
    )


@transaction.atomic
def fund(*, errand_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The pay is in escrow: stops may be taken from now on. Where that is no longer wanted it goes back. Safe to repeat."""
    errand = held(errand_id)
    if errand.paid_by_id == intent_id:
        return
    if errand.state != Posted.FUNDING:
        refunds.refund_whole(intent_id=intent_id, reason="任务已托管或已撤回", at=at)
        return
    errand.paid_by_id, errand.opens_at = intent_id, at
    errand.save(update_fields=["paid_by", "opens_at"])  # an open errand is a funded one
    errand.stops.update(opens_at=at, due_at=F("until_at"), is_for_all=errand.mode == BOOKING)
    move(errand, "fund", by=PROVIDER, at=at)


def free_money(errand: Errand, *, at: datetime) -> Fen:
    """What the escrow holds, with its payment held, so that no chargeback comes between this and what is done.

    Raises:
        DisputeOpen, Busy: the money cannot move now.
    """
    return escrows.free_money(subject_of(errand), paid_by_id=errand.paid_by_id, reason="现场任务结算", at=at)


@transaction.atomic
def pay(*, stop_id: UUID, at: datetime) -> None:
    """Pay what an accepted stop has earned, less fee and tax. Safe to repeat (发放报酬).

    A bank that took a part of the payment back leaves less than all stops cost: each stop is paid as far as it reaches.

    Raises:
        DisputeOpen: a chargeback is open; asked again later.
        Busy: a request about the payment was made at this very moment.
    """
    errand = held(errand_of(stop_id))
    stop = held_stop(stop_id)
    if stop.state != At.ACCEPTED or stop.runner is None:
        return
    fen = min(stop.price_fen, free_money(errand, at=at))
    if fen > 0:
        fee_fen, tax_fen = escrows.pay_out(
            escrows.Wage(
                subject=subject_of(errand),
                payee=stop.runner.party,
                payer_id=errand.owner_id,
                cause_id=stop.pk,
                key=f"stop:{stop.pk}",
                title=f"{errand.title} {stop.key}",
                fen=fen,
            ),
            at=at,
        )
    else:
        fee_fen = tax_fen = 0
    stop.paid_fen, stop.fee_fen, stop.tax_fen = fen, fee_fen, tax_fen
    move_stop(stop, "pay", by=CLOCK, at=at, due_at=None)
    errand.paid_fen += fen
    errand.fee_fen += fee_fen
    errand.tax_fen += tax_fen
    errand.save(update_fields=["paid_fen", "fee_fen", "tax_fen"])


def give_back(errand: Errand, *, reason: str, at: datetime) -> None:
    """Give the poster all that the escrow still holds (退还余款).

    Raises:
        DisputeOpen, Busy: the money cannot move now.
    """
    rest = free_money(errand, at=at)
    if rest <= 0 or errand.paid_by_id is None:
        return
    escrows.give_back(
        subject_of(errand),
        paid_by_id=errand.paid_by_id,
        party_id=errand.owner_id,
        fen=rest,
        key=f"errand-back:{errand.pk}",
        reason=reason,
        at=at,
    )
    errand.back_fen = rest


@transaction.atomic
def lose(*, errand_id: UUID, at: datetime) -> None:
    """The poster's bank took the payment back: nothing is left to earn. Safe to repeat."""
    errand = held(errand_id)
    if errand.state not in Posted.HOLDING or books.available(ledger.escrow_of(*subject_of(errand))) > 0:
        return
    for key in Stop.objects.filter(errand=errand, state__in=At.LIVE).order_by("rank").values_list("pk", flat=True):
        hands.end(key, "void", by=SYSTEM, at=at)
    move(errand, "lose", by=SYSTEM, at=at, reason="付款已被银行收回")
