"""Which receipts an SMS earns, by the last digit of its handset, and how Kannel words them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote_plus
from uuid import uuid4

from deploy.gateway.journal import Sms


@dataclass(frozen=True, slots=True)
class Step:
    code: int
    stat: str = ""
    err: str = "000"
    pauses: int = 1
    """How many times the usual delay after the step before."""


SENT = Step(8)
DELIVERED = (SENT, Step(1, "DELIVRD"))
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "0": DELIVERED,
    "1": DELIVERED,
    "2": (SENT, Step(4, "ENROUTE"), Step(2, "UNDELIV", "011")),
    "3": (SENT,),  # the final receipt overtook the answer to the submission, and is lost for good
    "4": (SENT, Step(2, "EXPIRED", "001")),
    "5": DELIVERED,
    "6": (SENT, Step(4, "ACCEPTD"), Step(2, "REJECTD", "045")),
    "7": DELIVERED,
    "8": (Step(8, pauses=5), Step(1, "DELIVRD")),  # throttled, sent again
    "9": (Step(16),),
}
UNROUTABLE = Step(16, "no SMSC")


def script(handset: str) -> tuple[Step, ...]:
    return SCRIPTS.get(handset[-1:], DELIVERED)


def reply(sms: Sms, step: Step) -> bytes:
    """Kannel's %A. The `text:` of a Chinese message is cut from raw UCS-2, as in the field."""
    if step.code == 8:
        return b"ACK/"
    if step.code == 16:
        return f"NACK/{step.stat or '0x0000000b/Invalid Destination Address'}".encode()
    sent, now = (f"{at:%y%m%d%H%M}" for at in (sms.at, datetime.now(UTC)))
    head = (
        f"id:{sms.foreign_id} sub:001 dlvrd:001 submit date:{sent} done date:{now}"
        f" stat:{step.stat} err:{step.err} text:"
    )
    return head.encode() + sms.text.encode("utf-16-be" if sms.coding == 2 else "utf-8")[:20]


def receipt_url(sms: Sms, step: Step) -> str:
    now = datetime.now(UTC)
    return fill(
        sms.dlr_url,
        {
            "d": str(step.code),
            "A": reply(sms, step),
            "F": "" if step.code == 16 else sms.foreign_id,
            "n": sms.user,
            "o": sms.account,
            "D": sms.meta_data,
            "c": str(sms.coding),
            **_common(now, sms.to, sms.sender, sms.smsc),
        },
    )


def reply_url(pattern: str, handset: str, our_number: str, text: str, smsc: str) -> str:
    """Where an SMS from a customer goes: Kannel's get-url with mo-recode, so always UTF-8."""
    octets = text.encode()
    words = text.split()
    return fill(
        pattern,
        {
            "b": octets,
            "e": octets.hex(),
            "a": " ".join(words),
            "k": "".join(words[:1]),
            "r": " ".join(words[1:]),
            "c": "0",
            "C": "UTF-8",
            **_common(datetime.now(UTC), handset, our_number, smsc),
        },
    )


def fill(pattern: str, values: Mapping[str, str | bytes]) -> str:
    """Replaces Kannel's escapes. What it does not know stays: `%2F` survives, `%D0` does not."""

    def value(escape: re.Match[str]) -> str:
        letter = escape[1]
        if letter == "%":
            return "%"
        return quote_plus(values[letter]) if letter in values else escape[0]

    return re.sub(r"%(.)", value, pattern)


def _common(now: datetime, handset: str, our_number: str, smsc: str) -> dict[str, str | bytes]:
    return {
        "p": handset,
        "P": our_number,
        "q": re.sub("^00", "+", handset),
        "Q": re.sub("^00", "+", our_number),
        "i": smsc,
        "I": str(uuid4()),
        "T": str(int(now.timestamp())),
        "t": f"{now:%Y-%m-%d %H:%M:%S}",
        "B": "",
        "u": "",
    }
