"""People, campaigns and pledges as tests need them, made through operations: no test starts where the product cannot go."""

from __future__ import annotations

import io
import itertools
from datetime import timedelta

from PIL import Image

from backend.accounts import operations as accounts
from backend.accounts import queries as people
from backend.accounts.models import Party, User
from backend.common import clock, outbox
from backend.common.actors import Actor, Role
from backend.common.models import Delivery, OutboxEvent, StateChange
from backend.disputes import tasks as dispute_tasks
from backend.judging import tasks as judging_tasks
from backend.ledger.models import Transfer
from backend.moderation import tasks as moderation_tasks
from backend.payments import tasks as payment_tasks
from backend.payments.models import Payout
from backend.payments.operations import intents, payouts
from backend.projects import tasks as project_tasks
from backend.projects.models import Evidence, Passport
from backend.projects.operations import documents, passports
from backend.projects.operations.documents import Fact
from backend.projects.operations.passports import Profile
from crowdfunding.campaigns import tasks as campaign_tasks
from crowdfunding.campaigns.models import Batch, Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import batches, delivery, drafts, pledges, reviews
from crowdfunding.campaigns.operations.drafts import Terms, TierTerms
from crowdfunding.fulfilment import tasks as fulfilment_tasks
from crowdfunding.harvest import tasks as harvest_tasks
from crowdfunding.harvest.operations import clauses
from crowdfunding.leads import tasks as lead_tasks
from crowdfunding.leads.models import Lead
from crowdfunding.leads.operations import candidacies
from crowdfunding.leads.operations.candidacies import Dossier
from crowdfunding.pots import tasks as pot_tasks
from crowdfunding.pots.models import Pot
from crowdfunding.pots.operations import pots
from crowdfunding.pots.operations.pots import Plan
from marketplace.contests import tasks as contest_tasks
from marketplace.engagements import tasks as engagement_tasks
from marketplace.errands import tasks as errand_tasks
from marketplace.ideas import tasks as idea_tasks
from marketplace.knowledge import tasks as knowledge_tasks
from marketplace.microtasks import tasks as microtask_tasks
from marketplace.tasks import tasks as task_tasks

_numbers = itertools.count(1)
STORY = "竹海深处的老篾匠用三年生楠竹剖篾编器，从选竹、刮青到收口共二十七道工序。" * 3


def person(level: str = "L2", name: str = "测试用户") -> User:
    """A person with a phone and a level."""
    user = accounts.join(kind="phone", value=f"139{next(_numbers):08d}", at=clock.now(), name=name)
    Party.objects.filter(pk=user.party_id).update(level=level)
    return User.objects.select_related("party").get(pk=user.pk)


def acting(user: User, *roles: Role) -> Actor:
    """The person under their own hat, with staff roles where given."""
    return people.actor(user, hat=None, at=clock.now()).wears(*roles)


def moderator() -> Actor:
    return acting(person(name="审核员"), Role.MODERATOR)


def officer() -> Actor:
    return acting(person(name="财务"), Role.FINANCE)


def draft(
    owner: User, *, goal_fen: int = 100_000, days: int = 30, rule: str = "all_or_nothing", optimum_fen: int | None = -1
) -> Campaign:
    """A complete draft without rewards; in two rounds the optimum is twice the minimum."""
    at, by = clock.now(), acting(owner)
    campaign = drafts.start(owner_id=owner.party_id, by=by, at=at)
    terms = Terms(
        title="楠竹食盒：一只盒子的二十七道工序",
        summary="老篾匠与年轻设计师合作的竹编食盒",
        story=STORY,
        risks="阴雨天会推迟晾竹；推迟超过三十天可申请退款。",
        category="bamboo",
        county="421223",
        rule=rule,
        goal_fen=goal_fen,
        days=days,
        promised_on=(at + timedelta(days=days + 60)).date(),
        optimum_fen=optimum_fen if optimum_fen != -1 else goal_fen * 2 if rule == "two_rounds" else None,
    )
    return drafts.write(campaign_id=campaign.id, terms=terms, version=campaign.version, by=by, at=at)


def offer(
    campaign: Campaign,
    owner: User,
    *,
    price_fen: int = 10_000,
    shipping_fen: int = 0,
    stock: int | None = None,
    per_person: int | None = None,
) -> Tier:
    """A reward of a campaign."""
    terms = TierTerms(
        title="食盒一只",
        description="单层竹编食盒",
        price_fen=price_fen,
        shipping_fen=shipping_fen,
        stock=stock,
        per_person=per_person,
        right_class="made_to_order",
        deliver_on=None,
    )
    return drafts.add_tier(campaign_id=campaign.id, terms=terms, by=acting(owner), at=clock.now())


