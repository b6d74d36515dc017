"""Packing lists out, tracking numbers in: all parcels of a campaign at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from backend.common import outbox, rules
from backend.common.actors import Actor, Role
from backend.common.errors import Invalid, NotFound, Refusal, refuse_any
from backend.common.ids import new_id
from backend.common.states import move_all
from crowdfunding.campaigns.models import Campaign, Tier
from crowdfunding.campaigns.operations import delivery
from crowdfunding.campaigns.operations.shared import locked, require_owner
from crowdfunding.campaigns.states import State
from crowdfunding.fulfilment import addresses, queries
from crowdfunding.fulfilment.addresses import Address
from crowdfunding.fulfilment.errors import AddressesClosed, BatchRefused
from crowdfunding.fulfilment.events import ParcelsShipped
from crowdfunding.fulfilment.models import AddressReading, Parcel, Survey
from crowdfunding.fulfilment.states import Parceling, Surveying

MOST_ROWS = 100_000
MOST_REASONS = 50
SHIPPING = (State.PRODUCING, State.DELIVERING, State.OVERDUE, State.DELIVERED, State.CLOSED)
_TRACKING = re.compile(r"[A-Za-z0-9-]{5,40}", re.ASCII)


SHARES: list[Callable[[UUID], int | None]] = []
"""What bounds how much of each reward is sent, in percent; filled by higher packages when their apps are ready."""


@dataclass(frozen=True)
class Packing:
    """One line of a packing list; `percent` of each reward goes into it."""

    no: int
    tier: str
    quantity: int
    address: Address
    answers: dict[str, str]
    percent: int


@dataclass(frozen=True)
class Sent:
    """One row of a batch file: which parcel went with whom under which number."""

    no: str
    carrier: str
    tracking_no: str


def packing_list(*, campaign_id: UUID, purpose: str, by: Actor, at: datetime) -> list[Packing]:
    """The addresses of everything to be sent, for the maker's hands alone; the reading is on record (打包清单).

    Raises:
        AddressesClosed: before the lock, or too long after the end.
    """
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound
    require_owner(campaign, by)
    survey = Survey.objects.filter(campaign=campaign).first()
    days = rules.value("fulfilment.address_keep_days", at=at, ruleset=campaign.ruleset)
    is_over = campaign.state == State.CLOSED and at > campaign.state_at + timedelta(days=days)
    if (
        survey is None
        or survey.state != Surveying.LOCKED
        or is_over
        or campaign.state not in SHIPPING
        or by.person_id is None
    ):
        raise AddressesClosed(days=days)
    rows = list(_packings(campaign_id))
    AddressReading.objects.create(
        campaign=campaign, person_id=by.person_id, count=len(rows), purpose=purpose[:24], at=at
    )
    return rows


def _packings(campaign_id: UUID) -> Iterator[Packing]:
    found = Parcel.objects.filter(campaign_id=campaign_id, state=Parceling.LOCKED)
    percent = min([100, *(share for of in SHARES if (share := of(campaign_id)) is not None)])
    for parcel in found.select_related("pledge__tier__batch").order_by("no").iterator(chunk_size=2_000):
        tier = parcel.pledge.tier
        yield Packing(
            no=parcel.no,
            tier=_named(tier) if tier else "",
            quantity=parcel.pledge.quantity,
            address=addresses.unseal(parcel.address_sealed, place=parcel.place),
            answers=parcel.answers,
            percent=percent,
        )


def _named(tier: Tier) -> str:
    """A reward with the batch that it comes from."""
    return f"{tier.title}（{tier.batch.name}）" if tier.batch is not None else tier.title


@transaction.atomic
def import_shipments(*, campaign_id: UUID, rows: Sequence[Sent], by: Actor, at: datetime) -> int:
    """Note what was sent, a whole file or nothing of it; rows noted before count for nothing (导入运单).

    The first one begins the campaign's shipping. Returns how many parcels went out. A fixed number of
    statements, whatever the size of the file.

    Raises:
        BatchRefused: every row that does not fit, the first fifty of them.
        Invalid: an empty or too large file.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in SHIPPING:
        raise campaign.machine.refusal(campaign.state)
    if not 0 < len(rows) <= MOST_ROWS:
        raise Invalid(f"文件须有 1 到 {MOST_ROWS} 行", f"A file has 1 to {MOST_ROWS} rows", field="file")
    parcels = {
        parcel.no: parcel
        for parcel in Parcel.objects.filter(campaign=campaign).only("no", "state", "tracking_no").select_for_update()
    }
    going = _fitting(rows, parcels)
    if not going:
        return 0
    if campaign.state == State.PRODUCING:
        delivery.start_shipping(campaign_id=campaign_id, by=by, at=at)
    batch_id = new_id()
    _note_tracking([(parcels[no].pk, sent) for no, sent in going.items()], batch_id, at)
    move_all(
        Parcel,
        [parcels[no].pk for no in going],
        event="ship",
        source=Parceling.LOCKED,
        by=by.wears(Role.OWNER),
        at=at,
    )
    outbox.record(ParcelsShipped(at=at, campaign_id=campaign_id, batch_id=batch_id))
    if campaign.state == State.OVERDUE and not queries.is_unsent_above(campaign, at):
        delivery.start_shipping(campaign_id=campaign_id, by=by, at=at)
    return len(going)


def _fitting(rows: Sequence[Sent], parcels: dict[int, Parcel]) -> dict[int, Sent]:
    """The rows that send something.

    Raises:
        Refusals: what does not fit, by row.
    """
    going: dict[int, Sent] = {}
    seen: set[int] = set()
    wrong: list[Refusal | None] = []
    for number, sent in enumerate(rows, start=2):  # the first line of a file is its header
        no = int(sent.no) if sent.no.isascii() and sent.no.isdigit() and len(sent.no) < 10 else -1
        parcel = parcels.get(no)
        why = _misfit(sent, parcel, no in seen)
        seen.add(no)
        if why is not None:
            wrong.append(BatchRefused(row=number, why_zh=why[0], why_en=why[1], field=f"row-{number}"))
            if len(wrong) == MOST_REASONS:
                break
        elif parcel is not None and parcel.state == Parceling.LOCKED:
            going[no] = sent
    refuse_any(wrong)
    return going


def _misfit(sent: Sent, parcel: Parcel | None, is_double: bool) -> tuple[str, str] | None:
    if parcel is None:
        return "没有这个包裹编号", "there is no parcel of this number"
    if is_double:
        return "包裹编号重复", "the parcel is there twice"
    if not 0 < len(sent.carrier) <= 30 or not _TRACKING.fullmatch(sent.tracking_no):
        return "承运商或运单号无效", "carrier or tracking number is not valid"
    is_known = parcel.tracking_no == sent.tracking_no and parcel.state in (Parceling.SHIPPED, Parceling.ARRIVED)
    if parcel.state != Parceling.LOCKED and not is_known:
        return f"包裹{parcel.state_word}，不能发货", f"the parcel is “{parcel.machine.words[parcel.state][1]}”"
    return None


def _note_tracking(going: list[tuple[UUID, Sent]], batch_id: UUID, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE fulfilment_parcel p SET carrier = v.carrier, tracking_no = v.tracking_no, shipped_at = %s,
                batch_id = %s, sent_n = p.sent_n + 1, state_at = %s, wish_sealed = '', wish_at = NULL
            FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS v (id, carrier, tracking_no) WHERE p.id = v.id
            """,
            [
                at,
                batch_id,
                at,
                [ident for ident, _sent in going],
                [sent.carrier for _ident, sent in going],
                [sent.tracking_no for _ident, sent in going],
            ],
        )
