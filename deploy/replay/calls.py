"""From faults to the calls about them: who calls, from where, with which Idempotency-Key.

Nothing here is drawn by lot: the same file and run give the same calls, so a run may be repeated.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from deploy.replay.rows import Fault, Point

REGIONS = ("320505", "320506", "320507", "320508", "320509")

# Of 154, which is given out to no mobile phone, the part that the demo's people do not use; and of
# that the handsets that our gateway's network reaches: with other last digits it fails on purpose.
_STEMS, _REACHED = range(1_540_001_000, 1_541_000_000), "0157"
_PHONES = len(_STEMS) * len(_REACHED)

# Northern Ireland on the Irish Grid. Outside (the file has 0 0) the point says nothing.
_EASTINGS, _NORTHINGS = range(180_000, 370_000), range(305_000, 460_000)
_WEST_OF_LOUGH_ERNE, _NORTH_COAST = 220_000, 420_000

_BELFAST = range(1, 18)  # BT1 to BT17
_BY_POSTCODE = (
    (_BELFAST, "320508"),
    (range(18, 40), "320505"),  # Down and Antrim
    (range(40, 60), "320506"),  # the north coast and Derry
    (range(60, 72), "320507"),  # Armagh and Dungannon
    (range(72, 100), "320509"),  # Fermanagh and Tyrone
)
_CENTRES = {
    "320505": Point(345_000, 345_000),
    "320506": Point(285_000, 420_000),
    "320507": Point(295_000, 350_000),
    "320508": Point(334_000, 374_000),
    "320509": Point(235_000, 355_000),
}
_NOWHERE = "320508"  # where the call center is

_GIVEN = (
    "Aoife", "Brendan", "Ciara", "Declan", "Eimear", "Fergus", "Grainne", "Hugh", "Isobel",
    "James", "Kathleen", "Liam", "Maeve", "Niall", "Orla", "Patrick", "Roisin", "Sean", "William",
)  # fmt: skip
_FAMILY = (
    "Boyle", "Campbell", "Devlin", "Donnelly", "Ferguson", "Gallagher", "Hamilton", "Kelly",
    "Maguire", "McAllister", "McCann", "Mullan", "Nesbitt", "O'Neill", "Quinn", "Rooney", "Wilson",
)  # fmt: skip


class TooManyCalls(ValueError):
    """There are not enough phone numbers for so many callers."""


@dataclass(frozen=True, slots=True)
class Call:
    """One case to file. `key` is its Idempotency-Key: the same call again has the same one."""

    key: str
    outage_id: str
    transformer: str
    phone: str
    body: dict[str, Any]


def calls(faults: Sequence[Fault], run: str, *, each_customer: bool) -> list[Call]:
    """One call a fault, or one a customer without power. Raises TooManyCalls."""
    total = sum(fault.customers for fault in faults) if each_customer else len(faults)
    if total > _PHONES:
        raise TooManyCalls(f"{total} callers, but only {_PHONES} phone numbers for them")
    first = crc32(run.encode())
    return [
        _call(fault, who, run, _phone(first + nth))
        for nth, (fault, who) in enumerate(_callers(faults, each_customer))
    ]


def _phone(nth: int) -> str:
    stem, ending = divmod(nth % _PHONES, len(_REACHED))
    return f"{_STEMS[stem]}{_REACHED[ending]}"


def _callers(faults: Sequence[Fault], each_customer: bool) -> Iterator[tuple[Fault, str]]:
    """A fault with what tells its callers apart. No outage_id holds a dot."""
    for fault in faults:
        if each_customer:
            for number in range(1, fault.customers + 1):
                yield fault, f"{fault.outage_id}.{number}"
        else:
            yield fault, fault.outage_id


def _call(fault: Fault, who: str, run: str, phone: str) -> Call:
    transformer = f"NIE-{fault.outage_id}"
    location = {"region": region(fault), "area": area(fault), "transformer": transformer}
    if where := address(fault):
        location["address"] = where
    body = {
        "type": "fault_report",
        "channel": "phone",
        "description": description(fault),
        "caller": {"name": _name(who), "phone": phone},
        "location": location,
    }
    return Call(f"replay-{run}-{who}", fault.outage_id, transformer, phone, body)


def region(fault: Fault) -> str:
    """The demo district that stands for this place: by its postcode, else the nearest one."""
    district = _district(fault)
    for postcodes, code in _BY_POSTCODE:
        if district in postcodes:
            return code
    point = _place(fault)
    if point is None:
        return _NOWHERE
    return min(REGIONS, key=lambda code: _apart(_CENTRES[code], point))


def area(fault: Fault) -> str:
    """Urban: Belfast (BT1 to BT17). Remote: easting below 220 km or northing above 420 km."""
    if _district(fault) in _BELFAST:
        return "urban"
    point = _place(fault)
    if point is None:
        return "rural"
    far = point.easting_m < _WEST_OF_LOUGH_ERNE or point.northing_m > _NORTH_COAST
    return "remote" if far else "rural"


def address(fault: Fault) -> str | None:
    """What the file says of the place, None when that is nothing."""
    point = _place(fault)
    grid = f"Irish Grid {point.easting_m} {point.northing_m}" if point else None
    return ", ".join(part for part in (fault.postcode, grid) if part) or None


def description(fault: Fault) -> str:
    """The fault in words, as far as the file knows it."""
    said = [
        f"No power since {_moment(fault.started_at)}.",
        f"Customers affected: {fault.customers}.",
        fault.cause,
        fault.status,
        f"Expected back: {_moment(fault.etr_at)}." if fault.etr_at else None,
        f"As of {_moment(fault.updated_at)}.",
    ]
    return " ".join(part for part in said if part)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _district(fault: Fault) -> int | None:
    """94 of BT94 1; None elsewhere."""
    match = re.match(r"BT(\d{1,2})(?: |$)", fault.postcode or "")
    return int(match[1]) if match else None


def _place(fault: Fault) -> Point | None:
    point = fault.point
    if point and point.easting_m in _EASTINGS and point.northing_m in _NORTHINGS:
        return point
    return None


def _apart(one: Point, other: Point) -> int:
    return (one.easting_m - other.easting_m) ** 2 + (one.northing_m - other.northing_m) ** 2


def _name(who: str) -> str:
    chosen = crc32(who.encode())
    return f"{_GIVEN[chosen % len(_GIVEN)]} {_FAMILY[chosen // len(_GIVEN) % len(_FAMILY)]}"
