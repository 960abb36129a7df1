"""Policy packs: what they say is what runs; a bad one is refused with the place of its mistake."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest

from services.workorders.domain.policy import BadPolicy, Fact, in_force, read_pack
from services.workorders.main import read_packs

GOOD: dict[str, Any] = {
    "id": "mine",
    "version": "1",
    "valid_from": "2026-01-01",
    "limits": [
        {
            "clock": "arrival",
            "when": {"type": "fault_report", "area": ["urban", "rural"]},
            "target": {"minutes": 45, "calendar": "always"},
            "starts": "accepted",
            "stops": ["arrived", "replied"],
            "promised": True,
            "source": "somebody",
            "certainty": "A",
        },
        {
            "clock": "claim",
            "target": {"minutes": 3},
            "starts": "dispatched",
            "stops": ["claimed"],
            "source": "somebody",
            "certainty": "D",
        },
    ],
}


def spoilt(*path: Any, to: Any = None) -> dict[str, Any]:
    """GOOD with one place changed, or removed when `to` is None."""
    data: Any = deepcopy(GOOD)
    place = data
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


def test_what_a_pack_says():
    pack = read_pack(GOOD)
    [arrival] = pack.started_by(Fact.ACCEPTED, "fault_report", "urban")
    assert (arrival.target, arrival.promised) == (timedelta(minutes=45), True)
    assert arrival.stops == {Fact.ARRIVED, Fact.REPLIED}
    assert pack.started_by(Fact.ACCEPTED, "fault_report", "remote") == []
    assert pack.started_by(Fact.ACCEPTED, "complaint", "urban") == []
    [claim] = pack.started_by(Fact.DISPATCHED, "complaint", "remote")
    assert not claim.promised


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (spoilt("id"), "id"),
        (spoilt("version"), "version"),
        (spoilt("limits"), "limits"),
        (spoilt("limits", to=7), "mine"),
        (spoilt("valid_from"), "valid_from"),
        (spoilt("valid_from", to="spring"), "mine"),
        (spoilt("valid_to", to="2025-01-01"), "valid_to"),
        (spoilt("limits", 1, "target"), "limit 2: 'target'"),
        (spoilt("limits", 1, "target", to={}), "limit 2"),
        (spoilt("limits", 1, "target", to="3 minutes"), "limit 2"),
        (spoilt("limits", 1, "target", to={"minutes": 0}), "limit 2: the target"),
        (spoilt("limits", 1, "target", to={"minutes": -1}), "limit 2: the target"),
        (spoilt("limits", 1, "target", to={"minutes": "3"}), "limit 2"),
        (spoilt("limits", 1, "target", to={"minutes": float("nan")}), "limit 2"),
        (spoilt("limits", 1, "target", to={"minutes": 1e30}), "limit 2"),
        (spoilt("limits", 1, "target", to={"fortnights": 1}), "limit 2"),
        (spoilt("limits", 0, "target", "calendar", to="lunar"), "limit 1"),
        (spoilt("limits", 0, "starts", to="dreamt"), "limit 1: 'dreamt'"),
        (spoilt("limits", 0, "stops", to=["never"]), "limit 1: 'never'"),
        (spoilt("limits", 0, "stops", to="arrived"), "limit 1"),
        (spoilt("limits", 0, "stops"), "limit 1: 'stops'"),
        (spoilt("limits", 0, "when", to="fault_report"), "limit 1"),
        (spoilt("limits", 0, "clock"), "limit 1: 'clock'"),
        (spoilt("limits", 0, "source"), "limit 1: 'source'"),
        (spoilt("limits", 0, "certainty"), "limit 1: 'certainty'"),
        (spoilt("limits", 0, to="arrival in time"), "limit 1"),
    ],
)
def test_a_bad_pack_is_refused_with_the_place(data, place):
    with pytest.raises(BadPolicy) as refusal:
        read_pack(data)
    assert place in str(refusal.value)


def test_in_force_is_the_newest_version_of_the_day_and_its_overlays():
    versions = [
        GOOD | {"version": "1", "valid_from": "2026-01-01", "valid_to": "2026-07-01"},
        GOOD | {"version": "2", "valid_from": "2026-06-01"},
        GOOD | {"id": "more", "version": "1", "overlay_of": "mine"},
    ]
    packs = [read_pack(data) for data in versions]

    def on(day: date) -> list[tuple[str, str]]:
        return [(pack.id, pack.version) for pack in in_force(packs, day)]

    assert on(date(2025, 12, 31)) == []
    assert on(date(2026, 1, 1)) == [("mine", "1"), ("more", "1")]
    assert set(on(date(2026, 6, 1))) == {("mine", "2"), ("more", "1")}
    assert set(on(date(2027, 1, 1))) == {("mine", "2"), ("more", "1")}


def test_the_packs_of_this_repository_are_good_and_name_their_sources():
    packs = [read_pack(data) for data in read_packs()]
    assert {pack.id for pack in packs} == {"house", "sgcc-2022", "sgcc-2022-unverified"}
    for limit in (limit for pack in packs for limit in pack.limits):
        assert limit.source and limit.certainty in "ABCD"
        assert limit.certainty == "A" or not limit.promised, "no promise on hearsay"
