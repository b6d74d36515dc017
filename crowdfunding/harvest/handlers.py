"""What happens to short harvests when something has happened, and what people are told."""

from __future__ import annotations

from backend.common.actors import SYSTEM
from backend.common.fen import show_yuan
from backend.common.outbox import when
from backend.notifications import operations as notifications
from crowdfunding.campaigns.events import CampaignMoved
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.harvest import queries
from crowdfunding.harvest.events import PortionPayable, ShortfallMoved
from crowdfunding.harvest.operations import shortfalls
from crowdfunding.harvest.states import Falling


@when(lambda event: event.state in (*State.GIVING_BACK, State.CLOSED))
def end_unchecked(event: CampaignMoved) -> None:
    """A campaign that has ended has no harvest to check any more."""
    found = queries.latest(event.campaign_id)
    if found is not None and found.state == Falling.DECLARED:
        shortfalls.lapse(shortfall_id=found.pk, by=SYSTEM, at=event.at)


_BACKERS_HEAR = {
    "declare": (
        "《{title}》申报收成为 {percent}%，平台核实中；核实后按约定按比例发货并退还差额",
        "“{title}” says that {percent} % was harvested; it is being checked, and then shared out as agreed",
    ),
    "confirm": (
        "《{title}》收成核实为 {percent}%：回报按此比例发货，未收成部分的价款原路退回",
        "The harvest of “{title}” is confirmed at {percent} %: you get that share, and the price of the rest back",
    ),
}

_MAKER_HEARS = {
    "confirm": (
        "《{title}》的歉收申报已核实，请按 {percent}% 发货",
        "Your short harvest of “{title}” is confirmed; send {percent} % of each reward",
    ),
    "call_off": (
        "《{title}》收成低于约定下限，项目已取消，款项退还支持者",
        "The harvest of “{title}” is below what was agreed; it is called off and backers get their money back",
    ),
    "refuse": ("《{title}》的歉收申报未予核实", "Your short harvest of “{title}” was not confirmed"),
    "lapse": ("《{title}》的歉收申报逾期未核实，请重新申报", "Your short harvest of “{title}” was not checked in time"),
    "settle": ("《{title}》的歉收差额已全部退还支持者", "All that was not harvested of “{title}” was given back"),
}


@when(lambda event: event.move in _BACKERS_HEAR)
def tell_backers(event: ShortfallMoved) -> None:
    """Whoever has a reward coming hears of it; what touches money cannot be muted."""
    backers = Pledge.objects.filter(
        campaign_id=event.campaign_id, state__in=PledgeState.COUNTED, tier__isnull=False
    ).values_list("backer_id", flat=True)
    zh, en = _words(_BACKERS_HEAR[event.move], event)
    url = f"/campaigns/{event.campaign_id}/#harvest"
    notifications.tell(backers.distinct(), key=f"{event.id}:backer", kind="refund", zh=zh, en=en, url=url, at=event.at)


@when(lambda event: event.move in _MAKER_HEARS)
def tell_maker(event: ShortfallMoved) -> None:
    zh, en = _words(_MAKER_HEARS[event.move], event)
    url = f"/create/{event.campaign_id}/#harvest"
    notifications.tell([event.owner_id], key=f"{event.id}:maker", kind="campaign", zh=zh, en=en, url=url, at=event.at)


def _words(words: tuple[str, str], event: ShortfallMoved) -> tuple[str, str]:
    title = Campaign.objects.values_list("title", flat=True).get(pk=event.campaign_id)
    zh, en = (text.format(title=title, percent=event.percent) for text in words)
    return zh, en


def tell_payable(event: PortionPayable) -> None:
    yuan = show_yuan(event.amount_fen)
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="refund",
        zh=f"歉收差额 {yuan}：原支付渠道已不接受退款，请设置收款账户并申请付款",
        en=f"{yuan} of a short harvest: your payment is too old to be refunded, ask for a payout",
        url="/create/money/",
        at=event.at,
    )


HANDLERS = {
    CampaignMoved: [end_unchecked],
    ShortfallMoved: [tell_backers, tell_maker],
    PortionPayable: [tell_payable],
}
