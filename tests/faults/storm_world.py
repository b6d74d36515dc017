"""What the storm does in the platform's own database: its campaign and people before, the comparison after.

A process of its own, so that the storm keeps no connection: `python -m tests.faults.storm_world HOME [--flush|--compare]`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

PATIENCE = 150
"""Seconds without progress after which what waits counts as stuck: longer than a delivery's longest pause."""


def main() -> None:
    home_path, *words = sys.argv[1:]
    os.environ |= {"SIZHONG_HOME": home_path, "DJANGO_SETTINGS_MODULE": "backend.config.settings"}
    from backend.config.runtime.home import Home
    from backend.config.runtime.services import DATABASE, point_environment, read_addresses

    home = Home(Path(home_path))
    point_environment(home, database=DATABASE)
    read_addresses(home)
    import django

    django.setup()
    if words == ["--flush"]:
        import redis
        from django.conf import settings

        redis.Redis.from_url(settings.VALKEY_URL).flushall()
    elif words == ["--compare"]:
        print(json.dumps(compare(json.load(sys.stdin))))
    else:
        print(json.dumps(prepare()))


def prepare() -> dict[str, object]:
    """A live campaign and people with tokens."""
    from backend.accounts import operations as accounts
    from backend.common import clock
    from tests.builders import live_campaign, person

    campaign, tier = live_campaign(price_fen=10_000)
    tokens = []
    for _ in range(6):
        user = person()
        _row, text = accounts.make_token(
            user=user, party_id=user.party_id, name="storm", scopes={"read", "pledge"}, at=clock.now()
        )
        tokens.append(text)
    return {"campaign": str(campaign.pk), "tier": str(tier.pk), "tokens": tokens}


def compare(acknowledged: list[str]) -> dict[str, object]:
    """What of the acknowledged is there, and whether everything under way has settled and agrees."""
    from backend.common.models import Delivery, IdempotencyKey
    from backend.ledger import queries as books
    from backend.payments.models import PaymentIntent
    from crowdfunding.campaigns.models import Pledge

    started = time.monotonic()
    waiting = _settle()
    unsettled = [f"{waiting} deliveries wait", *_why()] if waiting else []
    dead = Delivery.objects.filter(state=Delivery.DEAD).count()
    if dead:
        unsettled.append(f"{dead} deliveries are dead")
    kept = {str(pk) for pk in Pledge.objects.values_list("pk", flat=True)}
    answers = [row["id"] for row in IdempotencyKey.objects.filter(status=201).values_list("answer", flat=True)]
    return {
        "lost": len([pledge for pledge in acknowledged if pledge not in kept]),
        "doubled": len(answers) - len(set(answers)) + len(kept) - len(set(answers)),
        "paid": PaymentIntent.objects.filter(state="succeeded").count(),
        "unsettled": unsettled,
        "settled_s": round(time.monotonic() - started, 1),
        "differences": list(books.differences())[:20],
    }


def _why() -> list[str]:
    """What the deliveries that wait have met."""
    from backend.common.models import Delivery

    waiting = Delivery.objects.filter(state=Delivery.WAITING).order_by("-tries")[:5]
    return [f"{row.handler}: {row.tries} tries, next {row.next_try_at}, {row.error[:300]}" for row in waiting]


def _settle() -> int:
    """Wait until nothing recorded more than ten seconds ago waits; return how much does when it gets no less."""
    from datetime import timedelta

    from django.db.models.functions import Now

    from backend.common.models import Delivery, OutboxEvent

    fewest, since = sys.maxsize, time.monotonic()
    while time.monotonic() - since < PATIENCE:
        before = Now() - timedelta(seconds=10)
        waiting = OutboxEvent.objects.filter(fanned_out=False, recorded_at__lt=before).count()
        waiting += Delivery.objects.filter(state=Delivery.WAITING, event__recorded_at__lt=before).count()
        if not waiting:
            return 0
        if waiting < fewest:
            fewest, since = waiting, time.monotonic()
        time.sleep(0.5)
    return fewest


if __name__ == "__main__":
    main()
