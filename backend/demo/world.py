"""The demo world: every campaign lived through real operations and real payments, at its own time.

The gateway's clock is moved while the past is lived and put back at the end; the platform's
operations simply take the time they are given. A second run finds everything in place.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from backend.accounts import queries as accounts
from backend.accounts.models import Party, User
from backend.common import clock, outbox, rules
from backend.common.actors import Actor, Role
from backend.common.rules import SHANGHAI
from backend.demo import people, ventures
from backend.demo.gateway import Browser
from backend.demo.jobs import Jobs
from backend.demo.lore import Lore
from backend.demo.pieces import Pieces
from backend.demo.prizes import Prizes
from backend.demo.rounds import Rounds
from backend.demo.stories import CARRIERS, HARVESTS, PARCELS, SEASONS, STORIES, Story
from backend.listings.facets import COUNTIES
from backend.payments import queries as payments
from backend.payments.gateways import provider
from backend.payments.models import PaymentIntent
from backend.payments.operations import intents, payouts, refunds
from backend.payments.provider import TradeFact
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import delivery, deposits, drafts, late, pledges, reviews, talk, verdicts
from crowdfunding.campaigns.operations.drafts import Terms, TierTerms
from crowdfunding.campaigns.states import State
from crowdfunding.diary import operations as diary
from crowdfunding.freight import operations as freight
from crowdfunding.freight.models import Quote
from crowdfunding.harvest.operations import clauses
from crowdfunding.pots.models import Pot
from crowdfunding.pots.operations import pots
from crowdfunding.pots.operations.pots import Plan

SEED = 20261123
A_WHILE = 60.0
"""Seconds after which what another relay does not deliver is left to it."""

POT_PURPOSE = "支持竹艺与茶叶的小作坊把第一批货做出来：每支持一百元配五十元，交付后拨付。"


class World:
    """One making of the demo world."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.now = clock.now()
        self.browser = Browser()
        self.random = random.Random(SEED)
        self.people = people.make_all(self.now - timedelta(days=120))
        self.moderator = people.acting(self.people["13800000001"], self.now, Role.MODERATOR)

    def make(self) -> int:
        """Live every story that is not there yet; return how many were lived."""
        made = 0
        try:
            if not Quote.objects.exists():
                self._quote_freight()
            if not Pot.objects.exists():
                self._open_pot()
            for story in STORIES:
                maker = self.people[story.maker]
                if not Campaign.objects.filter(owner_id=maker.party_id, title=story.title).exists():
                    self.say(f"  {story.title}")
                    self.live(story, maker)
                    made += 1
            made += Jobs(self.people, self.moderator, self.now, self._settle).make()
            made += Prizes(self.people, self.moderator, self.now, self._settle).make()
            made += Pieces(self.people, self.moderator, self.now, self._settle).make()
            made += Rounds(self.people, self.moderator, self.now, self._settle).make()
            made += Lore(self.people, self.moderator, self.now, self._settle).make()
        finally:
            self.browser.set_clock(clock.now())
        return made

    def _open_pot(self) -> None:
        """A firm's pot that went with the tea and bamboo pledges of two months."""
        at = self.now - timedelta(days=60)
        firm = Party.objects.filter(kind=Party.ORGANISATION).order_by("created_at").first()
        if firm is None:
            raise AssertionError("the demo has a firm")
        by = accounts.actor(self.people["13800000017"], hat=firm.pk, at=self.now)
        plan = Plan(
            "竹与茶配捐",
            POT_PURPOSE,
            1_000_000,
            5_000,
            200_000,
            20_000,
            ("bamboo", "tea"),
            (),
            at,
            at + timedelta(days=120),
        )
        pot = pots.propose(plan=plan, by=by, at=at)
        pots.review(pot_id=pot.pk, passes=True, reason="出资方与方案相符", by=self.moderator, at=at)
        intent = pots.order(pot_id=pot.pk, by=by, at=at)
        self._settle(intent, at)
        pots.advance(pot_id=pot.pk, at=at + timedelta(minutes=1))

    def _quote_freight(self) -> None:
        """What carriers and the city agreed on for each county's makers."""
        day = (self.now - timedelta(days=200)).date()
        for number, county in enumerate(COUNTIES):
            for carrier, covers, first_g, first_fen, step_g, step_fen in CARRIERS:
                price = freight.Price(
                    county=county,
                    carrier=carrier,
                    covers=covers,
                    first_g=first_g,
                    first_fen=first_fen + 50 * (number % 3),
                    step_g=step_g,
                    step_fen=step_fen,
                    from_day=day,
                    last_day=None,
                    basis="演示数据，非真实报价",
                )
                freight.offer(price=price, by=self.moderator, at=self.now)

    def _charge_freight(self, campaign: Campaign, by: Actor, at: datetime) -> None:
        """Rewards that charge for shipping do it by their county's cheapest price."""
        quote = Quote.objects.filter(county=campaign.county).order_by("first_fen", "pk").first()
        if quote is None or campaign.category not in PARCELS:
            return
        for tier in Tier.objects.filter(campaign=campaign, shipping_fen__gt=0):
            grams = PARCELS[campaign.category]
            freight.charge(tier_id=tier.pk, quote_id=quote.pk, weight_g=grams, by=by, at=at)

    def live(self, story: Story, maker: User) -> None:
        """One campaign from draft to where it stands today."""
        opens = self.now - timedelta(days=story.opened_days_ago)
        before = min(opens, self.now) - timedelta(days=3)
        by = people.acting(maker, self.now)
        if payments.payout_account(maker.party_id) is None:
            payouts.set_account(
                party_id=maker.party_id, login=f"{story.maker}", holder=maker.party.name, by=by, at=before
            )
        campaign = self._write(story, maker, before)
        drafts.submit(campaign_id=campaign.pk, by=by, at=before + timedelta(hours=1))
        if story.ends == "review":
            return
        reviews.approve(
            campaign_id=campaign.pk, checklist=reviews.CHECKLIST, by=self.moderator, at=before + timedelta(days=1)
        )
        launched_at = min(opens, self.now)
        if deposits.due_fen(campaign, launched_at):
            paid_at = before + timedelta(days=1, hours=1)
            self._settle(deposits.order(campaign_id=campaign.pk, by=by, at=paid_at), paid_at)
        drafts.launch(campaign_id=campaign.pk, opens_at=opens, by=by, at=launched_at)
        self._deliver_events()
        if story.ends == "preheat":
            return
        self._back(story, campaign, opens)
        talk.post_update(
            campaign_id=campaign.pk, title="进展：第一周", body="感谢支持。设备已经下单，样品正在做。", by=by,
            at=min(opens + timedelta(days=min(7, story.days)), self.now),
        )  # fmt: skip
        if story.category in SEASONS:
            self._keep_diary(story, campaign, by, opens)
        asker = people.acting(self.people["13900000002"], self.now)
        question = talk.ask(campaign_id=campaign.pk, text="可以送到外省吗？", by=asker, at=opens + timedelta(days=1))
        talk.answer(
            question_id=question.pk, text="可以，运费以页面标示为准。", by=by, at=opens + timedelta(days=1, hours=2)
        )
        if story.ends:
            self._finish(story, campaign, maker)
            self._take_late(campaign, by)
        self._deliver_events()

    def _take_late(self, campaign: Campaign, by: Actor) -> None:
        """Who is at work still takes orders for a while."""
        campaign.refresh_from_db()
        if campaign.state == State.PRODUCING and late.may_open(campaign, self.now):
            soon = (self.now + timedelta(days=10)).astimezone(SHANGHAI).date()
            last = min(soon, late.latest_day(campaign, self.now))
            late.open_until(campaign_id=campaign.pk, last_day=last, by=by, at=self.now)

    def _keep_diary(self, story: Story, campaign: Campaign, by: Actor, opens: datetime) -> None:
        """The calendar of a farm campaign, and what was seen of it so far."""
        for title, after, words in SEASONS[story.category]:
            day = opens + timedelta(days=after)
            step = diary.add_step(
                campaign_id=campaign.pk, title=title, planned_on=day.astimezone(SHANGHAI).date(), by=by, at=opens
            )
            if day <= self.now:
                note = diary.Note(day=step.planned_on, text=words, step_id=step.pk)
                diary.write(campaign_id=campaign.pk, note=note, by=by, at=day)

    def _write(self, story: Story, maker: User, at: datetime) -> Campaign:
        by = people.acting(maker, self.now)
        campaign = drafts.start(owner_id=maker.party_id, by=by, at=at)
        needed = rules.named(f"campaigns.files.{story.category}.", at=at)
        if needed:
            passport = ventures.passport_of(maker, story, needed, by, self.moderator, at)
            drafts.belong(campaign_id=campaign.pk, passport_id=passport.pk, by=by, at=at)
        promised = at + timedelta(days=max(3, story.days) + 75)
        terms = Terms(
            title=story.title,
            summary=story.summary,
            story=f"## 我们想做什么\n\n{story.what}\n\n## 钱怎么用\n\n- 设备与改造：六成\n- 原料收购：三成\n- 包装与运输：一成\n\n"
            f"> 一件东西好不好，用的人说了算。\n\n## 谁来做\n\n{maker.party.name}，在本地做了多年，欢迎来看。",
            risks=story.risks,
            category=story.category,
            county=story.county,
            rule=story.rule,
            goal_fen=story.goal * 100,
            days=story.days,
            promised_on=promised.date(),
        )
        campaign = drafts.write(campaign_id=campaign.pk, terms=terms, version=campaign.version, by=by, at=at)
        if story.category in HARVESTS:
            least, basis = HARVESTS[story.category]
            clauses.agree(campaign_id=campaign.pk, least_percent=least, basis=basis, by=by, at=at)
        for reward in story.rewards:
            offered = TierTerms(
                title=reward.title,
                description=reward.description,
                price_fen=reward.price * 100,
                shipping_fen=reward.shipping * 100,
                stock=reward.stock,
                per_person=reward.per_person,
                right_class=reward.right_class,
                deliver_on=promised.date(),
            )
            drafts.add_tier(campaign_id=campaign.pk, terms=offered, by=by, at=at)
        self._charge_freight(campaign, by, at)
        return campaign

    def _back(self, story: Story, campaign: Campaign, opens: datetime) -> None:
        """Backers come over the days, pay at the gateway, and now and then give without a reward."""
        tiers = list(Tier.objects.filter(campaign=campaign).order_by("position"))
        span = min(story.days - 1, story.opened_days_ago) or 1
        hours = sorted(self.random.uniform(1, span * 24 - 1) for _ in range(story.backers))
        backers = self.random.sample(people.BACKERS, story.backers)
        for hour, backer in zip(hours, backers, strict=True):
            at = opens + timedelta(hours=hour)
            tier = self.random.choices([*tiers, None], weights=[6, 4, 2][: len(tiers)] + [1])[0]
            self._pay(campaign, tier, self.people[backer.phone], at)
        if story.ends in ("successful", "producing", "delivering"):
            self._reach_goal(campaign, tiers, opens + timedelta(days=span))

    def _reach_goal(self, campaign: Campaign, tiers: list[Tier], at: datetime) -> None:
        for backer in people.BACKERS:
            campaign.refresh_from_db()
            if campaign.raised_fen >= campaign.goal_fen:
                return
            left = campaign.goal_fen - campaign.raised_fen
            self._pay(campaign, None, self.people[backer.phone], at, amount=min(left, 80_000))

    def _pay(self, campaign: Campaign, tier: Tier | None, backer: User, at: datetime, amount: int = 0) -> Pledge:
        made = pledges.pledge(
            campaign_id=campaign.pk,
            tier_id=tier.pk if tier else None,
            quantity=1,
            amount_fen=None if tier else amount or self.random.choice((2_000, 5_000, 10_000)),
            expected_total_fen=None,
            is_anonymous=self.random.random() < 0.2,
            by=people.acting(backer, self.now),
            at=at,
        )
        self._settle(pledges.intent_of(made.pk), at)
        return made

    def _settle(self, intent: PaymentIntent, at: datetime) -> None:
        """Pay an order at the gateway, at its own time.

        The order is held meanwhile: the gateway's notice comes to the site that runs beside this, which would book it now.
        """
        self.browser.set_clock(at)
        page = self.browser.arrive(intents.cashier_url(intent_id=intent.pk, phone=False, at=at))
        with transaction.atomic():
            PaymentIntent.objects.select_for_update().get(pk=intent.pk)
            self.browser.choose(page)
            fact = provider().query(number=intent.number, at=at)
            if isinstance(fact, TradeFact):
                intents.apply_trade(intent_id=intent.pk, fact=fact, at=at + timedelta(seconds=20))
        self._deliver_events()

    def _finish(self, story: Story, campaign: Campaign, maker: User) -> None:
        """Let the clock take the campaign's steps at the times they were due."""
        order = ["failed", "successful", "producing", "delivering"]
        campaign.refresh_from_db()
        for _ in range(12):
            campaign.refresh_from_db()
            if campaign.state == story.ends and campaign.state not in State.GIVING_BACK:
                break
            if campaign.due_at is None or campaign.due_at > self.now or story.ends not in order:
                break
            verdicts.advance(campaign_id=campaign.pk, at=campaign.due_at)
            self._deliver_events()
            self._move_money(campaign)
            campaign.refresh_from_db()
            if campaign.state == State.PRODUCING and story.ends == "delivering":
                delivery.start_shipping(
                    campaign_id=campaign.pk, by=people.acting(maker, self.now), at=self.now - timedelta(days=2)
                )
                break

    def _move_money(self, campaign: Campaign) -> None:
        """Two officers sign, and refunds and payouts are sent, at the campaign's own time."""
        campaign.refresh_from_db()
        at = campaign.state_at + timedelta(hours=5)
        one, two = (
            people.acting(self.people[phone], self.now, Role.FINANCE) for phone in ("13800000003", "13800000004")
        )
        self.browser.set_clock(at)
        for payout in payments.payouts_of(campaign.owner_id).filter(state="pending") if campaign.owner_id else []:
            payouts.check_payout(payout_id=payout.pk, by=one, at=at)
            payouts.authorize_payout(payout_id=payout.pk, by=two, at=at + timedelta(minutes=30))
        later = at + timedelta(hours=1)
        for payout_id in payments.payouts_due(at=later):
            payouts.send_payout(payout_id=payout_id, at=later)
        for refund_id in payments.refunds_due(at=later):
            refunds.send_refund(refund_id=refund_id, at=later)
        self._deliver_events()

    def _deliver_events(self) -> None:
        """Until all is delivered, also what the relay of the site that runs beside this has in its hands."""
        until = time.monotonic() + A_WHILE
        while outbox.relay() or not (outbox.is_quiet() or time.monotonic() > until):
            time.sleep(0.01)
