"""A dispute up to its ruling: filed, taken up, evidence, offers, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.models import Membership
from backend.common import files, outbox, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound
from backend.common.fen import Fen
from backend.common.ids import new_id
from backend.disputes.errors import EvidenceClosed, EvidenceKnown, NothingHeld, NotNeutral, OfferStale
from backend.disputes.events import CaseMoved, CaseSpoken
from backend.disputes.models import Case, Evidence
from backend.disputes.states import Deciding
from backend.disputes.subjects import SUBJECTS
from backend.ledger import operations as ledger
from backend.ledger import queries as books
from backend.moderation import operations as record

MOST_EVIDENCE = 30
"""Files of one side in one dispute."""


@dataclass(frozen=True)
class Claim:
    """What the other side was asked for and did not grant; a complaint is about this and nothing new (F1)."""

    subject_kind: str
    subject_id: UUID
    about_id: UUID
    title: str
    claimant_id: UUID
    respondent_id: UUID
    reason: str
    claimed_at: datetime
    answer: str
    most_fen: Fen


@transaction.atomic
def file_case(
    *,
    claim: Claim,
    facts: str,
    wanted_fen: Fen,
    escrow: ledger.AccountRef,
    bank: ledger.AccountRef,
    by: Actor,
    at: datetime,
) -> Case:
    """Bring a claim before the deciders and hold what it is about (投诉). It costs nothing (F4).

    Raises:
        NothingHeld: escrow has nothing left of it.
        Invalid: no facts, or more wanted than is at stake.
    """
    stake = min(claim.most_fen, books.available(escrow))
    if stake <= 0:
        raise NothingHeld
    if not facts.strip():
        raise Invalid("请写明事实经过", "Say what happened", field="facts")
    if not 0 < wanted_fen <= stake:
        raise Invalid(
            "诉求金额须大于零且不超过争议金额", "More than zero, and at most what is at stake", field="wanted"
        )
    case_id = new_id()
    hold_id = ledger.hold(
        key=f"case-hold:{case_id}",
        kind="case",
        debit=escrow,
        credit=bank,
        amount_fen=stake,
        cause=("case", case_id),
        at=at,
    )
    case = Case(
        id=case_id,
        subject_kind=claim.subject_kind,
        subject_id=claim.subject_id,
        about_id=claim.about_id,
        title=claim.title[:120],
        claimant_id=claim.claimant_id,
        respondent_id=claim.respondent_id,
        claim=claim.reason[:200],
        claimed_at=claim.claimed_at,
        answer=claim.answer[:200],
        facts=facts.strip()[:5_000],
        wanted_fen=wanted_fen,
        stake_fen=stake,
        hold_id=hold_id,
        filed_at=at,
        state_at=at,
        due_at=at + rules.days("disputes.decide_days", at=at),
    )
    case.save(force_insert=True)
    announce(case, "", at)
    return case


def locked(case_id: UUID) -> Case:
    """The dispute, its row held."""
    found = Case.objects.select_for_update(no_key=True).filter(pk=case_id).first()
    if found is None:
        raise NotFound
    return found


def side_of(case: Case, by: Actor) -> Role | None:
    """Which side an actor is on: backer for the claimant, owner for the respondent; None for others."""
    subject = SUBJECTS[case.subject_kind]
    if by.party_id == case.claimant_id and subject.claimant_scope in by.scopes:
        return Role.BACKER
    if by.party_id == case.respondent_id and subject.respondent_scope in by.scopes:
        return Role.OWNER
    return None


def _as_side(case: Case, by: Actor) -> Actor:
    side = side_of(case, by)
    if side is None:
        raise NotFound
    return by.wears(side)


def require_neutral(case: Case, by: Actor) -> None:
    """A decider who is neither side, and acts for neither.

    Raises:
        Forbidden: no decider.
        NotNeutral: a conflict.
    """
    if Role.MODERATOR not in by.roles or by.person_id is None:
        raise Forbidden
    sides = (case.claimant_id, case.respondent_id)
    tied = Membership.objects.filter(organisation_id__in=sides, user__party_id=by.person_id, revoked_at=None)
    if by.person_id in sides or tied.exists():
        raise NotNeutral


def announce(case: Case, move: str, at: datetime) -> None:
    """Tell both sides that the dispute moved."""
    outbox.record(
        CaseMoved(
            at=at,
            case_id=case.id,
            claimant_id=case.claimant_id,
            respondent_id=case.respondent_id,
            move=move,
            state=case.state,
        )
    )


def step(case: Case, move: str, *, by: Actor, at: datetime, reason: str = "", due_at: datetime | None = None) -> None:
    """Make a move of a dispute whose row is held, set its clock, and announce it."""
    case.move(move, by=by, at=at, reason=reason)
    case.state_at, case.due_at = at, due_at
    case.save(update_fields=["state_at", "due_at"])
    announce(case, move, at)


@transaction.atomic
def take_up(*, case_id: UUID, by: Actor, at: datetime) -> Case:
    """A decider takes the dispute up: both may bring evidence for a week (受理)."""
    case = locked(case_id)
    require_neutral(case, by)
    step(case, "take_up", by=by, at=at, due_at=case.due_at)
    _open_evidence(case, at)
    record.note(act="case.take_up", subject_id=case.pk, reason="受理", by=by, at=at)
    return case


@transaction.atomic
def reopen_evidence(*, case_id: UUID, reason: str, by: Actor, at: datetime) -> Case:
    """A decider opens the time for evidence once more, for both (重新举证)."""
    case = locked(case_id)
    require_neutral(case, by)
    step(case, "reopen", by=by, at=at, reason=reason, due_at=case.due_at)
    _open_evidence(case, at)
    record.note(act="case.reopen", subject_id=case.pk, reason=reason, by=by, at=at)
    return case


def _open_evidence(case: Case, at: datetime) -> None:
    case.evidence_until = at + rules.days("disputes.evidence_days", at=at)
    case.save(update_fields=["evidence_until"])


def bring_evidence(*, case_id: UUID, name: str, body: bytes, note: str, by: Actor, at: datetime) -> Evidence:
    """A side brings a file (举证). Both see it, nobody takes it back, and its hash says that it is the same.

    Raises:
        EvidenceClosed: the time for it is over.
        EvidenceKnown: this file is there.
        Invalid: a file that is not taken, or too many.
    """
    _require_time(Case.objects.filter(pk=case_id).first(), by, at)
    kept = files.keep(name, body)
    with transaction.atomic():
        case = locked(case_id)
        other = _require_time(case, by, at)
        if by.party_id is None:
            raise AssertionError("a side is a party")
        if Evidence.objects.filter(case=case, party_id=by.party_id).count() >= MOST_EVIDENCE:
            raise Invalid("最多提交 30 份文件", "At most 30 files", field="file")
        try:
            with transaction.atomic():
                made = Evidence.objects.create(
                    case=case,
                    party_id=by.party_id,
                    name=kept.name,
                    mime=kept.mime,
                    size=kept.size,
                    sha256=kept.sha256,
                    received_sha256=kept.received_sha256,
                    note=note.strip()[:200],
                    at=at,
                )
        except IntegrityError as error:
            raise EvidenceKnown(field="file") from error
        outbox.record(CaseSpoken(at=at, case_id=case.id, to_id=other, what="evidence"))
    return made


def _require_time(case: Case | None, by: Actor, at: datetime) -> UUID:
    """Whom an actor's evidence is against, while evidence is taken."""
    if case is None:
        raise NotFound
    side = _as_side(case, by)
    if case.state not in Deciding.TALKING or case.evidence_until is not None and at >= case.evidence_until:
        raise EvidenceClosed
    return case.respondent_id if Role.BACKER in side.roles else case.claimant_id


