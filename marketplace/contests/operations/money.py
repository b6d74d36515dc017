"""Everything that moves a contest's money: into escrow first, to the winners less fee and tax, back to the host."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import outbox, rules
from backend.common.actors import CLOCK, PROVIDER, SYSTEM, Actor
from backend.common.fen import Fen
from backend.judging.models import Application
from backend.judging.operations import calls
from backend.judging.ranking import divided, scaled, shares
from backend.judging.states import Calling, Standing
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PaymentIntent
from backend.payments.operations import refunds
from marketplace import escrows
from marketplace.contests.events import PrizePaid
from marketplace.contests.models import COUNT, FINAL, Contest, Entry
from marketplace.contests.operations import rounds
from marketplace.contests.operations.shared import KIND, held, move, of_owner
from marketplace.contests.states import Running


def _subject(contest: Contest) -> escrows.Subject:
    return KIND, contest.pk


def escrow_of(contest: Contest) -> ledger.AccountRef:
    """Where a contest's prizes lie."""
    return ledger.escrow_of(KIND, contest.pk)


def refuse_paid_order(contest: Contest) -> None:
    """Go on unless the prizes have come and are only not booked yet.

    Raises:
        BeingPaid: they have.
    """
    escrows.refuse_paid_order(_subject(contest), paid_by_id=contest.paid_by_id)


@transaction.atomic
def order(*, contest_id: UUID, by: Actor, at: datetime) -> PaymentIntent:
    """The order that puts all prizes into escrow; the open one where there is one (托管奖金).

    Raises:
        MoveRefused: not approved yet, or funded already.
        BeingPaid: the money has come and is being booked.
    """
    contest, _actor = of_owner(contest_id, by)
    contest.machine.step("fund", contest.state)
    return escrows.order(
        _subject(contest),
        payer_id=contest.owner_id,
        amount_fen=contest.total_fen,
        title=f"托管奖金：{contest.title}",
        hours=rules.value("contests.order_hours", at=at),
        at=at,
    )


@transaction.atomic
def fund(*, contest_id: UUID, intent_id: UUID, at: datetime) -> None:
    """The prizes are in escrow: entries are taken from now on. Where that is no longer wanted it goes back. Safe to repeat."""
    contest = held(contest_id)
    if contest.paid_by_id == intent_id:
        return
    if contest.state != Running.FUNDING:
        refunds.refund_whole(intent_id=intent_id, reason="赛事已托管或已撤回", at=at)
        return
    contest.paid_by_id = intent_id
    contest.opens_at, contest.closes_at = at, at + timedelta(days=contest.entry_days)
    contest.save(update_fields=["paid_by", "opens_at", "closes_at"])  # an open contest is a funded one
    move(contest, "fund", by=PROVIDER, at=at)
    rounds.open_round(contest, at=at)


def free_money(contest: Contest, *, at: datetime) -> Fen:
    """What the escrow holds, with its payment held, so that no chargeback comes between this and what is done.

    Raises:
        DisputeOpen: the host's bank asks for the money already.
        Busy: a request about the payment was made at this very moment.
    """
    return escrows.free_money(_subject(contest), paid_by_id=contest.paid_by_id, reason="赛事结算", at=at)


def give_back(contest: Contest, fen: Fen, *, reason: str, at: datetime) -> None:
    """Give the host so much: by the payment, or owed to them where that way is closed (退还奖金)."""
    if fen <= 0 or contest.paid_by_id is None:
        return
    escrows.give_back(
        _subject(contest),
        paid_by_id=contest.paid_by_id,
        party_id=contest.owner_id,
        fen=fen,
        key=f"contest-back:{contest.pk}",
        reason=reason,
        at=at,
    )
    contest.back_fen = fen


def prizes_of(contest: Contest, winners: list[Application], *, defaulted: bool, left_fen: Fen) -> dict[UUID, Fen]:
    """What each winner gets before fee and tax, in fen, by application, of what is left in escrow for prizes.

    A bank may have taken back a part: then all prizes are cut in proportion, and the host gains nothing by it. Shared places share their prizes. Where the published default holds, the winners share everything, in a piece-rate
    contest at most the piece's price each.
    """
    ordered = sorted(winners, key=lambda one: (one.place or 0, one.submitted_at, str(one.pk)))
    if not ordered:
        return {}
    if not defaulted:
        return shares(scaled(contest.sums, left_fen), [(one.pk, one.place or 0, one.submitted_at) for one in ordered])
    pool = min(contest.prize_fen, left_fen)
    if contest.mode == COUNT:
        pool = min(pool, contest.sums[0] * len(ordered))
    return divided(pool, [one.pk for one in ordered])


