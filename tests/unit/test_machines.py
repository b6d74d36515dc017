"""Every state machine: no dead ends, no money without a way back, and the database agrees."""

from __future__ import annotations

import pytest
from django.db import Error, transaction

from backend.common.actors import Actor, Role
from backend.common.states import MACHINES, MoveForbidden, MoveRefused
from crowdfunding.campaigns.models import Campaign
from tests.builders import draft, person

EVERY = sorted(MACHINES)


def reachable(machine, start):
    seen, waiting = set(), [start]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting += [move.target for move in machine.leaving(state)]
    return seen


@pytest.mark.parametrize("name", EVERY)
def test_every_state_is_reached_and_named_in_both_languages(name):
    machine = MACHINES[name]
    assert reachable(machine, machine.initial) | {move.target for move in machine.moves} == set(machine.states)
    assert set(machine.words) == set(machine.states)


@pytest.mark.parametrize("name", EVERY)
def test_time_alone_leads_out_of_every_waiting_state(name):
    machine = MACHINES[name]
    by_itself = {Role.CLOCK, Role.SYSTEM}
    stuck = [
        state
        for state in machine.states
        if state not in machine.finals and not any(move.roles & by_itself for move in machine.leaving(state))
    ]
    assert stuck == []


@pytest.mark.parametrize("name", EVERY)
def test_every_state_that_holds_money_has_a_way_to_give_it_back(name):
    machine = MACHINES[name]
    for state in machine.holds_money:
        events = {move.event for other in reachable(machine, state) for move in machine.leaving(other)}
        assert events & machine.refunds, f"{name}: {state} holds money for good"


@pytest.mark.parametrize("name", EVERY)
def test_a_move_by_the_clock_says_when(name):
    for move in MACHINES[name].moves:
        if Role.CLOCK in move.roles:
            assert move.after, f"{name}.{move.event} does not say when time takes it"


@pytest.mark.django_db
def test_every_event_is_refused_from_every_state_that_the_table_does_not_give_it():
    from backend.common import clock

    at = clock.now()
    machine = Campaign.machine
    everyone = Actor(None, None, frozenset(Role))
    campaign = draft(person())
    for state in machine.states:
        for move in machine.moves:
            known = any(other.event == move.event and state in other.sources for other in machine.moves)
            if not known:
                with pytest.raises(MoveRefused):
                    Campaign(pk=campaign.pk, state=state).move(move.event, by=everyone, at=at)
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.django_db
def test_a_move_by_the_wrong_role_is_refused_and_changes_nothing():
    from backend.common import clock

    campaign = draft(person())
    with pytest.raises(MoveForbidden):
        campaign.move("submit", by=Actor(None, None, frozenset({Role.MODERATOR})), at=clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["live", "closed", "nonsense"])
def test_the_database_refuses_a_jump_that_the_table_lacks(state):
    campaign = draft(person())
    with pytest.raises(Error), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