def approved_campaign(
    *, goal_fen: int, rule: str = "all_or_nothing", price_fen: int = 100_000
) -> tuple[Campaign, Tier]:
    """A campaign that its maker may publish, once the deposit is there where its goal asks for one."""
    owner = person(name="楚竹坊")
    campaign = draft(owner, goal_fen=goal_fen, rule=rule)
    reward = offer(campaign, owner, price_fen=price_fen)
    drafts.submit(campaign_id=campaign.pk, by=acting(owner), at=clock.now())
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=clock.now())
    return campaign, reward


def live_campaign(
    *,
    goal_fen: int = 100_000,
    rule: str = "all_or_nothing",
    is_led: bool = False,
    least_percent: int | None = None,
    **tier: int | None,
) -> tuple[Campaign, Tier]:
    """A campaign that takes pledges now, with one reward; led: once a lead has paid; with a clause for a short harvest."""
    owner = person(name="楚竹坊")
    campaign = draft(owner, goal_fen=goal_fen, rule=rule)
    reward = offer(campaign, owner, **tier)
    if is_led:
        candidacies.choose_led(campaign_id=campaign.pk, is_led=True, by=acting(owner), at=clock.now())
    at = clock.now()
    if least_percent is not None:
        basis = "三片竹林的春笋，以合作社过磅单为准"
        clauses.agree(campaign_id=campaign.pk, least_percent=least_percent, basis=basis, by=acting(owner), at=at)
    drafts.submit(campaign_id=campaign.id, by=acting(owner), at=at)
    reviews.approve(campaign_id=campaign.id, checklist=reviews.CHECKLIST, by=moderator(), at=at)
    return drafts.launch(campaign_id=campaign.id, opens_at=None, by=acting(owner), at=at), reward


def batch_of(campaign: Campaign, by: User, total: int = 10, name: str = "2026 头采") -> Batch:
    """Goods that rewards of a draft may draw from."""
    return batches.add(
        campaign_id=campaign.pk, name=name, unit="斤", total=total, harvested_on=None, by=acting(by), at=clock.now()
    )


def drawn(campaign: Campaign, by: User, batch: Batch | None, units: int, stock: int | None = None) -> Tier:
    """A reward of which each takes so many units of a batch."""
    terms = TierTerms("春笋", "鲜笋", 10_000, 0, stock, None, "fresh", None, batch.pk if batch else None, units)
    return drafts.add_tier(campaign_id=campaign.pk, terms=terms, by=acting(by), at=clock.now())


def sharing(total: int, *units: int) -> tuple[Campaign, Batch, list[Tier]]:
    """A live campaign whose rewards draw from one batch."""
    maker = person(name="楚竹坊")
    campaign = draft(maker)
    batch = batch_of(campaign, maker, total)
    rewards = [drawn(campaign, maker, batch, each) for each in units]
    at = clock.now()
    drafts.submit(campaign_id=campaign.pk, by=acting(maker), at=at)
    reviews.approve(campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=moderator(), at=at)
    drafts.launch(campaign_id=campaign.pk, opens_at=None, by=acting(maker), at=at)
    return Campaign.objects.get(pk=campaign.pk), batch, rewards


def dossier(stake_fen: int = 20_000, **more: object) -> Dossier:
    """What a careful lead writes."""
    words = {
        "stake_fen": stake_fen,
        "reward_kind": "goods",
        "reward": "首批编号一号食盒一只",
        "terms": "跟投人按所选回报收货；延期超过三十天可申请退款。",
        "diligence": "到作坊看过三次，核对了原料合同、两年出货单和三位学徒的工时记录。" * 4,
        "conflicts": "无",
        "is_related": False,
    } | more
    return Dossier(**words)


def checked_lead(campaign: Campaign, who: User | None = None, stake_fen: int = 20_000) -> Lead:
    """A lead whom the maker and a moderator took, and who has not paid."""
    who = who or person(name="领投人")
    at = clock.now()
    lead = candidacies.propose(campaign_id=campaign.pk, dossier=dossier(stake_fen), by=acting(who), at=at)
    candidacies.answer(lead_id=lead.pk, agree=True, reason="", by=acting(owner_of(campaign)), at=at)
    return candidacies.check(lead_id=lead.pk, passes=True, reason="材料属实", by=moderator(), at=at)


