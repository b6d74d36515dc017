"""What time does to a solicitation: closed, left unanswered; and the poster's conclusion."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid
from backend.common.states import move_all
from marketplace.ideas.models import Idea, Solicitation
from marketplace.ideas.operations.shared import held, move, of_owner
from marketplace.ideas.states import Asking, Proposed


@transaction.atomic
def conclude(*, solicitation_id: UUID, text: str, by: Actor, at: datetime) -> Solicitation:
    """Say in public what comes of it; ideas that were not answered are shown as such (公布结果).

    Raises:
        MoveRefused: the window is open, or it is over.
        Invalid: no words.
    """
    found, actor = of_owner(solicitation_id, by)
    if not 20 <= len(text.strip()) <= 5_000 or "\x00" in text:
        raise Invalid("请用 20 至 5000 字写明结果", "Say what comes of it, in 20 to 5000 characters", field="text")
    found.machine.step("conclude", found.state)
    found.conclusion = text.strip()
    found.save(update_fields=["conclusion"])
    _close_ideas(found, at)
    move(found, "conclude", by=actor, at=at)
    return found


def _close_ideas(found: Solicitation, at: datetime) -> None:
    ids = list(found.ideas.filter(state=Proposed.SHOWN).values_list("pk", flat=True))
    if ids:
        move_all(Idea, ids, event="close", source=Proposed.SHOWN, by=SYSTEM, at=at)


@transaction.atomic
def advance(*, solicitation_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    found = held(solicitation_id)
    if found.due_at is None or found.due_at > at:
        return
    match found.state:
        case Asking.DRAFT | Asking.RETURNED:
            move(found, "withdraw", by=CLOCK, at=at)
        case Asking.REVIEW:
            move(found, "give_up_review", by=CLOCK, at=at, reason="超过审核时限")
        case Asking.OPEN:
            move(found, "close", by=CLOCK, at=at)
        case Asking.FROZEN:
            _close_ideas(found, at)
            move(found, "call_off", by=CLOCK, at=at, reason="冻结期满，自动取消")
        case Asking.ANSWERING:
            _close_ideas(found, at)
            move(found, "lapse", by=CLOCK, at=at, reason="发起方逾期未公布结果")
