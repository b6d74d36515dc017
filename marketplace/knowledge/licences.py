"""Under what terms a contribution is given (贡献许可): open licences alone, and which of them go together.

Source: the licences' own words, creativecommons.org/licenses (BY 4.0 §3, BY-SA 4.0 §3(b)) and creativecommons.org/publicdomain/zero/1.0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Licence:
    """One licence: its name, what it means in Chinese and English, where its words are, and what may go into a work under it."""

    name: str
    zh: str
    en: str
    url: str
    accepts: tuple[str, ...]

    @property
    def words(self) -> tuple[str, str]:
        """Its name and what it means, in both languages."""
        return f"{self.name}：{self.zh}", f"{self.name}: {self.en}"


LICENCES = {
    "by": Licence(
        "CC BY 4.0",
        "署名即可使用、修改，包括商用",
        "may be used and changed, for gain too, with credit",
        "https://creativecommons.org/licenses/by/4.0/",
        ("by", "cc0"),
    ),
    "by-sa": Licence(
        "CC BY-SA 4.0",
        "署名即可使用、修改，改后的内容须以同样许可分享",
        "may be used and changed with credit; what comes of it is shared alike",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        ("by-sa", "by", "cc0"),
    ),
    "cc0": Licence(
        "CC0 1.0",
        "放弃一切权利，任意使用",
        "all rights are waived",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        ("cc0",),
    ),
}


def goes_into(given: str, entry: str) -> bool:
    """Whether what is given under one licence may become part of an entry under another."""
    return given in LICENCES[entry].accepts
