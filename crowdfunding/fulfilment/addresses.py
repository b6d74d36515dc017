"""A delivery address (收货信息): its form, its seal, and its mask."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from backend.common import encryption
from backend.common.errors import Invalid, Refusal, refuse_any

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Address:
    """Who receives a parcel, where, under which number."""

    name: str
    phone: str
    region: str
    street: str

    @property
    def masked(self) -> str:
        """Enough to know one's own address again: 王*，138****1234，湖北省咸宁市咸安区."""
        return f"{self.name[:1]}*，{self.phone[:3]}****{self.phone[-4:]}，{self.region}"


def read(name: str, phone: str, region: str, street: str) -> Address:
    """An address from a form, tidied.

    Raises:
        Refusals: every field that does not fit.
    """
    made = Address(*(" ".join(_CONTROL.sub(" ", text).split()) for text in (name, phone, region, street)))
    refuse_any(
        [
            _length(made.name, 1, 30, "请填写收件人", "Who receives it?", "recipient"),
            None
            if _PHONE.fullmatch(made.phone)
            else Invalid("请填写有效的手机或座机号码", "Enter a valid phone number", field="phone"),
            _length(made.region, 2, 60, "请填写省市区", "Province, city and district, please", "region"),
            _length(made.street, 4, 120, "请填写详细地址", "The street and number, please", "street"),
        ]
    )
    return made


def _length(text: str, least: int, most: int, zh: str, en: str, field: str) -> Refusal | None:
    return None if least <= len(text) <= most else Invalid(zh, en, field=field)


def seal(address: Address, *, place: str) -> str:
    """The address as it is stored."""
    return encryption.encrypt(json.dumps(asdict(address), ensure_ascii=False), place=place)


def unseal(sealed: str, *, place: str) -> Address:
    """The address that `seal` stored at this place."""
    return Address(**json.loads(encryption.decrypt(sealed, place=place)))
