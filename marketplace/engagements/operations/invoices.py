"""Invoices of what was paid (发票): asked for by the client, attached by the worker; a difference is said, never swallowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import files, outbox
from backend.common.actors import Actor
from backend.common.errors import Invalid
from backend.common.fen import Fen
from backend.common.rules import SHANGHAI
from marketplace.engagements.errors import InvoiceKnown
from marketplace.engagements.events import InvoiceMoved
from marketplace.engagements.models import CLIENT, WORKER, Contract, Invoice, Milestone
from marketplace.engagements.operations.shared import as_side, held_milestone
from marketplace.engagements.states import Stage

NUMBER = re.compile(r"[0-9]{20}", re.ASCII)
"""数电发票号码: 20 digits and no code (domain.md vat.invoice.number)."""


@dataclass(frozen=True)
class Paper:
    """What stands on an invoice; the sum with tax, in fen. `explained` says why it differs, where it does."""

    number: str
    amount_fen: Fen
    issued_on: date
    explained: str
    file: tuple[str, bytes]


def _require_paid(milestone: Milestone) -> None:
    if milestone.state not in Stage.PAID:
        raise milestone.machine.refusal(milestone.state)


@transaction.atomic
def ask(*, milestone_id: UUID, by: Actor, at: datetime) -> Invoice:
    """The client asks for an invoice of a paid stage, once (索取发票)."""
    contract, milestone = held_milestone(milestone_id)
    as_side(contract, by, CLIENT)
    _require_paid(milestone)
    made, is_new = Invoice.objects.get_or_create(milestone=milestone, defaults={"asked_at": at})
    if is_new:
        _announce(contract, made, contract.worker_id, "ask", at)
    return made


def attach(*, milestone_id: UUID, paper: Paper, by: Actor, at: datetime) -> Invoice:
    """The worker attaches the invoice; a sum other than what was paid needs its reason, and the client is told (上传发票).

    It holds nothing up: the money is paid. A better one takes the place of a wrong one until the client has what they need.

    Raises:
        InvoiceKnown: this number is on record for another payment.
        Invalid: not 20 digits, a day that has not come, or a difference without a reason.
    """
    if not NUMBER.fullmatch(paper.number):
        raise Invalid("数电发票号码为 20 位数字", "The number has 20 digits", field="number")
    if not paper.amount_fen > 0:
        raise Invalid("金额须大于零", "More than zero", field="amount")
    if paper.issued_on > at.astimezone(SHANGHAI).date():
        raise Invalid("开票日期不能晚于今天", "The day has not come yet", field="issued_on")
    with transaction.atomic():
        contract, milestone = held_milestone(milestone_id)
        as_side(contract, by, WORKER)
        _require_paid(milestone)
        differs = paper.amount_fen != milestone.given_fen
        if differs and not paper.explained.strip():
            raise Invalid(
                "金额与实付不符，请说明原因", "The sum differs from what was paid; say why", field="explained"
            )
        kept = files.keep(*paper.file)
        values = {
            "number": paper.number,
            "amount_fen": paper.amount_fen,
            "issued_on": paper.issued_on,
            "name": kept.name,
            "mime": kept.mime,
            "sha256": kept.sha256,
            "attached_at": at,
            "differs": differs,
            "explained": paper.explained.strip()[:200],
        }
        try:
            with transaction.atomic():
                made, _new = Invoice.objects.update_or_create(milestone=milestone, defaults=values)
        except IntegrityError as error:
            raise InvoiceKnown(field="number") from error
        _announce(contract, made, contract.client_id, "attach", at)
    return made


def _announce(contract: Contract, invoice: Invoice, to_id: UUID, event: str, at: datetime) -> None:
    outbox.record(
        InvoiceMoved(
            at=at,
            contract_id=contract.pk,
            milestone_id=invoice.milestone_id,
            to_id=to_id,
            move=event,
            differs=invoice.differs,
        )
    )
