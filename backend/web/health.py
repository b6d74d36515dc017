"""Whether the process lives, whether it can serve, and a few figures for operators."""

from __future__ import annotations

import shutil
import time

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from backend.common import outbox
from backend.common.models import Delivery

_written_at = float("-inf")


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Database and broker answer, and the database takes writes; otherwise 503 and what is missing."""
    found = {"database": _database(), "broker": _broker()}
    ready = all(found.values())
    response = JsonResponse({"ready": ready, **found}, status=200 if ready else 503)
    if not ready:
        response["Retry-After"] = "5"
    return response


def _database() -> bool:
    """Whether a write commits: a full disk or a standby still reads. Asked at most once a second a process."""
    global _written_at
    if time.monotonic() - _written_at < 1.0:
        return True
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO common_heartbeat (id, at) VALUES (1, clock_timestamp()) "
                "ON CONFLICT (id) DO UPDATE SET at = excluded.at"
            )
    except DatabaseError:
        return False
    _written_at = time.monotonic()
    return True


def _broker() -> bool:
    try:
        cache.set("readyz", "1", 5)
    except Exception:  # noqa: BLE001 - any fault of the cache client means the same
        return False
    return True


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in the Prometheus text format; only for the machine itself or a network that nginx lets in."""
    if request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
        return HttpResponse(status=404)
    dead = Delivery.objects.filter(state=Delivery.DEAD).count()
    disk = shutil.disk_usage(settings.STATIC_ROOT.parent)
    lines = [
        "# TYPE sizhong_outbox_lag_seconds gauge",
        f"sizhong_outbox_lag_seconds {outbox.lag_seconds():.3f}",
        "# TYPE sizhong_dead_letters gauge",
        f"sizhong_dead_letters {dead}",
        "# TYPE sizhong_disk_used_ratio gauge",
        f"sizhong_disk_used_ratio {disk.used / disk.total:.3f}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
