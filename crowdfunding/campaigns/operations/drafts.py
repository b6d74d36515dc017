"""The maker's side before launch: draft, tiers, submit, launch, withdraw."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.accounts import limits
from backend.accounts.models import Party
from backend.accounts.operations import clean_name
from backend.common import richtext, rules
from backend.common.actors import CLOCK, Actor
from backend.common.errors import Forbidden, Invalid, NotFound, Refusal, refuse_any
from backend.common.fen import Fen, show_yuan
from backend.ledger import operations as ledger
from backend.listings.facets import CATEGORIES
from backend.moderation import operations as moderation
from backend.projects import queries as projects
from backend.projects.kinds import DOCUMENTS
from backend.projects.models import Passport
from backend.projects.states import Showing
from crowdfunding.campaigns.errors import FileMissing, GoalOutOfRange, Incomplete, RuleFixed, Stale
from crowdfunding.campaigns.models import FUNDING_RULES, RIGHT_CLASSES, TWO_ROUNDS, Batch, Campaign, Tier
from crowdfunding.campaigns.operations import deposits
from crowdfunding.campaigns.operations.shared import as_owner, locked, move, next_due, require_owner, show
from crowdfunding.campaigns.states import State

EDITABLE = (State.DRAFT, State.RETURNED)
MOST_TIERS = 30


@dataclass(frozen=True)
class Terms:
    """What a maker writes in the editor; money in fen."""

    title: str
    summary: str
    story: str
    risks: str
    category: str
    county: str
    rule: str
    goal_fen: Fen
    days: int
    promised_on: date | None
    optimum_fen: Fen | None = None


@dataclass(frozen=True)
class TierTerms:
    """What a maker offers for how much; money in fen."""

    title: str
    description: str
    price_fen: Fen
    shipping_fen: Fen
    stock: int | None
    per_person: int | None
    right_class: str
    deliver_on: date | None
    batch_id: UUID | None = None
    batch_units: int = 0


@transaction.atomic
def start(*, owner_id: UUID, by: Actor, at: datetime, passport_id: UUID | None = None) -> Campaign:
    """A new draft of one's own (新建项目): empty, or begun with what the venture's passport says.

    Raises:
        Forbidden: the hat's mandate does not cover campaigns.
        NotFound: the passport is not the maker's, or archived.
    """
    if "campaigns" not in by.scopes or by.party_id != owner_id:
        raise Forbidden
    campaign = Campaign(
        owner_id=owner_id,
        title="未命名项目",
        category="other",
        county=Party.objects.values_list("county", flat=True).get(pk=owner_id),
        goal_fen=1_000_000,
        created_at=at,
        state_at=at,
    )
    if passport_id is not None:
        _prefill(campaign, _own_passport(passport_id, owner_id))
    campaign.due_at = next_due(campaign)
    campaign.save(force_insert=True)
    show(campaign)
    return campaign


def _own_passport(passport_id: UUID, owner_id: UUID) -> Passport:
    found = Passport.objects.filter(pk=passport_id, holder_id=owner_id, state__in=Showing.LIVE).first()
    if found is None:
        raise NotFound
    return found


def _prefill(campaign: Campaign, passport: Passport) -> None:
    """What the passport says, the maker does not type again."""
    campaign.passport = passport
    campaign.title, campaign.summary = passport.name, passport.summary
    campaign.category, campaign.county = passport.category, passport.county or campaign.county
    team = "\n".join(f"- {mate.shown_name}：{mate.role}" for mate in projects.team(passport))
    campaign.story = passport.story + (f"\n\n## 团队\n\n{team}" if team else "")
    campaign.story_html = richtext.render(campaign.story)


@transaction.atomic
def belong(*, campaign_id: UUID, passport_id: UUID | None, by: Actor, at: datetime) -> Campaign:
    """Say of which venture a campaign is; its documents count for it (关联项目档案).

    Raises:
        RuleFixed: the campaign is beyond editing.
        NotFound: the passport is not the maker's, or archived.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in (*EDITABLE, State.APPROVED) or campaign.owner_id is None:
        raise RuleFixed
    campaign.passport = _own_passport(passport_id, campaign.owner_id) if passport_id is not None else None
    campaign.save(update_fields=["passport"])
    return campaign


def files_needed(campaign: Campaign, at: datetime) -> list[str]:
    """Kinds of documents that must be verified before a campaign of its category starts (features.md G11)."""
    return rules.named(f"campaigns.files.{campaign.category}.", at=at, ruleset=campaign.ruleset)


def _missing(campaign: Campaign, there: Collection[str], at: datetime) -> list[Refusal]:
    return [
        FileMissing(what_zh=DOCUMENTS[kind][0], what_en=DOCUMENTS[kind][1].lower(), field="passport")
        for kind in files_needed(campaign, at)
        if kind not in there
    ]


