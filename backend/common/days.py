"""Days as people type and count them."""

from datetime import date, datetime

from backend.common.errors import Invalid


def parse_day(text: str, *, field: str) -> date | None:
    """A day from a form's date field; None where nothing is entered.

    Raises:
        Invalid: no date, or none of our time.
    """
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if not 1900 <= day.year <= 2200:
        raise Invalid("日期无效", "The date is not valid", field=field)
    return day


def years_after(at: datetime, years: int) -> datetime:
    """The same day and time so many years later; what begins on 29 February ends on 1 March where there is none."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)
