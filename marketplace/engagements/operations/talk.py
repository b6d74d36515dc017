"""What the two sides write to each other (留言)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import files, outbox
from backend.common.actors import Actor
from backend.common.errors import Invalid, NotFound
from marketplace.engagements.events import MessageSent
from marketplace.engagements.models import Contract, Message
from marketplace.engagements.operations.shared import as_side, held, other_of, side_of

MOST_WORDS = 2_000


def say(*, contract_id: UUID, text: str, attached: tuple[str, bytes] | None, by: Actor, at: datetime) -> Message:
    """Write to the other side, with a file where there is one.

    Raises:
        Invalid: neither words nor a file, or a file that is not taken.
    """
    if len(text.strip()) > MOST_WORDS or not (text.strip() or attached):
        raise Invalid("请填写 1 至 2000 字", "1 to 2,000 characters", field="text")
    _require_side(contract_id, by)
    kept = files.keep(*attached) if attached else None
    with transaction.atomic():
        contract = held(contract_id)
        as_side(contract, by)
        side = side_of(contract, by)
        if by.person_id is None:
            raise AssertionError("a side is a person under a hat")
        made = Message.objects.create(
            contract=contract,
            side=side,
            person_id=by.person_id,
            text=text.strip(),
            name=kept.name if kept else "",
            mime=kept.mime if kept else "",
            sha256=kept.sha256 if kept else "",
            at=at,
        )
        outbox.record(MessageSent(at=at, contract_id=contract.pk, to_id=other_of(contract, side)))
    return made


def _require_side(contract_id: UUID, by: Actor) -> None:
    """Look before a file is kept: a stranger's file is never written down."""
    contract = Contract.objects.filter(pk=contract_id).first()
    if contract is None:
        raise NotFound
    as_side(contract, by)
