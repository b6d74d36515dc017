"""A led round as a whole: `tend` looks at what is there and brings round, leads and followers in line.

It is asked whenever something has happened that may matter, and by the clock; safe to repeat.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.common import crash, locks, outbox, rules, working_days
from backend.common.actors import CLOCK, SYSTEM, Actor
from crowdfunding.campaigns.models import Campaign, Pledge, campaign_lock
from crowdfunding.campaigns.operations import confirmations
from crowdfunding.campaigns.operations.shared import confirm_until, locked, move
from crowdfunding.campaigns.operations.shares import disputed
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.leads.events import FollowersAsked, LeadMoved, RoundMoved
from crowdfunding.leads.models import Follow, Lead, LedRound
from crowdfunding.leads.operations import reports
from crowdfunding.leads.states import Leading, Rounding

BEFORE = (State.DRAFT, State.REVIEW, State.RETURNED, State.APPROVED, State.PREHEAT)
OPEN = (State.LIVE, State.PAUSED, State.SUSPENDED, State.CLEARING)
STANDS = (PledgeState.PAID, PledgeState.TO_CONFIRM)
SOON = timedelta(seconds=5)
GIVEN_UP = "领投退出后未找到新的领投人"


def step_lead(lead: Lead, event: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Make a move of a lead, note since when it is there, and announce it."""
    lead.move(event, by=by, at=at, reason=reason)
    lead.state_at = at
    lead.reason = reason[:300] or lead.reason
    lead.save(update_fields=["state_at", "reason"])
    owner_id = lead.campaign.owner_id
    if owner_id is None:
        raise AssertionError("a campaign of records has no leads")
    outbox.record(
        LeadMoved(
            at=at,
            lead_id=lead.id,
            campaign_id=lead.campaign_id,
            owner_id=owner_id,
            party_id=lead.party_id,
            move=event,
            state=lead.state,
        )
    )


def _step_round(led: LedRound, event: str, *, by: Actor, at: datetime, due: datetime | None = None) -> None:
    led.move(event, by=by, at=at)
    led.state_at, led.due_at = at, due
    led.save(update_fields=["state_at", "due_at"])
    outbox.record(RoundMoved(at=at, campaign_id=led.campaign_id, move=event, state=led.state))


@transaction.atomic
def tend(*, campaign_id: UUID, at: datetime) -> None:
    """Bring a led round in line with its campaign, its leads' money and the time (照看领投). Safe to repeat."""
    locks.alone(campaign_lock(campaign_id))
    campaign = locked(campaign_id)
    led = LedRound.objects.select_for_update().filter(campaign=campaign).first()
    if led is None or campaign.state in BEFORE:
        return
    leads = list(Lead.objects.select_for_update(of=("self",)).filter(campaign=campaign).order_by("created_at", "pk"))
    for lead in leads:
        lead.campaign = campaign
    if campaign.state in OPEN:
        _see_to_stakes(leads, at)
        campaign.refresh_from_db(fields=["raised_fen", "pledges_n"])
        _drive(campaign, led, leads, at)
    else:
        _wind_up(campaign, led, leads, at)
    crash.point("led_round.tended")


def _see_to_stakes(leads: list[Lead], at: datetime) -> None:
    """Who has paid leads; whose money went back leads no longer; who left gets it back."""
    stakes = {made.pk: made for made in Pledge.objects.filter(stake_of__in=leads)}
    contested = set(Pledge.objects.filter(disputed(), pk__in=stakes).values_list("pk", flat=True))
    for lead in leads:
        stake = stakes.get(lead.pledge_id) if lead.pledge_id else None
        if stake is None:
            continue
        paid = stake.state in STANDS
        if lead.state == Leading.CHECKED and paid:
            step_lead(lead, "fund", by=SYSTEM, at=at)
        elif lead.state == Leading.ACTIVE and stake.state in (PledgeState.REFUNDED, PledgeState.CANCELLED):
            step_lead(lead, "fall_out", by=SYSTEM, at=at)
        elif lead.state in Leading.LEFT and paid and stake.pk not in contested:
            confirmations.take_back(pledge_id=stake.pk, reason="领投退出", at=at)


def _drive(campaign: Campaign, led: LedRound, leads: list[Lead], at: datetime) -> None:
    """The round's own steps while the campaign is open."""
    has_lead = any(lead.state == Leading.ACTIVE for lead in leads)
    if led.state == Rounding.SEEKING and has_lead:
        _step_round(led, "open", by=SYSTEM, at=at)
    elif led.state in (Rounding.FOLLOWING, Rounding.CONFIRMING) and not has_lead:
        _search(campaign, led, at)
    elif led.state == Rounding.SEARCHING and has_lead:
        _find(campaign, led, at)
    elif led.state in (Rounding.FOLLOWING, Rounding.CONFIRMING):
        _ask(campaign, _unbound(campaign.pk), at)
    if led.due_at is None or led.due_at > at:
        return
    if (
        led.state == Rounding.SEARCHING
        and Pledge.objects.filter(campaign=campaign, state=PledgeState.RESERVED).exists()
    ):
        led.due_at = at + SOON  # somebody is paying, perhaps the new lead
        led.save(update_fields=["due_at"])
    elif led.state == Rounding.SEARCHING:
        _step_round(led, "give_up", by=CLOCK, at=at)
        move(campaign, "fail" if campaign.state in (State.PAUSED, State.CLEARING) else "cancel", by=CLOCK, at=at,
             reason=GIVEN_UP)  # fmt: skip
        _wind_up(campaign, led, leads, at)
    elif led.state == Rounding.CONFIRMING:
        _go_on(campaign, led, at)


