"""Benchmarks of fulfilment: fifty thousand parcels locked and sent at once, beside a plain loop that takes them one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from backend.accounts import operations as accounts
from backend.accounts import queries as people
from backend.common import clock
from backend.common.actors import Actor
from backend.common.ids import new_id
from crowdfunding.campaigns.history import living
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import shipments, surveys
from crowdfunding.fulfilment.states import Parceling, Surveying

PARCELS, SAMPLE = 50_000, 5_000


def parcels_locked() -> tuple[float, float]:
    """Parcels a second through the lock, and through a loop of single rows."""
    campaign_id, _by, at = _campaign(Parceling.FILLED, Surveying.ANNOUNCED)
    baseline = _one_by_one(campaign_id, at, lambda _no: ("locked", ""))
    survey = Survey.objects.get(campaign_id=campaign_id)
    started = time.monotonic()
    surveys.advance(survey_id=survey.pk, at=at)
    took = time.monotonic() - started
    if Parcel.objects.filter(campaign_id=campaign_id, state=Parceling.LOCKED).count() != PARCELS:
        raise AssertionError("not every parcel is locked")
    return PARCELS / took, baseline


def parcels_sent() -> tuple[float, float]:
    """Parcels a second through a batch file's rows, and through a loop of single rows."""
    campaign_id, by, at = _campaign(Parceling.LOCKED, Surveying.LOCKED)
    baseline = _one_by_one(campaign_id, at, lambda no: ("shipped", f"SF{no:09d}"))
    rows = [shipments.Sent(str(no), "顺丰", f"SF{no:09d}") for no in range(1, PARCELS + 1)]
    started = time.monotonic()
    sent = shipments.import_shipments(campaign_id=campaign_id, rows=rows, by=by, at=at)
    took = time.monotonic() - started
    if sent != PARCELS:
        raise AssertionError("not every parcel went out")
    return PARCELS / took, baseline


def _one_by_one(campaign_id: UUID, at: datetime, change: Callable[[int], tuple[str, str]]) -> float:
    """The same change row by row, each with its history row, in one transaction that is undone."""
    found = list(
        Parcel.objects.filter(campaign_id=campaign_id).order_by("no").values_list("pk", "no", "state")[:SAMPLE]
    )
    started = time.monotonic()
    with transaction.atomic():
        with connection.cursor() as cursor:
            for key, no, source in found:
                state, tracking = change(no)
                cursor.execute(
                    "UPDATE fulfilment_parcel SET state = %s, tracking_no = %s, state_at = %s WHERE id = %s",
                    [state, tracking, at, key],
                )
                cursor.execute(
                    "INSERT INTO common_statechange (machine, subject_id, event, source, target, role, reason, at) "
                    "VALUES ('parcel', %s, 'x', %s, %s, 'clock', '', %s)",
                    [key, source, state, at],
                )
        transaction.set_rollback(True)
    return SAMPLE / (time.monotonic() - started)


def _campaign(parcels: str, survey: str) -> tuple[UUID, Actor, datetime]:
    """A successful campaign with its parcels in a state."""
    at = clock.now()
    owner = accounts.join(kind="phone", value="13900000001", at=at, name="发起人")
    living.grow_pool(1_000)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT id FROM accounts_party WHERE id <> %s LIMIT 1000", [owner.party_id])
        backers = [row[0] for row in cursor.fetchall()]
    campaign = Campaign(
        id=new_id(),
        owner_id=owner.party_id,
        title="基准",
        category="tea",
        goal_fen=100,
        created_at=at,
        state_at=at,
        opens_at=at - timedelta(days=40),
        closes_at=at - timedelta(days=10),
        state=State.PRODUCING,
    )
    campaign.save(force_insert=True)
    tier = Tier.objects.create(campaign=campaign, title="一份", price_fen=100)
    made = [
        Pledge(
            campaign=campaign,
            tier=tier,
            backer_id=backers[no % len(backers)],
            goods_fen=100,
            total_fen=100,
            created_at=at,
            paid_at=at,
            state_at=at,
            state=PledgeState.PAID,
        )
        for no in range(PARCELS)
    ]
    Pledge.objects.bulk_create(made, batch_size=5_000)
    Survey.objects.create(campaign=campaign, opened_at=at, warned_at=at, due_at=at, state=survey)
    Parcel.objects.bulk_create(
        [
            Parcel(campaign=campaign, pledge=pledge, no=no, state=parcels, state_at=at)
            for no, pledge in enumerate(made, start=1)
        ],
        batch_size=5_000,
    )
    return campaign.pk, people.actor(owner, hat=None, at=at), at
