"""A claim between the two sides (协商诉求), and its way to the deciders: first the other side, then the panel (F1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.common import outbox, rules, working_days
from backend.common.actors import CLOCK, SYSTEM, Actor
from backend.common.errors import Invalid, NotFound
from backend.common.fen import Fen, show_yuan
from backend.disputes import queries as disputes
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from backend.disputes.states import Deciding
from backend.disputes.subjects import Subject
from backend.payments.ledger_accounts import clearing_of
from marketplace.engagements.errors import ClaimOpen, TooEarlyToFile, TooLateToClaim
from marketplace.engagements.events import ClaimMoved
from marketplace.engagements.models import CLIENT, WORKER, Claim, Contract, Milestone
from marketplace.engagements.operations import money
from marketplace.engagements.operations.shared import as_side, held_milestone, move, other_of, side_of
from marketplace.engagements.states import Claiming, Stage

KIND = "milestone"
LEAST_WORDS, MOST_WORDS = 10, 200


@transaction.atomic
def make(*, milestone_id: UUID, wanted_fen: Fen, reason: str, by: Actor, at: datetime) -> Claim:
    """One side says what of a delivered stage's money they would have, and why; until it is settled nothing moves (提出诉求).

    Raises:
        TooLateToClaim: the delivery is too long ago.
        ClaimOpen: there is an open one.
        Invalid: more than the stage holds, or no reason.
        MoveRefused: nothing was delivered, or it is paid.
    """
    contract, milestone = held_milestone(milestone_id)
    actor = as_side(contract, by)
    most_days = rules.value("engagements.claim_days", at=at)
    if not LEAST_WORDS <= len(reason.strip()) <= MOST_WORDS:
        raise Invalid("请用 10 至 200 字写明理由", "Give your reason in 10 to 200 characters", field="reason")
    if not 0 < wanted_fen <= milestone.amount_fen:
        most = show_yuan(milestone.amount_fen)
        raise Invalid(f"金额须大于零且不超过 {most}", f"More than zero, at most {most}", field="wanted")
    if milestone.state == Stage.DISPUTED:
        raise ClaimOpen
    milestone.machine.step("dispute", milestone.state)
    if milestone.submitted_at is not None and at > milestone.submitted_at + rules.days("engagements.claim_days", at=at):
        raise TooLateToClaim(days=most_days)
    money.free_money(milestone, at=at)
    milestone.resumes = milestone.state
    answer_by = working_days.after(at, rules.value("engagements.claim_answer_working_days", at=at))
    claim = Claim(
        milestone=milestone,
        side=side_of(contract, by),
        wanted_fen=wanted_fen,
        reason=reason.strip(),
        made_at=at,
        answer_by=answer_by,
        due_at=answer_by + rules.days("engagements.file_days", at=at),
    )
    try:
        with transaction.atomic():
            claim.save(force_insert=True)
    except IntegrityError as error:
        raise ClaimOpen from error
    move(milestone, "dispute", by=actor, at=at, reason=claim.reason)
    _announce(contract, claim, "make", at)
    return claim


def _announce(contract: Contract, claim: Claim, event: str, at: datetime) -> None:
    mine = contract.client_id if claim.side == CLIENT else contract.worker_id
    theirs = other_of(contract, claim.side)
    speaks, hears = (theirs, mine) if event in ("refuse", "grant") else (mine, theirs)
    outbox.record(
        ClaimMoved(
            at=at,
            claim_id=claim.pk,
            contract_id=contract.pk,
            milestone_id=claim.milestone_id,
            by_id=speaks,
            to_id=hears,
            move=event,
        )
    )


def _held(claim_id: UUID, by: Actor, *, own: bool) -> tuple[Contract, Milestone, Claim, Actor]:
    """Contract, milestone and claim, rows held, for the side that made the claim or for the one that answers it."""
    milestone_id = Claim.objects.filter(pk=claim_id).values_list("milestone_id", flat=True).first()
    if milestone_id is None:
        raise NotFound
    contract, milestone = held_milestone(milestone_id)
    claim = Claim.objects.select_for_update().get(pk=claim_id)
    answers = WORKER if claim.side == CLIENT else CLIENT
    actor = as_side(contract, by, claim.side if own else answers)
    return contract, milestone, claim, actor


def _step(claim: Claim, event: str, *, by: Actor, at: datetime, answer: str = "") -> None:
    claim.move(event, by=by, at=at, reason=answer)
    claim.answer = answer[:200] or claim.answer
    if claim.state == Claiming.REFUSED:
        claim.due_at = at + rules.days("engagements.file_days", at=at)
    elif claim.state not in Claiming.OPEN:
        claim.due_at = None
    claim.save(update_fields=["answer", "due_at"])


@transaction.atomic
def refuse(claim_id: UUID, text: str, by: Actor, at: datetime) -> Claim:
    """The other side does not agree, and says why (不同意)."""
    contract, _milestone, claim, actor = _held(claim_id, by, own=False)
    if not text.strip():
        raise Invalid("请填写理由", "Please give a reason", field="reason")
    _step(claim, "refuse", by=actor, at=at, answer=text.strip())
    _announce(contract, claim, "refuse", at)
    return claim


@transaction.atomic
def grant(claim_id: UUID, text: str, by: Actor, at: datetime) -> Claim:
    """The other side agrees: it is carried out at once, and the rest is the other's (同意诉求)."""
    contract, milestone, claim, actor = _held(claim_id, by, own=False)
    _step(claim, "grant", by=actor, at=at, answer=text.strip())
    _divide(milestone, claim.side, claim.wanted_fen, "双方协商一致", at)
    _announce(contract, claim, "grant", at)
    return claim


