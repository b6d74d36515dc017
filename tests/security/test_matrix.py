"""Every route of the API and every staff page, for every role: a route without a row fails."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backend.accounts import operations as accounts
from backend.common import clock
from crowdfunding.campaigns.models import Campaign
from tests.builders import draft, live_campaign, owner_of, person, reserve

CAMPAIGN, PLEDGE = "{campaign}", "{pledge}"
# route, method → status for: nobody, another person, the owner (maker or backer). None: not asked here.
API = {
    ("v1/campaigns", "GET"): (200, 200, 200),
    ("v1/campaigns", "POST"): (401, 201, 201),
    (f"v1/campaigns/{CAMPAIGN}", "GET"): (404, 404, 200),
    (f"v1/campaigns/{CAMPAIGN}", "PUT"): (401, 400, 400),
    (f"v1/campaigns/{CAMPAIGN}/tiers", "POST"): (401, 404, 201),
    (f"v1/campaigns/{CAMPAIGN}/submission", "POST"): (401, 404, 409),
    (f"v1/campaigns/{CAMPAIGN}/approval", "POST"): (401, 403, 403),
    (f"v1/campaigns/{CAMPAIGN}/return", "POST"): (401, 403, 403),
    (f"v1/campaigns/{CAMPAIGN}/launch", "POST"): (401, 404, 409),
    (f"v1/campaigns/{CAMPAIGN}/cancellation", "POST"): (401, 404, 409),
    (f"v1/campaigns/{CAMPAIGN}/shipment", "POST"): (401, 404, 409),
    (f"v1/campaigns/{CAMPAIGN}/updates", "POST"): (401, 404, 409),
    (f"v1/campaigns/{CAMPAIGN}/questions", "POST"): (401, 404, 404),
    (f"v1/campaigns/{CAMPAIGN}/pledges", "POST"): (401, 404, 404),
    (f"v1/campaigns/{CAMPAIGN}/withdrawal", "POST"): (401, 404, 201),
    ("v1/pledges", "GET"): (401, 200, 200),
    (f"v1/pledges/{PLEDGE}", "GET"): (401, 404, 200),
    (f"v1/pledges/{PLEDGE}/trail", "GET"): (401, 404, 200),
    (f"v1/pledges/{PLEDGE}/cashier", "POST"): (401, 404, 200),
    (f"v1/pledges/{PLEDGE}/refund", "POST"): (401, 404, 409),
    (f"v1/pledges/{PLEDGE}/receipt", "POST"): (401, 404, 409),
}
BODIES = {
    "tiers": {"title": "回报", "price_fen": 100},
    "approval": {"checklist": []},
    "return": {"reason": "r"},
    "cancellation": {"reason": "r"},
    "refund": {"reason": "r"},
    "updates": {"title": "t", "body": "b"},
    "questions": {"text": "可以吗"},
    "pledges": {"amount_fen": 1_000},
}
# page → status for nobody, a person, a moderator, a finance officer (both with their second factor)
PAGES = {
    "/": (200, 200, 200, 200),
    "/campaigns/": (200, 200, 200, 200),
    "/fees/": (200, 200, 200, 200),
    "/rules/": (200, 200, 200, 200),
    "/accessibility/": (200, 200, 200, 200),
    "/sign-in/": (200, 302, 302, 302),
    "/my/": (302, 200, 200, 200),
    "/my/account/": (302, 200, 200, 200),
    "/my/account/data/": (302, 200, 200, 200),
    "/my/inbox/": (302, 200, 200, 200),
    "/my/pledges/": (302, 200, 200, 200),
    "/create/": (302, 200, 200, 200),
    "/create/money/": (302, 200, 200, 200),
    "/create/coach/": (302, 200, 200, 200),
    "/review/": (302, 404, 200, 404),
    "/finance/": (302, 404, 404, 200),
    "/finance/verify/": (302, 404, 404, 200),
    "/healthz": (200, 200, 200, 200),
    "/readyz": (200, 200, 200, 200),
    "/api/schema/": (200, 200, 200, 200),
    "/api/docs/": (200, 200, 200, 200),
    "/demo/inbox/": (200, 200, 200, 200),
    "/back-office/": (302, 302, 200, 200),
}


def routes(resolver: URLResolver, prefix: str = ""):
    for item in resolver.url_patterns:
        if isinstance(item, URLPattern):
            yield prefix + str(item.pattern)
        else:
            yield from routes(item, prefix + str(item.pattern))


def test_every_api_route_has_a_row():
    known = {path.replace(CAMPAIGN, "<uuid:campaign_id>").replace(PLEDGE, "<uuid:pledge_id>") for path, _ in API}
    found = {route.removeprefix("api/") for route in routes(get_resolver()) if route.startswith("api/v1")}
    assert found == known


@pytest.fixture
def world(db):
    maker = person(name="制作人")
    campaign, tier = live_campaign(price_fen=10_000)
    backer = person(name="支持者")
    made = reserve(campaign, tier, backer)
    return {"maker": maker, "draft": draft(maker), "backer": backer, "pledge": made, "other": person(name="别人")}


def call(path: str, method: str, user, world) -> int:
    headers = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex}
    if user is not None:
        scopes = {"read", "pledge", "campaigns", "money"}
        _token, text = accounts.make_token(user=user, party_id=user.party_id, name="m", scopes=scopes, at=clock.now())
        headers["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    url = "/api/" + path.replace(CAMPAIGN, str(world["draft"].pk)).replace(PLEDGE, str(world["pledge"].pk))
    body = BODIES.get(path.rsplit("/", 1)[-1], {}) if CAMPAIGN in path or PLEDGE in path else {}
    reply = Client().generic(method, url, __import__("json").dumps(body), content_type="application/json", **headers)
    return reply.status_code


@pytest.mark.parametrize(("path", "method"), sorted(API))
def test_who_may_what_over_the_api(world, path, method):
    owner = world["backer"] if PLEDGE in path else world["maker"]
    seen = tuple(call(path, method, user, world) for user in (None, world["other"], owner))
    assert seen == API[(path, method)]


@pytest.mark.parametrize("path", [path for path, _ in sorted(API) if "{" in path])
def test_what_is_missing_looks_like_what_is_anothers(world, path):
    missing = path.replace(CAMPAIGN, str(uuid4())).replace(PLEDGE, str(uuid4()))
    methods = [method for known, method in API if known == path]
    for method in methods:
        if API[(path, method)][1] == 404:
            assert call(missing, method, world["other"], world) in (404, 400)


@pytest.mark.parametrize("scope", ["read", "pledge", "campaigns"])
def test_a_token_reaches_no_further_than_its_scopes(world, scope):
    _token, text = accounts.make_token(
        user=world["maker"], party_id=world["maker"].party_id, name="m", scopes={scope}, at=clock.now()
    )
    reply = Client().post(
        "/api/v1/campaigns", {}, content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {text}", HTTP_IDEMPOTENCY_KEY=uuid4().hex,
    )  # fmt: skip
    assert reply.status_code == (201 if scope == "campaigns" else 403)
    assert Campaign.objects.filter(owner_id=world["maker"].party_id).count() == (2 if scope == "campaigns" else 1)


def signed_in(user, *, factor: bool) -> Client:
    """A browser in which this person is signed in, with or without the second factor."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    records = [{"method": "password", "at": __import__("time").time()}]
    if factor:
        records.append({"method": "mfa", "type": "totp", "at": __import__("time").time()})
    session["account_authentication_methods"] = records
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


