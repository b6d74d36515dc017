"""Everything that moves a job's money: into escrow first, to each worker for their answers less fee and tax, the rest back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor
from backend.common.fen import Fen
from backend.common.states import move_all
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from backend.payments.operations import refunds
from marketplace import escrows
from marketplace.microtasks.events import PiecesPaid
from marketplace.microtasks.models import Answer, Item, Job, Participant
from marketplace.microtasks.operations.leases import drop_all
from marketplace.microtasks.operations.shared import KIND, held, move, of_owner
from marketplace.microtasks.states import Asking, Given, Posted

AT_ONCE = 100
"""How many workers are paid in one transaction; the next ring pays the next."""


def subject_of(job: Job) -> escrows.Subject:
    """Whose escrow a job's pay lies in."""
    return KIND, job.pk


@transaction.atomic
def order(*, job_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that puts the pay for every answer into escrow; the open one where there is one (托管报酬).

    Raises:
        MoveRefused: not approved yet, or funded already.
        BeingPaid: the money has come and is being booked.
    """
    job, _actor = of_owner(job_id, by)
    job.machine.step("fund", job.state)
    return escrows.order(
        subject_of(job),
        payer_id=job.owner_id,
        amount_fen=job.total_fen,
        title=f"托管报酬：{job.title}",
        hours=rules.value("microtasks.order_hours", at=at),
        at=at,
    )


@transaction.atomic
def fund(*, job_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The pay is in escrow: items are handed out from now on. Where that is no longer wanted it goes back. Safe to repeat."""
    job = held(job_id)
    if job.paid_by_id == intent_id:
        return
    if job.state != Posted.FUNDING:
        refunds.refund_whole(intent_id=intent_id, reason="任务已托管或已撤回", at=at)
        return
    job.paid_by_id = intent_id
    job.opens_at, job.closes_at = at, at + timedelta(days=job.open_days)
    job.save(update_fields=["paid_by", "opens_at", "closes_at"])  # an open job is a funded one
    move(job, "fund", by=PROVIDER, at=at)


def free_money(job: Job, *, at: datetime) -> Fen:
    """What the escrow holds, with its payment held, so that no chargeback comes between this and what is done.

    Raises:
        DisputeOpen, Busy: the money cannot move now.
    """
    return escrows.free_money(subject_of(job), paid_by_id=job.paid_by_id, reason="计件结算", at=at)


def give_back(job: Job, fen: Fen, *, reason: str, at: datetime) -> None:
    """Give the poster so much (退还余款)."""
    if fen <= 0 or job.paid_by_id is None:
        return
    escrows.give_back(
        subject_of(job),
        paid_by_id=job.paid_by_id,
        party_id=job.owner_id,
        fen=fen,
        key=f"pieces-back:{job.pk}",
        reason=reason,
        at=at,
    )
    job.back_fen = fen


def owe(job: Job, pool_fen: Fen) -> None:
    """Write down what each worker who is not paid yet gets before fee and tax, in fen.

    The price for each answer that counts; where the escrow holds less, all are cut alike, and what they get is the pool
    to the fen.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH counted AS (
                SELECT p.id, p.joined_at, count(a.id) n
                FROM microtasks_participant p JOIN microtasks_answer a ON a.participant_id = p.id AND a.state = 'answered'
                WHERE p.job_id = %(job)s AND p.paid_at IS NULL GROUP BY p.id, p.joined_at
            ), running AS (
                SELECT id, n, sum(n) OVER (ORDER BY joined_at, id) upto, sum(n) OVER () total FROM counted
            )
            UPDATE microtasks_participant p SET owed_fen =
                floor(r.upto * least(%(pool)s, r.total * %(price)s) / r.total)
              - floor((r.upto - r.n) * least(%(pool)s, r.total * %(price)s) / r.total)
            FROM running r WHERE p.id = r.id
            """,
            {"job": job.pk, "pool": pool_fen, "price": job.price_fen},
        )


