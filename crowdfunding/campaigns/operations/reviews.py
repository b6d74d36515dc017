"""The moderator's side: approve, return, suspend, resume, cancel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.common.actors import Actor
from backend.common.errors import Invalid
from backend.common.models import StateChange
from backend.moderation import operations as moderation
from backend.moderation.appeals import Contested, Subject
from crowdfunding.campaigns.errors import Affiliated, ChecklistOpen
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations.shared import as_owner, is_affiliated, locked, move
from crowdfunding.campaigns.states import State

CHECKLIST = {
    "maker": ("发起人资格与实名等级符合要求", "The maker is eligible and verified"),
    "goods": (
        "回报是实物或服务，不含股权、分红、利息、抽奖或募捐",
        "Rewards are goods: no shares, dividends, interest, lottery or donation",
    ),
    "promise": ("交付日期、份数和运费写明且可信", "Dates, numbers and shipping are stated and credible"),
    "risk": ("风险提示充分，退货类别正确", "Risks are told, and the return class is right"),
    "rights": ("图片、商标和产地说明无侵权迹象", "No sign of infringement in pictures, marks and origin"),
    "food": (
        "食品有生产许可、登记或自产证明，标签与保质期写明",
        "Food: licence, registration or proof of own growing; label and shelf life are stated",
    ),
    "origin": ("产地与等级的说法有证明", "What is said of origin and grade is proved"),
    "design": ("原创或授权声明已附，无仿冒知名形象", "Own design or licence is declared; no known figure is copied"),
    "safety": ("样机或检测证明可信，带电产品合规", "Prototype or test report is credible; electric goods comply"),
}
"""Every line; which a campaign needs depends on the risk of its category."""

EVERYWHERE = ("maker", "goods", "promise", "risk", "rights")
BY_CATEGORY = {
    "osmanthus": ("food", "origin"),
    "tea": ("food", "origin"),
    "food": ("food", "origin"),
    "bamboo": ("origin",),
    "craft": ("design",),
    "culture": ("design",),
    "tech": ("safety",),
}


def checklist_for(category: str) -> dict[str, tuple[str, str]]:
    """The lines that a moderator signs for a campaign of a category (审核清单)."""
    return {key: CHECKLIST[key] for key in (*EVERYWHERE, *BY_CATEGORY.get(category, ()))}


@transaction.atomic
def approve(*, campaign_id: UUID, checklist: Collection[str], by: Actor, at: datetime) -> None:
    """Approve a campaign, every line of the checklist signed (通过).

    Raises:
        Affiliated: the reviewer belongs to the maker.
        ChecklistOpen: a line is missing.
    """
    campaign = locked(campaign_id)
    if is_affiliated(campaign, by):
        raise Affiliated
    if not set(checklist_for(campaign.category)) <= set(checklist):
        raise ChecklistOpen
    move(campaign, "approve", by=by, at=at)
    moderation.decide(
        kind="campaign",
        subject_id=campaign_id,
        decision="approve",
        reason="清单全部确认",
        checklist=set(checklist) & set(CHECKLIST),
        by=by,
        at=at,
    )


@transaction.atomic
def send_back(*, campaign_id: UUID, reason: str, checklist: Collection[str], by: Actor, at: datetime) -> None:
    """Return a campaign with the reason and what to mend (退回).

    Raises:
        Affiliated: the reviewer belongs to the maker.
        Invalid: no reason.
    """
    campaign = locked(campaign_id)
    if is_affiliated(campaign, by):
        raise Affiliated
    if not reason.strip():
        raise Invalid("请写明退回理由", "Say why it is returned", field="reason")
    move(campaign, "return", by=by, at=at, reason=reason)
    known = set(checklist) & set(CHECKLIST)
    moderation.decide(
        kind="campaign", subject_id=campaign_id, decision="return", reason=reason, checklist=known, by=by, at=at
    )


@transaction.atomic
def suspend(*, campaign_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Stop a live campaign for everyone to see, with the reason (暂停)."""
    _staff_move(campaign_id, "suspend", reason, by, at)


@transaction.atomic
def resume(*, campaign_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Let a suspended campaign go on; its deadline stays (恢复)."""
    _staff_move(campaign_id, "resume", reason, by, at)


@transaction.atomic
def disprove_delivery(*, campaign_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Staff find that the goods did not arrive: the tail stays, and the clock of the overdue runs (交付不实)."""
    _staff_move(campaign_id, "disprove", reason, by, at)


def _staff_move(campaign_id: UUID, event: str, reason: str, by: Actor, at: datetime) -> None:
    campaign = locked(campaign_id)
    if is_affiliated(campaign, by):
        raise Affiliated
    move(campaign, event, by=by, at=at, reason=reason)
    moderation.note(act=f"campaign.{event}", subject_id=campaign_id, reason=reason, by=by, at=at)


@transaction.atomic
def cancel(*, campaign_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Cancel before success: by the maker while live, by staff while suspended too; all is refunded (取消)."""
    campaign = locked(campaign_id)
    if not reason.strip():
        raise Invalid("请写明取消理由", "Say why it is cancelled", field="reason")
    move(campaign, "cancel", by=as_owner(campaign, by), at=at, reason=reason)


# --- appeals ---------------------------------------------------------------------------------------------------


def _contested(campaign_id: UUID) -> Contested | None:
    """What of a moderator's stands against a campaign."""
    found = Campaign.objects.filter(pk=campaign_id).first()
    if found is None or found.owner_id is None:
        return None
    act = {State.RETURNED: "campaign.return", State.SUSPENDED: "campaign.suspend"}.get(found.state, "")
    change = StateChange.objects.filter(subject_id=found.pk, target=found.state).order_by("-pk").first()
    since = change.at if change is not None else found.state_at  # writing a returned draft moves `state_at`
    return Contested(found.owner_id, found.title, act, since, found.state == State.RETURNED)


def _grant(campaign_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    campaign = locked(campaign_id)
    if campaign.state == State.SUSPENDED:
        move(campaign, "resume", by=by, at=at, reason=reason)
        return
    move(campaign, "reconsider", by=by, at=at, reason=reason)
    owner = campaign.owner.name if campaign.owner else ""
    moderation.enqueue(kind="campaign", subject_id=campaign.id, title=campaign.title[:80], owner_name=owner, at=at)


def _is_affiliated(campaign_id: UUID, by: Actor) -> bool:
    return is_affiliated(Campaign.objects.get(pk=campaign_id), by)


APPEALS = Subject(_contested, _grant, _is_affiliated, url="/create/{}/", staff_url="/review/{}/")
