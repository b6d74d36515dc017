"""Budgets of pages: SQL statements that do not grow with the rows, and bytes over the wire."""

from __future__ import annotations

import gzip
import re
from dataclasses import asdict

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backend.common import clock
from backend.projects.operations import profile
from crowdfunding.pots.models import Pot
from tests.builders import acting, firm, holder_of, live_campaign, owner_of, passport, person, plan, reserve
from tests.security.test_matrix import signed_in

pytestmark = pytest.mark.django_db


def statements(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


@pytest.mark.parametrize(("path", "most"), [("/", 8), ("/campaigns/", 12), ("/rules/", 12), ("/fees/", 12)])
def test_public_lists_cost_the_same_for_one_row_and_for_many(path, most):
    live_campaign()
    few = statements(Client(), path)
    for _ in range(12):
        live_campaign()
    assert statements(Client(), path) == few <= most


def test_a_campaign_page_costs_the_same_for_one_pledge_and_for_many():
    campaign, tier = live_campaign()
    path = f"/campaigns/{campaign.pk}/"
    reserve(campaign, tier)
    few = statements(Client(), path)
    for _ in range(12):
        reserve(campaign, tier)
    assert statements(Client(), path) == few <= 15


def test_pages_of_a_person_stay_within_the_back_office_budget():
    campaign, tier = live_campaign()
    backer = person()
    for _ in range(5):
        reserve(campaign, tier, backer)
    mine, makers = signed_in(backer, factor=False), signed_in(owner_of(campaign), factor=False)
    paths = [(mine, "/my/"), (mine, "/my/pledges/"), (makers, "/create/"), (makers, f"/create/{campaign.pk}/"),
             (makers, f"/create/{campaign.pk}/backers/"), (makers, "/create/money/")]  # fmt: skip
    assert {path: count for client, path in paths if (count := statements(client, path)) > 20} == {}


@pytest.mark.parametrize("path", ["/", "/campaigns/"])
def test_a_first_visit_is_small(path):
    for _ in range(6):
        live_campaign()
    html = Client().get(path).content
    assert len(gzip.compress(html)) <= 20_000
    found = re.findall(rb'(?:href|src)="(/static/[^"]+)"', html)
    assert len(set(found)) + 1 <= 12
    css = sum(len(gzip.compress(_static(name))) for name in set(found) if b".css" in name)
    script = sum(len(gzip.compress(_static(name))) for name in set(found) if b".js" in name)
    assert css <= 30_000 and script <= 35_000


def _static(address: bytes) -> bytes:
    name = re.sub(r"\.[0-9a-f]{12}\.", ".", address.decode().removeprefix(settings.STATIC_URL))
    with open(finders.find(name), "rb") as file:
        return file.read()


def test_a_live_campaign_shows_only_escrow_as_reached():
    campaign, _tier = live_campaign()
    html = Client().get(f"/campaigns/{campaign.pk}/").content.decode()
    steps = html.split('aria-label="资金流程"')[1].split("</ol>")[0]
    assert steps.count('class="on"') == 1


def test_ventures_cost_the_same_for_one_and_for_many():
    made = passport(person())
    few, one = statements(Client(), "/projects/"), statements(Client(), f"/projects/{made.pk}/")
    for _ in range(6):
        passport(person(), "origin")
    for number in range(6):
        profile.follow(passport_id=made.pk, is_wanted=True, by=acting(person()), at=clock.now())
        profile.add_need(
            passport_id=made.pk, kind="market", text=f"{number}", by=acting(holder_of(made)), at=clock.now()
        )
    assert statements(Client(), "/projects/") == few <= 12
    assert statements(Client(), f"/projects/{made.pk}/") == one <= 15


def test_a_list_of_pots_costs_the_same_for_one_row_and_for_many():
    _boss, hat = firm()
    by_hand = {"sponsor_id": hat.party_id, "state": "open", "created_at": clock.now(), "state_at": clock.now()}
    terms = asdict(plan()) | {"categories": [], "counties": []}
    Pot.objects.create(**terms, **by_hand)
    few = statements(Client(), "/pots/")
    for _ in range(12):
        Pot.objects.create(**terms, **by_hand)
    assert statements(Client(), "/pots/") == few <= 12
