"""Finding an order by words: Chinese by pairs of characters, everything else by words.

No dictionary: a term of Chinese is found wherever its characters stand side by side. Width, case
and compatibility forms do not matter (NFKC, case folding).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from shared.errors import Invalid

_HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PAIRED = re.compile(f"[{_HAN}]+")
_WORD = re.compile(f"[^\\W_{_HAN}]+")
_HYPHEN = re.compile(r"(?<=[0-9a-z])-(?=[0-9a-z])")  # 2611-2000-0001-00
_MOST_TERMS, _LONGEST_WORD, _BEGINS = 8, 100, 8


class NothingToSearch(Invalid):
    """Search for one to eight terms: each a word, or at least two Chinese characters."""


@dataclass(frozen=True, slots=True)
class Query:
    """terms: must stand in the text as they are. lexemes: for the index, as a tsquery."""

    terms: tuple[str, ...]
    lexemes: str


def folded(*texts: str | None) -> str:
    """What terms are looked for in: one line a text."""
    return "\n".join(_joined(_fold(text)) for text in texts if text)


def lexemes(*texts: str | None) -> set[str]:
    """What the index knows of these texts."""
    found: set[str] = set()
    for text in texts:
        plain = _fold(text or "")
        for written in {plain, _joined(plain)}:
            found.update(_pairs(written), _words(written))
    return found


def read_query(said: str) -> Query:
    """Raises NothingToSearch."""
    terms = tuple(dict.fromkeys(_joined(_fold(said)).split()))
    if not 0 < len(terms) <= _MOST_TERMS:
        raise NothingToSearch
    wanted: dict[str, None] = {}
    for term in terms:
        pairs = [pair for run in _PAIRED.findall(term) for pair in _covering(run)]
        words = [_asked(term, match) for match in _WORD.finditer(term)]
        if not pairs and not words:
            raise NothingToSearch
        wanted |= dict.fromkeys([*(f"'{pair}'" for pair in pairs), *words])
    return Query(terms, " & ".join(wanted))


def _asked(term: str, match: re.Match[str]) -> str:
    """A long word at the end of a term may be the beginning of one; a short one is all of it."""
    word = match[0][:_LONGEST_WORD]
    begins = match.end() == len(term) and len(word) >= _BEGINS
    return f"'{word}':*" if begins or len(match[0]) > _LONGEST_WORD else f"'{word}'"


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _joined(text: str) -> str:
    """Numbers are spoken in groups and written with hyphens, or without."""
    return _HYPHEN.sub("", text)


def _pairs(text: str) -> Iterator[str]:
    for run in _PAIRED.findall(text):
        yield from (run[n : n + 2] for n in range(len(run) - 1))


def _covering(run: str) -> list[str]:
    """As few pairs as have every character in them: that they stand side by side is looked at."""
    pairs = list(_pairs(run))
    return list(dict.fromkeys([*pairs[::2], *pairs[-1:]]))


def _words(text: str) -> Iterator[str]:
    yield from (word[:_LONGEST_WORD] for word in _WORD.findall(text))
