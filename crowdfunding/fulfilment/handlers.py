"""What happens in fulfilment when something has happened in campaigns, and what people are told."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from backend.common.outbox import when
from backend.notifications import operations as notifications
from crowdfunding.campaigns.events import CampaignMoved, PledgeEnded, PledgePaid, PledgeReceived
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.fulfilment.events import (
    LockAnnounced,
    LossSettled,
    ParcelAdded,
    ParcelLost,
    ParcelsShipped,
    SurveyOpened,
)
from crowdfunding.fulfilment.models import Parcel
from crowdfunding.fulfilment.operations import parcels, surveys
from crowdfunding.fulfilment.states import Parceling


@when(lambda event: event.move == "succeed")
def open_survey(event: CampaignMoved) -> None:
    surveys.open_survey(campaign_id=event.campaign_id, at=event.at)


@when(lambda event: event.state in (State.CLOSED, State.CANCELLED_AFTER))
def note_end(event: CampaignMoved) -> None:
    surveys.note_end(campaign_id=event.campaign_id, at=event.at)


@when(lambda event: event.state in (PledgeState.REFUNDED, PledgeState.CANCELLED, PledgeState.SETTLED))
def void_parcel(event: PledgeEnded) -> None:
    parcels.void(pledge_id=event.pledge_id, at=event.at)


@when(lambda event: event.is_late)
def add_parcel(event: PledgePaid) -> None:
    surveys.add_parcel(pledge_id=event.pledge_id, at=event.at)


def tell_added(event: ParcelAdded) -> None:
    title = _title(event.campaign_id)
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="parcel",
        zh=f"请为《{title}》填写收货信息",
        en=f"Please say where your reward of “{title}” goes",
        url=f"/pledges/{event.pledge_id}/",
        at=event.at,
    )


def receive_parcel(event: PledgeReceived) -> None:
    parcels.receive(pledge_id=event.pledge_id, at=event.at)


def _title(campaign_id: UUID) -> str:
    return str(Campaign.objects.values_list("title", flat=True).get(pk=campaign_id))


def _backers(campaign_id: UUID, states: Iterable[str]) -> list[UUID | None]:
    found = Parcel.objects.filter(campaign_id=campaign_id, state__in=states)
    return list(found.values_list("pledge__backer_id", flat=True).distinct())


def tell_survey(event: SurveyOpened) -> None:
    title = _title(event.campaign_id)
    notifications.tell(
        _backers(event.campaign_id, Parceling.EDITABLE),
        key=str(event.id),
        kind="parcel",
        zh=f"《{title}》众筹成功，请填写收货信息",
        en=f"“{title}” succeeded; please say where your reward goes",
        url="/my/pledges/",
        at=event.at,
    )


def tell_lock(event: LockAnnounced) -> None:
    title = _title(event.campaign_id)
    notifications.tell(
        _backers(event.campaign_id, Parceling.LIVE),
        key=str(event.id),
        kind="parcel",
        zh=f"《{title}》的收货地址将在 48 小时后锁定，请填写或核对",
        en=f"Addresses of “{title}” lock in 48 hours; give or check yours",
        url="/my/pledges/",
        at=event.at,
    )


def tell_shipped(event: ParcelsShipped) -> None:
    title = _title(event.campaign_id)
    found = Pledge.objects.filter(parcel__batch_id=event.batch_id).values_list("backer_id", flat=True).distinct()
    notifications.tell(
        list(found),
        key=str(event.id),
        kind="parcel",
        zh=f"《{title}》的回报已寄出，可在我的支持中查看运单",
        en=f"Your reward of “{title}” is on its way; see its number at your pledge",
        url="/my/pledges/",
        at=event.at,
    )


def tell_lost(event: ParcelLost) -> None:
    title = _title(event.campaign_id)
    notifications.tell(
        [event.owner_id],
        key=str(event.id),
        kind="parcel",
        zh=f"《{title}》有包裹丢失，请在 14 天内补发或退款；逾期自动退款",
        en=f"A parcel of “{title}” is lost; send again or refund within 14 days, or it is refunded",
        url=f"/fulfilment/{event.campaign_id}/",
        at=event.at,
    )


def tell_settled(event: LossSettled) -> None:
    again = event.state == Parceling.LOCKED
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="parcel",
        zh="丢失的包裹将补发" if again else "丢失的包裹已退款，款项原路退回",
        en="Your lost parcel is sent again" if again else "Your lost parcel is refunded the way you paid",
        url=f"/pledges/{event.pledge_id}/",
        at=event.at,
    )


HANDLERS = {
    CampaignMoved: [open_survey, note_end],
    PledgePaid: [add_parcel],
    ParcelAdded: [tell_added],
    PledgeEnded: [void_parcel],
    PledgeReceived: [receive_parcel],
    SurveyOpened: [tell_survey],
    LockAnnounced: [tell_lock],
    ParcelsShipped: [tell_shipped],
    ParcelLost: [tell_lost],
    LossSettled: [tell_settled],
}
