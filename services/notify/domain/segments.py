"""How a text becomes SMS parts: which alphabet it needs, and where exactly it is cut.

Sources: 3GPP TS 23.038 (alphabets) and 23.040 (parts); handbook/notify.md, section 6;
handbook/domain.md, section 14 (how mainland operators bill).
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}[]~\\|€\f")  # an escape and a character: two septets
_GSM_7 = _BASIC | _EXTENSION


class Encoding(StrEnum):
    GSM_7 = "gsm-7"
    UCS_2 = "ucs-2"


class Rule(StrEnum):
    """How characters count.

    automatic: in GSM-7 if that has them all, else in UCS-2. ucs-2: in UCS-2, whatever the text.
    mainland: every character is one, as mainland operators bill; not how phones see it.
    """

    AUTOMATIC = "automatic"
    UCS_2 = "ucs-2"
    MAINLAND = "mainland"


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS of a text. units: septets, UTF-16 units or characters, by the rule."""

    text: str
    units: int


@dataclass(frozen=True, slots=True)
class Segments:
    encoding: Encoding
    units: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Count:
    """What a character weighs; how much one part holds, and each of several."""

    encoding: Encoding
    weight: Callable[[str], int]
    alone: int
    joined: int


def _septets(character: str) -> int:
    return 2 if character in _EXTENSION else 1


def _units(character: str) -> int:
    """In UTF-16: beyond the basic plane a pair of surrogates."""
    return 2 if ord(character) > 0xFFFF else 1


def _one(_: str) -> int:
    return 1


_IN_GSM_7 = _Count(Encoding.GSM_7, _septets, 160, 153)
_IN_UCS_2 = _Count(Encoding.UCS_2, _units, 70, 67)
_MAINLAND = _Count(Encoding.UCS_2, _one, 70, 67)


def split(text: str, rule: Rule = Rule.AUTOMATIC) -> Segments:
    """The parts of `text`, filled from the left; together they are the text again.

    A character of two units (an escape pair, a surrogate pair) goes whole into the next part when
    only its first half would fit: so there may be more parts than the length divided by what a part
    holds. An empty text is one empty part, as gateways send it.
    """
    count = _count(text, rule)
    weights = [count.weight(character) for character in text]
    units = sum(weights)
    if units <= count.alone:
        return Segments(count.encoding, units, (Part(text, units),))
    return Segments(count.encoding, units, tuple(_filled(text, weights, count.joined)))


def _count(text: str, rule: Rule) -> _Count:
    if rule is Rule.MAINLAND:
        return _MAINLAND
    return _IN_GSM_7 if rule is Rule.AUTOMATIC and _GSM_7.issuperset(text) else _IN_UCS_2


def _filled(text: str, weights: list[int], capacity: int) -> Iterator[Part]:
    start = held = 0
    for place, weight in enumerate(weights):
        if held + weight > capacity:
            yield Part(text[start:place], held)
            start, held = place, 0
        held += weight
    yield Part(text[start:], held)


@dataclass(frozen=True, slots=True)
class Substitution:
    """A character that GSM-7 lacks, and what it has for it; `times` in the text."""

    character: str
    instead: str
    times: int


# What compatibility forms and accents do not explain.
_LIKE: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•·∙", "*"),
    **dict.fromkeys("\u00ad\u200b\ufeff", ""),
    "\t": " ",
    "\u2028": "\n",
    "\u2029": "\n",
    "⁄": "/",
    "×": "x",
}


def into_gsm_7(text: str) -> tuple[str, tuple[Substitution, ...]] | None:
    """`text` with what GSM-7 lacks put into its words, and each change; None if it can't be.

    A suggestion: nobody's words are changed unless they say so.
    """
    lacking = Counter(character for character in text if character not in _GSM_7)
    changes = []
    for character, times in lacking.items():
        instead = _likeness(character)
        if instead is None:
            return None
        changes.append(Substitution(character, instead, times))
    table = {ord(change.character): change.instead for change in changes}
    return text.translate(table), tuple(changes)


def _likeness(character: str) -> str | None:
    """The nearest that GSM-7 has: a look-alike, the usual form, or the letter without accents."""
    plain = _LIKE.get(character)
    if plain is None:
        plain = "".join(_LIKE.get(c, c) for c in unicodedata.normalize("NFKC", character))
    if not _GSM_7.issuperset(plain):
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in apart if not unicodedata.combining(c))
    return plain if _GSM_7.issuperset(plain) else None
