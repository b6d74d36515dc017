"""Likenesses: what a work resembles, among the others and those of the past; told to people, who decide (相似比对)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from backend.common import rules
from backend.judging import prints
from backend.judging.models import Application, Likeness, PicturePrint, TextPrint
from backend.judging.states import Standing

MOST_CANDIDATES = 500
MOST_KEPT = 20


@transaction.atomic
def look(*, application_id: UUID, text: str, pictures: Sequence[tuple[str, bytes]], at: datetime) -> int:
    """Note by what a work can be compared, compare it with all works that were noted before, and return how many resemble it.

    `pictures` are hash and content. Works of the same party are not compared: one may build on one's own. Safe to repeat.
    """
    application = Application.objects.select_for_update().get(pk=application_id)
    if application.shown_at is not None:
        return application.likenesses.count()
    found = _by_text(application, text, at) | {
        pair: percent for sha256, body in pictures for pair, percent in _by_picture(application, sha256, body).items()
    }
    least = rules.value("judging.alike_percent", at=at)
    kept = sorted(((percent, pair) for pair, percent in found.items() if percent >= least), reverse=True)[:MOST_KEPT]
    Likeness.objects.bulk_create(
        [
            Likeness(application=application, other_id=other, kind=kind, percent=percent, at=at)
            for percent, (other, kind) in kept
        ],
        ignore_conflicts=True,
    )
    application.shown_at = at
    application.save(update_fields=["shown_at"])
    return len(kept)


Pair = tuple[UUID, str]


def _by_text(application: Application, text: str, at: datetime) -> dict[Pair, int]:
    values = prints.signature(text)
    if not values:
        return {}
    bands = prints.bands(values)
    TextPrint.objects.update_or_create(application=application, defaults={"bands": bands, "signature": values})
    others = (
        TextPrint.objects.filter(bands__overlap=bands)
        .exclude(application__party=application.party_id)
        .exclude(application__state=Standing.WITHDRAWN)
        .values_list("application_id", "signature")[:MOST_CANDIDATES]
    )
    return {(key, "text"): prints.text_percent(values, other) for key, other in others}


_NEAR = """
    SELECT p.application_id, min(bit_count((p.bits # %s::bigint)::bit(64))) apart
    FROM judging_pictureprint p JOIN judging_application a ON a.id = p.application_id
    WHERE p.keys && %s::integer[] AND bit_count((p.bits # %s::bigint)::bit(64)) <= %s
      AND a.party_id <> %s AND a.state <> 'withdrawn'
    GROUP BY 1 ORDER BY 2, 1 LIMIT %s"""


def _by_picture(application: Application, sha256: str, body: bytes) -> dict[Pair, int]:
    bits = prints.picture_bits(body)
    keys = prints.picture_keys(bits)
    PicturePrint.objects.update_or_create(application=application, sha256=sha256, defaults={"bits": bits, "keys": keys})
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [bits, keys, bits, prints.MOST_BITS_APART, application.party_id, MOST_CANDIDATES])
        rows = cursor.fetchall()
    return {(key, "picture"): round(100 * (64 - int(apart)) / 64) for key, apart in rows}
