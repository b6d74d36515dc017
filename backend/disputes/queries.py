"""Every read of disputes that spans rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.models import Party
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.disputes.models import Case, Evidence
from backend.disputes.states import Deciding

A_HANDFUL = 200
READERS = {Role.MODERATOR, Role.AUDITOR}


def due(*, at: datetime) -> list[UUID]:
    """Disputes whose clock has something to do."""
    found = Case.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def mine(party_id: UUID) -> QuerySet[Case]:
    """The disputes of a party, on either side."""
    return Case.objects.filter(Q(claimant_id=party_id) | Q(respondent_id=party_id))


def waiting() -> QuerySet[Case]:
    """Disputes that deciders have to do with."""
    return Case.objects.filter(state__in=Deciding.OPEN)


def visible(case_id: UUID, actor: Actor) -> Case:
    """A dispute for its sides, whatever their mandate covers, for deciders and auditors.

    Raises:
        NotFound: none, or not for this reader.
    """
    found = Case.objects.select_related("claimant", "respondent").filter(pk=case_id).first()
    sides = (found.claimant_id, found.respondent_id) if found else ()
    if found is None or actor.party_id not in sides and not actor.roles & READERS:
        raise NotFound
    return found


def evidence_for(case_id: UUID, evidence_id: UUID, actor: Actor) -> Evidence:
    """One file of a dispute that the reader may see.

    Raises:
        NotFound: none, or not for this reader.
    """
    visible(case_id, actor)
    found = Evidence.objects.filter(pk=evidence_id, case_id=case_id).first()
    if found is None:
        raise NotFound
    return found


def of_subject(subject_id: UUID) -> Case | None:
    """The newest dispute about one deal."""
    return Case.objects.filter(subject_id=subject_id).order_by("-filed_at", "pk").first()


def open_business(party: Party) -> tuple[str, str] | None:
    """Whether open disputes keep a party's account from being closed."""
    if mine(party.pk).filter(state__in=Deciding.OPEN).exists():
        return "您有未结的纠纷", "you have open disputes"
    return None


STANDING: dict[str, str] = {
    "dispute holds another sum than is at stake (case, state, stake, held)": """
        SELECT c.id, c.state, c.stake_fen, coalesce(h.held, 0) FROM disputes_case c LEFT JOIN LATERAL (
            SELECT sum(t.amount_fen) held FROM ledger_transfer t WHERE t.cause_kind = 'case' AND t.cause_id = c.id
              AND t.phase = 'pending' AND NOT EXISTS (SELECT 1 FROM ledger_transfer x WHERE x.resolves_id = t.id)
        ) h ON true
        WHERE coalesce(h.held, 0) <> CASE WHEN c.state IN ('filed', 'hearing', 'ruled', 'appealed')
            THEN c.stake_fen ELSE 0 END ORDER BY 1""",
    "hold of no dispute (key)": """
        SELECT t.key FROM ledger_transfer t LEFT JOIN disputes_case c ON c.id = t.cause_id
        WHERE t.cause_kind = 'case' AND c.id IS NULL ORDER BY t.seq""",
    "ruling does not make up its stake (case, stake, sum)": """
        SELECT c.id, c.stake_fen, r.to_claimant_fen + r.to_respondent_fen FROM disputes_ruling r
        JOIN disputes_case c ON c.id = r.case_id
        WHERE r.to_claimant_fen + r.to_respondent_fen <> c.stake_fen ORDER BY 1""",
}
