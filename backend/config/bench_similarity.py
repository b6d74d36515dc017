"""One new entry compared with a hundred thousand past ones: words and a picture, through the indexes, against whole scans."""

from __future__ import annotations

import random
import statistics
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from backend.accounts import operations as accounts
from backend.common import clock
from backend.common.ids import new_id
from backend.demo.drawings import drawing
from backend.judging import prints
from backend.judging.models import Application, Call, PicturePrint, TextPrint
from backend.judging.operations import likenesses

PAST, NEW = 100_000, 20
_ALPHABET = "竹篾丝经纬盘编收口提梁盖纹桂花节山水云月茶叶香囊食盒内衬铜角尺寸颜色工序手艺作坊老人新年"


def _story(seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311 - words, no secret
    return "".join(chance.choices(_ALPHABET, k=200))


def _person(number: int, at: datetime) -> UUID:
    made = accounts.join(kind="phone", value=f"1350000{number:04d}", at=at, name=f"bench {number}", level="L2")
    return made.party_id


def _fill(call: Call, party_id: UUID, at: datetime) -> None:
    """Past works with signatures as their texts would have them, and pictures' bits."""
    chance = random.Random(2026)  # noqa: S311 - numbers, no secret
    for start in range(0, PAST, 5_000):
        rows = [
            Application(
                id=new_id(), call=call, party_id=party_id, person_id=party_id, no=start + number + 1, submitted_at=at,
                state_at=at, shown_at=at,
            )
            for number in range(5_000)
        ]  # fmt: skip
        Application.objects.bulk_create(rows)
        texts, pictures = [], []
        for row in rows:
            values = [chance.getrandbits(32) for _ in range(prints.PERMUTATIONS)]
            bits = chance.getrandbits(64) - (1 << 63)
            texts.append(TextPrint(application=row, signature=values, bands=prints.bands(values)))
            pictures.append(
                PicturePrint(application=row, sha256=f"{row.no:064x}", bits=bits, keys=prints.picture_keys(bits))
            )
        TextPrint.objects.bulk_create(texts)
        PicturePrint.objects.bulk_create(pictures)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE judging_textprint, judging_pictureprint, judging_application")


def _look(call: Call, party_id: UUID, number: int, at: datetime, *, by_index: bool) -> float:
    """Milliseconds of one comparison, undone afterwards."""
    with transaction.atomic():
        if not by_index:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexscan = off")
        work = Application.objects.create(
            call=call, party_id=party_id, person_id=party_id, no=PAST + 1, submitted_at=at, state_at=at
        )
        pictures = [("f" * 64, drawing(number))]
        begun = time.perf_counter()
        likenesses.look(application_id=work.pk, text=_story(number), pictures=pictures, at=at)
        took = time.perf_counter() - begun
        transaction.set_rollback(True)
    return 1_000 * took


def compared() -> tuple[float, float]:
    """The median milliseconds of a comparison by index, and of one that scans everything."""
    at = clock.now() - timedelta(days=1)
    past, fresh = _person(1, at), _person(2, at)
    call = Call.objects.create(
        subject_kind="bench", subject_id=new_id(), owner_id=past, title="bench", url="/", criteria=[], seats=1,
        tie_rule="share", judge_days=1, publicity_days=1, judge_code="b" * 32, state_at=at,
    )  # fmt: skip
    _fill(call, past, at)
    ours = [_look(call, fresh, number, at, by_index=True) for number in range(NEW + 1)][1:]
    scans = [_look(call, fresh, number, at, by_index=False) for number in range(NEW // 4 + 1)][1:]
    return statistics.median(ours), statistics.median(scans)
