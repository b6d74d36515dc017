"""Events and their outbox (事件与发件箱).

`record` writes an event in the caller's transaction. The relay fans it out to the handlers that
each app lists in its `handlers.py`, and runs each handler together with the mark that it ran, in
one transaction: what a handler does in the database happens exactly once, and what it sends
elsewhere at least once, under `event.id`.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import UnionType
from typing import Any, ClassVar, get_args, get_type_hints
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from backend.common import crash
from backend.common.ids import new_id
from backend.common.models import Delivery, OutboxEvent

log = logging.getLogger(__name__)

MOST_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, in the past tense: ids and amounts, no rows and no personal data."""

    at: datetime
    id: UUID = field(default_factory=new_id)

    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls) -> None:
        Event.kinds[cls.kind()] = cls

    @classmethod
    def kind(cls) -> str:
        """The stable name: `campaigns.CampaignFunded`."""
        return f"{cls.__module__.split('.')[-2]}.{cls.__name__}"


Handler = Callable[[Any], None]
_CONCERNS: dict[Handler, Callable[[Any], bool]] = {}


def when(concerns: Callable[[Any], bool]) -> Callable[[Handler], Handler]:
    """Mark a handler that some events of a kind do not concern: for those no delivery is made.

    `concerns` looks at the event alone; what it takes a query to know belongs into the handler.
    """

    def mark(handler: Handler) -> Handler:
        _CONCERNS[handler] = concerns
        return handler

    return mark


def _is_concerned(handler: Handler, event: Event) -> bool:
    concerns = _CONCERNS.get(handler)
    return concerns is None or concerns(event)


def record(event: Event) -> None:
    """Write an event; it leaves when the caller's transaction commits, or never."""
    body = {f.name: _plain(getattr(event, f.name)) for f in dataclasses.fields(event)}
    OutboxEvent.objects.create(event_id=event.id, kind=event.kind(), body=body, at=event.at)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def read(row: OutboxEvent) -> Event:
    """The event as it was recorded."""
    cls = Event.kinds[row.kind]
    hints = _hints(row.kind)
    fields: dict[str, Any] = {name: _typed(value, hints[name]) for name, value in row.body.items() if name in hints}
    return cls(**fields)


@cache
def _hints(kind: str) -> dict[str, Any]:
    return get_type_hints(Event.kinds[kind])


def _typed(value: Any, hint: object) -> object:
    if value is None:
        return None
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if UUID in kinds:
        return UUID(value)
    return datetime.fromisoformat(value) if datetime in kinds else value


@lru_cache(maxsize=1)
def handlers() -> dict[str, dict[str, Handler]]:
    """Every app's table of handlers, by kind of event and by the handler's dotted name."""
    found: dict[str, dict[str, Handler]] = {}
    for app in apps.get_app_configs():
        if app.name not in settings.OUR_APPS or find_spec(f"{app.name}.handlers") is None:
            continue
        table: dict[type[Event], list[Handler]] = import_module(f"{app.name}.handlers").HANDLERS
        for event, wanted in table.items():
            named = {f"{handler.__module__}.{handler.__name__}": handler for handler in wanted}
            found.setdefault(event.kind(), {}).update(named)
    return found


def relay(*, limit: int = 200) -> int:
    """Fan out and deliver what is due; return how many deliveries were tried."""
    _fan_out(limit)
    tried = 0
    while tried < limit and _deliver_next():
        tried += 1
    return tried


def _fan_out(limit: int) -> None:
    with transaction.atomic():
        waiting = OutboxEvent.objects.filter(fanned_out=False).order_by("id")
        rows = list(waiting.select_for_update(skip_locked=True)[:limit])
        wanted = [Delivery(event=row, handler=name) for row in rows for name in _wanted(row)]
        Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
        OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(fanned_out=True)


def _wanted(row: OutboxEvent) -> list[str]:
    """The handlers that want to know."""
    table = handlers().get(row.kind)
    if not table:
        return []
    event = read(row)
    return [name for name, handler in table.items() if _is_concerned(handler, event)]


def _deliver_next() -> bool:
    """Run the delivery that has waited longest and mark it, in one transaction; a fault of its handler puts it off."""
    taken: Delivery | None = None
    try:
        with transaction.atomic():
            taken = _longest_waiting()
            if taken is None:
                return False
            _run(taken)
            Delivery.objects.filter(pk=taken.pk).update(state=Delivery.DONE, tries=taken.tries + 1)
            crash.point("relay.delivered")
    except Exception as error:
        if taken is None:
            raise
        _put_off(taken, error)
    return True


def _longest_waiting() -> Delivery | None:
    due = Delivery.objects.filter(state=Delivery.WAITING, next_try_at__lte=Now()).order_by("next_try_at", "id")
    return due.select_for_update(skip_locked=True, of=("self",)).select_related("event").first()


def _run(delivery: Delivery) -> None:
    handler = handlers().get(delivery.event.kind, {}).get(delivery.handler)
    if handler is not None:  # a handler that was removed since leaves nothing to do
        handler(read(delivery.event))


def _put_off(delivery: Delivery, error: Exception) -> None:
    tries = delivery.tries + 1
    state = Delivery.DEAD if tries >= MOST_TRIES else Delivery.WAITING
    log.warning("delivery.failed", extra={"handler": delivery.handler, "tries": tries, "fault": repr(error)})
    # Another relay may have taken it since its row was let go; what that one wrote stands.
    unchanged = Delivery.objects.filter(pk=delivery.pk, state=Delivery.WAITING, tries=delivery.tries)
    unchanged.update(
        state=state, tries=tries, error=repr(error)[:2_000], next_try_at=Now() + timedelta(seconds=2**tries)
    )


def replay(*, kind: str = "", handler: str = "", since: int = 0) -> int:
    """Send events again from a point (`since`, an outbox number), or the dead letters of a handler.

    Returns the number of deliveries made due. Handlers are idempotent by event id, so this is safe.
    """
    found = Delivery.objects.exclude(state=Delivery.WAITING)
    if kind:
        found = found.filter(event__kind=kind)
    if handler:
        found = found.filter(handler=handler)
    found = found.filter(event_id__gte=since) if since else found.filter(state=Delivery.DEAD)
    return found.update(state=Delivery.WAITING, tries=0, next_try_at=Now(), error="")


def dead_letters() -> Iterator[Delivery]:
    """Deliveries that were given up, oldest first."""
    return Delivery.objects.filter(state=Delivery.DEAD).select_related("event").order_by("id").iterator()


def is_quiet(*, within: timedelta | None = None) -> bool:
    """Whether nothing waits to be delivered, here or in another relay's hands; with `within`, nothing that is due so soon.

    Asked in one statement: between two of them a relay may end the delivery that the second would have seen, and leave
    an event that the first did not see yet.
    """
    waiting = Delivery.objects.filter(state=Delivery.WAITING)
    if within is not None:
        waiting = waiting.filter(next_try_at__lte=Now() + within)
    fanning = OutboxEvent.objects.filter(fanned_out=False)
    return not fanning.values_list("pk").union(waiting.values_list("pk"), all=True)[:1]


def lag_seconds() -> float:
    """How long the oldest event that still waits for its fan-out has waited."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0) "
            "FROM common_outboxevent WHERE NOT fanned_out"
        )
        return float(cursor.fetchone()[0])
