"""Who the customers are and how they are reached."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import NewType
from uuid import UUID

from shared.errors import Invalid

AccountId = NewType("AccountId", UUID)


class NotAPhoneNumber(Invalid):
    """That is no phone number: a mobile has 11 digits, a landline its area code."""


@dataclass(frozen=True, slots=True)
class Account:
    """`region` is the six-digit division code; `area` is urban, rural or remote."""

    id: AccountId
    account_no: str
    name: str
    phone: str | None
    address: str
    region: str
    area: str
    transformer: str | None
    feeder: str | None
    customer_class: str
    life_support: bool
    tariff: str
    opened_on: date
    version: int = 1

    def reach_at(self, phone: str, name: str | None) -> "Account":
        """The account with this contact; itself when that is what it says already."""
        phone, name = phone_of(phone), name or self.name
        if (phone, name) == (self.phone, self.name):
            return self
        return replace(self, phone=phone, name=name, version=self.version + 1)


_PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}")
_NOISE = re.compile(r"[\s\-()]")
_MOBILE_OF_CHINA = re.compile(r"^(?:\+|00)?86(?=1[3-9][0-9]{9}$)")
_LANDLINE_OF_CHINA = re.compile(r"^(?:\+|00)86(?=[1-9])")


def phone_of(said: str) -> str:
    """Digits only, without the country code: `+86 154-0000-0001` is `15400000001`.

    Full-width digits are digits. Raises NotAPhoneNumber.
    """
    digits = _NOISE.sub("", unicodedata.normalize("NFKC", said))
    digits = _LANDLINE_OF_CHINA.sub("0", _MOBILE_OF_CHINA.sub("", digits))
    if not _PHONE.fullmatch(digits):
        raise NotAPhoneNumber
    return digits