@transaction.atomic
def pay(*, job_id: UUID, at: datetime) -> None:
    """Pay the next workers; after the last one, give back what nobody earned. Safe to repeat (发放报酬).

    Raises:
        DisputeOpen: a chargeback is open; asked again later.
        Busy: a request about the payment was made at this very moment.
    """
    job = held(job_id)
    if job.state != Posted.PAYING:
        return
    rest = free_money(job, at=at)
    owe(job, rest)
    waiting = Participant.objects.select_for_update(no_key=True, of=("self",)).select_related("party")
    waiting = waiting.filter(job=job, paid_at=None, owed_fen__gt=0).order_by("joined_at", "pk")
    rows = list(waiting[: AT_ONCE + 1])
    for part in rows[:AT_ONCE]:
        _pay_one(job, part, at)
        rest -= part.paid_fen or 0
    if len(rows) > AT_ONCE:
        job.save(update_fields=["given_fen", "fee_fen", "tax_fen"])
        return
    give_back(job, rest, reason="未用完的报酬退回", at=at)
    move(job, "pay", by=CLOCK, at=at)


def _pay_one(job: Job, part: Participant, at: datetime) -> None:
    """One worker's answers, less the published fee and the tax that is withheld."""
    fen = part.owed_fen or 0
    fee_fen, tax_fen = escrows.pay_out(
        escrows.Wage(
            subject=subject_of(job),
            payee=part.party,
            payer_id=job.owner_id,
            cause_id=part.pk,
            key=f"pieces:{part.pk}",
            title=job.title,
            fen=fen,
        ),
        at=at,
    )
    ids = list(part.answers.filter(state=Given.ANSWERED).values_list("pk", flat=True))
    move_all(Answer, ids, event="pay", source=Given.ANSWERED, by=CLOCK, at=at)
    part.paid_fen, part.fee_fen, part.tax_fen, part.paid_at = fen, fee_fen, tax_fen, at
    part.save(update_fields=["paid_fen", "fee_fen", "tax_fen", "paid_at"])
    job.given_fen = (job.given_fen or 0) + fen
    job.fee_fen = (job.fee_fen or 0) + fee_fen
    job.tax_fen = (job.tax_fen or 0) + tax_fen
    outbox.record(
        PiecesPaid(
            at=at,
            participant_id=part.pk,
            job_id=job.pk,
            party_id=part.party_id,
            paid_fen=fen,
            fee_fen=fee_fen,
            tax_fen=tax_fen,
        )
    )


def return_whole(job: Job, *, reason: str, at: datetime) -> None:
    """Give back all that the escrow holds."""
    give_back(job, free_money(job, at=at), reason=reason, at=at)


@transaction.atomic
def lose(*, job_id: UUID, at: datetime) -> None:
    """The poster's bank took the payment back: nothing is left to earn. What it left stays the pay. Safe to repeat."""
    from marketplace.microtasks.operations import pleas  # noqa: PLC0415

    job = held(job_id)
    if job.state not in Posted.HOLDING or books.available(ledger.escrow_of(*subject_of(job))) > 0:
        return
    drop_all(job, at)
    pleas.withdraw_all(job, at)
    for state in (Given.ANSWERED, Given.HELD, Given.REJECTED):
        ids = list(Answer.objects.filter(participant__job=job, state=state).values_list("pk", flat=True))
        if ids:
            move_all(Answer, ids, event="forfeit", source=state, by=SYSTEM, at=at)
    Answer.objects.filter(participant__job=job).update(due_at=None)
    job.participants.update(due_at=None)
    job.items.update(done_n=0, good_n=0)
    close_items(job, at)
    move(job, "lose", by=SYSTEM, at=at, reason="付款已被银行收回")


def close_items(job: Job, at: datetime) -> None:
    """No item asks for anything any more."""
    for state in (Asking.OPEN, *Asking.FULL):
        ids = list(job.items.filter(state=state).values_list("pk", flat=True))
        if ids:
            move_all(Item, ids, event="close", source=state, by=CLOCK, at=at)
