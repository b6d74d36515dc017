"""What pages read of errands' forms: form only, meaning is the operations' business."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.http import QueryDict

from backend.common.errors import Invalid
from backend.common.fen import parse_yuan
from backend.common.rules import SHANGHAI
from marketplace.errands.operations.drafts import Terms
from marketplace.errands.records import EAST, NORTH, SOUTH, WEST
from marketplace.errands.stops_file import MOST_ADDRESS, StopRow
from marketplace.invitations.models import PUBLIC
from marketplace.tasks.forms import whole

_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,17})?", re.ASCII)  # as programs write a float: up to seventeen digits
_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields.

    Raises:
        Invalid: a number that is none.
    """
    return Terms(
        title=data.get("title", ""),
        summary=data.get("summary", ""),
        brief=data.get("brief", "")[:30_000],
        kind=data.get("kind", ""),
        county=data.get("county", ""),
        mode=data.get("mode", ""),
        photos_least=whole(data, "photos_least"),
        visibility=data.get("visibility", PUBLIC),
    )


def stop_of(data: QueryDict) -> StopRow:
    """One stop as a form gives it.

    Raises:
        Invalid: a field that says nothing.
    """
    key, address = data.get("key", "").strip(), data.get("address", "").strip()
    if not _KEY.fullmatch(key):
        raise Invalid("编号须为 1 至 32 位字母、数字、下划线或连字符", "1 to 32 letters, digits, _ or -", field="key")
    if len(address) > MOST_ADDRESS or not address.isprintable():
        raise Invalid(f"地址最多 {MOST_ADDRESS} 字", f"At most {MOST_ADDRESS} characters", field="address")
    latitude, longitude = place_of(data)
    return StopRow(
        key=key,
        latitude=latitude,
        longitude=longitude,
        price_fen=parse_yuan(data.get("price", "").strip(), field="price"),
        address=address,
        from_at=moment(data, "from"),
        until_at=moment(data, "until"),
    )


def place_of(data: QueryDict) -> tuple[float, float]:
    """Latitude and longitude in degrees.

    Raises:
        Invalid: no place in China.
    """
    texts = [data.get(name, "").strip() for name in ("latitude", "longitude")]
    if all(_DEGREES.fullmatch(text) for text in texts):
        latitude, longitude = map(float, texts)
        if SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST:
            return latitude, longitude
    raise Invalid("请填写中国境内的经纬度，如 29.841 与 114.322", "Give a latitude and longitude in China, such as 29.841 and 114.322", field="latitude")  # fmt: skip


def maybe_place(data: QueryDict) -> tuple[float, float] | None:
    """A place where one was given: devices may keep it to themselves."""
    try:
        return place_of(data)
    except Invalid:
        return None


def moment(data: QueryDict, field: str) -> datetime:
    """A moment as `datetime-local` sends it, in Shanghai's time.

    Raises:
        Invalid: none.
    """
    try:
        found = datetime.fromisoformat(data.get(field, "").strip()[:30])
    except ValueError as error:
        raise Invalid("请填写日期和时间", "Give a date and a time", field=field) from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def day(data: QueryDict, field: str) -> date:
    """A day as `date` sends it.

    Raises:
        Invalid: none.
    """
    try:
        return date.fromisoformat(data.get(field, "").strip()[:10])
    except ValueError as error:
        raise Invalid("请填写日期", "Give a date", field=field) from error