@transaction.atomic
def withdraw(claim_id: UUID, _text: str, by: Actor, at: datetime) -> Claim:
    """Whoever made it lets it go: the stage goes on where it stood (撤回诉求)."""
    contract, milestone, claim, actor = _held(claim_id, by, own=True)
    _step(claim, "withdraw", by=actor, at=at)
    _resume(milestone, SYSTEM, at)
    _announce(contract, claim, "withdraw", at)
    return claim


def may_file(claim: Claim, at: datetime) -> bool:
    """Whether a claim may go to the deciders: refused, or not answered in time."""
    return claim.state == Claiming.REFUSED or claim.state == Claiming.MADE and at >= claim.answer_by


@transaction.atomic
def file(*, claim_id: UUID, facts: str, by: Actor, at: datetime) -> Case:
    """Bring a refused claim before the deciders: about what was claimed and nothing new (提交裁定). It costs nothing.

    Raises:
        TooEarlyToFile: the other side may still answer.
        NothingHeld, Invalid: of the dispute.
        DisputeOpen: the client's bank asks for the money already.
    """
    contract, milestone, claim, actor = _held(claim_id, by, own=True)
    claim.machine.step("file", claim.state)
    if not may_file(claim, at):
        raise TooEarlyToFile(until=claim.answer_by.astimezone(rules.SHANGHAI).strftime("%Y-%m-%d %H:%M"))
    free = money.free_money(milestone, at=at)
    mine = contract.client_id if claim.side == CLIENT else contract.worker_id
    case = cases.file_case(
        claim=cases.Claim(
            subject_kind=KIND,
            subject_id=milestone.pk,
            about_id=contract.pk,
            title=f"{contract.title}·{milestone.title}",
            claimant_id=mine,
            respondent_id=other_of(contract, claim.side),
            reason=claim.reason,
            claimed_at=claim.made_at,
            answer=claim.answer,
            most_fen=free,
        ),
        facts=facts,
        wanted_fen=min(claim.wanted_fen, free),
        escrow=money.escrow_of(milestone),
        bank=clearing_of(money.payment_of(milestone)),
        by=by,
        at=at,
    )
    _step(claim, "file", by=actor, at=at)
    return case


def _divide(milestone: Milestone, side: str, given_fen: Fen, reason: str, at: datetime) -> None:
    """The claimant gets so much, the other side the rest of what escrow holds."""
    whole = money.free_money(milestone, at=at)
    given = min(given_fen, whole)
    event = money.divide(milestone, given if side == WORKER else whole - given, reason=reason, at=at)
    move(milestone, event, by=SYSTEM, at=at, reason=reason)


def _resume(milestone: Milestone, by: Actor, at: datetime) -> None:
    move(milestone, "resume_changes" if milestone.resumes == Stage.CHANGES else "resume", by=by, at=at)


DECIDED = (Deciding.EXECUTED, Deciding.SETTLED)


def carry_out(case: Case, given_fen: Fen, at: datetime) -> None:
    """What a dispute's end does: a decision or a settlement divides the money, anything else lets the stage go on."""
    contract, milestone = held_milestone(case.subject_id)
    if milestone.state != Stage.DISPUTED:
        return
    if case.state in DECIDED:
        _divide(milestone, CLIENT if case.claimant_id == contract.client_id else WORKER, given_fen, "裁定执行", at)
    elif case.state != Deciding.OVERTAKEN:
        _resume(milestone, SYSTEM, at)


def redo(case: Case, days: int, at: datetime) -> None:
    """A decision that the work is done again: its money stays, and the worker has so many days to hand it in anew (重做)."""
    _contract, milestone = held_milestone(case.subject_id)
    if milestone.state == Stage.DISPUTED:
        milestone.deliver_by = at + timedelta(days=days)
        move(milestone, "decide_redo", by=SYSTEM, at=at, reason="裁定重做")


@transaction.atomic
def advance(*, claim_id: UUID, at: datetime) -> None:
    """A claim that was not brought before the deciders in time lapses, and the stage goes on. Safe to repeat."""
    milestone_id = Claim.objects.values_list("milestone_id", flat=True).get(pk=claim_id)
    contract, milestone = held_milestone(milestone_id)
    claim = Claim.objects.select_for_update().get(pk=claim_id)
    if claim.state not in Claiming.OPEN or claim.due_at is None or claim.due_at > at:
        return
    _step(claim, "lapse", by=CLOCK, at=at)
    _resume(milestone, CLOCK, at)
    _announce(contract, claim, "lapse", at)


@transaction.atomic
def end_with_payment(*, milestone_id: UUID, at: datetime) -> None:
    """The bank took the payment back: nothing is left to claim or to decide. Safe to repeat."""
    case = disputes.of_subject(milestone_id)
    if case is not None and case.state in Deciding.OPEN:
        rulings.overtake(case_id=case.pk, reason="付款已被银行收回", at=at)
    _contract, milestone = held_milestone(milestone_id)
    for claim in Claim.objects.select_for_update().filter(milestone=milestone, state__in=Claiming.OPEN):
        _step(claim, "withdraw", by=SYSTEM, at=at)
    money.lose(milestone_id=milestone_id, at=at)


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Claim]] = {
    "refuse": refuse,
    "grant": grant,
    "withdraw": withdraw,
}

SUBJECT = Subject(
    claimant_scope="work",
    respondent_scope="work",
    carry_out=carry_out,
    claimant_url=lambda case: f"/contracts/{case.about_id}/",
    respondent_url=lambda case: f"/contracts/{case.about_id}/",
    redo=redo,
)
