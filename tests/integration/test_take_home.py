"""The take-home calculation on its page and over the API."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_page_shows_the_sum_and_what_does_not_fit():
    client = Client()
    assert "¥640" in client.get("/take-home/", {"amount": "4000"}).content.decode()
    assert "¥9,910" in client.get("/take-home/", {"amount": "10000", "payer": "platform"}).content.decode()
    firm = client.get("/take-home/", {"amount": "10000", "payee": "firm"}).content.decode()
    assert "¥10,000" in firm
    assert "汇算清缴" not in firm
    month = {"amount": "1000", "paid": "800", "withheld": "0"}
    assert "¥200" in client.get("/take-home/", month).content.decode()
    for wrong in ({"amount": "-1"}, {"amount": "0"}, {"amount": "1", "payee": "x"}, {"amount": "1", "months": "13"}):
        reply = client.get("/take-home/", wrong)
        assert reply.status_code == 400
        assert 'role="alert"' in reply.content.decode()


def test_the_api_answers_alike_and_refuses_alike():
    client = Client()
    found = client.get("/api/v1/take-home", {"amount_fen": 3_000_000}).json()
    assert (found["tax_fen"], found["net_fen"], found["percent"]) == (520_000, 2_480_000, 30)
    year = {"amount_fen": 1_000_000, "method": "cumulative", "paid_fen": 1_000_000, "withheld_fen": 9_000, "months": 2}
    assert client.get("/api/v1/take-home", year).json()["tax_fen"] == 9_000
    for wrong in ({}, {"amount_fen": 0}, {"amount_fen": 1, "method": "x"}, {"amount_fen": 1, "who": "x"}):
        assert client.get("/api/v1/take-home", wrong).status_code == 400
