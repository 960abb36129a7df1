"""Where people are reached. In clear only at the edges: as it comes in, when it is handed over."""

import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Invalid
from shared.phone import phone_of
from shared.sealed import Sealer

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}\Z)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
)

_NO_PART_OF_A_LINE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    WEBHOOK = "webhook"


class NotOneLine(Invalid):
    """An address is one line, without line breaks and control characters."""


class NotAMobile(Invalid):
    """An SMS goes to a mobile number, of 11 digits."""


class NotAnEmail(Invalid):
    """That is no e-mail address: local@domain.example, nothing before or behind it."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place to write to; nobody reads `sealed` without a key.

    index: the same for the same place. reachable: an SMS can arrive there (a landline's number is
    kept, too).
    """

    sealed: bytes
    index: str
    reachable: bool = True


class Addresses:
    """Seals and opens addresses, each bound to its channel."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def phone(self, said: str) -> Address:
        """Any phone number, as another service says it."""
        return self._sealed(Channel.SMS, said, reachable=_MOBILE.fullmatch(said) is not None)

    def mobile(self, said: str) -> Address:
        """As somebody asks for it. Raises NotOneLine, NotAPhoneNumber, NotAMobile."""
        phone = self.phone(phone_of(_one_line(said)))
        if not phone.reachable:
            raise NotAMobile
        return phone

    def email(self, said: str) -> Address:
        """As somebody asks for it; the case of the domain makes no other mailbox.

        Raises NotOneLine, NotAnEmail.
        """
        if not _EMAIL.fullmatch(_one_line(said)):
            raise NotAnEmail
        local, _, domain = said.rpartition("@")
        return self._sealed(Channel.EMAIL, f"{local}@{domain.lower()}")

    def opened(self, channel: Channel, sealed: bytes) -> str:
        """Raises Unreadable."""
        return self._sealer.open(sealed, channel)

    def _sealed(self, channel: Channel, clear: str, *, reachable: bool = True) -> Address:
        sealer = self._sealer
        return Address(sealer.seal(clear, channel), sealer.index(clear, channel), reachable)


def _one_line(said: str) -> str:
    """Raises NotOneLine: what follows a line break would be the next command to a gateway."""
    if any(unicodedata.category(character) in _NO_PART_OF_A_LINE for character in said):
        raise NotOneLine
    return said


def why_not(channel: Channel, address: Address | None) -> str | None:
    """The reason not to write there, or None."""
    if address is None:
        return "no phone number" if channel is Channel.SMS else f"no address for {channel}"
    return None if address.reachable else "not a mobile number"


def packed(known: Mapping[Channel, Address]) -> dict[str, str]:
    """As JSON holds it: what is sealed, by channel."""
    return {channel.value: b64encode(one.sealed).decode() for channel, one in known.items()}


def unpacked(data: Mapping[str, str]) -> dict[Channel, bytes]:
    return {Channel(name): b64decode(sealed) for name, sealed in data.items()}
