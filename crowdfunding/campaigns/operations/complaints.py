"""From a refused refund to a dispute: who may complain, what is held, and what a decision does to the pledge."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import locks, rules, working_days
from backend.common.actors import SYSTEM, Actor, Role
from backend.common.fen import Fen
from backend.common.models import StateChange
from backend.disputes import queries as disputes
from backend.disputes.errors import TooLateToComplain
from backend.disputes.models import Case
from backend.disputes.operations import cases, rulings
from backend.disputes.operations.cases import Claim
from backend.disputes.states import Deciding
from backend.disputes.subjects import Subject
from backend.payments.ledger_accounts import clearing_of, escrow_of
from backend.payments.operations import refunds
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.states import PledgeState, State

KIND = "pledge"


def complain_until(made: Pledge, at: datetime) -> datetime | None:
    """Until when a refused claim may go to the deciders; None where none was refused."""
    return made.declined_at and made.declined_at + rules.days("disputes.complain_days", at=made.declined_at)


def may_complain(made: Pledge, campaign: Campaign, at: datetime) -> bool:
    """Whether a claim was made and refused, or not answered in time, and nobody has decided on it yet (F1)."""
    if campaign.owner_id is None or campaign.state not in State.UNDER_WAY:
        return False
    if made.state == PledgeState.ASKED:
        wait = rules.value("disputes.answer_working_days", at=made.state_at)
        return at >= working_days.after(made.state_at, wait)
    until = complain_until(made, at)
    if made.state not in (PledgeState.PAID, PledgeState.RECEIVED) or until is None or at >= until:
        return False
    last = disputes.of_subject(made.pk)
    return last is None or made.declined_at is None or last.filed_at < made.declined_at


@transaction.atomic
def complain(*, pledge_id: UUID, facts: str, wanted_fen: Fen, by: Actor, at: datetime) -> Case:
    """Bring a refused claim before the deciders; what was paid is held meanwhile (投诉).

    Raises:
        TooLateToComplain: nothing was refused, or too long ago, or the maker may still answer.
        NothingHeld, Invalid: of the dispute.
    """
    locks.share(campaign_lock(pledges.own_pledge(pledge_id, by).campaign_id))
    made = Pledge.objects.select_for_update().get(pk=pledge_id)
    campaign = Campaign.objects.get(pk=made.campaign_id)
    if not may_complain(made, campaign, at):
        raise TooLateToComplain(
            days=rules.value("disputes.complain_days", at=at), wait=rules.value("disputes.answer_working_days", at=at)
        )
    intent = refunds.held_without_requests(intent_id=pledges.intent_of(made.pk).pk, at=at, reason="纠纷")
    case = cases.file_case(
        claim=_claim(made, campaign, intent.amount_fen - intent.refunded_fen),
        facts=facts,
        wanted_fen=wanted_fen,
        escrow=escrow_of(intent),
        bank=clearing_of(intent),
        by=by,
        at=at,
    )
    pledges.step(made, "dispute", by=by.wears(Role.BACKER), at=at)
    return case


def _claim(made: Pledge, campaign: Campaign, left: Fen) -> Claim:
    """The claim as history has it: when it was made, and what the maker said."""
    if made.backer_id is None or campaign.owner_id is None:
        raise AssertionError("whoever complains has paid somebody")
    past = StateChange.objects.filter(subject_id=made.pk).order_by("-id")
    asked = past.filter(event="ask_refund").first()
    answer = past.filter(event__startswith="decline").first() if made.state != PledgeState.ASKED else None
    return Claim(
        subject_kind=KIND,
        subject_id=made.pk,
        about_id=campaign.pk,
        title=campaign.title,
        claimant_id=made.backer_id,
        respondent_id=campaign.owner_id,
        reason=made.ask_reason,
        claimed_at=asked.at if asked else made.state_at,
        answer=answer.reason if answer else "",
        most_fen=left,
    )


def carry_out(case: Case, given_fen: Fen, at: datetime) -> None:
    """What a decided dispute does: the claimant's part goes back; the whole ends the pledge, less lets it stand."""
    made = Pledge.objects.select_for_update().get(pk=case.subject_id)
    if made.state != PledgeState.IN_DISPUTE:
        return
    if given_fen >= case.stake_fen:
        made.share_fen = given_fen
        made.save(update_fields=["share_fen"])
        pledges.give_back(pledge_id=made.pk, reason="纠纷裁定", at=at)
        return
    if given_fen > 0:
        intent = refunds.held_without_requests(intent_id=pledges.intent_of(made.pk).pk, at=at, reason="纠纷裁定")
        refunds.refund_by_rule(intent_id=intent.pk, amount_fen=given_fen, reason="纠纷裁定", at=at)
    pledges.step(made, "stand" if made.received_at is None else "stand_received", by=SYSTEM, at=at)


def end_with_pledge(*, pledge_id: UUID, at: datetime) -> None:
    """The pledge ended by another way, as by a chargeback: nothing is left to decide. Safe to repeat."""
    case = disputes.of_subject(pledge_id)
    if case is not None and case.state in Deciding.OPEN:
        rulings.overtake(case_id=case.pk, reason="支持已退款", at=at)


SUBJECT = Subject(
    claimant_scope="pledge",
    respondent_scope="campaigns",
    carry_out=carry_out,
    claimant_url=lambda case: f"/pledges/{case.subject_id}/",
    respondent_url=lambda case: f"/create/{case.about_id}/backers/",
)


def claims_open(campaign: Campaign, at: datetime) -> list[tuple[str, str]]:
    """What of claims keeps a campaign's tail back: asked, in dispute, or not yet too late to be (G5, G7)."""
    mine = Pledge.objects.filter(campaign=campaign)
    found = []
    if mine.filter(state__in=(PledgeState.ASKED, PledgeState.AGREED)).exists():
        found.append(("有未办结的退款申请", "a refund request is open"))
    if mine.filter(state=PledgeState.IN_DISPUTE).exists():
        found.append(("有未结的纠纷", "a dispute is open"))
    complain = rules.days("disputes.complain_days", at=at)
    standing = mine.filter(state__in=(PledgeState.PAID, PledgeState.RECEIVED))
    if standing.filter(declined_at__gt=at - complain).exists():
        found.append(("被拒的退款申请仍可投诉", "a refused claim may still become a dispute"))
    week: timedelta = rules.days("campaigns.claim_days", at=at, ruleset=campaign.ruleset)
    fresh = mine.filter(state=PledgeState.RECEIVED, received_at__gt=at - week, tier__right_class="seven_days")
    if fresh.exists():
        found.append(("有回报仍在七日无理由退货期内", "goods may still be sent back within seven days"))
    return found
