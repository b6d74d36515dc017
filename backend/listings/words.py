"""Chinese words for PostgreSQL's `simple` configuration, which knows none.

The index holds the words that jieba cuts, and every single and pair of neighbouring characters; a
search asks for the pairs. So a searcher finds 青砖茶 in 羊楼洞青砖茶新厂 however the words are cut.
"""

import itertools
import logging
import re
from functools import lru_cache

import jieba

jieba.setLogLevel(logging.WARNING)

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_OTHER = re.compile(r"[0-9a-z\u00c0-\u024f]+")
_MOST = 2_000


def tokens(text: str) -> str:
    """What a text is found by, lower case, joined with spaces."""
    text = text[:_MOST].lower()
    found = list(_OTHER.findall(text))
    for run in _CHINESE.findall(text):
        found += [word for word in jieba.cut_for_search(run) if len(word) > 2]
        found += list(run) + _pairs(run)
    return " ".join(dict.fromkeys(found))


@lru_cache(maxsize=512)
def query_words(text: str) -> tuple[str, ...]:
    """What a searcher asks for, at most twelve tokens that must all be there."""
    text = text[:100].lower()
    found = list(_OTHER.findall(text))
    for run in _CHINESE.findall(text):
        found += _pairs(run) if len(run) > 1 else [run]
    return tuple(dict.fromkeys(found))[:12]


def _pairs(run: str) -> list[str]:
    return ["".join(pair) for pair in itertools.pairwise(run)]