def _search(campaign: Campaign, led: LedRound, at: datetime) -> None:
    """No lead is left: the campaign stands still until there is one, or fails (寻找新领投)."""
    too_late = campaign.state == State.CLEARING
    _step_round(led, "search", by=SYSTEM, at=at, due=at if too_late else _searched_until(at))
    if campaign.state == State.LIVE:
        move(campaign, "pause", by=SYSTEM, at=at, reason="领投人退出，寻找新的领投人")
    Pledge.objects.filter(campaign=campaign, state=PledgeState.TO_CONFIRM).update(confirm_by=None)


def _searched_until(at: datetime) -> datetime:
    return working_days.after(at, rules.value("leads.search_working_days", at=at))


def _find(campaign: Campaign, led: LedRound, at: datetime) -> None:
    """A new lead's money is in escrow: every follower says yes under its terms, or lapses (重新确认)."""
    asked = _unbound(campaign.pk)
    _step_round(led, "find", by=SYSTEM, at=at, due=confirm_until(campaign, at) if asked else at)
    _ask(campaign, asked, at)


def _unbound(campaign_id: UUID) -> list[UUID]:
    """Paid pledges that follow nobody who leads now."""
    found = Follow.objects.filter(pledge__campaign_id=campaign_id, pledge__state__in=STANDS)
    found = found.exclude(lead__state=Leading.ACTIVE).exclude(
        pledge__state=PledgeState.TO_CONFIRM, pledge__confirm_by__isnull=False
    )
    return list(found.order_by("pk").values_list("pk", flat=True))


def _ask(campaign: Campaign, pledge_ids: list[UUID], at: datetime) -> None:
    if not pledge_ids:
        return
    until = confirm_until(campaign, at)
    confirmations.ask_again(pledge_ids=pledge_ids, until=until, at=at, reason="领投人变更")
    outbox.record(FollowersAsked(at=at, campaign_id=campaign.pk, until=until))


def _go_on(campaign: Campaign, led: LedRound, at: datetime) -> None:
    """Everybody has answered or lapsed: the clock of the campaign runs again, by as much later (恢复众筹)."""
    asked = Pledge.objects.filter(campaign=campaign, state=PledgeState.TO_CONFIRM)
    waiting = asked.order_by("-confirm_by").values_list("confirm_by", flat=True).first()
    if asked.exists():
        led.due_at = waiting if waiting is not None and waiting > at else at + SOON
        led.save(update_fields=["due_at"])
        return
    _step_round(led, "go_on", by=CLOCK, at=at)
    if campaign.state == State.PAUSED and campaign.closes_at is not None:
        campaign.closes_at += at - campaign.state_at
        move(campaign, "go_on", by=CLOCK, at=at, reason="领投更替完成")


_OVER = {Leading.PROPOSED: "decline", Leading.AGREED: "refuse", Leading.CHECKED: "miss"}


def _wind_up(campaign: Campaign, led: LedRound, leads: list[Lead], at: datetime) -> None:
    """The campaign has its verdict: candidates are let go; leads report until it is closed."""
    if led.state != Rounding.ENDED:
        _step_round(led, "end", by=CLOCK, at=at)
    is_over = campaign.state in campaign.machine.finals or campaign.state == State.IN_DEFAULT
    for lead in leads:
        if lead.state in _OVER:
            step_lead(lead, _OVER[lead.state], by=CLOCK, at=at, reason="众筹已结束")
        elif lead.state == Leading.ACTIVE and is_over:
            step_lead(lead, "end", by=CLOCK, at=at)
            reports.release(lead, at=at)
        elif lead.state == Leading.ACTIVE:
            reports.ask_first(lead, at=at)


@transaction.atomic
def lapse_candidate(*, lead_id: UUID, at: datetime) -> None:
    """A candidacy that nobody answered, checked or paid in time ends (逾期). Safe to repeat."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("campaign", "pledge").get(pk=lead_id)
    is_paying = lead.pledge is not None and lead.pledge.state in (PledgeState.RESERVED, *STANDS)
    if lead.state in _OVER and not is_paying and candidate_until(lead, at=at) <= at:
        step_lead(lead, _OVER[lead.state], by=CLOCK, at=at, reason="逾期")


def candidate_until(lead: Lead, *, at: datetime) -> datetime:
    """Until when a candidacy waits for its next step; a lead cannot pay before the campaign opens."""
    key = "fund_days" if lead.state == Leading.CHECKED else "answer_days"
    since = lead.state_at
    if lead.state == Leading.CHECKED and lead.campaign.opens_at is not None:
        since = max(since, lead.campaign.opens_at)
    return since + rules.days(f"leads.{key}", at=at)
