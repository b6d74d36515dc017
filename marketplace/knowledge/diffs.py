"""What changed between two texts: line by line, and within a line by the letter, since Chinese has no spaces to split at."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

AROUND = 2
"""How many lines that stayed are shown around one that changed."""
MOST_WORK = 2_000_000
"""How many pairs of letters are compared in all; beyond that, lines are shown as changed whole."""


@dataclass(frozen=True)
class Line:
    """One line: `-` went, `+` came, a space stayed, `…` stands for `count` lines that stayed; parts are (is changed, words)."""

    sign: str
    parts: tuple[tuple[bool, str], ...] = ()
    count: int = 0

    @property
    def text(self) -> str:
        """The line's words."""
        return "".join(words for _changed, words in self.parts)


def diff(before: str, after: str) -> list[Line]:
    """The lines that changed with a few around them; empty where nothing did."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found: list[Line] = []
    work = _Work(MOST_WORK)
    for tag, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if tag == "equal":
            stays = old[from_old:to_old]
            found += _folded(stays, is_first=from_old == 0, is_last=to_old == len(old))
        else:
            found += _changed(old[from_old:to_old], new[from_new:to_new], work)
    return found


@dataclass
class _Work:
    """What may still be compared letter by letter: a text made to be slow must not be."""

    left: int

    def takes(self, old: str, new: str) -> bool:
        """Whether two lines are compared by the letter; if so, that much less is left."""
        cost = len(old) * len(new)
        if cost > self.left:
            return False
        self.left -= cost
        return True


def _folded(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Line]:
    """Lines that stayed: those next to a change are shown, the others are counted."""
    head, tail = 0 if is_first else AROUND, 0 if is_last else AROUND
    if len(lines) <= head + tail + 1:
        yield from (_whole(" ", line) for line in lines)
        return
    yield from (_whole(" ", line) for line in lines[:head])
    yield Line("…", count=len(lines) - head - tail)
    yield from (_whole(" ", line) for line in lines[len(lines) - tail :] if tail)


def _whole(sign: str, line: str) -> Line:
    return Line(sign, ((False, line),))


def _changed(old: Sequence[str], new: Sequence[str], work: _Work) -> Iterator[Line]:
    """Lines that went and came; where as many came as went, each pair shows what differs in it."""
    if len(old) != len(new):
        yield from (_whole("-", line) for line in old)
        yield from (_whole("+", line) for line in new)
        return
    pairs = [_within(one, other, work) for one, other in zip(old, new, strict=True)]
    yield from (Line("-", went) for went, _came in pairs)
    yield from (Line("+", came) for _went, came in pairs)


Parts = tuple[tuple[bool, str], ...]


def _within(old: str, new: str, work: _Work) -> tuple[Parts, Parts]:
    if not work.takes(old, new):
        return ((True, old),), ((True, new),)
    went: list[tuple[bool, str]] = []
    came: list[tuple[bool, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if to_old > from_old:
            went.append((tag != "equal", old[from_old:to_old]))
        if to_new > from_new:
            came.append((tag != "equal", new[from_new:to_new]))
    return tuple(went), tuple(came)
