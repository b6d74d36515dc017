"""Becoming a lead, and leaving: dossier, the maker's answer, the moderator's check, withdrawal, removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import locks, richtext, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.moderation import operations as moderation
from backend.moderation import screening
from crowdfunding.campaigns.errors import Affiliated
from crowdfunding.campaigns.models import Campaign, campaign_lock
from crowdfunding.campaigns.operations.drafts import EDITABLE
from crowdfunding.campaigns.operations.shared import is_affiliated, locked, require_owner
from crowdfunding.campaigns.states import State
from crowdfunding.leads.errors import (
    LeadStands,
    LedAlready,
    MoneyReward,
    NotLed,
    RelationHidden,
    StakeOutOfRange,
)
from crowdfunding.leads.models import NONE, REWARDS, Lead, LedRound
from crowdfunding.leads.operations.rounds import step_lead, tend
from crowdfunding.leads.states import Leading, Rounding

TAKES_LEADS = (State.PREHEAT, State.LIVE, State.PAUSED)


@dataclass(frozen=True)
class Dossier:
    """What a lead puts on the table; money in fen."""

    stake_fen: Fen
    reward_kind: str
    reward: str
    terms: str
    diligence: str
    conflicts: str
    is_related: bool


@transaction.atomic
def choose_led(*, campaign_id: UUID, is_led: bool, by: Actor, at: datetime) -> Campaign:
    """The maker decides, before review, whether backers follow a lead (选择领投跟投方式).

    Raises:
        NotFound: not the maker's hat.
        LedAlready: the campaign is beyond editing.
    """
    if not Campaign.objects.filter(pk=campaign_id).exists():
        raise NotFound
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in EDITABLE:
        raise LedAlready
    Campaign.objects.filter(pk=campaign_id).update(is_led=is_led)
    campaign.is_led = is_led
    if is_led:
        LedRound.objects.get_or_create(campaign=campaign, defaults={"state_at": at})
    else:
        LedRound.objects.filter(campaign=campaign).delete()
    return campaign


@transaction.atomic
def propose(*, campaign_id: UUID, dossier: Dossier, by: Actor, at: datetime) -> Lead:
    """Offer to lead a public campaign, with stake, due diligence, terms and conflicts (申请领投).

    Raises:
        NotFound: no such public campaign.
        NotLed, RelationHidden, LevelTooLow, LeadStands, StakeOutOfRange, MoneyReward, Invalid: all that
            fail, together.
        Forbidden: the hat's mandate does not cover campaigns.
    """
    if by.party_id is None or "campaigns" not in by.scopes:
        raise Forbidden
    locks.alone(campaign_lock(campaign_id))
    campaign = Campaign.objects.filter(pk=campaign_id, state__in=State.PUBLIC).first()
    if campaign is None:
        raise NotFound
    led = LedRound.objects.filter(campaign=campaign).exclude(state=Rounding.ENDED).first()
    mine = Lead.objects.filter(campaign=campaign, party_id=by.party_id, state__in=Leading.STANDING)
    refuse_any(
        [
            NotLed() if led is None or campaign.state not in TAKES_LEADS else None,
            RelationHidden() if is_affiliated(campaign, by) else None,
            *limits.failures(Party.objects.get(pk=by.party_id), "lead", at=at),
            LeadStands() if mine.exists() else None,
            *_check(campaign, dossier, at),
        ]
    )
    return Lead.objects.create(
        campaign=campaign,
        party_id=by.party_id,
        stake_fen=dossier.stake_fen,
        reward_kind=dossier.reward_kind,
        reward="" if dossier.reward_kind == NONE else clean_name(dossier.reward)[:200],
        terms=dossier.terms.strip(),
        diligence=dossier.diligence.strip(),
        diligence_html=richtext.render(dossier.diligence),
        conflicts=dossier.conflicts.strip(),
        is_related=dossier.is_related,
        created_at=at,
        state_at=at,
    )


def _check(campaign: Campaign, dossier: Dossier, at: datetime) -> list[Refusal | None]:
    least, most = stake_range(campaign, at=at)
    money = next(screening.promises("reward", f"{dossier.reward} {dossier.terms}"), None)
    needs_reward = dossier.reward_kind != NONE and not dossier.reward.strip()

    def words(field: str, zh: str, en: str, text: str, least: int, most: int) -> Refusal | None:
        if least <= len(text.strip()) <= most:
            return None
        return Invalid(f"{zh}须为 {least} 到 {most} 字", f"{en}: {least} to {most} characters", field=field)

    return [
        StakeOutOfRange(least=show_yuan(least), most=show_yuan(most), field="stake_fen")
        if not least <= dossier.stake_fen <= most
        else None,
        Invalid("没有这个选项", "There is no such choice", field="reward_kind")
        if dossier.reward_kind not in dict(REWARDS)
        else None,
        Invalid("请写明领投回报", "Say what the reward is", field="reward") if needs_reward else None,
        MoneyReward(words=money.words, field="reward") if money is not None else None,
        words("terms", "跟投条款", "The terms", dossier.terms, 10, 2_000),
        words("diligence", "尽调报告", "The due diligence", dossier.diligence, 100, 20_000),
        words("conflicts", "利益关系", "Conflicts of interest", dossier.conflicts, 1, 2_000),
    ]


def stake_range(campaign: Campaign, *, at: datetime) -> tuple[Fen, Fen]:
    """What a lead puts in at least and at most, in fen, rounded up."""
    least = rules.value("leads.stake_least_bp", at=at, ruleset=campaign.ruleset)
    most = rules.value("leads.stake_most_bp", at=at, ruleset=campaign.ruleset)
    return -(-campaign.goal_fen * least // 10_000), campaign.goal_fen * most // 10_000


def _held(lead_id: UUID) -> Lead:
    """The lead and its campaign, locked in the one order: campaign, then lead."""
    found = Lead.objects.filter(pk=lead_id).values_list("campaign_id", flat=True).first()
    if found is None:
        raise NotFound
    locks.alone(campaign_lock(found))
    return Lead.objects.select_for_update(of=("self",)).select_related("campaign__owner", "party").get(pk=lead_id)


@transaction.atomic
def answer(*, lead_id: UUID, agree: bool, reason: str, by: Actor, at: datetime) -> Lead:
    """The maker takes a candidate, whose terms it will keep, or not (答复领投申请).

    Raises:
        NotFound: not the maker's hat.
        Invalid: declined without a reason.
    """
    lead = _held(lead_id)
    require_owner(lead.campaign, by)
    if not agree and not reason.strip():
        raise Invalid("请写明理由", "Say why", field="reason")
    step_lead(lead, "agree" if agree else "decline", by=by.wears(Role.OWNER), at=at, reason=reason.strip())
    if agree:
        title = f"领投：{lead.campaign.title}"[:80]
        moderation.enqueue(kind="lead", subject_id=lead.id, title=title, owner_name=lead.party.name, at=at)
    return lead


@transaction.atomic
def check(*, lead_id: UUID, passes: bool, reason: str, by: Actor, at: datetime) -> Lead:
    """A moderator who belongs to neither side checks dossier and conflicts (审核领投人).

    Raises:
        Affiliated: the moderator belongs to the maker or is the candidate.
        Invalid: no reason is given.
    """
    lead = _held(lead_id)
    if is_affiliated(lead.campaign, by) or by.person_id == lead.party_id:
        raise Affiliated
    step_lead(lead, "check" if passes else "refuse", by=by, at=at, reason="" if passes else reason.strip())
    decision = "approve" if passes else "return"
    moderation.decide(kind="lead", subject_id=lead_id, decision=decision, reason=reason, checklist=(), by=by, at=at)
    return lead


@transaction.atomic
def withdraw(*, lead_id: UUID, reason: str, by: Actor, at: datetime) -> Lead:
    """A lead leaves, before the deadline; its money goes back, its followers are asked (领投人退出).

    Raises:
        NotFound: not the lead's hat.
        Invalid: no reason for the followers.
        MoveRefused: the window is closed, and the lead has its duties.
    """
    lead = _held(lead_id)
    if by.party_id is None or lead.party_id != by.party_id or "campaigns" not in by.scopes:
        raise NotFound
    _may_leave(lead, reason)
    step_lead(lead, "withdraw", by=by.wears(Role.LEAD), at=at, reason=reason.strip())
    tend(campaign_id=lead.campaign_id, at=at)
    return lead


@transaction.atomic
def remove(*, lead_id: UUID, reason: str, by: Actor, at: datetime) -> Lead:
    """A moderator takes a lead out that misled others; followers are asked (撤换领投人)."""
    lead = _held(lead_id)
    if is_affiliated(lead.campaign, by) or by.person_id == lead.party_id:
        raise Affiliated
    _may_leave(lead, reason)
    step_lead(lead, "remove", by=by, at=at, reason=reason.strip())
    moderation.note(act="lead.remove", subject_id=lead_id, reason=reason, by=by, at=at)
    tend(campaign_id=lead.campaign_id, at=at)
    return lead


STEPS: dict[str, Callable[[UUID, str, Actor, datetime], Lead]] = {
    "agree": lambda key, _why, by, at: answer(lead_id=key, agree=True, reason="", by=by, at=at),
    "decline": lambda key, why, by, at: answer(lead_id=key, agree=False, reason=why, by=by, at=at),
    "check": lambda key, why, by, at: check(lead_id=key, passes=True, reason=why, by=by, at=at),
    "refuse": lambda key, why, by, at: check(lead_id=key, passes=False, reason=why, by=by, at=at),
    "withdraw": lambda key, why, by, at: withdraw(lead_id=key, reason=why, by=by, at=at),
    "remove": lambda key, why, by, at: remove(lead_id=key, reason=why, by=by, at=at),
}
"""What maker, moderator and lead decide about a lead, by the word in the address; pages and API alike."""


def _may_leave(lead: Lead, reason: str) -> None:
    if not reason.strip():
        raise Invalid("请写明公开的理由", "Give a reason that everyone may read", field="reason")
    if lead.state == Leading.ACTIVE and lead.campaign.state not in (State.LIVE, State.PAUSED, State.SUSPENDED):
        raise lead.campaign.machine.refusal(lead.campaign.state)
