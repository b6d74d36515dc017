"""Led campaigns in the simulator: leads who stand, pay late, leave or are removed; followers who choose or stay silent."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from backend.accounts.models import User
from backend.common import working_days
from backend.common.actors import Role
from backend.common.models import StateChange
from backend.sim.dawns import ALONE, FOLLOWED, Dawn
from backend.sim.part import Act, Invariant, Law, Part, among
from backend.sim.parts import campaigns
from backend.sim.scheduler import Task
from backend.sim.world import Request, World
from crowdfunding.campaigns.models import Campaign, Pledge, Tier
from crowdfunding.campaigns.operations import pledges
from crowdfunding.campaigns.states import PledgeState, State
from crowdfunding.leads import tasks
from crowdfunding.leads.models import Lead, LedRound, Report
from crowdfunding.leads.operations import candidacies, follows, reports
from crowdfunding.leads.states import Leading, Reporting, Rounding

STAKE = 9_000


def _dossier() -> candidacies.Dossier:
    return candidacies.Dossier(STAKE, "none", "", "sim terms of a lead", "sim diligence " * 10, "none", False)


def _user(world: World, party_id: object) -> User:
    return User.objects.select_related("party").get(party_id=str(party_id))


def _stand(world: World, campaign: Campaign, who: User) -> Lead:
    """A candidacy that the maker takes and a moderator checks, in one go."""
    at = world.now()
    lead = candidacies.propose(campaign_id=campaign.pk, dossier=_dossier(), by=world.acting(who), at=at)
    maker = world.acting(_user(world, campaign.owner_id))
    candidacies.answer(lead_id=lead.pk, agree=True, reason="", by=maker, at=at)
    moderator = world.acting(world.people("moderator")[0], Role.MODERATOR)
    return candidacies.check(lead_id=lead.pk, passes=True, reason="sim", by=moderator, at=at)


def _stake(world: World, lead: Lead) -> Pledge:
    return pledges.pledge(
        campaign_id=lead.campaign_id,
        tier_id=None,
        quantity=1,
        amount_fen=STAKE,
        expected_total_fen=None,
        is_anonymous=False,
        under=lead.pk,
        by=world.acting(_user(world, lead.party_id)),
        at=world.now(),
    )


def dawn(world: World, begun: Dawn) -> None:
    """In some seeds a led campaign is live; in most of those its lead has paid and somebody follows."""
    if begun.led == ALONE:
        return
    world.gateway.faulty = False
    campaign = campaigns.publish(world, 9, is_led=True)
    people = world.people("backer")
    if begun.led == FOLLOWED:
        lead = _stand(world, campaign, people[0])
        campaigns.pay_now(world, _stake(world, lead))
        plain = Tier.objects.get(campaign=campaign, stock=None)
        choice = campaigns.terms(plain, 2) | {"under": lead.pk}
        followed = (pledges.pledge(**choice, by=world.acting(who), at=world.now()) for who in people[1:3])
        campaigns.pay_now(world, *followed)
    world.gateway.faulty = True
    world.pledged_at_dawn = Pledge.objects.count()
    world.tell(f"led campaign 9 is {LedRound.objects.get().state}")


def _led(*states: str) -> list[Campaign]:
    return list(Campaign.objects.filter(is_led=True, state__in=states).order_by("title"))


def stand(world: World) -> Task | None:
    """Somebody offers to lead and is taken, or pays what was declared."""
    found = _led(State.LIVE, State.PAUSED)
    if not found:
        return None
    campaign, who = world.pick(found), world.person("backer")
    waiting = list(Lead.objects.filter(campaign=campaign, state=Leading.CHECKED).order_by("created_at", "pk"))
    if waiting and world.rng.random() < 0.8:
        lead = world.pick(waiting)
        key = f"stake-{world.begun}-{world.rng.randrange(10**9)}"
        by = world.acting(_user(world, lead.party_id))
        body: dict[str, object] = {"lead": str(lead.pk)}
        return world.send(
            Request(
                "a lead orders its stake",
                by,
                f"POST /pledges/{campaign.pk}",
                key,
                body,
                lambda: UUID(str(_stake(world, lead).pk)),
            )
        )
    return world.task(
        f"{who.party.name} stands as a lead of {campaign.title}", lambda: _stand(world, campaign, who) and None
    )


def follow(world: World) -> Task | tuple[Task, ...] | None:
    """A backer follows a lead, in the best moment or the worst."""
    leads = list(
        Lead.objects.filter(campaign__state=State.LIVE, state__in=(Leading.CHECKED, Leading.ACTIVE))
        .select_related("campaign")
        .order_by("created_at", "pk")
    )
    if not leads:
        return None
    lead = world.pick(leads)
    tier = world.pick(list(Tier.objects.filter(campaign=lead.campaign).select_related("campaign").order_by("position")))
    return world.send(campaigns.request(world, world.person("backer"), tier, 1, lead.pk))


def leave(world: World) -> Task | None:
    """A lead withdraws, or a moderator removes it."""
    found = list(
        Lead.objects.filter(state__in=(Leading.ACTIVE, Leading.CHECKED)).select_related("campaign").order_by("pk")[:10]
    )
    if not found:
        return None
    lead = world.pick(found)
    if world.rng.random() < 0.7:
        by = world.acting(_user(world, lead.party_id))
        return world.task(
            f"a lead of {lead.campaign.title} withdraws",
            lambda: candidacies.withdraw(lead_id=lead.pk, reason="sim", by=by, at=world.now()) and None,
        )
    staff = world.acting(world.people("moderator")[1], Role.MODERATOR)
    return world.task(
        f"a moderator removes a lead of {lead.campaign.title}",
        lambda: candidacies.remove(lead_id=lead.pk, reason="sim", by=staff, at=world.now()) and None,
    )


def decide(world: World) -> Task | None:
    """A follower who is asked stays under another lead; the silent one does nothing."""
    waiting = Pledge.objects.filter(state=PledgeState.TO_CONFIRM, campaign__is_led=True)
    asked = list(waiting.order_by("created_at", "pk")[:20])
    if not asked:
        return None
    made = world.pick(asked)
    leads = list(Lead.objects.filter(campaign_id=made.campaign_id).order_by("-created_at", "-pk")[:3])
    lead_id, by = world.pick(leads).pk, world.acting(_user(world, made.backer_id))
    return world.task(
        "a follower confirms",
        lambda: follows.confirm(pledge_id=made.pk, lead_id=lead_id, by=by, at=world.now()) and None,
    )


def report(world: World) -> Task | None:
    """A lead reports, in time or late."""
    owed = (Reporting.DUE, Reporting.MISSED)
    found = list(Report.objects.filter(state__in=owed).select_related("lead").order_by("due_at", "pk")[:10])
    if not found:
        return None
    due = world.pick(found)
    by, report_id = world.acting(_user(world, due.lead.party_id)), due.pk
    return world.task(
        "a lead reports",
        lambda: reports.file(report_id=report_id, body="sim report " * 4, by=by, at=world.now()) and None,
    )


def clockwork(world: World) -> Task:
    """A worker takes up what time brought to led campaigns."""
    return world.task("advance_leads", tasks.advance_leads)


# --- what is never false -----------------------------------------------------------------------------------


FOLLOWED_NOTHING = """
    SELECT 'pledge ' || f.pledge_id || ' follows lead ' || f.lead_id || ', funded ' || coalesce(s.at::text, 'never')
    FROM leads_follow f LEFT JOIN LATERAL (
        SELECT min(at) AS at FROM common_statechange WHERE subject_id = f.lead_id AND event = 'fund') s ON true
    WHERE s.at IS NULL OR f.at < s.at
