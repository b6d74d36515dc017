"""What happens in campaigns, and around them, when something has happened."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from backend.common import outbox
from backend.common.fen import show_yuan
from backend.common.outbox import Event, when
from backend.notifications import operations as notifications
from backend.payments.events import (
    DebtPaid,
    DisputeEnded,
    DisputeOpened,
    PaymentArrivedLate,
    PaymentExpired,
    PaymentSettled,
    PayoutEnded,
    PayoutPaid,
    RefundRefused,
    RefundSucceeded,
)
from backend.payments.operations import refunds
from backend.projects import queries as projects
from crowdfunding.campaigns.events import (
    CampaignMoved,
    ClaimPayable,
    DepositMoved,
    OutsideMoved,
    PledgeEnded,
    PledgePaid,
    QuestionAnswered,
    QuestionAsked,
    RefundAsked,
    UpdatePosted,
)
from crowdfunding.campaigns.models import Campaign, Pledge
from crowdfunding.campaigns.operations import claims, complaints, deposits, outside, pledges, reminders
from crowdfunding.campaigns.states import Held, Outside, PledgeState

when_of_pledge = outbox.when(lambda event: event.subject_kind == "pledge")


@when_of_pledge
def settle_pledge(event: PaymentSettled) -> None:
    pledges.settle_pledge(pledge_id=event.subject_id, at=event.at)


@when_of_pledge
def take_late_payment(event: PaymentArrivedLate) -> None:
    pledges.take_late_payment(pledge_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@when_of_pledge
def expire_pledge(event: PaymentExpired) -> None:
    pledges.expire_pledge(pledge_id=event.subject_id, at=event.at)


@outbox.when(lambda event: event.subject_kind == "pledge" and event.is_whole)
def close_returned(event: RefundSucceeded) -> None:
    pledges.close_returned(pledge_id=event.subject_id, at=event.at)


@when_of_pledge
def reopen_asked(event: RefundRefused) -> None:
    pledges.reopen_asked(pledge_id=event.subject_id, at=event.at)


@outbox.when(lambda event: event.subject_kind == "pledge" and event.is_whole and event.outcome == "lost")
def charge_back(event: DisputeEnded) -> None:
    pledges.close_returned(pledge_id=event.subject_id, at=event.at)


@outbox.when(lambda event: event.state == PledgeState.REFUNDED)
def end_dispute(event: PledgeEnded) -> None:
    complaints.end_with_pledge(pledge_id=event.pledge_id, at=event.at)


def push_bar(event: PledgePaid | PledgeEnded | CampaignMoved) -> None:
    """Tell everyone who watches the campaign how far it is."""
    campaign = Campaign.objects.get(pk=event.campaign_id)
    notifications.push(
        f"campaign.{campaign.id}",
        {
            "raised_fen": campaign.raised_fen,
            "pledges": campaign.pledges_n,
            "percent": campaign.percent,
            "state": campaign.state,
        },
    )


_OWNER_HEARS = {
    "second_round": (
        "项目《{title}》已达最低目标，第二轮开始",
        "“{title}” reached its minimum; the second round has begun",
    ),
    "approve": ("项目《{title}》审核通过，可以发布了", "“{title}” was approved; you can launch it"),
    "return": ("项目《{title}》被退回修改，请查看理由", "“{title}” was returned; see why"),
    "give_up_review": (
        "项目《{title}》未能在时限内审核，请重新提交",
        "“{title}” was not reviewed in time; submit it again",
    ),
    "open": ("项目《{title}》已上线", "“{title}” is live"),
    "suspend": ("项目《{title}》已被暂停", "“{title}” was suspended"),
    "resume": ("项目《{title}》已恢复", "“{title}” is live again"),
    "cancel": ("项目《{title}》已取消，支持者将全额退款", "“{title}” was cancelled; backers are refunded"),
    "succeed": ("恭喜，项目《{title}》众筹成功，进入公示", "“{title}” succeeded and is in its publicity period"),
    "fail": ("项目《{title}》未达目标，支持者将全额退款", "“{title}” missed its goal; backers are refunded"),
    "produce": ("项目《{title}》公示结束，首款进入付款审批", "“{title}”: the first part awaits the officers"),
    "fall_behind": (
        "项目《{title}》交付已逾期，请尽快发货并告知支持者",
        "“{title}” is overdue; ship and tell your backers",
    ),
    "default": ("项目《{title}》已按违约处理", "“{title}” is in default"),
    "deliver": ("项目《{title}》已确认交付", "“{title}” counts as delivered"),
    "finish": ("项目《{title}》已结项，尾款进入付款审批", "“{title}” is closed; the tail awaits the officers"),
    "cancel_after": (
        "项目《{title}》在成功后取消，托管余额将退还；不足部分是您对支持者的欠款，见资金页",
        "“{title}” was cancelled after success; escrow is refunded, and what it lacks you owe the backers",
    ),
}
_BACKERS_HEAR = {
    "extend": (
        "您支持的《{title}》申请延期，请在 5 个工作日内确认或退出；不答复即退出，全额退款",
        "“{title}” wants more time: confirm or leave within 5 working days; silence means leaving, fully refunded",
    ),
    "second_round": (
        "您支持的《{title}》已达最低目标，进入第二轮；您仍可在截止前退出",
        "“{title}” reached its minimum and is in its second round; you may still leave before it ends",
    ),
    "suspend": ("您支持的《{title}》已被暂停，资金仍在托管中", "“{title}” was suspended; your money stays in escrow"),
    "cancel": ("您支持的《{title}》已取消，款项将原路退回", "“{title}” was cancelled; your money goes back"),
    "succeed": ("您支持的《{title}》众筹成功", "“{title}” succeeded"),
    "fail": ("您支持的《{title}》未达目标，款项将原路退回", "“{title}” missed its goal; your money goes back"),
    "ship": ("您支持的《{title}》开始发货，收到后请确认", "“{title}” is shipping; please confirm receipt"),
    "fall_behind": ("您支持的《{title}》交付逾期", "“{title}” is overdue"),
    "default": (
        "您支持的《{title}》已违约，托管余额将按比例退还，不足部分由发起人补退",
        "“{title}” is in default; escrow goes back pro rata, the maker owes you the rest",
    ),
    "cancel_after": (
        "您支持的《{title}》已取消，托管余额将按比例退还，不足部分由发起人补退",
        "“{title}” was cancelled; escrow goes back pro rata, the maker owes you the rest",
    ),
}


@outbox.when(lambda event: event.move in _OWNER_HEARS or event.move in _BACKERS_HEAR)
def tell_about_move(event: CampaignMoved) -> None:
    """Tell the maker, and the backers where it concerns their money or goods."""
    campaign = Campaign.objects.get(pk=event.campaign_id)
    if event.move in _OWNER_HEARS:
        _tell([campaign.owner_id], event, _OWNER_HEARS[event.move], campaign, f"/create/{campaign.id}/", who="maker")
    if event.move in _BACKERS_HEAR:
        backers = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.COUNTED)
        ids = backers.values_list("backer_id", flat=True).distinct()
        _tell(ids, event, _BACKERS_HEAR[event.move], campaign, f"/campaigns/{campaign.id}/", who="backer")


@outbox.when(lambda event: event.move == "open")
def tell_opening(event: CampaignMoved) -> None:
    reminders.tell_opening(campaign_id=event.campaign_id, key=str(event.id), at=event.at)


def _tell(
    party_ids: Iterable[UUID | None], event: Event, words: tuple[str, str], campaign: Campaign, url: str, *, who: str
) -> None:
    zh, en = (text.format(title=campaign.title) for text in words)
    notifications.tell(party_ids, key=f"{event.id}:{who}", kind="campaign", zh=zh, en=en, url=url, at=event.at)


def tell_backer(event: PledgePaid) -> None:
    title = Campaign.objects.values_list("title", flat=True).get(pk=event.campaign_id)
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="pledge",
        zh=f"已支持《{title}》{show_yuan(event.amount_fen)}，资金在托管中",
        en=f"You backed “{title}” with {show_yuan(event.amount_fen)}; it is in escrow",
        url=f"/pledges/{event.pledge_id}/",
        at=event.at,
    )


@outbox.when(lambda event: event.state == PledgeState.EXPIRED)
def tell_unpaid(event: PledgeEnded) -> None:
    title = Campaign.objects.values_list("title", flat=True).get(pk=event.campaign_id)
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="pledge",
        zh=f"对《{title}》的支持超时未付，名额已释放",
        en=f"Your pledge to “{title}” was not paid in time and was let go",
        url=f"/campaigns/{event.campaign_id}/",
        at=event.at,
    )


def tell_refunded(event: RefundSucceeded) -> None:
    notifications.tell(
        [event.party_id],
        key=str(event.id),
        kind="refund",
        zh=f"{show_yuan(event.amount_fen)} 已原路退回",
        en=f"{show_yuan(event.amount_fen)} went back the way you paid",
        url=f"/pledges/{event.subject_id}/" if event.subject_kind == "pledge" else "",
        at=event.at,
    )


def tell_disputed(event: DisputeOpened) -> None:
    if event.subject_kind != "pledge":
        return
    made = Pledge.objects.select_related("campaign").get(pk=event.subject_id)
    yuan = show_yuan(event.amount_fen)
    notifications.tell(
        [event.party_id],
        key=f"{event.id}:payer",
        kind="refund",
        zh=f"支付机构转来您对一笔 {yuan} 付款的拒付，处理期间该笔不能退款",
        en=f"Your bank asks for a payment of {yuan} back; it cannot be refunded meanwhile",
        url=f"/pledges/{made.pk}/",
        at=event.at,
    )
    notifications.tell(
        [made.campaign.owner_id],
        key=f"{event.id}:maker",
        kind="refund",
        zh=f"《{made.campaign.title}》有一笔 {yuan} 的支持被拒付，款项已冻结",
        en=f"A pledge of {yuan} to “{made.campaign.title}” was charged back; its sum is held",
        url=f"/create/{made.campaign_id}/backers/",
        at=event.at,
    )


def tell_paid_out(event: PayoutPaid) -> None:
    notifications.tell(
        [event.party_id],
        key=str(event.id),
        kind="payout",
        zh=f"{show_yuan(event.amount_fen)} 已付到您的收款账户",
        en=f"{show_yuan(event.amount_fen)} was paid to your account",
        url="/create/money/",
        at=event.at,
    )


def tell_payout_ended(event: PayoutEnded) -> None:
    notifications.tell(
        [event.party_id],
        key=str(event.id),
        kind="payout",
        zh=f"一笔 {show_yuan(event.amount_fen)} 的付款未完成，款项仍为您应收",
        en=f"A payout of {show_yuan(event.amount_fen)} was not made; the money is still yours to ask for",
        url="/create/money/",
        at=event.at,
    )


def tell_asked(event: RefundAsked) -> None:
    notifications.tell(
        [event.owner_id],
        key=str(event.id),
        kind="refund",
        zh="有支持者申请退款，请在 14 天内答复",
        en="A backer asks for a refund; please answer within 14 days",
        url=f"/create/{event.campaign_id}/backers/",
        at=event.at,
    )


def tell_update(event: UpdatePosted) -> None:
    campaign = Campaign.objects.get(pk=event.campaign_id)
    backers = Pledge.objects.filter(campaign=campaign, state__in=PledgeState.COUNTED)
    notifications.tell(
        backers.values_list("backer_id", flat=True).distinct(),
        key=str(event.id),
        kind="update",
        zh=f"《{campaign.title}》发布了新进展",
        en=f"“{campaign.title}” posted an update",
        url=f"/campaigns/{campaign.id}/#updates",
        at=event.at,
    )


def tell_question(event: QuestionAsked) -> None:
    notifications.tell(
        [event.owner_id],
        key=str(event.id),
        kind="question",
        zh="有人向您的项目提问",
        en="Somebody asked about your campaign",
        url=f"/campaigns/{event.campaign_id}/#questions",
        at=event.at,
    )


def tell_answer(event: QuestionAnswered) -> None:
    notifications.tell(
        [event.asker_id],
        key=str(event.id),
        kind="question",
        zh="您的提问有了回答",
        en="Your question was answered",
        url=f"/campaigns/{event.campaign_id}/#questions",
        at=event.at,
    )


@when(lambda event: event.move == "open")
def tell_followers(event: CampaignMoved) -> None:
    """Whoever follows the venture hears that it has a campaign."""
    found = Campaign.objects.select_related("passport").get(pk=event.campaign_id)
    if found.passport is None:
        return
    notifications.tell(
        projects.followers(found.passport.pk),
        key=f"{event.id}:followers",
        kind="following",
        zh=f"您关注的《{found.passport.name}》开始众筹：{found.title}",
        en=f"“{found.passport.name}”, which you follow, has opened a campaign: {found.title}",
        url=f"/campaigns/{found.pk}/",
        at=event.at,
    )


def allot_claims(event: DebtPaid) -> None:
    claims.allot(campaign_id=event.campaign_id, at=event.at)


def tell_payable(event: ClaimPayable) -> None:
    notifications.tell(
        [event.backer_id],
        key=str(event.id),
        kind="refund",
        zh=f"发起人补退 {show_yuan(event.amount_fen)}；原支付渠道已不接受退款，请设置收款账户并申请付款",
        en=f"The maker paid back {show_yuan(event.amount_fen)}; your payment is too old to be refunded, ask for a payout",
        url="/create/money/",
        at=event.at,
    )


_OUTSIDE = {
    Outside.SAID: (
        "对方称与您已在平台外结清一笔支持，请核实：确认后平台不再退款，不认可则一切照旧",
        "The other side says that a pledge was settled outside the platform; check it: once you confirm, nothing goes back",
    ),
    Outside.AGREED: ("对方已确认平台外结清", "The other side confirmed the settlement outside the platform"),
    Outside.DENIED: (
        "对方不认可平台外结清，一切照旧",
        "The other side denied the settlement; everything stays as it was",
    ),
}


def tell_outside(event: OutsideMoved) -> None:
    zh, en = _OUTSIDE[event.state]
    notifications.tell(
        [event.to_party_id] if event.to_party_id else [],
        key=str(event.id),
        kind="refund",
        zh=zh,
        en=en,
        url=f"/create/{event.campaign_id}/backers/" if event.to_owner else f"/pledges/{event.pledge_id}/",
        at=event.at,
    )


when_of_deposit = outbox.when(lambda event: event.subject_kind == deposits.KIND)


@when_of_deposit
def hold_deposit(event: PaymentSettled) -> None:
    deposits.hold(deposit_id=event.subject_id, intent_id=event.intent_id, at=event.at)


@when_of_deposit
def return_late_deposit(event: PaymentArrivedLate) -> None:
    """Whoever pays a deposit after its time gets it back and orders anew."""
    refunds.refund_whole(intent_id=event.intent_id, reason="超时后到账", at=event.at)


_DEPOSIT = {
    Held.HELD: ("《{title}》的保证金 {amount} 已到账，可以发布了", "The deposit of {amount} for “{title}” is there; publish it"),
    Held.RETURNED: ("《{title}》的保证金正在原路退还", "The deposit for “{title}” is going back the way you paid"),
    Held.USED: (
        "《{title}》的保证金中有 {used} 用于补退支持者，余额原路退还",
        "{used} of the deposit for “{title}” went to its backers; the rest goes back the way you paid",
    ),
}  # fmt: skip


@when(lambda event: event.state in _DEPOSIT)
def tell_deposit(event: DepositMoved) -> None:
    figures = {
        "title": Campaign.objects.values_list("title", flat=True).get(pk=event.campaign_id),
        "amount": show_yuan(event.amount_fen),
        "used": show_yuan(event.used_fen),
    }
    zh, en = (text.format(**figures) for text in _DEPOSIT[event.state])
    notifications.tell(
        [event.owner_id],
        key=str(event.id),
        kind="refund",
        zh=zh,
        en=en,
        url=f"/create/{event.campaign_id}/",
        at=event.at,
    )


@when(lambda event: event.state not in (PledgeState.EXPIRED, PledgeState.SETTLED))
def void_outside(event: PledgeEnded) -> None:
    """What ended otherwise was not settled outside."""
    outside.void(pledge_id=event.pledge_id, at=event.at)


HANDLERS = {
    OutsideMoved: [tell_outside],
    DepositMoved: [tell_deposit],
    DebtPaid: [allot_claims],
    ClaimPayable: [tell_payable],
    PaymentSettled: [settle_pledge, hold_deposit],
    PaymentArrivedLate: [take_late_payment, return_late_deposit],
    PaymentExpired: [expire_pledge],
    RefundSucceeded: [close_returned, tell_refunded],
    RefundRefused: [reopen_asked],
    DisputeOpened: [tell_disputed],
    DisputeEnded: [charge_back],
    PayoutPaid: [tell_paid_out],
    PayoutEnded: [tell_payout_ended],
    CampaignMoved: [push_bar, tell_about_move, tell_opening, tell_followers],
    PledgePaid: [push_bar, tell_backer],
    PledgeEnded: [push_bar, end_dispute, tell_unpaid, void_outside],
    RefundAsked: [tell_asked],
    UpdatePosted: [tell_update],
    QuestionAsked: [tell_question],
    QuestionAnswered: [tell_answer],
}