def active_lead(cashier, campaign: Campaign, who: User | None = None, stake_fen: int = 20_000) -> Lead:
    """A lead whose money is in escrow."""
    who = who or person(name="领投人")
    lead = checked_lead(campaign, who, stake_fen)
    paid_pledge(cashier, campaign, None, who, amount_fen=stake_fen, under=lead.pk)
    return Lead.objects.get(pk=lead.pk)


def owner_of(campaign: Campaign) -> User:
    return User.objects.select_related("party").get(party_id=campaign.owner_id)


def reserve(
    campaign: Campaign, tier: Tier | None, backer: User | None = None, quantity: int = 1, **more: object
) -> Pledge:
    """A pledge that is not paid yet."""
    options = {"amount_fen": None, "expected_total_fen": None, "is_anonymous": False} | more
    return pledges.pledge(
        campaign_id=campaign.id,
        tier_id=tier.id if tier else None,
        quantity=quantity,
        by=acting(backer or person(name="支持者")),
        at=clock.now(),
        **options,
    )


def pay(cashier, made: Pledge) -> None:
    """Pay a pledge at the gateway and let the platform ask about it."""
    intent = pledges.intent_of(made.id)
    cashier.pay(intents.cashier_url(intent_id=intent.id, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.id, at=clock.now())
    deliver_events()


def paid_pledge(cashier, campaign: Campaign, tier: Tier | None, backer: User | None = None, **more: object) -> Pledge:
    """A pledge that counts."""
    made = reserve(campaign, tier, backer, **more)
    pay(cashier, made)
    return Pledge.objects.get(pk=made.pk)


def deliver_events() -> None:
    """Let the relay hand out everything that is due, and wait for what another relay has taken up, or put off twice."""
    while outbox.relay() or not outbox.is_quiet(within=A_GAP):
        pass


A_GAP = timedelta(seconds=4)
"""How long a delivery waits that failed twice, as when two relays met at one row."""


def _done() -> list[int]:
    """How much the platform has done: moves, events, what heard of them, transfers."""
    heard = Delivery.objects.filter(state=Delivery.DONE).count()
    return [heard, *(model.objects.count() for model in (StateChange, OutboxEvent, Transfer))]


def beat() -> None:
    """One turn of everything that beat rings for, again while that changes anything."""
    for _ in range(4):
        before = _done()
        payment_tasks.sweep_intents()
        campaign_tasks.advance_due_campaigns()
        campaign_tasks.answer_by_silence()
        fulfilment_tasks.advance_fulfilment()
        lead_tasks.advance_leads()
        pot_tasks.advance_pots()
        harvest_tasks.advance_harvests()
        dispute_tasks.advance_disputes()
        engagement_tasks.advance_engagements()
        task_tasks.advance_tasks()
        judging_tasks.advance_judging()
        contest_tasks.advance_contests()
        microtask_tasks.advance_jobs()
        errand_tasks.advance_errands()
        idea_tasks.advance_solicitations()
        knowledge_tasks.advance_changes()
        knowledge_tasks.advance_gaps()
        project_tasks.advance_projects()
        moderation_tasks.advance_appeals()
        payment_tasks.send_refunds()
        payment_tasks.send_payouts()
        payment_tasks.watch_payouts()
        payment_tasks.settle_debts()
        campaign_tasks.repay_claims()
        deliver_events()
        if _done() == before:
            return


def move_on(cashier, by: timedelta) -> None:
    """Let time pass for the platform and for the gateway, and ring once."""
    cashier.control(clock=clock.advance(by).isoformat())
    beat()


_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc() -> str:
    """A unified social credit code nobody has, with its check character (GB 32100-2015)."""
    body = f"91421200{next(_numbers):09d}"
    total = sum(_CHARACTERS.index(mark) * 3**place % 31 for place, mark in enumerate(body))
    return body + _CHARACTERS[(31 - total % 31) % 31]


def firm(founder: User | None = None, name: str = "香城文旅集团") -> tuple[User, Actor]:
    """An organisation and its owner, who acts for it."""
    founder = founder or person(name="负责人")
    made = accounts.found_organisation(
        founder=founder, name=name, uscc=uscc(), county="421221", at=clock.now(), level="O2"
    )
    founder = User.objects.select_related("party").get(pk=founder.pk)
    return founder, people.actor(founder, hat=made.pk, at=clock.now())


def plan(**more: object) -> Plan:
    """A pot of 1,000 yuan that doubles: at most 500 a campaign and 100 a person."""
    at = clock.now()
    words: dict[str, object] = {
        "title": "香城非遗配捐",
        "purpose": "支持本市非遗手作走出去，一元配一元，先到先得。",
        "amount_fen": 100_000,
        "ratio_bp": 10_000,
        "per_project_fen": 50_000,
        "per_person_fen": 10_000,
        "categories": (),
        "counties": (),
        "opens_at": at,
        "closes_at": at + timedelta(days=60),
    } | more
    return Plan(**words)


def open_pot(cashier, by: Actor | None = None, **more: object) -> Pot:
    """A pot with its money in escrow that matches now."""
    by = by or firm()[1]
    pot = pots.propose(plan=plan(**more), by=by, at=clock.now())
    pots.review(pot_id=pot.pk, passes=True, reason="材料齐全", by=moderator(), at=clock.now())
    fund_pot(cashier, pot, by)
    pot_tasks.advance_pots()
    return Pot.objects.get(pk=pot.pk)


def fund_pot(cashier, pot: Pot, by: Actor) -> None:
    """The sponsor pays a pot in."""
    intent = pots.order(pot_id=pot.pk, by=by, at=clock.now())
    cashier.pay(intents.cashier_url(intent_id=intent.pk, phone=False, at=clock.now()))
    intents.look_after(intent_id=intent.pk, at=clock.now())
    deliver_events()


def passport(holder: User, *kinds: str, name: str = "楠竹食盒") -> Passport:
    """A published passport with verified documents of these kinds."""
    by, at = acting(holder), clock.now()
    made = passports.start(name=name, by=by, at=at)
    profile = Profile(
        name=name, summary="竹编食盒", story=STORY, stage="pilot", category="bamboo", county="421223", founded_on=None
    )
    passports.write(passport_id=made.pk, profile=profile, version=made.version, by=by, at=at)
    passports.submit(made.pk, "", by, at)
    passports.approve(made.pk, "材料齐全", moderator(), at)
    for kind in kinds:
        documents.verify(document(made, holder, kind).pk, "与原件一致", moderator(), at)
    return Passport.objects.get(pk=made.pk)


def holder_of(made: Passport) -> User:
    return User.objects.select_related("party").get(party_id=made.holder_id)


def document(made: Passport, holder: User, kind: str = "origin", **more: object) -> Evidence:
    """A document that waits to be checked."""
    words = {
        "kind": kind, "number": f"NO{next(_numbers):06d}", "issuer": "市市场监督管理局", "valid_from": None,
        "valid_until": None,
    } | more  # fmt: skip
    return documents.file_document(
        passport_id=made.pk, fact=Fact(**words), name="a.pdf", body=b"%PDF-1.4", by=acting(holder), at=clock.now()
    )


def payable_account(owner: User) -> None:
    """A payout account that has waited out its first day."""
    at = clock.now() - timedelta(days=2)
    payouts.set_account(party_id=owner.party_id, login="13900001111", holder=owner.party.name, by=acting(owner), at=at)


def produced(cashier, *quantities: int, pays_out: bool = True, **terms: int) -> tuple[Campaign, list[Pledge]]:
    """A campaign whose first part of 70 % was paid to its maker, with a pledge of each quantity at ¥1,000."""
    cashier.control(clock=clock.now().isoformat(), forget=True)
    campaign, tier = live_campaign(price_fen=100_000, **terms)
    payable_account(owner_of(campaign))
    made = [paid_pledge(cashier, campaign, tier, quantity=quantity) for quantity in quantities]
    move_on(cashier, timedelta(days=30, minutes=1))
    move_on(cashier, timedelta(days=3, minutes=1))
    if pays_out:
        first = Payout.objects.get()
        payouts.check_payout(payout_id=first.pk, by=officer(), at=clock.now())
        payouts.authorize_payout(payout_id=first.pk, by=officer(), at=clock.now())
        beat()
    return Campaign.objects.get(pk=campaign.pk), made


def come_to_nothing(campaign: Campaign) -> None:
    """Maker and moderator cancel after success, and what escrow holds goes back."""
    by = acting(owner_of(campaign))
    delivery.ask_to_cancel(campaign_id=campaign.pk, ruling="窑炉损毁，无法交付", by=by, at=clock.now())
    delivery.confirm_cancel(campaign_id=campaign.pk, by=moderator(), at=clock.now())
    hand_on()


def hand_on() -> None:
    """Let what a maker owes its backers reach them, as far as it is there."""
    deliver_events()
    beat()


def picture(colour: str = "red", form: str = "PNG") -> bytes:
    """A small picture that files take."""
    out = io.BytesIO()
    Image.new("RGB", (20, 20), colour).save(out, form)
    return out.getvalue()
