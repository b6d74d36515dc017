"""What leaves the site: the poster, the page for browsers that block the cashier, the maker's workbook."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from tests.builders import live_campaign, owner_of, paid_pledge, person, reserve
from tests.security.doors import signed_in

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50"


def test_anybody_sees_the_poster_of_a_public_campaign(db, client):
    campaign, _tier = live_campaign()
    page = client.get(f"/campaigns/{campaign.pk}/share/").content.decode()
    assert campaign.title in page and "<svg" in page and f"/campaigns/{campaign.pk}/" in page
    shown = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert f'<meta property="og:title" content="{campaign.title}">' in shown


def test_inside_wechat_the_way_to_the_cashier_is_explained(db):
    campaign, tier = live_campaign()
    backer = person()
    made = reserve(campaign, tier, backer)
    browser = signed_in(backer)
    reply = browser.post(f"/pledges/{made.pk}/pay/", HTTP_USER_AGENT=WECHAT)
    page = reply.content.decode()
    assert reply.status_code == 200 and "在浏览器打开" in page and f"/pledges/{made.pk}/pay/" in page


@pytest.mark.parametrize("state", ["", "paid", "nonsense"])
def test_a_maker_takes_the_list_of_backers_out_masked_and_as_text(own_db, cashier, state):
    campaign, tier = live_campaign(price_fen=12_345)
    paid_pledge(cashier, campaign, tier, person(name="=cmd|' /C calc'!A0"))
    paid_pledge(cashier, campaign, tier, person(name="王小明"), is_anonymous=True)
    reserve(campaign, tier)
    reply = signed_in(owner_of(campaign)).get(f"/create/{campaign.pk}/backers.xlsx?state={state}")
    assert reply["Cache-Control"] == "no-store"
    rows = list(load_workbook(io.BytesIO(reply.content)).active.iter_rows())
    assert len(rows) == 3 and {cell.data_type for row in rows for cell in row if cell.value} == {"s"}
    told = "".join(str(cell.value) for row in rows for cell in row)
    assert "王小明" not in told and "匿名" in told and "¥123.45" in told
    assert signed_in(person()).get(f"/create/{campaign.pk}/backers.xlsx").status_code == 404
