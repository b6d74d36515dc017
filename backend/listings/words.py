"""Chinese words for PostgreSQL's `simple` configuration, which knows none: jieba cuts, we join with spaces."""

import logging
import re
from functools import lru_cache

import jieba

jieba.setLogLevel(logging.WARNING)

_WORD = re.compile(r"\w", re.UNICODE)
_MOST = 2_000


def tokens(text: str) -> str:
    """The words of a text, lower case, in search granularity, joined with spaces."""
    cut = jieba.cut_for_search(text[:_MOST].lower())
    return " ".join(word for word in cut if _WORD.search(word))


@lru_cache(maxsize=512)
def query_words(text: str) -> tuple[str, ...]:
    """The words a searcher means, at most twelve."""
    return tuple(dict.fromkeys(tokens(text[:100]).split()))[:12]