"""

STAYED = among(Leading.ACTIVE, Leading.ENDED)
BOUND_TO_NOBODY = f"""
    SELECT 'pledge ' || right(p.id::text, 6) || ' of ' || c.title || ' is bound to nobody''s terms'
    FROM campaigns_pledge p JOIN campaigns_campaign c ON c.id = p.campaign_id
    WHERE c.is_led AND c.state IN {among(*State.SUCCEEDED)} AND p.state IN {among(*PledgeState.COUNTED)}
      AND NOT EXISTS (SELECT 1 FROM leads_lead WHERE pledge_id = p.id AND state IN {STAYED})
      AND NOT EXISTS (
        SELECT 1 FROM leads_follow f JOIN leads_lead l ON l.id = f.lead_id
        WHERE f.pledge_id = p.id AND l.state IN {STAYED})
"""


def silence_has_its_time(world: World) -> Iterator[str]:
    """Nobody lapses before five working days have passed since they were asked."""
    for lapse in StateChange.objects.filter(machine="pledge", event="lapse"):
        asked = StateChange.objects.filter(subject_id=lapse.subject_id, event="ask_again").order_by("-id").first()
        if asked is None or lapse.at < working_days.after(asked.at, 5):
            yield f"pledge {str(lapse.subject_id)[-6:]} lapsed at {lapse.at}, asked {asked and asked.at}"


def leads_settled(world: World) -> Iterator[str]:
    """Nobody waits for a lead, a follower or a report."""
    for led in LedRound.objects.exclude(state=Rounding.ENDED):
        yield f"round {str(led.pk)[-6:]} is still {led.state}"
    for lead in Lead.objects.filter(state__in=Leading.STANDING):
        yield f"lead {str(lead.pk)[-6:]} is still {lead.state}"
    for made in Pledge.objects.filter(stake_of__state__in=Leading.LEFT, state__in=PledgeState.COUNTED):
        yield f"stake {str(made.pk)[-6:]} of a lead that left is {made.state}"
    for due in Report.objects.filter(state=Reporting.DUE):
        yield f"report {due.no} is still due"


PART = Part(
    name="leads",
    acts=(
        Act("stand", 4, stand),
        Act("follow", 6, follow),
        Act("leave", 2, leave),
        Act("decide", 4, decide),
        Act("report", 1, report),
        Act("leads' clock", 4, clockwork),
    ),
    laws=(
        Law("L1", "Nobody follows a lead whose money is not in escrow.", FOLLOWED_NOTHING),
        Law("L2", "Success binds only who said yes to a lead that stayed.", BOUND_TO_NOBODY),
    ),
    invariants=(Invariant("L3", "Silence lapses after five working days, not before.", silence_has_its_time),),
    settled=Invariant("L4", "When faults stop, every round, lead and report comes to an end.", leads_settled),
    bells=(tasks.advance_leads,),
    dawn=dawn,
)
