"""Whether anything is still on its way, asked while relays are at work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from backend.common import outbox
from backend.common.models import Delivery, OutboxEvent
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
