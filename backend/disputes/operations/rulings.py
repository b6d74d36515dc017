"""A dispute decided: ruled, appealed, carried out, or overtaken by events."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common import rules
from backend.common.actors import CLOCK, SYSTEM, Actor, require_other_person
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen, show_yuan
from backend.disputes.errors import EvidenceOpen, NoRedo, SplitWrong
from backend.disputes.models import Case, Ruling
from backend.disputes.operations.cases import end, locked, require_neutral, side_of, step
from backend.disputes.states import Deciding
from backend.disputes.subjects import SUBJECTS
from backend.moderation import operations as record


@transaction.atomic
def rule(
    *,
    case_id: UUID,
    to_claimant_fen: Fen,
    to_respondent_fen: Fen,
    redo_days: int | None = None,
    text: str,
    by: Actor,
    at: datetime,
) -> Ruling:
    """Decide: a split of what is at stake, or that the work is done again, with reasons; carried out when nobody appeals (裁定).

    Raises:
        EvidenceOpen: both sides may still bring evidence.
        SplitWrong: the sums do not make up the stake.
        NoRedo: the work cannot be done again, or was before; or not in so many days.
        NotNeutral: a conflict.
    """
    case = locked(case_id)
    require_neutral(case, by)
    if case.state == Deciding.HEARING and (case.evidence_until is None or at < case.evidence_until):
        raise EvidenceOpen
    step(case, "rule", by=by, at=at, due_at=at + rules.days("disputes.appeal_days", at=at))
    return _write(case, 1, (to_claimant_fen, to_respondent_fen), redo_days, text, by, at)


def may_redo(case: Case) -> bool:
    """Whether a ruling can have the work done again: of a deal that knows how, once."""
    before = Ruling.objects.filter(case__subject_id=case.subject_id, redo_days__isnull=False).exclude(case=case)
    return SUBJECTS[case.subject_kind].redo is not None and not before.exists()


def _write(
    case: Case, number: int, sums: tuple[Fen, Fen], redo_days: int | None, text: str, by: Actor, at: datetime
) -> Ruling:
    to_claimant_fen, to_respondent_fen = sums if redo_days is None else (0, case.stake_fen)
    most = rules.value("disputes.redo_days_most", at=at)
    if redo_days is not None and (not may_redo(case) or not 1 <= redo_days <= most):
        raise NoRedo(most=most, field="redo_days")
    if min(to_claimant_fen, to_respondent_fen) < 0 or to_claimant_fen + to_respondent_fen != case.stake_fen:
        raise SplitWrong(stake=show_yuan(case.stake_fen), field="to_claimant")
    if not text.strip() or by.person_id is None:
        raise Invalid("请写明裁定理由", "Give the reasons", field="text")
    record.note(act="case.rule", subject_id=case.pk, reason=text, by=by, at=at)
    return Ruling.objects.create(
        case=case,
        no=number,
        to_claimant_fen=to_claimant_fen,
        to_respondent_fen=to_respondent_fen,
        redo_days=redo_days,
        text=text.strip()[:5_000],
        person_id=by.person_id,
        at=at,
    )


@transaction.atomic
def appeal(*, case_id: UUID, reason: str, by: Actor, at: datetime) -> Case:
    """Either side appeals, once, before the ruling is carried out (申诉)."""
    case = locked(case_id)
    side = side_of(case, by)
    if side is None:
        raise NotFound
    if case.due_at is not None and at >= case.due_at:
        raise case.machine.refusal(case.state)  # the clock is late to carry it out; the time is over all the same
    if not reason.strip():
        raise Invalid("请写明申诉理由", "Say why", field="reason")
    step(case, "appeal", by=by.wears(side), at=at, due_at=at + rules.days("disputes.review_days", at=at))
    case.appeal, case.appealed_by = reason.strip()[:2_000], by.party_id
    case.save(update_fields=["appeal", "appealed_by"])
    return case


@transaction.atomic
def decide_appeal(
    *,
    case_id: UUID,
    to_claimant_fen: Fen,
    to_respondent_fen: Fen,
    redo_days: int | None = None,
    text: str,
    by: Actor,
    at: datetime,
) -> Ruling:
    """Another decider confirms the ruling or changes it; that is final, and carried out at once (复核裁定).

    Raises:
        SamePerson: whoever ruled first.
        SplitWrong, NoRedo, NotNeutral: as for the first ruling.
    """
    case = locked(case_id)
    require_neutral(case, by)
    first = Ruling.objects.filter(case=case, no=1).first()
    require_other_person(by, first.person_id if first else None)
    case.machine.step("decide_appeal", case.state)
    made = _write(case, 2, (to_claimant_fen, to_respondent_fen), redo_days, text, by, at)
    end(case, "decide_appeal", by=by, at=at, given_fen=made.to_claimant_fen, redo_days=made.redo_days)
    return made


@transaction.atomic
def advance(*, case_id: UUID, at: datetime) -> None:
    """Take the step that time alone takes, if it is due. Safe to repeat."""
    case = locked(case_id)
    if case.due_at is None or case.due_at > at:
        return
    if case.state in Deciding.TALKING:
        end(case, "give_up", by=CLOCK, at=at, given_fen=0)
    elif case.state in (Deciding.RULED, Deciding.APPEALED):
        made = Ruling.objects.get(case=case, no=1)
        end(case, "execute", by=CLOCK, at=at, given_fen=made.to_claimant_fen, redo_days=made.redo_days)


@transaction.atomic
def overtake(*, case_id: UUID, reason: str, at: datetime) -> None:
    """What was disputed has ended otherwise: the dispute ends too, and nothing is held for it. Safe to repeat."""
    case = locked(case_id)
    if case.state in Deciding.OPEN:
        end(case, "overtake", by=SYSTEM, at=at, given_fen=0, reason=reason)


def overtake_all(*, about_id: UUID, reason: str, at: datetime) -> None:
    """Overtake every open dispute about one whole, in the caller's transaction."""
    open_cases = Case.objects.filter(about_id=about_id, state__in=Deciding.OPEN).order_by("pk")
    for case_id in list(open_cases.values_list("pk", flat=True)):
        overtake(case_id=case_id, reason=reason, at=at)
