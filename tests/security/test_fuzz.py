"""The API by its own schema: whatever is sent, nothing breaks and nothing is answered off the schema."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from backend.accounts import operations as accounts
from tests.builders import live_campaign, owner_of, person
from tests.security.doors import by_browser, signed_in, token_of

CASES = int(os.environ.get("FUZZ_CASES", "5000"))
"""Cases in all, shared out over operations and roles; `make fuzz CASES=100000` before a release."""


@pytest.fixture
def roles(site):
    campaign, tier = live_campaign(price_fen=10_000, stock=50)
    found = {"nobody": {}}
    for name, user in (("backer", person()), ("maker", owner_of(campaign))):
        found[name] = {"Authorization": f"Bearer {token_of(user)}"}
    for role in ("moderator", "finance"):
        user = person(name=role)
        accounts.appoint(user=user, role=role)
        user.refresh_from_db()
        found[role] = by_browser(signed_in(user, factor=True), "/", {}).headers | {"X-CSRFToken": "a" * 32}
        found[role].pop("Content-Type")
    return site, campaign, found


def test_no_role_gets_a_server_error_from_any_operation(roles):
    site, campaign, found = roles
    schema = schemathesis.openapi.from_url(f"{site}/api/schema/?format=json")
    tried, current = [], [{}]
    operations = [operation.ok() for operation in schema.get_all_operations()]
    each = -(-CASES // (len(operations) * len(found)))

    for operation in operations:
        strategy = operation.as_strategy()
        for headers in found.values():
            current[0] = headers

            @settings(
                max_examples=each, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
                database=None,
            )  # fmt: skip
            @given(case=strategy)
            def send(case):
                if case.path_parameters and "campaign_id" in case.path_parameters:
                    case.path_parameters["campaign_id"] = str(campaign.pk)
                answer = case.call(headers=current[0])
                tried.append(answer.status_code)
                assert answer.status_code < 500, (case.method, case.path, case.body, answer.text[:300])

            send()
    assert len(tried) >= CASES * 0.9  # a strategy may have fewer cases than it is asked for
    assert 429 not in tried, "the throttle answered instead of the operation"


NASTY = [
    "\x00",
    "x",
    "1" + "0" * 30,
    "\ud800",
    "9" * 400,
    "NaN",
    "1e400",
    "[" * 5_000,
    '{"a":' * 3_000,
    "\u202e",
    "' OR 1=1 --",
    "<svg onload=1>",
]


def test_a_nasty_body_or_query_is_an_answer_and_not_a_fault(roles):
    import json

    import httpx

    site, campaign, found = roles
    for index, text in enumerate(NASTY):
        body = text.encode("utf-8", "surrogatepass")
        for headers in found.values():
            for path, payload in (
                (f"campaigns/{campaign.pk}/pledges", body),
                (f"campaigns/{campaign.pk}/questions", json.dumps({"text": text}).encode()),
                (f"campaigns/{campaign.pk}/pledges", json.dumps({"amount_fen": text, "tier_id": text}).encode()),
            ):
                answer = httpx.post(
                    f"{site}/api/v1/{path}", content=payload, trust_env=False,
                    headers=headers | {"Content-Type": "application/json", "Idempotency-Key": f"n{index}{len(payload)}"},
                )  # fmt: skip
                assert answer.status_code < 500, (path, answer.text[:300])
        query = {"q": text.encode("utf-8", "replace").decode()[:500], "cursor": "abc", "order": "newest"}
        assert httpx.get(f"{site}/api/v1/campaigns", params=query, trust_env=False).status_code == 400
        page = httpx.get(f"{site}/campaigns/", params={"q": query["q"]}, trust_env=False)
        assert page.status_code == (400 if "\x00" in query["q"] else 200)
