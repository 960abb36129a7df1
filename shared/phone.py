"""Phone numbers of mainland China, in one form."""

import re
import unicodedata

from shared.errors import Invalid

_PHONE = re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}")
_NOISE = re.compile(r"[\s\-()]")
_MOBILE = re.compile(r"^(?:\+|00)?86(?=1[3-9][0-9]{9}$)")
_LANDLINE = re.compile(r"^(?:\+|00)86(?=[1-9])")


class NotAPhoneNumber(Invalid):
    """That is no phone number: a mobile has 11 digits, a landline its area code."""


def phone_of(said: str) -> str:
    """Digits only, without the country code: `+86 154-0000-0001` is `15400000001`.

    Full-width digits are digits. Raises NotAPhoneNumber.
    """
    digits = _NOISE.sub("", unicodedata.normalize("NFKC", said))
    digits = _LANDLINE.sub("0", _MOBILE.sub("", digits))
    if not _PHONE.fullmatch(digits):
        raise NotAPhoneNumber
    return digits
