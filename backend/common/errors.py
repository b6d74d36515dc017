"""Refusals: the answers a rule gives, apart from faults.

A refusal is raised where the rule is known and turned into `application/problem+json`, or a message
on a page, in one place. `Refusals` carries every failed rule at once, so that nobody mends one
thing only to meet the next.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language


class Refusal(Exception):
    """One rule that says no (拒绝).

    Subclasses set `status` (HTTP), `code` (stable, for programs), the sentence in both languages,
    `remedy_*` (what to do next) and `source` (the article behind the rule). `facts` fill the sentences.
    """

    status: int = 409
    code: str = "refused"
    zh: str = "操作未能完成"
    en: str = "This could not be done"
    remedy_zh: str = ""
    remedy_en: str = ""
    source: str = ""
    overridable: bool = False

    def __init__(self, *, field: str = "", **facts: object) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.code)

    @property
    def reasons(self) -> tuple[Refusal, ...]:
        """Every failed rule; one here, several in `Refusals`."""
        return (self,)

    def text(self, language: str = "") -> str:
        """The sentence in `language`, or in the reader's."""
        english = (language or get_language() or "zh").startswith("en")
        return (self.en if english else self.zh).format(**self.facts)

    def remedy(self, language: str = "") -> str:
        """What to do next, in `language` or in the reader's."""
        english = (language or get_language() or "zh").startswith("en")
        return (self.remedy_en if english else self.remedy_zh).format(**self.facts)

    def __str__(self) -> str:
        return self.text()


class Refusals(Refusal):
    """Several rules that say no together."""

    code = "several_rules"

    def __init__(self, reasons: Iterable[Refusal]) -> None:
        self._reasons = tuple(reasons)
        super().__init__()
        self.status = max(reason.status for reason in self._reasons)

    @property
    def reasons(self) -> tuple[Refusal, ...]:
        return self._reasons

    def text(self, language: str = "") -> str:
        english = (language or get_language() or "zh").startswith("en")
        return ("; " if english else "；").join(reason.text(language) for reason in self._reasons)


def refuse_any(reasons: Iterable[Refusal | None]) -> None:
    """Raise what failed: nothing, the one rule, or all of them together."""
    failed = [reason for reason in reasons if reason is not None]
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise Refusals(failed)


class Invalid(Refusal):
    """A value whose form is wrong."""

    status, code = 400, "invalid"
    zh, en = "{problem_zh}", "{problem_en}"

    def __init__(self, zh: str, en: str, *, field: str = "") -> None:
        super().__init__(field=field, problem_zh=zh, problem_en=en)


class NotFound(Refusal):
    """Missing, or not for this reader: the two look alike."""

    status, code = 404, "not_found"
    zh, en = "没有找到，或您无权查看", "Not found, or not yours to see"


class Forbidden(Refusal):
    """The reader is known, and may not."""

    status, code = 403, "forbidden"
    zh, en = "您没有进行此操作的权限", "You may not do this"


class SignInNeeded(Refusal):
    """Nobody is signed in."""

    status, code = 401, "sign_in_needed"
    zh, en = "请先登录", "Please sign in first"


class Busy(Refusal):
    """A neighbour is down or overloaded; nothing was changed."""

    status, code = 503, "busy"
    zh, en = "系统繁忙，请稍后重试", "The service is busy; please try again shortly"
