"""Typed reasons, levels and classes as data: read whole, or refused with the place."""

from copy import deepcopy
from typing import Any

import pytest

from services.workorders.domain.pack_file import read_pack
from services.workorders.domain.policy import BadPolicy
from services.workorders.policies import read_packs

[PACK] = [pack for pack in read_packs() if pack["id"] == "house"]


def house(*path: str, value: Any) -> dict[str, Any]:
    """The house rules with another value at a place."""
    pack = deepcopy(PACK)
    inner = pack
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return pack


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("pauses", "reasons"), {}, "section pauses: reasons are no mapping of codes"),
        (("pauses", "reasons", "weather", "times"), 0, "reason weather: not a whole number"),
        (("pauses", "reasons", "weather", "approved_by"), ["crew"], "unknown word 'crew'"),
        (("pauses", "reasons", "weather", "longest"), {"hours": 0}, "reason weather: must be"),
        (("pauses", "reasons", "weather", "tell_customer"), "no", "neither true nor false"),
        (("pauses", "reasons", "weather", "colour"), "grey", "unknown key 'colour'"),
        (("returns", "reasons", "other_duty"), "", "section returns: not a text"),
        (("returns", "reasons", "Not Ours"), "x", "section returns: not a name"),
        (("callbacks", "unreached", "busy", "final"), None, "unreached busy: neither true"),
        (("supervision", "owners"), [], "section supervision: owners are no list"),
        (("supervision", "levels", "urges"), 4, "level of urges: there are 3 levels"),
        (("supervision", "levels", "weather"), 1, "unknown word 'weather'"),
        (("protection", "types"), ["fault"], "section protection: unknown word 'fault'"),
        (("protection", "classes", "famous"), {"meaning": "x"}, "unknown word 'famous'"),
        (("protection", "classes", "vip"), {}, "class vip: 'meaning' is missing"),
        (("handling", "types", "complaint", "reopen_days"), -1, "complaint: reopen_days: not a"),
        (
            ("handling", "types", "complaint", "checklist"),
            "all",
            "complaint: checklist: not a list",
        ),
        (("handling", "default", "mood"), "good", "default: unknown key 'mood'"),
    ],
)
def test_a_mistake_is_refused_with_its_place(path, value, place):
    with pytest.raises(BadPolicy, match=place):
        read_pack(house(*path, value=value))


def test_every_section_names_its_source():
    for name in ("returns", "pauses", "callbacks", "supervision", "protection", "priority"):
        with pytest.raises(BadPolicy, match=f"section {name}: not a text"):
            read_pack(house(name, "source", value=""))
