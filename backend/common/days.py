"""Days as people type them."""

from datetime import date

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
