"""Every read of led campaigns that spans rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from backend.common import rules
from backend.common.actors import Actor, Role
from backend.common.errors import NotFound
from backend.common.fen import Fen
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.leads.models import Lead, LedRound, Report
from crowdfunding.leads.operations import rounds
from crowdfunding.leads.operations.candidacies import TAKES_LEADS
from crowdfunding.leads.states import Leading, Reporting, Rounding

A_HANDFUL = 200


def rounds_due(*, at: datetime) -> list[UUID]:
    """Campaigns whose led round's clock has something to do."""
    found = LedRound.objects.filter(due_at__lte=at).order_by("due_at")
    return list(found.values_list("campaign_id", flat=True)[:A_HANDFUL])


def candidates_due(*, at: datetime) -> list[UUID]:
    """Candidacies that have waited too long for their next step."""
    least = min(rules.days(f"leads.{key}", at=at) for key in ("answer_days", "fund_days"))
    waiting = (Leading.PROPOSED, Leading.AGREED, Leading.CHECKED)
    found = Lead.objects.filter(state__in=waiting, state_at__lte=at - least).select_related("campaign")
    return [lead.pk for lead in found.order_by("state_at")[:A_HANDFUL] if rounds.candidate_until(lead, at=at) <= at]


def reports_due(*, at: datetime) -> list[UUID]:
    """Reports whose day has passed."""
    found = Report.objects.filter(state=Reporting.DUE, due_at__lte=at).order_by("due_at")
    return list(found.values_list("pk", flat=True)[:A_HANDFUL])


def leads_of(campaign_id: UUID) -> QuerySet[Lead]:
    """Everybody who led a campaign, or was checked to, first come first."""
    found = Lead.objects.filter(campaign_id=campaign_id, state__in=Leading.PUBLIC).select_related("party")
    return found.order_by("created_at", "pk")


def active_leads(campaign_id: UUID) -> list[Lead]:
    """Who can be followed now."""
    return list(leads_of(campaign_id).filter(state=Leading.ACTIVE)[:20])


def visible(lead_id: UUID, actor: Actor) -> Lead:
    """A lead's dossier: once checked for everybody, before that for the lead, the maker and moderators.

    Raises:
        NotFound: not for this reader.
    """
    lead = Lead.objects.select_related("campaign__owner", "party").filter(pk=lead_id).first()
    if lead is None:
        raise NotFound
    own = actor.party_id is not None and actor.party_id in (lead.party_id, lead.campaign.owner_id)
    if not (lead.state in Leading.PUBLIC or own or Role.MODERATOR in actor.roles):
        raise NotFound
    return lead


def candidates_of(campaign_id: UUID) -> list[Lead]:
    """Every candidacy of a campaign, for its maker, the newest first."""
    return list(Lead.objects.filter(campaign_id=campaign_id).select_related("party").order_by("-created_at", "pk")[:50])


def led_by(party_id: UUID) -> QuerySet[Lead]:
    """A party's own candidacies and leads."""
    return Lead.objects.filter(party_id=party_id).select_related("campaign")


def seeking() -> QuerySet[LedRound]:
    """Campaigns that look for a lead: the deal inbox (待领投项目)."""
    found = LedRound.objects.filter(state__in=Rounding.WANTS_LEAD, campaign__state__in=TAKES_LEADS)
    return found.select_related("campaign__owner")


@dataclass(frozen=True)
class Record:
    """What became of a party's leads, failures included; counts."""

    led: int
    succeeded: int
    failed: int
    left: int
    removed: int
    reports: int
    missed: int


def record(party_id: UUID) -> Record:
    """One lead's public record (领投记录)."""
    return records([party_id])[party_id]


def records(party_ids: Iterable[UUID]) -> dict[UUID, Record]:
    """The public records of several leads, in two statements."""
    ids = list(party_ids)
    stayed = Q(state__in=(Leading.ACTIVE, Leading.ENDED))
    came_to_nothing = (State.FAILED, State.CANCELLED, State.CANCELLED_AFTER, State.IN_DEFAULT)
    public = Lead.objects.filter(party_id__in=ids, state__in=Leading.PUBLIC).values("party_id").annotate(
        led=Count("pk", filter=~Q(state=Leading.CHECKED)),
        succeeded=Count("pk", filter=stayed & Q(campaign__state__in=State.SUCCEEDED)),
        failed=Count("pk", filter=stayed & Q(campaign__state__in=came_to_nothing)),
        left=Count("pk", filter=Q(state__in=(Leading.WITHDRAWN, Leading.FELL_OUT))),
        removed=Count("pk", filter=Q(state=Leading.REMOVED)),
    )  # fmt: skip
    owed = Report.objects.filter(lead__party_id__in=ids).values(party_id=F("lead__party_id")).annotate(
        reports=Count("pk", filter=Q(state__in=(Reporting.FILED, Reporting.LATE))),
        missed=Count("pk", filter=Q(state__in=(Reporting.MISSED, Reporting.LATE))),
    )  # fmt: skip
    found: dict[UUID, dict[str, int]] = {key: dict.fromkeys(Record.__dataclass_fields__, 0) for key in ids}
    rows: list[Any] = [*public, *owed]
    for row in rows:
        found[row.pop("party_id")].update(row)
    return {key: Record(**counts) for key, counts in found.items()}


@dataclass(frozen=True)
class Following:
    """How much stands behind a lead, and of how many people."""

    fen: Fen
    people: int


def following(leads: list[Lead]) -> dict[UUID, Following]:
    """What followers of each lead have pledged, in one statement."""
    found = Pledge.objects.filter(follow__lead__in=leads, state__in=PledgeState.COUNTED).values("follow__lead")
    rows = found.annotate(fen=Sum("total_fen"), people=Count("pk"))
    sums = {row["follow__lead"]: Following(int(row["fen"]), row["people"]) for row in rows}
    return {lead.pk: sums.get(lead.pk, Following(0, 0)) for lead in leads}


def followers_asked(campaign_id: UUID) -> int:
    """How many followers still have to say whether they stay."""
    return Pledge.objects.filter(campaign_id=campaign_id, state=PledgeState.TO_CONFIRM).count()


def round_of(campaign: Campaign) -> LedRound | None:
    """The led round of a campaign, if it is one."""
    return LedRound.objects.filter(campaign=campaign).first() if campaign.is_led else None