@transaction.atomic
def write(*, campaign_id: UUID, terms: Terms, version: int, by: Actor, at: datetime) -> Campaign:
    """Save the editor (保存草稿). `version` is the one the editor showed: nobody overwrites unseen changes.

    Raises:
        RuleFixed: the campaign is beyond editing.
        Stale: another window saved first.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in EDITABLE:
        raise RuleFixed
    if version != campaign.version:
        raise Stale
    _check_form(terms)
    campaign.title = clean_name(terms.title)[:80] or "未命名项目"
    campaign.summary = clean_name(terms.summary)[:160]
    campaign.story, campaign.story_html = terms.story, richtext.render(terms.story)
    campaign.risks = terms.risks
    campaign.category, campaign.county, campaign.rule = terms.category, terms.county, terms.rule
    campaign.goal_fen, campaign.days, campaign.promised_on = terms.goal_fen, terms.days, terms.promised_on
    campaign.optimum_fen = terms.optimum_fen if terms.rule == TWO_ROUNDS else None
    campaign.state_at, campaign.version = at, campaign.version + 1
    campaign.due_at = next_due(campaign)
    campaign.save()
    show(campaign)
    return campaign


def _check_form(terms: Terms) -> None:
    refuse_any(
        [
            _one_of(terms.category, dict(CATEGORIES), "category"),
            _one_of(terms.rule, dict(FUNDING_RULES), "rule"),
            Invalid("目标金额须大于 0", "The goal must be above 0", field="goal") if terms.goal_fen <= 0 else None,
            Invalid("理想金额须高于最低金额", "The optimum must be above the minimum", field="optimum")
            if terms.rule == TWO_ROUNDS and terms.optimum_fen is not None and terms.optimum_fen <= terms.goal_fen
            else None,
            Invalid("项目介绍过长", "The story is too long", field="story") if len(terms.story) > 20_000 else None,
            Invalid("风险说明过长", "The risks are too long", field="risks") if len(terms.risks) > 5_000 else None,
            Invalid("天数无效", "The days are not valid", field="days") if not 1 <= terms.days <= 366 else None,
        ]
    )


def _one_of(value: str, known: dict[str, str], field: str) -> Refusal | None:
    return None if value in known else Invalid("没有这个选项", "There is no such choice", field=field)


@transaction.atomic
def add_tier(*, campaign_id: UUID, terms: TierTerms, by: Actor, at: datetime) -> Tier:
    """Offer a reward (新增回报). Later rewards are for later backers; nobody's promise changes.

    Raises:
        RuleFixed: the campaign takes no new rewards any more.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.state not in (*EDITABLE, State.APPROVED, State.PREHEAT, State.LIVE) and not campaign.is_open_late(at):
        raise RuleFixed
    count = campaign.tiers.count()
    if count >= MOST_TIERS:
        raise Invalid("回报数量已达上限", "There are too many rewards")
    _check_tier(terms)
    batch = _batch(campaign, terms)
    return Tier.objects.create(
        campaign=campaign,
        batch=batch,
        batch_units=terms.batch_units if batch else 0,
        title=clean_name(terms.title)[:60],
        description=terms.description[:2_000],
        price_fen=terms.price_fen,
        shipping_fen=terms.shipping_fen,
        stock=terms.stock,
        left=terms.stock,
        per_person=terms.per_person,
        right_class=terms.right_class,
        deliver_on=terms.deliver_on,
        position=count,
    )


def _batch(campaign: Campaign, terms: TierTerms) -> Batch | None:
    """The batch that a reward draws from.

    Raises:
        NotFound: it is not this campaign's.
        Invalid: no whole number of its units makes one of the reward.
    """
    if terms.batch_id is None:
        return None
    found = campaign.batches.filter(pk=terms.batch_id).first()
    if found is None:
        raise NotFound(field="batch")
    if not 0 < terms.batch_units <= found.total:
        raise Invalid(
            "每份用量须在 1 至批次总量之间", "It must take between 1 and all of the batch", field="batch_units"
        )
    return found


def _check_tier(terms: TierTerms) -> None:
    most = 2**31 - 1
    refuse_any(
        [
            Invalid("请填写回报名称", "Name the reward", field="title") if not clean_name(terms.title) else None,
            Invalid("价格须大于 0", "The price must be above 0", field="price") if terms.price_fen <= 0 else None,
            Invalid("运费不能为负", "Shipping cannot be negative", field="shipping")
            if terms.shipping_fen < 0
            else None,
            Invalid("份数无效", "The number is not valid", field="stock")
            if terms.stock is not None and not 0 < terms.stock <= most
            else None,
            Invalid("限购无效", "The limit is not valid", field="per_person")
            if terms.per_person is not None and not 0 < terms.per_person <= most
            else None,
            _one_of(terms.right_class, dict(RIGHT_CLASSES), "right_class"),
        ]
    )


@transaction.atomic
def remove_tier(*, tier_id: UUID, by: Actor) -> None:
    """Take a reward back: gone when nobody chose it, closed for new backers otherwise (停止回报).

    Raises:
        NotFound: not the maker's.
    """
    tier = Tier.objects.select_related("campaign").get(pk=tier_id)
    require_owner(tier.campaign, by)
    if tier.campaign.state in EDITABLE and not tier.pledges.exists():
        tier.delete()
    else:
        Tier.objects.filter(pk=tier_id).update(is_open=False)


