"""What pages read of a job's terms and of answers: form only, meaning is the operations' business."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import QueryDict

from backend.common.errors import NotFound
from backend.common.fen import parse_yuan
from marketplace.invitations.models import PUBLIC
from marketplace.microtasks.operations.drafts import Terms
from marketplace.tasks.forms import whole

NUMBERS = ("answers_each", "gold_percent", "gold_least", "agree_percent", "lease_minutes", "sheet_size", "open_days")


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields; options one a line, skills apart by commas.

    Raises:
        Invalid: a number that is none.
    """
    skills = re.split(r"[,，、]", data.get("skills", "")[:500])
    options = data.get("options", "")[:2_000].splitlines()
    return Terms(
        title=data.get("title", ""),
        summary=data.get("summary", ""),
        brief=data.get("brief", "")[:30_000],
        category=data.get("category", ""),
        skills=tuple(skill for skill in skills if skill.strip()),
        county=data.get("county", ""),
        question=data.get("question", ""),
        form=data.get("form", ""),
        options=tuple(option for option in options if option.strip()),
        price_fen=parse_yuan(data.get("price", "").strip(), field="price"),
        visibility=data.get("visibility", PUBLIC),
        **{name: whole(data, name) for name in NUMBERS},
    )


def answers_of(data: QueryDict) -> tuple[dict[UUID, str], list[UUID]]:
    """What a sheet's form says: answers by item (`a-ID`), and items to skip (`skip`); empty ones are left in hand.

    Raises:
        NotFound: an id that is none.
    """
    skips = [_id(value) for value in data.getlist("skip")[:50]]
    values = {
        _id(name.removeprefix("a-")): data.get(name, "")[:1_000]
        for name in list(data)[:200]
        if name.startswith("a-") and data.get(name, "").strip()
    }
    return {key: value for key, value in values.items() if key not in skips}, skips


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
