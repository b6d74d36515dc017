"""Every write of moderation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from backend.common.actors import Actor, PersonNeeded
from backend.common.errors import Invalid
from backend.moderation.models import Review, StaffAct


def enqueue(*, kind: str, subject_id: UUID, title: str, owner_name: str, at: datetime) -> None:
    """Put something into the queue; it is there once."""
    Review.objects.get_or_create(
        kind=kind,
        subject_id=subject_id,
        decision="",
        defaults={"title": title, "owner_name": owner_name, "opened_at": at},
    )


def decide(
    *, kind: str, subject_id: UUID, decision: str, reason: str, checklist: Iterable[str], by: Actor, at: datetime
) -> None:
    """Write down what was decided, by whom and why."""
    Review.objects.filter(kind=kind, subject_id=subject_id, decision="").update(
        decision=decision, reason=reason, checklist=sorted(checklist), decided_by=by.person_id, decided_at=at
    )
    if by.person_id is not None:
        note(act=f"{kind}.{decision}", subject_id=subject_id, reason=reason, by=by, at=at)


def note(*, act: str, subject_id: UUID | None, reason: str, by: Actor, at: datetime) -> None:
    """Keep a staff act with its reason.

    Raises:
        PersonNeeded: no natural person acts.
        Invalid: no reason is given.
    """
    if by.person_id is None:
        raise PersonNeeded
    if not reason.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    StaffAct.objects.create(person_id=by.person_id, act=act, subject_id=subject_id, reason=reason[:2_000], at=at)
