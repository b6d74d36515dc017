"""Prizes of awards that were revoked after they were paid: recovered as a debt, handed on to those who move up (追回奖金, X27).

What fee and tax took of such a prize comes back at once, what reached the winner is owed; both come into a fund of the
contest. Out of it everybody gets what they would have won had the work not been there, less what they have; the rest is
the host's. The platform advances nothing: what comes back in parts is handed on in parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum

from backend.common import outbox
from backend.common.fen import Fen, split
from backend.judging.models import Application
from backend.judging.operations import calls
from backend.judging.ranking import scaled
from backend.judging.states import Standing
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.payments.models import PRIZES
from backend.payments.operations import debts, payouts
from marketplace import escrows
from marketplace.contests.events import PrizeHandedOn, PrizeRecalled
from marketplace.contests.models import Contest, Entry
from marketplace.contests.operations.money import prizes_of
from marketplace.contests.operations.shared import KIND, held
from marketplace.tax import withholding


@transaction.atomic
def recall(*, application_id: UUID, at: datetime) -> None:
    """An award was revoked: whoever had its prize owes it. Where it was not paid yet there is nothing to recover. Safe to repeat."""
    contest_id = Entry.objects.values_list("contest_id", flat=True).get(application=application_id)
    contest = held(contest_id)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("entrant").get(application=application_id)
    if entry.revoked_at is not None:
        return
    entry.revoked_at, entry.rights_at, entry.more_due_fen = at, None, entry.more_paid_fen
    entry.save(update_fields=["revoked_at", "rights_at", "more_due_fen"])
    if entry.gross_fen:
        _owe(contest, entry, at)
    if contest.recalled_fen:
        _share_out(contest)
    hand_on(contest_id=contest.pk, at=at)


def _owe(contest: Contest, entry: Entry, at: datetime) -> None:
    """What reached the winner is their debt, paid first by what they have with us; fee and tax are undone."""
    net_fen = entry.gross_fen - entry.whole_fee_fen - entry.whole_tax_fen
    fund = ledger.open_account(ledger.escrow_of(PRIZES, contest.pk))
    taken = [(ledger.PLATFORM_FEES, entry.whole_fee_fen), (ledger.WITHHELD_TAX, entry.whole_tax_fen)]
    legs = [ledger.Leg(ledger.open_account(account), fund, fen) for account, fen in taken if fen]
    if legs:
        ledger.post(key=f"prize-undo:{entry.pk}", kind="reversal", legs=legs, cause=(PRIZES, contest.pk), at=at)
    for cause_id in _causes(entry):
        withholding.take_back(cause_id, at=at)
    contest.recalled_fen += entry.gross_fen
    contest.save(update_fields=["recalled_fen"])
    outbox.record(
        PrizeRecalled(
            at=at,
            entry_id=entry.pk,
            contest_id=contest.pk,
            entrant_id=entry.entrant_id,
            owner_id=contest.owner_id,
            recalled_fen=entry.gross_fen,
            owed_fen=net_fen,
        )
    )
    if net_fen:
        debts.owe_prize(
            prize_id=entry.pk, fund_id=contest.pk, party_id=entry.entrant_id, amount_fen=net_fen, at=at
        )  # fmt: skip
        payouts.turn_back_unsigned(party_id=entry.entrant_id, reason="作品的奖项已撤销，款项用于退回奖金", at=at)
        debts.settle(party_id=entry.entrant_id, at=at)


def _causes(entry: Entry) -> Iterator[UUID]:
    """What an entry's payments are on record under."""
    if entry.paid_fen:
        yield entry.pk
    for number in range(entry.more_n):
        yield _cause(entry, number)


def _cause(entry: Entry, number: int) -> UUID:
    return uuid5(entry.pk, str(number))