@pytest.fixture
def staff(db):
    found = {}
    for role in ("moderator", "finance"):
        user = person(name=role)
        accounts.appoint(user=user, role=role)
        user.refresh_from_db()
        found[role] = user
    return found


@pytest.mark.parametrize("path", sorted(PAGES))
def test_who_may_see_which_page(staff, path):
    clients = [
        Client(),
        signed_in(person(), factor=False),
        signed_in(staff["moderator"], factor=True),
        signed_in(staff["finance"], factor=True),
    ]
    assert tuple(client.get(path).status_code for client in clients) == PAGES[path]


def test_staff_without_their_second_factor_are_nobody(staff):
    for role, path in (("moderator", "/review/"), ("finance", "/finance/")):
        assert signed_in(staff[role], factor=False).get(path).status_code == 403
        assert signed_in(staff[role], factor=False).get("/back-office/").status_code == 302


@pytest.mark.parametrize("model", ["ledger/transfer", "payments/payout", "campaigns/pledge", "common/statechange"])
def test_the_back_office_shows_money_and_changes_none_of_it(staff, model):
    officer = signed_in(staff["finance"], factor=True)
    assert officer.get(f"/back-office/{model}/").status_code == 200
    assert officer.get(f"/back-office/{model}/add/").status_code == 403


def test_another_persons_pages_do_not_exist(world):
    stranger = signed_in(world["other"], factor=False)
    for path in (
        f"/pledges/{world['pledge'].pk}/",
        f"/pledges/{world['pledge'].pk}/pay/",
        f"/create/{world['draft'].pk}/",
        f"/create/{world['draft'].pk}/edit/",
        f"/create/{world['draft'].pk}/preview/",
        f"/create/{world['draft'].pk}/backers/",
        f"/campaigns/{world['draft'].pk}/",
    ):
        assert stranger.get(path).status_code == 404, path


def test_a_form_without_its_token_is_refused(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world["maker"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/create/").status_code == 403
    assert owner_of(world["draft"]).pk == world["maker"].pk