def grants_of(contest: Contest, finalists: list[Application], *, left_fen: Fen) -> dict[UUID, Fen]:
    """What each finalist who handed in a solution gets for the work, by application, of what is left for grants.

    Where more than the seats came into the final (all who were equal), they share the grants.
    """
    ordered = sorted(finalists, key=lambda one: (one.submitted_at, str(one.pk)))
    if not ordered:
        return {}
    each, rest = divmod(left_fen, max(len(ordered), contest.finalists))
    return {one.pk: each + (number < rest) for number, one in enumerate(ordered)}


@transaction.atomic
def pay(*, contest_id: UUID, at: datetime) -> None:
    """Pay every winner and give back what no place used, all in one transaction. Safe to repeat (发放奖金).

    Raises:
        DisputeOpen: a chargeback is open; asked again later.
        Busy: a request about the payment was made at this very moment.
    """
    contest = held(contest_id)
    if contest.state != Running.PAYING:
        return
    rest = free_money(contest, at=at)
    call = calls.call_of(KIND, contest.pk)
    judged = list(call.applications.filter(state__in=(Standing.AWARDED, Standing.NOT_PLACED)).select_related("party"))
    winners = [one for one in judged if one.state == Standing.AWARDED]
    *prizes, grants = scaled([*contest.sums, contest.grants_fen], rest)
    won = prizes_of(contest, winners, defaulted=call.is_defaulted, left_fen=sum(prizes))
    finalists = [one for one in judged if one.place is not None and call.stage == FINAL]
    granted = grants_of(contest, finalists, left_fen=grants)
    contest.given_fen = contest.fee_fen = contest.tax_fen = 0
    for application in judged:
        grant_fen = granted.get(application.pk, 0)
        fen = won.get(application.pk, 0) + grant_fen
        if fen > 0:
            entry = Entry.objects.select_for_update(of=("self",)).get(application=application)
            _pay_one(contest, entry, fen, grant_fen, at)
            rest -= fen
    give_back(contest, rest, reason="未用完的奖金退回", at=at)
    if winners:
        move(contest, "pay", by=CLOCK, at=at)
    else:
        contest.given_fen = contest.fee_fen = contest.tax_fen = None
        move(contest, "fail", by=CLOCK, at=at, reason="没有符合要求的作品")


def _pay_one(contest: Contest, entry: Entry, fen: Fen, grant_fen: Fen, at: datetime) -> None:
    """One work's prize and grant as one payment, less the published fee and the tax that is withheld; the rights pass with a prize."""
    fee_fen, tax_fen = escrows.pay_out(
        escrows.Wage(
            subject=_subject(contest),
            payee=entry.entrant,
            payer_id=contest.owner_id,
            cause_id=entry.pk,
            key=f"prize:{entry.pk}",
            title=f"{contest.title}·{entry.title}",
            fen=fen,
        ),
        at=at,
    )
    entry.paid_fen, entry.grant_fen, entry.fee_fen, entry.tax_fen = fen, grant_fen, fee_fen, tax_fen
    entry.rights_at = at if fen > grant_fen else None
    entry.save(update_fields=["paid_fen", "grant_fen", "fee_fen", "tax_fen", "rights_at"])
    contest.given_fen = (contest.given_fen or 0) + fen
    contest.fee_fen = (contest.fee_fen or 0) + fee_fen
    contest.tax_fen = (contest.tax_fen or 0) + tax_fen
    outbox.record(
        PrizePaid(
            at=at,
            entry_id=entry.pk,
            contest_id=contest.pk,
            entrant_id=entry.entrant_id,
            paid_fen=fen,
            grant_fen=grant_fen,
            fee_fen=fee_fen,
            tax_fen=tax_fen,
        )
    )


def return_whole(contest: Contest, *, reason: str, at: datetime) -> None:
    """Give back all that the escrow holds."""
    give_back(contest, free_money(contest, at=at), reason=reason, at=at)


@transaction.atomic
def lose(*, contest_id: UUID, at: datetime) -> None:
    """The host's bank took the payment back: nothing is left to win. What it left stays the prize. Safe to repeat."""
    contest = held(contest_id)
    if contest.state not in Running.HOLDING or books.available(escrow_of(contest)) > 0:
        return
    move(contest, "lose", by=SYSTEM, at=at, reason="付款已被银行收回")
    call = calls.call_of(KIND, contest.pk)
    if call.state not in (Calling.SETTLED, Calling.VOID):
        calls.void(call, reason="奖金已被银行收回", at=at)
