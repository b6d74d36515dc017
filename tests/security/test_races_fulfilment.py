"""Bounded acts of fulfilment under fifty requests at once: one lock, one shipment, one loss, one end of it."""

from __future__ import annotations

from datetime import timedelta

from backend.accounts.models import User
from backend.common import clock
from backend.ledger import queries as books
from backend.payments.models import Refund
from crowdfunding.campaigns.models import Campaign
from crowdfunding.campaigns.operations import pledges, verdicts
from crowdfunding.fulfilment import addresses
from crowdfunding.fulfilment.models import Parcel, Survey
from crowdfunding.fulfilment.operations import parcels, surveys
from tests.builders import acting, deliver_events, owner_of
from tests.security.doors import by_token, release, token_of
from tests.security.test_races import AT_ONCE, ROUNDS, moves, statuses, successful

HOME = addresses.Address("王小明", "13812345678", "湖北省咸宁市", "桂乡大道 8 号")


def test_a_lock_a_shipment_a_loss_and_its_end_happen_once(site, cashier):
    cashier.control(clock=clock.now().isoformat())
    for _ in range(ROUNDS):
        campaign, made = successful(cashier, 2, 60_000)
        deliver_events()
        maker = token_of(owner_of(campaign))
        backers = [User.objects.select_related("party").get(party_id=one.backer_id) for one in made]
        for one, backer in zip(made, backers, strict=True):
            parcels.fill(pledge_id=one.pk, address=HOME, answers={}, by=acting(backer), at=clock.now())

        path = f"campaigns/{campaign.pk}/survey/lock"
        assert statuses(site, [by_token(maker, path, {}) for _ in range(AT_ONCE)]) == {201: 1, 409: 49}
        survey = Survey.objects.get(campaign=campaign)
        assert moves(survey.pk, "announce") == 1
        surveys.advance(survey_id=survey.pk, at=clock.now() + timedelta(days=2, minutes=1))
        Campaign.objects.filter(pk=campaign.pk).update(due_at=clock.now() - timedelta(seconds=1))
        verdicts.advance(campaign_id=campaign.pk, at=clock.now())

        rows = [{"no": no, "carrier": "SF", "tracking_no": f"SF12345{no}"} for no in (1, 2)]
        path = f"campaigns/{campaign.pk}/shipments"
        replies = release(site, [by_token(maker, path, {"rows": rows}) for _ in range(AT_ONCE)])
        assert {reply.status for reply in replies} == {201}
        assert sum(reply.json()["count"] for reply in replies) == 2
        parcel = Parcel.objects.get(pledge=made[0])
        assert (parcel.sent_n, moves(parcel.pk, "ship"), moves(campaign.pk, "ship")) == (1, 1, 1)

        Parcel.objects.filter(pk=parcel.pk).update(shipped_at=clock.now() - timedelta(days=8))
        path, token = f"pledges/{made[0].pk}/parcel/loss", token_of(backers[0])
        assert statuses(site, [by_token(token, path, {}) for _ in range(AT_ONCE)]) == {201: 1, 409: 49}

        path = f"parcels/{parcel.pk}/settlement"
        knocks = [by_token(maker, path, {"act": ("refund", "send_again")[n % 2]}) for n in range(AT_ONCE)]
        assert statuses(site, knocks) == {201: 1, 409: 49}
        refunded = moves(parcel.pk, "refund")
        assert refunded + moves(parcel.pk, "reship") == 1
        assert Refund.objects.filter(intent=pledges.intent_of(made[0].pk)).count() == refunded
    assert not list(books.differences())