@transaction.atomic
def submit(*, campaign_id: UUID, by: Actor, at: datetime) -> Campaign:
    """Send a draft to review (提交审核). Every missing thing is named at once.

    Raises:
        LevelTooLow, Incomplete, GoalOutOfRange: all that fail, together.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    if campaign.owner is None:
        raise NotFound
    filed = projects.kinds_filed(campaign.passport_id)
    refuse_any(
        [*limits.failures(campaign.owner, "publish", at=at), *_gaps(campaign, at), *_missing(campaign, filed, at)]
    )
    move(campaign, "submit", by=as_owner(campaign, by), at=at)
    moderation.enqueue(
        kind="campaign", subject_id=campaign.id, title=campaign.title, owner_name=campaign.owner.name, at=at
    )
    return campaign


def _gaps(campaign: Campaign, at: datetime) -> list[Refusal | None]:
    def bounds(key: str) -> tuple[int, int]:
        return (
            rules.value(f"campaigns.{key}_least{'_fen' if key == 'goal' else ''}", at=at, ruleset=campaign.ruleset),
            rules.value(f"campaigns.{key}_most{'_fen' if key == 'goal' else ''}", at=at, ruleset=campaign.ruleset),
        )

    least_days, most_days = bounds("days")
    least_goal, most_goal = bounds("goal")
    days = campaign.days
    if campaign.rule == TWO_ROUNDS:
        days += rules.value("campaigns.second_round_days", at=at, ruleset=campaign.ruleset)
    ends = (at + timedelta(days=days)).date()
    return [
        Incomplete(what_zh="请填写标题", what_en="Give it a title", field="title")
        if campaign.title == "未命名项目"
        else None,
        Incomplete(what_zh="请填写一句话介绍", what_en="Say in a sentence what it is", field="summary")
        if not campaign.summary
        else None,
        Incomplete(what_zh="项目介绍至少 50 字", what_en="The story needs at least 50 characters", field="story")
        if len(campaign.story.strip()) < 50
        else None,
        Incomplete(what_zh="请说明风险与应对", what_en="Say what may go wrong, and what then", field="risks")
        if len(campaign.risks.strip()) < 10
        else None,
        Incomplete(what_zh="至少设置一个回报", what_en="Offer at least one reward", field="tiers")
        if not campaign.tiers.filter(is_open=True).exists()
        else None,
        Incomplete(what_zh="请填写理想金额", what_en="Enter the optimum", field="optimum")
        if campaign.rule == TWO_ROUNDS and campaign.optimum_fen is None
        else None,
        Incomplete(
            what_zh="追加目标须高于目标金额",
            what_en="Stretch goals must be above the goal",
            field="stretches",
        )
        if campaign.stretches.filter(at_fen__lte=campaign.goal_fen).exists()
        else None,
        Incomplete(
            what_zh="承诺交付日须晚于众筹截止日",
            what_en="The promised date must be after the campaign ends",
            field="promised_on",
        )
        if campaign.promised_on is None or campaign.promised_on <= ends
        else None,
        GoalOutOfRange(what_zh="筹资天数", what_en="Days", least=least_days, most=most_days, field="days")
        if not least_days <= campaign.days <= most_days
        else None,
        GoalOutOfRange(
            what_zh="目标金额", what_en="The goal", least=show_yuan(least_goal), most=show_yuan(most_goal), field="goal"
        )
        if not least_goal <= campaign.goal_fen <= most_goal
        else None,
    ]


@transaction.atomic
def launch(*, campaign_id: UUID, opens_at: datetime | None, by: Actor, at: datetime) -> Campaign:
    """Publish an approved campaign, now or at a later time (发布). From here rule, goal and days stay.

    Raises:
        MoveRefused: it is not approved.
        FileMissing: a document of its category is not verified, or not valid on the day it starts.
        DepositMissing: its goal asks for a deposit, and it is not there.
        Invalid: a start in the past or more than 60 days away.
    """
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    starts = opens_at if opens_at is not None and opens_at > at else at
    if starts > at + timedelta(days=60):
        raise Invalid("开始时间须在 60 天内", "It must start within 60 days", field="opens_at")
    day = starts.astimezone(rules.SHANGHAI).date()
    proved = projects.kinds_proved(campaign.passport_id, on=day)
    refuse_any([*_missing(campaign, proved, at), deposits.missing(campaign, at)])
    campaign.opens_at, campaign.closes_at = starts, starts + timedelta(days=campaign.days)
    move(campaign, "launch", by=as_owner(campaign, by), at=at)
    if starts <= at:
        open_now(campaign, at)
    return campaign


def open_now(campaign: Campaign, at: datetime) -> None:
    """Let a campaign in preheat take pledges; its escrow account is there from now on."""
    ledger.open_account(ledger.escrow_of("campaign", campaign.id))
    move(campaign, "open", by=CLOCK, at=at)


@transaction.atomic
def withdraw(*, campaign_id: UUID, by: Actor, at: datetime) -> None:
    """Take back what nobody has paid for yet (撤回)."""
    campaign = locked(campaign_id)
    require_owner(campaign, by)
    move(campaign, "withdraw", by=as_owner(campaign, by), at=at)
