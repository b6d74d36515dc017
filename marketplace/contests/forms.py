"""What pages and API read of a contest's terms: form only, meaning is the operations' business."""

from __future__ import annotations

import re

from django.http import QueryDict

from backend.common.errors import Invalid
from backend.common.fen import Fen, parse_yuan
from marketplace.contests.models import COUNT, Contest
from marketplace.contests.operations.drafts import Terms
from marketplace.invitations.models import PUBLIC
from marketplace.tasks.forms import whole


def prizes_of(text: str, mode: str) -> tuple[Fen, ...]:
    """Prizes in yuan, one a line or apart by commas; of a piece-rate contest `80 x 20`: so much for each of so many.

    Raises:
        Invalid: something else.
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*[x×*]\s*(\d{1,3})\s*", text)
    if mode == COUNT and found:
        return (parse_yuan(found.group(1), field="prizes"),) * int(found.group(2))
    parts = [part.strip() for part in re.split(r"[\n,，、;；]+", text) if part.strip()]
    if not parts or len(parts) > 200:
        raise Invalid("请填写奖金", "Enter the prizes", field="prizes")
    return tuple(parse_yuan(part, field="prizes") for part in parts)


def terms_of(data: QueryDict) -> Terms:
    """The editor's fields; criteria come as two lists side by side, empty lines are left out."""
    titles, weights = data.getlist("criterion_title")[:20], data.getlist("criterion_weight")[:20]
    rows = [(title.strip(), weight.strip()) for title, weight in zip(titles, weights, strict=False)]
    mode = data.get("mode", "")
    skills = data.get("skills", "").replace("，", ",").replace("、", ",").split(",")
    return Terms(
        title=data.get("title", ""),
        summary=data.get("summary", ""),
        brief=data.get("brief", "")[:30_000],
        category=data.get("category", ""),
        skills=tuple(skill for skill in skills if skill.strip()),
        county=data.get("county", ""),
        mode=mode,
        prizes=prizes_of(data.get("prizes", "")[:3_000], mode),
        criteria=tuple((title, _weight(weight)) for title, weight in rows if title or weight),
        tie_rule=data.get("tie_rule", ""),
        is_blind=data.get("is_blind") == "1",
        rights=data.get("rights", ""),
        gallery=data.get("gallery", ""),
        entry_limit=whole(data, "entry_limit"),
        entry_days=whole(data, "entry_days"),
        judge_days=whole(data, "judge_days"),
        publicity_days=whole(data, "publicity_days"),
        finalists=_or_none(data, "finalists"),
        grant_fen=_yuan_or_none(data.get("grant", "")),
        final_days=_or_none(data, "final_days") or 30,
        secrecy_years=_or_none(data, "secrecy_years"),
        secret=data.get("secret", "")[:30_000],
        visibility=data.get("visibility", PUBLIC),
    )


def _or_none(data: QueryDict, name: str) -> int:
    """A whole number; an empty field is 0."""
    return whole(data, name) if data.get(name, "").strip() else 0


def _yuan_or_none(text: str) -> Fen:
    return parse_yuan(text, field="grant_fen") if text.strip() not in ("", "0") else 0


def _weight(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def yuan_text(fen: Fen) -> str:
    """A sum as it is typed."""
    return f"{fen // 100}.{fen % 100:02d}".removesuffix(".00")


def prizes_text(contest: Contest) -> str:
    """Prizes as they are typed."""
    yuan = [yuan_text(prize) for prize in contest.sums]
    if contest.mode == COUNT and yuan:
        return f"{yuan[0]} x {len(yuan)}"
    return "、".join(yuan)
