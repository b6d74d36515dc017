"""Whether anything is still on its way, asked while relays are at work."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from backend.common import clock, outbox
from backend.common.models import Delivery, OutboxEvent
from tests import builders
from tests.builders import active_lead, live_campaign
from tests.work_builders import open_task

SOON = timedelta(seconds=4)


@pytest.mark.django_db
def test_an_event_and_a_delivery_are_asked_for_in_one_statement(django_assert_num_queries):
    assert outbox.is_quiet()
    open_task()
    assert OutboxEvent.objects.filter(fanned_out=False).exists()
    with django_assert_num_queries(1):
        assert not outbox.is_quiet()
    while outbox.relay():
        pass
    with django_assert_num_queries(1):
        assert outbox.is_quiet()
    put_off = Delivery.objects.order_by("pk").values("pk")[:1]
    Delivery.objects.filter(pk__in=put_off).update(state=Delivery.WAITING, next_try_at=Now() + timedelta(minutes=1))
    assert not outbox.is_quiet()
    assert outbox.is_quiet(within=SOON)


@pytest.fixture
def relays(own_db):
    """Two relays at work beside the test."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            outbox.relay()
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    yield
    ended.set()
    for one in threads:
        one.join()


def test_nothing_is_on_its_way_once_it_is_quiet_however_relays_run(relays, cashier, monkeypatch):
    """A stake that is paid makes its lead by a chain of three events, each left by the delivery of the one before."""

    def wait() -> None:
        while not outbox.is_quiet(within=SOON):
            pass

    cashier.control(clock=clock.now().isoformat(), forget=True)
    monkeypatch.setattr(builders, "deliver_events", wait)
    for _ in range(8):
        campaign, _tier = live_campaign(goal_fen=100_000, price_fen=20_000, is_led=True)
        assert active_lead(cashier, campaign).state == "active"
