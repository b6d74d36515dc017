"""What every operation of a contract begins and ends with: whose it is, its row held, its clocks, and the word of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from backend.common import outbox, rules
from backend.common.actors import CLOCK, SYSTEM, Actor, Role
from backend.common.errors import Forbidden, NotFound
from marketplace.engagements.events import ContractMoved, MilestoneMoved
from marketplace.engagements.models import CLIENT, WORKER, Contract, Milestone
from marketplace.engagements.states import Agreeing, Stage

SCOPE = "work"


def held(contract_id: UUID) -> Contract:
    """The contract, its row held.

    Raises:
        NotFound: there is none.
    """
    found = Contract.objects.select_for_update(of=("self",)).select_related("client", "worker").filter(pk=contract_id)
    contract = found.first()
    if contract is None:
        raise NotFound
    return contract


def held_milestone(milestone_id: UUID) -> tuple[Contract, Milestone]:
    """A milestone and its contract, both rows held, the contract's first.

    Raises:
        NotFound: there is none.
    """
    contract_id = Milestone.objects.filter(pk=milestone_id).values_list("contract_id", flat=True).first()
    if contract_id is None:
        raise NotFound
    contract = held(contract_id)
    milestone = Milestone.objects.select_for_update(of=("self",)).select_related("paid_by").get(pk=milestone_id)
    milestone.contract = contract
    return contract, milestone


def side_of(contract: Contract, by: Actor) -> str:
    """Which side a hat is on; empty for others."""
    if by.party_id is None:
        return ""
    return {contract.client_id: CLIENT, contract.worker_id: WORKER}.get(by.party_id, "")


def as_side(contract: Contract, by: Actor, *sides: str) -> Actor:
    """The actor in the role of their side, where that is one of those that may.

    Raises:
        NotFound: neither side's hat.
        Forbidden: the other side, or the hat's mandate does not cover work.
    """
    side = side_of(contract, by)
    if not side:
        raise NotFound
    if SCOPE not in by.scopes or sides and side not in sides:
        raise Forbidden
    return by.wears(Role.CLIENT if side == CLIENT else Role.WORKER)


def other_of(contract: Contract, side: str) -> UUID:
    """The party on the other side."""
    return contract.worker_id if side == CLIENT else contract.client_id


def move_contract(contract: Contract, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a contract whose row is held, and announce it."""
    contract.move(event, by=by, at=at, reason=reason)
    contract.state_at, contract.due_at = at, None
    contract.reason = reason[:300] or contract.reason
    if contract.state not in Agreeing.OPEN:
        contract.over_at = at
    contract.save(update_fields=["state_at", "due_at", "reason", "over_at", "signed_at", "reviews_until"])
    announce(contract, event, at)


def announce(contract: Contract, event: str, at: datetime) -> None:
    outbox.record(
        ContractMoved(
            at=at,
            contract_id=contract.id,
            client_id=contract.client_id,
            worker_id=contract.worker_id,
            subject_kind=contract.subject_kind,
            subject_id=contract.subject_id,
            move=event,
            state=contract.state,
        )
    )


def move(milestone: Milestone, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a milestone whose row is held, set its clocks anew, announce it, and go on with the contract."""
    milestone.move(event, by=by, at=at, reason=reason)
    milestone.state_at, milestone.nudges, milestone.nudged_at = at, 0, None
    if by.roles & {Role.WORKER, Role.PROVIDER} or event in ("ask_changes", "resume_changes", "decide_redo"):
        milestone.active_at = at
    set_clock(milestone, at)
    milestone.save()
    contract = milestone.contract
    outbox.record(
        MilestoneMoved(
            at=at,
            milestone_id=milestone.id,
            contract_id=contract.id,
            client_id=contract.client_id,
            worker_id=contract.worker_id,
            move=event,
            state=milestone.state,
        )
    )
    if milestone.state in Stage.FINAL and event != "drop":
        _go_on(contract, milestone, at)


def set_clock(milestone: Milestone, at: datetime) -> None:
    """When time alone takes the next move (`until`), and when the clock looks next, to remind or to take it (`due_at`)."""
    contract = milestone.contract
    match milestone.state:
        case Stage.FUNDED | Stage.WORKING | Stage.CHANGES:
            _set_idle_clock(milestone)
        case Stage.SUBMITTED:
            milestone.until = milestone.state_at + timedelta(days=contract.accept_days)
            milestone.due_at = remind_first(milestone, milestone.until)
        case Stage.APPROVED:
            milestone.until = milestone.due_at = milestone.state_at + rules.days("engagements.hold_days", at=at)
        case Stage.PLANNED:
            pass  # its time begins when it is next
        case _:
            milestone.until = milestone.due_at = None


def _set_idle_clock(milestone: Milestone) -> None:
    """Silence is met by two reminders and then ends the milestone; a passed date of delivery is told once by itself."""
    active = milestone.active_at or milestone.state_at
    idle = rules.days("engagements.idle_days", at=milestone.state_at)
    gap = rules.days("engagements.nudge_gap_days", at=milestone.state_at)
    milestone.until = active + idle + 2 * gap
    milestone.due_at = active + idle + milestone.nudges * gap
    late = milestone.deliver_by
    if late is not None and (milestone.nudged_at is None or milestone.nudged_at < late):
        milestone.due_at = min(milestone.due_at, late)


def remind_first(milestone: Milestone, until: datetime) -> datetime:
    """Some days before `until` while nobody was reminded, then `until` itself."""
    early = until - rules.days("engagements.remind_days", at=milestone.state_at)
    return until if milestone.nudges else max(early, milestone.state_at)


def begin_waiting(milestone: Milestone, at: datetime) -> None:
    """A milestone is next: from now on the client has some days to put its money into escrow."""
    milestone.until = at + rules.days("engagements.fund_days", at=at)
    milestone.state_at, milestone.nudges = at, 0
    milestone.due_at = remind_first(milestone, milestone.until)
    milestone.save(update_fields=["until", "state_at", "nudges", "due_at"])


def _go_on(contract: Contract, milestone: Milestone, at: datetime) -> None:
    """After a milestone is over: the next one, or the end of the contract, as it should be or before its time."""
    planned = contract.milestones.filter(state=Stage.PLANNED).order_by("no")
    if milestone.state in Stage.PAID:
        following = planned.first()
        if following is not None:
            begin_waiting(following, at)
            return
        close(contract, "complete", "", at)
        return
    drop_planned(contract, at)
    close(contract, "end", ENDS.get(milestone.state, ""), at)


def drop_planned(contract: Contract, at: datetime) -> None:
    """What was not begun is not done any more."""
    for rest in contract.milestones.filter(state=Stage.PLANNED).order_by("no"):
        rest.contract = contract
        move(rest, "drop", by=SYSTEM, at=at)


ENDS = {
    Stage.ABANDONED: "承接方放弃",
    Stage.REFUNDED: "款项已退还发包方",
    Stage.VOID: "发包方未按期托管",
}


def close(contract: Contract, event: str, reason: str, at: datetime) -> None:
    """End a contract none of whose stages holds money any more; what was paid for may be reviewed."""
    if contract.milestones.filter(state__in=Stage.PAID).exists():
        contract.reviews_until = at + rules.days("engagements.review_days", at=at)
    move_contract(contract, event, by=CLOCK, at=at, reason=reason)
