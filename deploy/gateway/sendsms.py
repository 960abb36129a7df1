"""Reads a request to Kannel's sendsms as Kannel 1.4.5 does, and refuses in its words."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import parse_qsl

from deploy.gateway.journal import Sms

GLOBAL_SENDER = "95598"
NUMBER = re.compile(r"[0-9 +-]+")
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}[]~\\|€\f")
# What five parts hold (max-messages = 5): septets, octets, UTF-16 units. The rest is cut silently.
ROOM = {0: 5 * 153, 1: 5 * 134, 2: 5 * 67}


class Answer(NamedTuple):
    status: int
    body: str


ACCEPTED = Answer(202, "0: Accepted for delivery")
QUEUED = Answer(202, "3: Queued for later delivery")
NOT_ALLOWED = Answer(403, "Authorization failed for sendsms")
NOT_ROUTABLE = Answer(403, "Not routable. Do not try again.")
TRY_LATER = Answer(503, "Temporal failure, try again later.")


class Refused(Exception):
    """Kannel does not take this request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


Parameters = Mapping[str, bytes]


def parameters(query: bytes) -> Parameters:
    """The query's values as bytes: which characters they are depends on other parameters."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return {name: value.encode("latin-1") for name, value in reversed(pairs)}  # the first one wins


def read(given: Parameters, default_smsc: str) -> list[Sms]:
    """One for every receiver. Raises Refused."""
    coding = _number(given, "coding", "Coding", range(3))
    if coding is None:
        coding = 1 if given.get("udh") else 0
    receivers = _receivers(given)
    sms = Sms(
        to=receivers[0],
        sender=_word(given, "from") or GLOBAL_SENDER,
        text=_text(given.get("text", b""), coding, _word(given, "charset")),
        coding=coding,
        smsc=_word(given, "smsc") or default_smsc,
        user=_word(given, "username"),
        account=_word(given, "account"),
        priority=_number(given, "priority", "Priority", range(4)),
        validity=_number(given, "validity", "Validity", range(10**9)),
        dlr_mask=_number(given, "dlr-mask", "DLR-Mask", range(64)) or 0,
        dlr_url=_dlr_url(given),
        meta_data=_word(given, "meta-data"),
    )
    return [sms, *(sms.again(receiver) for receiver in receivers[1:])]


def _rejected(reason: str) -> Refused:
    return Refused(Answer(400, f"{reason}, rejected"))


def _word(given: Parameters, name: str) -> str:
    return given.get(name, b"").decode("utf-8", "replace")


def _number(given: Parameters, name: str, title: str, allowed: range) -> int | None:
    """None for what is absent, -1 or not a number: Kannel reads it with sscanf."""
    found = re.match(r"\s*[+-]?\d{1,9}", _word(given, name), re.ASCII)
    number = int(found[0]) if found else -1
    if number != -1 and number not in allowed:
        raise _rejected(f"{title} field misformed")
    return None if number == -1 else number


def _receivers(given: Parameters) -> list[str]:
    if "to" not in given:
        raise _rejected("Missing receiver number")
    if not given["to"]:
        raise _rejected("Empty receiver number not allowed")
    numbers = dict.fromkeys(_word(given, "to").split())
    allowed = [number for number in numbers if NUMBER.fullmatch(number)]
    if not allowed:
        raise Refused(Answer(400, "Number(s) has/have been denied by white- and/or black-lists."))
    return allowed


def _dlr_url(given: Parameters) -> str:
    url = _word(given, "dlr-url")
    if url and not url.lower().startswith(("http://", "https://")):
        raise _rejected("DLR-URL field misformed")
    return url


def _text(octets: bytes, coding: int, charset: str) -> str:
    """What the handset shows: no character its alphabet lacks, no more than five parts."""
    if coding == 1:
        return octets[: ROOM[1]].decode("latin-1")
    try:
        text = octets.decode(charset or ("utf-16-be" if coding == 2 else "utf-8"))
        text.encode()
    except (LookupError, UnicodeError):
        raise _rejected("Charset or body misformed") from None
    if coding == 2:
        return _cut(text, ROOM[2], _units)
    seen = "".join(c if c in GSM_BASIC or c in GSM_EXTENDED else "?" for c in text)
    return _cut(seen, ROOM[0], _septets)


def _cut(text: str, room: int, weight: Callable[[str], int]) -> str:
    if 2 * len(text) <= room:
        return text
    return text[: bisect_right(list(accumulate(map(weight, text))), room)]


def _units(character: str) -> int:
    return len(character.encode("utf-16-be")) // 2


def _septets(character: str) -> int:
    return 2 if character in GSM_EXTENDED else 1