@transaction.atomic
def offer(*, case_id: UUID, to_claimant_fen: Fen, by: Actor, at: datetime) -> Case:
    """A side says what it would settle for; the last offer stands (和解方案)."""
    case = locked(case_id)
    side = _as_side(case, by)
    if case.state not in Deciding.TALKING:
        raise case.machine.refusal(case.state)
    if not 0 <= to_claimant_fen <= case.stake_fen:
        raise Invalid("金额须在 0 与争议金额之间", "Between nothing and what is at stake", field="amount")
    case.offer_fen, case.offer_by = to_claimant_fen, by.party_id
    case.save(update_fields=["offer_fen", "offer_by"])
    other = case.respondent_id if Role.BACKER in side.roles else case.claimant_id
    outbox.record(CaseSpoken(at=at, case_id=case.id, to_id=other, what="offer"))
    return case


@transaction.atomic
def accept(*, case_id: UUID, expected_fen: Fen, by: Actor, at: datetime) -> Case:
    """The other side agrees to the offer as they read it: it is carried out at once (接受和解).

    Raises:
        OfferStale: the offer is another one now, or one's own.
    """
    case = locked(case_id)
    actor = _as_side(case, by)
    if case.offer_fen is None or case.offer_fen != expected_fen or case.offer_by == by.party_id:
        raise OfferStale
    end(case, "settle", by=actor, at=at, given_fen=case.offer_fen)
    return case


@transaction.atomic
def withdraw(*, case_id: UUID, by: Actor, at: datetime) -> Case:
    """The claimant lets the complaint go (撤回投诉)."""
    case = locked(case_id)
    end(case, "withdraw", by=_as_side(case, by), at=at, given_fen=0)
    return case


@transaction.atomic
def dismiss(*, case_id: UUID, reason: str, by: Actor, at: datetime) -> Case:
    """A decider does not admit the complaint, and says why (不予受理)."""
    case = locked(case_id)
    require_neutral(case, by)
    record.note(act="case.dismiss", subject_id=case.pk, reason=reason, by=by, at=at)
    end(case, "dismiss", by=by, at=at, given_fen=0, reason=reason)
    return case


def end(
    case: Case, move: str, *, by: Actor, at: datetime, given_fen: Fen, redo_days: int | None = None, reason: str = ""
) -> None:
    """End a dispute whose row is held: what was held is free, and the deal gets what was decided, all or nothing."""
    step(case, move, by=by, at=at, reason=reason)
    case.given_fen = given_fen
    case.save(update_fields=["given_fen"])
    ledger.void(key=f"case-void:{case.id}", hold_id=case.hold_id, at=at)
    subject = SUBJECTS[case.subject_kind]
    if redo_days and subject.redo is not None:
        subject.redo(case, redo_days, at)
    else:
        subject.carry_out(case, given_fen, at)
