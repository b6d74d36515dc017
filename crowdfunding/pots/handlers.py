"""What happens to match pots when something has happened, and what people are told."""

from __future__ import annotations

from backend.common.fen import show_yuan
from backend.common.outbox import when
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded, PaymentArrivedLate, PaymentSettled
from backend.payments.operations import refunds
from crowdfunding.campaigns.events import CampaignMoved, PledgeEnded, PledgePaid
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.pots import queries
from crowdfunding.pots.events import MatchesPaid, PledgeMatched, PotMoved
from crowdfunding.pots.models import Match, Pot
from crowdfunding.pots.operations import matches, pots


@when(lambda event: event.subject_kind == "pot")
def fund(event: PaymentSettled) -> None:
    pots.fund(pot_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@when(lambda event: event.subject_kind == "pot")
def return_late(event: PaymentArrivedLate) -> None:
    """A pot's order lives a day; whoever pays later gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


@when(lambda event: event.subject_kind == "pot" and event.outcome == "lost")
def stop_unpaid(event: DisputeEnded) -> None:
    pots.stop_unpaid(pot_id=event.subject_id, at=event.at)


def match(event: PledgePaid) -> None:
    matches.match_pledge(pledge_id=event.pledge_id, at=event.at)


@when(lambda event: event.state != PledgeState.EXPIRED)
def claw_back(event: PledgeEnded) -> None:
    matches.end_with_pledge(pledge_id=event.pledge_id, at=event.at)


@when(lambda event: event.state in (*State.GIVING_BACK, State.CLOSED))
def judge(event: CampaignMoved) -> None:
    matches.judge(campaign_id=event.campaign_id, delivered=event.move == "finish")


_SPONSOR_HEARS = {
    "approve": ("配捐方案《{title}》已通过审核，请按期注资", "Your match pot “{title}” passed; pay it in in time"),
    "decline": ("配捐方案《{title}》未通过审核", "Your match pot “{title}” did not pass the review"),
    "lapse": ("配捐方案《{title}》因逾期未注资已失效", "Your match pot “{title}” was not paid in in time"),
    "fund": ("配捐资金池《{title}》已注资到账，资金在托管中", "The money of “{title}” is in escrow"),
    "exhaust": ("配捐资金池《{title}》已配完", "The match pot “{title}” is exhausted"),
    "stop": ("配捐资金池《{title}》已停止配捐，已配部分不变", "“{title}” matches nothing more; what is matched stays"),
    "end": ("配捐资金池《{title}》已到期，已配部分待各项目交付后结清", "“{title}” is over; it is settled as its campaigns deliver"),
    "settle": ("配捐资金池《{title}》已结清，余额原路退回", "“{title}” is settled; what was left goes back the way you paid"),
}  # fmt: skip


@when(lambda event: event.move in _SPONSOR_HEARS)
def tell_sponsor(event: PotMoved) -> None:
    title = Pot.objects.values_list("title", flat=True).get(pk=event.pot_id)
    zh, en = (text.format(title=title) for text in _SPONSOR_HEARS[event.move])
    notifications.tell(
        [event.sponsor_id], key=str(event.id), kind="pot", zh=zh, en=en, url=f"/pots/{event.pot_id}/", at=event.at
    )


def tell_backer(event: PledgeMatched) -> None:
    found = Match.objects.select_related("pot__sponsor").get(pk=event.match_id)
    yuan, sponsor = show_yuan(event.amount_fen), found.pot.sponsor.masked_name
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="pledge",
        zh=f"{sponsor} 为您的支持配捐 {yuan}，交付后拨付发起人",
        en=f"{sponsor} adds {yuan} to your pledge; the maker has it after delivery",
        url=f"/pledges/{event.pledge_id}/",
        at=event.at,
    )


def tell_maker(event: MatchesPaid) -> None:
    title = Campaign.objects.values_list("title", flat=True).get(pk=event.campaign_id)
    yuan = show_yuan(queries.paid_to(event.campaign_id))
    notifications.tell(
        [event.owner_id],
        key=str(event.id),
        kind="payout",
        zh=f"《{title}》的配捐 {yuan} 已记入您的应收款",
        en=f"The match of {yuan} for “{title}” is yours to be paid out",
        url="/create/money/",
        at=event.at,
    )


HANDLERS = {
    PaymentSettled: [fund],
    PaymentArrivedLate: [return_late],
    DisputeEnded: [stop_unpaid],
    PledgePaid: [match],
    PledgeEnded: [claw_back],
    CampaignMoved: [judge],
    PotMoved: [tell_sponsor],
    PledgeMatched: [tell_backer],
    MatchesPaid: [tell_maker],
}
