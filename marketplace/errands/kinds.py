"""What kinds of errands there are, and which licence each needs; that it is needed is a dated rule with its source."""

from __future__ import annotations

from datetime import datetime

from backend.common import rules

KINDS: dict[str, tuple[str, str]] = {
    "survey": ("现场核查与拍照", "On-site checks and photos"),
    "delivery": ("跑腿配送", "Delivery"),
    "food": ("餐食配送", "Food delivery"),
    "housekeeping": ("家政服务", "Housekeeping"),
    "repair": ("维修安装", "Repair and installation"),
    "guide": ("导游讲解", "Guided tours"),
    "lesson": ("上门教学", "Lessons at home"),
    "care": ("医疗护理", "Nursing care"),
    "ride": ("载客出行", "Rides for people"),
}
"""Kinds of errands (服务类型)."""

LICENCES: dict[str, tuple[str, str]] = {
    "food": ("健康证明", "Health certificate"),
    "guide": ("导游证", "Tour guide licence"),
    "care": ("护士执业证书", "Nurse's practising certificate"),
    "ride": ("客运驾驶员从业资格证", "Passenger driver's qualification"),
}
"""The licence of each kind that has one (从业证照)."""

UNITS: dict[str, tuple[str, str]] = {
    "visit": ("次", "visit"),
    "hour": ("小时", "hour"),
    "day": ("天", "day"),
    "item": ("件", "item"),
    "person": ("人", "person"),
    "square_metre": ("平方米", "m²"),
    "kilometre": ("公里", "km"),
}
"""What a service is counted in (计价单位)."""


def needs_licence(kind: str, *, at: datetime) -> bool:
    """Whether a kind may only be taken with its licence in force, by the rules of the day."""
    return kind in LICENCES and rules.value(f"errands.licence.{kind}", at=at) == 1
