"""What happens in led campaigns when something has happened, and what people are told."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from backend.common.outbox import Event, when
from backend.notifications import operations as notifications
from backend.payments.events import DisputeEnded
from crowdfunding.campaigns.events import CampaignMoved, PledgeEnded, PledgePaid
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.states import PledgeState
from crowdfunding.leads.events import FollowersAsked, LeadMoved, ReportMoved, RoundMoved
from crowdfunding.leads.models import Follow, Lead, Report
from crowdfunding.leads.operations import rounds
from crowdfunding.leads.states import Leading


def look_at_pledge(event: PledgePaid | PledgeEnded) -> None:
    """A lead's own money came or went, or somebody paid to follow one that has left meanwhile."""
    is_stake = Lead.objects.filter(pledge_id=event.pledge_id).exists()
    astray = Follow.objects.filter(pledge_id=event.pledge_id).exclude(lead__state=Leading.ACTIVE)
    if is_stake or astray.exists():
        rounds.tend(campaign_id=event.campaign_id, at=event.at)


@when(lambda event: event.is_led)
def look_at_campaign(event: CampaignMoved) -> None:
    rounds.tend(campaign_id=event.campaign_id, at=event.at)


@when(lambda event: event.subject_kind == "pledge")
def look_at_dispute(event: DisputeEnded) -> None:
    """What a chargeback held back can go on."""
    made = Pledge.objects.filter(pk=event.subject_id, stake_of__isnull=False).first()
    if made is not None:
        rounds.tend(campaign_id=made.campaign_id, at=event.at)


_OWNER_HEARS = {
    "withdraw": ("《{title}》的领投人已退出", "A lead of “{title}” withdrew"),
    "remove": ("《{title}》的领投人已被平台撤换", "A lead of “{title}” was removed"),
    "fall_out": ("《{title}》的领投资金已退回，领投终止", "The stake of a lead of “{title}” went back"),
    "fund": ("《{title}》的领投资金已托管到账", "A lead's money for “{title}” is in escrow"),
}
_LEAD_HEARS = {
    "agree": ("您对《{title}》的领投申请已获发起人同意，等待平台审核", "The maker of “{title}” takes you as a lead; the check is next"),
    "decline": ("您对《{title}》的领投申请未被采纳", "Your candidacy for “{title}” was not taken"),
    "check": ("您对《{title}》的领投已通过审核，请在 7 天内支付领投金额", "You passed the check for “{title}”; pay your stake within 7 days"),
    "refuse": ("您对《{title}》的领投未通过审核", "Your candidacy for “{title}” did not pass the check"),
    "miss": ("您对《{title}》的领投因逾期未付已失效", "Your stake in “{title}” was not paid in time"),
    "fund": ("您已成为《{title}》的领投人", "You lead “{title}”"),
    "remove": ("您在《{title}》的领投资格已被撤销", "You were removed as a lead of “{title}”"),
    "fall_out": ("您在《{title}》的领投资金已退回，领投终止", "Your stake in “{title}” went back; you lead it no longer"),
}  # fmt: skip


@when(lambda event: event.move in _OWNER_HEARS or event.move in _LEAD_HEARS)
def tell_about_lead(event: LeadMoved) -> None:
    """Tell the maker and the lead."""
    title = _title(event.campaign_id)
    url = f"/leads/{event.lead_id}/"
    if event.move in _OWNER_HEARS:
        _tell([event.owner_id], event, _OWNER_HEARS[event.move], title, url, who="maker")
    if event.move in _LEAD_HEARS:
        _tell([event.party_id], event, _LEAD_HEARS[event.move], title, url, who="lead")


_FOLLOWERS_HEAR = {
    "search": (
        "《{title}》的领投人已退出，众筹暂停计时。10 个工作日内寻找新的领投人；您的钱仍在托管中，可随时退出",
        "The lead of “{title}” left and its clock stands still while a new one is sought for 10 working days;"
        " your money stays in escrow and you may leave",
    ),
    "go_on": ("《{title}》领投更替完成，众筹继续", "“{title}” goes on under its new lead"),
}


@when(lambda event: event.move in _FOLLOWERS_HEAR)
def tell_about_round(event: RoundMoved) -> None:
    """Tell the followers where the round concerns their money."""
    followers = Pledge.objects.filter(campaign_id=event.campaign_id, state__in=PledgeState.OWED, follow__isnull=False)
    ids = followers.values_list("backer_id", flat=True).distinct()
    words, url = _FOLLOWERS_HEAR[event.move], f"/campaigns/{event.campaign_id}/"
    _tell(ids, event, words, _title(event.campaign_id), url, who="follower")


def tell_asked(event: FollowersAsked) -> None:
    """Tell each follower what to decide, and until when."""
    asked = Pledge.objects.filter(campaign_id=event.campaign_id, state=PledgeState.TO_CONFIRM)
    words = (
        "您跟投的《{title}》领投人有变，请在 5 个工作日内确认或退出；不答复即退出，全额退款",
        "A lead of “{title}” changed: confirm or leave within 5 working days; silence means leaving, fully refunded",
    )
    ids = asked.values_list("backer_id", flat=True).distinct()
    _tell(ids, event, words, _title(event.campaign_id), "/my/pledges/", who="follower")


def tell_about_report(event: ReportMoved) -> None:
    """Followers hear of a report, the lead of a missed one."""
    lead = Lead.objects.get(pk=event.lead_id)
    title, url = _title(lead.campaign_id), f"/leads/{lead.pk}/#reports"
    if event.move == "miss":
        number = Report.objects.values_list("no", flat=True).get(pk=event.report_id)
        words = (
            f"您在《{{title}}》的第 {number} 期领投报告已逾期",
            f"Your report no. {number} on “{{title}}” is overdue",
        )
        _tell([lead.party_id], event, words, title, url, who="lead")
        return
    followers = Pledge.objects.filter(follow__lead=lead, state__in=PledgeState.COUNTED)
    words = ("您跟投的《{title}》有新的领投报告", "Your lead of “{title}” filed a report")
    _tell(followers.values_list("backer_id", flat=True).distinct(), event, words, title, url, who="follower")


def _title(campaign_id: UUID) -> str:
    return str(Campaign.objects.values_list("title", flat=True).get(pk=campaign_id))


def _tell(ids: Iterable[UUID | None], event: Event, words: tuple[str, str], title: str, url: str, *, who: str) -> None:
    zh, en = (text.format(title=title) for text in words)
    notifications.tell(ids, key=f"{event.id}:{who}", kind="lead", zh=zh, en=en, url=url, at=event.at)


HANDLERS = {
    PledgePaid: [look_at_pledge],
    PledgeEnded: [look_at_pledge],
    CampaignMoved: [look_at_campaign],
    DisputeEnded: [look_at_dispute],
    LeadMoved: [tell_about_lead],
    RoundMoved: [tell_about_round],
    FollowersAsked: [tell_asked],
    ReportMoved: [tell_about_report],
}