def _share_out(contest: Contest) -> None:
    """Reckon what each who stands in place now is due of what comes back: their prize, less what they were paid of it."""
    call = calls.call_of(KIND, contest.pk)
    winners = list(call.applications.filter(state=Standing.AWARDED).select_related("party"))
    entries = {one.application_id: one for one in _entries(contest, winners)}
    *prizes, _grants = scaled(
        [*contest.sums, contest.grants_fen], (contest.given_fen or 0) + (contest.back_fen or 0)
    )  # fmt: skip
    won = prizes_of(contest, winners, defaulted=call.is_defaulted, left_fen=sum(prizes))
    promised = contest.entries.filter(revoked_at__isnull=False).aggregate(fen=Sum("more_due_fen"))["fen"] or 0
    room = int(contest.recalled_fen - contest.recalled_back_fen - promised)
    for application_id, fen in won.items():
        entry = entries[application_id]
        had_fen = (entry.paid_fen or 0) - entry.grant_fen
        entry.more_due_fen = min(max(fen - had_fen, entry.more_due_fen), room)
        room -= entry.more_due_fen
        entry.save(update_fields=["more_due_fen"])


def _entries(contest: Contest, applications: list[Application]) -> list[Entry]:
    rows = contest.entries.select_for_update(of=("self",)).select_related("entrant")
    return list(rows.filter(application__in=[one.pk for one in applications]).order_by("pk"))


@transaction.atomic
def hand_on(*, contest_id: UUID, at: datetime) -> None:
    """Hand on what came into a contest's fund: to who moves up, in proportion to what each still lacks, then to the host. Safe to repeat."""
    contest = held(contest_id)
    loose = books.available(ledger.escrow_of(PRIZES, contest.pk))
    rows = contest.entries.select_for_update(of=("self",)).select_related("entrant").filter(revoked_at=None)
    lacking = [entry for entry in rows.filter(more_due_fen__gt=0).order_by("pk") if entry.lacks_fen]
    give = min(loose, sum(entry.lacks_fen for entry in lacking))
    if give > 0:
        for entry, fen in zip(lacking, split(give, [entry.lacks_fen for entry in lacking]), strict=True):
            if fen:
                _pay(contest, entry, fen, at)
    if loose > give:
        _give_host(contest, loose - give, at)


def _pay(contest: Contest, entry: Entry, fen: Fen, at: datetime) -> None:
    """A part of a prize, less fee and tax; the rights pass with the last one."""
    fee_fen, tax_fen = escrows.pay_out(
        escrows.Wage(
            subject=(PRIZES, contest.pk),
            payee=entry.entrant,
            payer_id=contest.owner_id,
            cause_id=_cause(entry, entry.more_n),
            key=f"prize-more:{entry.pk}:{entry.more_n}",
            title=f"{contest.title}·{entry.title}（递补）",
            fen=fen,
        ),
        at=at,
    )
    entry.more_n += 1
    entry.more_paid_fen += fen
    entry.more_fee_fen += fee_fen
    entry.more_tax_fen += tax_fen
    if not entry.lacks_fen:
        entry.rights_at = entry.rights_at or at
    entry.save(update_fields=["more_n", "more_paid_fen", "more_fee_fen", "more_tax_fen", "rights_at"])
    outbox.record(
        PrizeHandedOn(
            at=at,
            entry_id=entry.pk,
            contest_id=contest.pk,
            entrant_id=entry.entrant_id,
            paid_fen=fen,
            fee_fen=fee_fen,
            tax_fen=tax_fen,
            lacks_fen=entry.lacks_fen,
        )
    )


def _give_host(contest: Contest, fen: Fen, at: datetime) -> None:
    """What nobody in place is due: the host asks for its payout."""
    host = ledger.open_account(ledger.payable_to(contest.owner_id))
    leg = ledger.Leg(ledger.escrow_of(PRIZES, contest.pk), host, fen)
    key = f"prize-host:{contest.pk}:{contest.recalled_back_fen}"
    ledger.post(key=key, kind="release", legs=[leg], cause=(PRIZES, contest.pk), at=at)
    contest.recalled_back_fen += fen
    contest.save(update_fields=["recalled_back_fen"])
