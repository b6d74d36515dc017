"""The two statements by which items change hands: what thousands do at once is one statement each, and asks Python for little.

Everything here is within the caller's transaction, whose participant's row is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F

from backend.common.ids import new_id
from marketplace.microtasks.models import Participant, Sheet

_OPEN_SHEET = """
    INSERT INTO microtasks_sheet (id, state, participant_id, person_id, taken_at, until, extensions_n)
    VALUES (%s, %s, %s, %s, %s, %s, 0)
    ON CONFLICT (person_id) WHERE state = 'live' DO NOTHING"""


def open_sheet(part: Participant, *, until: datetime, at: datetime) -> Sheet | None:
    """A sheet in hand until a time; None where the person has one in hand, in whatever job (X31)."""
    sheet = Sheet(participant=part, person_id=part.person_id, taken_at=at, until=until)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_SHEET, [sheet.pk, sheet.state, part.pk, part.person_id, at, until])
        made = cursor.rowcount == 1
    sheet._state.adding = False
    return sheet if made else None


_HAND_OUT = """
    WITH picked AS MATERIALIZED (
        SELECT i.id, i.rank FROM microtasks_item i
        WHERE i.job_id = %(job)s AND i.is_gold = false AND i.state = 'open' AND i.need > i.leased_n + i.done_n
          AND i.rank > %(after)s AND i.rank <= %(upto)s
          AND (%(is_able)s OR i.calm_until IS NULL OR i.calm_until <= %(at)s)
          AND NOT EXISTS (SELECT 1 FROM microtasks_answer a
                          WHERE a.item_id = i.id AND a.person_id = %(person)s AND a.state <> 'lapsed')
        ORDER BY i.rank LIMIT %(most)s FOR NO KEY UPDATE OF i SKIP LOCKED
    ), counted AS (
        UPDATE microtasks_item i SET leased_n = i.leased_n + 1 FROM picked WHERE i.id = picked.id
    ), given AS (
        INSERT INTO microtasks_answer (id, state, item_id, participant_id, sheet_id, person_id, value, reason)
        SELECT ids.id, 'leased', picked.id, %(part)s, %(sheet)s, %(person)s, '', ''
        FROM (SELECT id, row_number() OVER (ORDER BY rank) n FROM picked) picked
        JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY ids (id, n) ON ids.n = picked.n
        ON CONFLICT (item_id, person_id) DO NOTHING RETURNING item_id
    ), served AS (
        UPDATE microtasks_participant
        SET served_n = served_n + %(golds)s + (SELECT count(*) FROM picked), cursor = (SELECT max(rank) FROM picked)
        WHERE id = %(part)s AND EXISTS (SELECT 1 FROM picked)
    )
    SELECT picked.id, picked.rank, given.item_id IS NOT NULL FROM picked LEFT JOIN given ON given.item_id = picked.id
    ORDER BY picked.rank"""


@dataclass(frozen=True)
class Given:
    """One item that was handed out: `is_new` unless the person had it in hand before and let it go."""

    item_id: UUID
    rank: int
    is_new: bool


MOST_RANK = 2**31 - 1


def hand_out(
    sheet: Sheet, part: Participant, *, most: int, golds_n: int, is_able: bool, at: datetime
) -> Sequence[Given]:
    """The next items after the last one taken, then from the beginning; what others have in hand at this moment is left.

    Each has one answer more in hand, and a new answer of this person where there was none; the participant has been
    served so many more, with `golds_n` that go out beside them. `is_able` is whether they get what was rejected before
    others do.
    """
    if most == 0:
        Participant.objects.filter(pk=part.pk).update(served_n=F("served_n") + golds_n)
        return []
    page = _Page(part.cursor, MOST_RANK, most, golds_n)
    found = _hand_out(sheet, part, page, is_able=is_able, at=at)
    if len(found) < most and part.cursor:
        page = _Page(0, part.cursor, most - len(found), 0 if found else golds_n)
        found += _hand_out(sheet, part, page, is_able=is_able, at=at)
    return found


@dataclass(frozen=True)
class _Page:
    """Which ranks are looked through, after one up to another, for how many; and how many golds are counted with them."""

    after: int
    upto: int
    most: int
    golds_n: int


def _hand_out(sheet: Sheet, part: Participant, page: _Page, *, is_able: bool, at: datetime) -> list[Given]:
    asked: dict[str, UUID | int | datetime | list[UUID]] = {
        "job": part.job_id,
        "part": part.pk,
        "person": part.person_id,
        "sheet": sheet.pk,
        "after": page.after,
        "upto": page.upto,
        "most": page.most,
        "golds": page.golds_n,
        "is_able": is_able,
        "at": at,
        "ids": [new_id() for _ in range(page.most)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_HAND_OUT, asked)
        return [Given(*row) for row in cursor.fetchall()]
