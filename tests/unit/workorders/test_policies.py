"""Policy packs: what they say is what runs; a bad one is refused with the place of its mistake."""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from services.workorders.domain.agreement import check_dates, check_from, check_together
from services.workorders.domain.ladder import Step
from services.workorders.domain.pack_file import read_pack
from services.workorders.domain.policy import (
    AREAS,
    CASE_TYPES,
    BadPolicy,
    Fact,
    Merged,
    Reopening,
    Target,
    Warning,
    in_force,
)
from services.workorders.policies import read_packs, read_yaml
from shared.contracts.intake import Area, CaseType

ARRIVAL: dict[str, Any] = {
    "clock": "arrival",
    "when": {"type": "fault_report", "area": ["urban", "rural"]},
    "target": {"minutes": 45, "calendar": "always"},
    "starts": "accepted",
    "stops": ["arrived", "replied"],
    "promised": True,
    "average": True,
    "pauses": ["no_access"],
    "merged": "mirrors",
    "reopening": "restart",
    "warnings": [{"share": 0.5}, {"before": {"minutes": 5}}],
    "ladder": "fault",
    "source": "somebody",
    "certainty": "A",
}
CLAIM: dict[str, Any] = {
    "clock": "claim",
    "target": {"minutes": 3},
    "starts": "dispatched",
    "stops": ["claimed"],
    "source": "somebody",
    "certainty": "own",
}
SHIPPED = {"sgcc-2022", "sgcc-2011", "csg", "gbt-28583-2012", "uk-gsop", "mn-md-calls"}
STEP: dict[str, Any] = {
    "when": "breached",
    "after": {"minutes": 5},
    "tell": "supervisor",
    "by": "sms",
    "every": {"minutes": 30},
    "times": 3,
    "quiet": ["22:00", "07:00"],
}
GOOD: dict[str, Any] = {
    "id": "mine",
    "version": "1",
    "valid_from": "2026-01-01",
    "limits": [ARRIVAL, CLAIM],
    "ladders": {"source": "somebody", "fault": [STEP]},
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
    assert (arrival.target, arrival.promised) == (Target(time=timedelta(minutes=45)), True)
    assert arrival.stops == {Fact.ARRIVED, Fact.REPLIED}
    assert (arrival.average, arrival.pauses) == (True, {"no_access"})
    assert (arrival.merged, arrival.reopening) == (Merged.MIRRORS, Reopening.RESTART)
    halfway, five = arrival.warnings
    assert (halfway, five) == (Warning(Decimal("0.5")), Warning(before=timedelta(minutes=5)))
    assert pack.started_by(Fact.ACCEPTED, "fault_report", "remote") == []
    assert pack.started_by(Fact.ACCEPTED, "complaint", "urban") == []
    [claim] = pack.started_by(Fact.DISPATCHED, "complaint", "remote")
    assert (claim.promised, claim.average, claim.pauses, claim.ladder) == (
        False,
        False,
        set(),
        None,
    )
    assert (claim.merged, claim.reopening) == (Merged.RUNS, Reopening.NEW)


def test_working_days_and_working_hours_name_their_calendar():
    days = spoilt("limits", 1, "target", to={"working_days": 5, "calendar": "cn-working-days"})
    hours = spoilt("limits", 1, "target", to={"hours": 2, "calendar": "cn-office"})
    assert read_pack(days).limits[1].target == Target(days=5, calendar="cn-working-days")
    assert read_pack(hours).limits[1].target == Target(timedelta(hours=2), calendar="cn-office")
    assert not read_pack(hours).limits[1].target.natural


def test_a_step_of_a_ladder():
    assert (read_pack(GOOD).ladders or {})["fault"].steps == (
        Step(
            "breached",
            timedelta(minutes=5),
            "supervisor",
            "sms",
            timedelta(minutes=30),
            3,
            (time(22), time(7)),
        ),
    )


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (spoilt("id"), "a pack: 'id' is missing"),
        (spoilt("version"), "a pack: 'version' is missing"),
        (spoilt("version", to=1), "a pack: 1 does not look like"),
        (spoilt("version", to="1/2"), "a pack: '1/2' does not look like"),
        (spoilt("id", to="My Pack"), "a pack: 'My Pack' does not look like"),
        (spoilt("limits"), "mine 1: 'limits' is missing"),
        (spoilt("limits", to=7), "mine 1: limits"),
        (spoilt("speed", to=7), "mine 1: unknown key 'speed'"),
        (spoilt("valid_from"), "mine 1: 'valid_from' is missing"),
        (spoilt("valid_from", to="spring"), "mine 1: Invalid isoformat"),
        (spoilt("valid_to", to="2025-01-01"), "mine 1: valid_to"),
        (spoilt("valid_to", to="2026-01-01"), "mine 1: valid_to"),
        (spoilt("limits", 1, "target"), "mine 1: limit 2 (claim): 'target' is missing"),
        (spoilt("limits", 1, "target", to={}), "limit 2 (claim): the target: must be positive"),
        (spoilt("limits", 1, "target", to="3 minutes"), "limit 2 (claim): not a mapping"),
        (spoilt("limits", 1, "target", to={"minutes": 0}), "limit 2 (claim): the target: must be"),
        (spoilt("limits", 1, "target", to={"minutes": -1}), "limit 2 (claim): the target: minutes"),
        (spoilt("limits", 1, "target", to={"minutes": "3"}), "limit 2 (claim): the target: minut"),
        (spoilt("limits", 1, "target", to={"minutes": True}), "limit 2 (claim): the target: minut"),
        (spoilt("limits", 1, "target", to={"minutes": float("nan")}), "limit 2 (claim)"),
        (spoilt("limits", 1, "target", to={"minutes": 1e30}), "limit 2 (claim)"),
        (spoilt("limits", 1, "target", to={"days": 4000}), "limit 2 (claim): the target: must be"),
        (spoilt("limits", 1, "target", to={"fortnights": 1}), "unknown key 'fortnights'"),
        (spoilt("limits", 1, "target", to={"working_days": 5}), "limit 2 (claim): the target"),
        (spoilt("limits", 1, "target", to={"working_days": 0, "calendar": "x"}), "whole number"),
        (spoilt("limits", 1, "target", to={"working_days": 1.5, "calendar": "x"}), "whole number"),
        (
            spoilt("limits", 1, "target", to={"working_days": 1, "hours": 1, "calendar": "x"}),
            "limit 2 (claim): the target: working_days stand alone",
        ),
        (spoilt("limits", 1, "target", to={"days": 1, "calendar": "x"}), "x has working_days"),
        (spoilt("limits", 0, "starts", to="dreamt"), "limit 1 (arrival): 'dreamt'"),
        (spoilt("limits", 0, "stops", to=["never"]), "limit 1 (arrival): 'never'"),
        (spoilt("limits", 0, "stops", to="arrived"), "limit 1 (arrival): not a list"),
        (spoilt("limits", 0, "stops", to=[]), "limit 1 (arrival): not a list"),
        (spoilt("limits", 0, "stops", to=["accepted"]), "accepted both starts and stops"),
        (spoilt("limits", 0, "stops"), "limit 1 (arrival): 'stops' is missing"),
        (spoilt("limits", 0, "when", to="fault_report"), "limit 1 (arrival): not a mapping"),
        (spoilt("limits", 0, "when", "colour", to="red"), "unknown key 'colour'"),
        (spoilt("limits", 0, "when", "type", to="fault"), "unknown word 'fault'"),
        (spoilt("limits", 0, "when", "area", to=["urban", "lunar"]), "unknown word 'lunar'"),
        (spoilt("limits", 0, "when", "class", to="royal"), "unknown word 'royal'"),
        (spoilt("limits", 0, "when", "type", to=[]), "not a list of words"),
        (spoilt("limits", 0, "clock"), "limit 1: 'clock' is missing"),
        (spoilt("limits", 0, "clock", to="The Clock"), "limit 1 (The Clock): not a name"),
        (spoilt("limits", 0, "colour", to="red"), "limit 1 (arrival): unknown key 'colour'"),
        (spoilt("limits", 0, "promised", to="yes"), "limit 1 (arrival): neither true nor false"),
        (spoilt("limits", 0, "average", to=1), "limit 1 (arrival): neither true nor false"),
        (spoilt("limits", 0, "pauses", to=3), "limit 1 (arrival): not a list of words"),
        (spoilt("limits", 0, "merged", to="floats"), "limit 1 (arrival): 'floats'"),
        (spoilt("limits", 0, "reopening", to="never"), "limit 1 (arrival): 'never'"),
        (spoilt("limits", 0, "ladder", to=3), "limit 1 (arrival): not a name"),
        (spoilt("limits", 0, "warnings", to=[{}]), "a warning is either"),
        (spoilt("limits", 0, "warnings", to=[{"share": 1.0}]), "a share lies between"),
        (spoilt("limits", 0, "warnings", to=[{"share": "0.5"}]), "a share lies between"),
        (spoilt("limits", 0, "warnings", to=[{"before": {"minutes": 45}}]), "before the clock"),
        (
            spoilt("limits", 0, "warnings", to=[{"share": 0.5, "before": {"minutes": 5}}]),
            "a warning is either",
        ),
        (spoilt("limits", 0, "source"), "limit 1 (arrival): 'source' is missing"),
        (spoilt("limits", 0, "source", to=" "), "limit 1 (arrival): not a text"),
        (spoilt("limits", 0, "certainty"), "limit 1 (arrival): 'certainty' is missing"),
        (spoilt("limits", 0, "certainty", to="E"), "limit 1 (arrival): certainty 'E'"),
        (spoilt("limits", 0, "certainty", to=["A"]), "limit 1 (arrival)"),
        (spoilt("limits", 0, "certainty", to="D"), "limit 1 (arrival): certainty D belongs into"),
        (spoilt("limits", 0, to="arrival in time"), "limit 1: not a mapping"),
        (GOOD | {"id": "mine-unverified", "overlay_of": "x"}, "limit 1 (arrival): certainty A"),
        (
            GOOD | {"limits": [CLAIM, ARRIVAL, CLAIM | {"when": {"area": "urban"}}]},
            "mine 1: mine 1: limit 3 (claim): an order that it fits fits limit 1",
        ),
        (
            GOOD | {"id": "x-unverified", "limits": [CLAIM | {"certainty": "D"}]},
            "x-unverified 1: what is unverified is an overlay",
        ),
        (spoilt("ladders", "source"), "mine 1: section ladders: 'source' is missing"),
        (spoilt("ladders", to=[]), "mine 1: section ladders"),
        (spoilt("ladders", "fault", to=[]), "section ladders: ladder fault: no list of steps"),
        (spoilt("ladders", "fault", 0, "tell"), "ladder fault: step 1: 'tell' is missing"),
        (spoilt("ladders", "fault", 0, "tell", to="mother"), "step 1: unknown word 'mother'"),
        (spoilt("ladders", "fault", 0, "by", to="pigeon"), "step 1: unknown word 'pigeon'"),
        (spoilt("ladders", "fault", 0, "when", to="whim"), "step 1: unknown word 'whim'"),
        (spoilt("ladders", "fault", 0, "after", to={"minutes": -1}), "step 1: minutes must"),
        (spoilt("ladders", "fault", 0, "times", to=1), "step 1: every and times"),
        (spoilt("ladders", "fault", 0, "every"), "step 1: every and times"),
        (spoilt("ladders", "fault", 0, "quiet", to=["22:00"]), "step 1: quiet hours"),
        (spoilt("ladders", "fault", 0, "quiet", to=["22", "7"]), "step 1: not an hour"),
        (spoilt("ladders", "fault", 0, "quiet", to=["24:00", "07:00"]), "step 1: "),
        (spoilt("ladders", "fault", 0, "quiet", to=["07:00", "07:00"]), "never end"),
        (spoilt("ladders", "fault", 0, "shout", to=True), "step 1: unknown key 'shout'"),
    ],
)
def test_a_bad_pack_is_refused_with_the_place(data, place):
    with pytest.raises(BadPolicy) as refusal:
        read_pack(data)
    assert place in str(refusal.value)


def test_in_force_is_the_version_that_began_last_and_its_overlays():
    versions = [
        GOOD | {"version": "1", "valid_from": "2026-01-01"},
        GOOD | {"version": "2", "valid_from": "2026-06-01", "valid_to": "2027-01-01"},
        GOOD | {"id": "more", "version": "1", "overlay_of": "mine"},
    ]
    packs = [read_pack(data) for data in versions]
    check_dates(packs)

    def on(day: date) -> set[tuple[str, str]]:
        return {(pack.id, pack.version) for pack in in_force(packs, day)}

    assert on(date(2025, 12, 31)) == set()
    assert on(date(2026, 1, 1)) == on(date(2026, 5, 31)) == {("mine", "1"), ("more", "1")}
    assert on(date(2026, 6, 1)) == on(date(2026, 12, 31)) == {("mine", "2"), ("more", "1")}
    assert on(date(2027, 1, 1)) == {("more", "1")}, "the one before does not come back"


@pytest.mark.parametrize(
    ("versions", "place"),
    [
        ([("1", "2026-01-01", None), ("2", "2026-01-01", None)], "mine 2: begins on the same day"),
        (
            [("1", "2026-01-01", "2026-07-01"), ("2", "2026-06-01", None)],
            "mine 1: valid_to 2026-07-01 overlaps 2, which begins on 2026-06-01",
        ),
        (
            [("3", "2026-06-01", None), ("1", "2025-01-01", "2027-01-01")],
            "mine 1: valid_to 2027-01-01 overlaps 3",
        ),
    ],
)
def test_versions_that_claim_the_same_day_are_refused(versions, place):
    packs = [
        read_pack(
            GOOD | {"version": v, "valid_from": begins} | ({"valid_to": ends} if ends else {})
        )
        for v, begins, ends in versions
    ]
    with pytest.raises(BadPolicy, match=place):
        check_dates(packs)


@pytest.mark.parametrize(
    ("pack", "place"),
    [
        (
            spoilt("limits", 1, "target", to={"working_days": 5, "calendar": "lunar"}),
            "mine 1: limit 2 (claim): unknown calendar 'lunar'",
        ),
        (spoilt("limits", 1, "ladder", to="up"), "mine 1: limit 2 (claim): unknown ladder 'up'"),
    ],
)
def test_names_that_nobody_knows_are_refused(pack, place):
    check_together([read_pack(GOOD)], {"cn-working-days"})
    with pytest.raises(BadPolicy) as refusal:
        check_together([read_pack(pack)], {"cn-working-days"})
    assert place in str(refusal.value)


@pytest.mark.parametrize(
    ("when", "twice"),
    [
        ({}, True),
        ({"type": "fault_report"}, True),
        ({"type": "complaint"}, False),
        ({"area": "remote"}, False),
        ({"type": "fault_report", "area": ["remote", "rural"]}, True),
        ({"class": "vip"}, True),
    ],
)
def test_an_order_gets_no_two_clocks_of_one_kind(when, twice):
    overlay = {"id": "more", "version": "1", "valid_from": "2026-01-01", "overlay_of": "mine"}
    more = read_pack(overlay | {"limits": [CLAIM | {"clock": "arrival", "when": when}]})
    if not twice:
        check_together([read_pack(GOOD), more], ())
        return
    with pytest.raises(BadPolicy, match=r"more 1: limit 1 \(arrival\): .* limit 1 of mine 1"):
        check_together([read_pack(GOOD), more], ())


def test_the_class_of_the_customer_chooses_and_ordinary_is_nobody_special():
    special = CLAIM | {"when": {"class": ["vip", "important_l1"]}, "target": {"minutes": 1}}
    ordinary = CLAIM | {"when": {"class": "ordinary"}}
    watched = CLAIM | {"when": {"class": "watched"}, "target": {"minutes": 2}}
    pack = read_pack(GOOD | {"limits": [special, ordinary, watched]})

    def minutes(*classes: str) -> list[timedelta | None]:
        started = pack.started_by(Fact.DISPATCHED, "complaint", "urban", classes)
        return [limit.target.time for limit in started]

    assert minutes() == [timedelta(minutes=3)]
    assert minutes("important_l1") == minutes("watched", "vip") == [timedelta(minutes=1)]
    assert minutes("watched") == [timedelta(minutes=2)]
    assert minutes("nuisance") == []


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-20T13:59:59", None),
        ("2026-11-20T14:00:00", "2026-11-20T23:00:00"),
        ("2026-11-20T17:00:00", "2026-11-20T23:00:00"),
        ("2026-11-20T22:59:59", "2026-11-20T23:00:00"),
        ("2026-11-20T23:00:00", None),
    ],
)
def test_quiet_hours_are_those_of_the_utilitys_own_clock(at, until):
    [step] = (read_pack(GOOD).ladders or {})["fault"].steps
    held = step.held_until(
        datetime.fromisoformat(at).replace(tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    )
    assert held == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


def test_types_and_areas_are_those_that_intake_takes():
    assert set(get_args(CaseType)) == CASE_TYPES
    assert set(get_args(Area)) == AREAS


@pytest.mark.parametrize("chosen", sorted(SHIPPED))
def test_each_pack_of_this_repository_can_be_chosen(chosen):
    """With the house rules and its overlays, today; what is unverified promises nothing."""
    used = [pack for pack in map(read_pack, read_packs()) if pack.belongs_to(chosen)]
    check_from(used, date(2026, 11, 20), {"cn-office", "cn-working-days", "uk-working"})
    assert {chosen, "house"} <= {pack.id for pack in in_force(used, date(2026, 11, 20))}
    for limit in (limit for pack in used for limit in pack.limits):
        assert limit.certainty in "AB" or not limit.promised, "no promise on hearsay"
        assert limit.ladder, "somebody hears of it"


def test_the_packs_of_this_repository_are_those_that_the_handbook_names():
    packs = [read_pack(data) for data in read_packs()]
    overlays = {pack.id: pack.overlay_of for pack in packs if pack.overlay_of}
    assert overlays == {"house": "any", "sgcc-2022-unverified": "sgcc-2022"}
    assert {pack.id for pack in packs} - overlays.keys() == SHIPPED


def test_the_pack_in_use_has_a_clock_for_every_step():
    used = [pack for pack in map(read_pack, read_packs()) if pack.belongs_to("sgcc-2022")]
    steps = {limit.clock for pack in used for limit in pack.limits}
    assert steps >= {
        "dispatch", "claim", "contact", "departure", "arrival", "etr", "restore", "reply",
        "callback", "archive", "urge_ack",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("id: a\nid: b", "a key appears twice"),
        ("a: &x [1]\nb: *x", "an alias is not allowed"),
        ("- 1", "not a policy pack"),
        ("", "not a policy pack"),
        ("a: [1", "not the YAML"),
        ("a: !!python/object:os.system {}", "not the YAML"),
        (b"\xff\xfe\xfa", "not the YAML"),
        ("[" * 5000, "not the YAML"),
        ('a: "\\0"', "not the YAML"),
        ('a: "\\ud800"', "not the YAML"),
        ("a: .nan", "not the YAML"),
        ("a: !!binary aGk=", "not the YAML"),
        ("? [1, 2]\n: 3", "not the YAML"),
    ],
)
def test_yaml_that_is_odd_is_refused(written, place):
    with pytest.raises(BadPolicy, match=place):
        read_yaml(written)


def test_dates_in_yaml_stay_what_was_written():
    assert read_yaml("valid_from: 2026-01-01") == {"valid_from": "2026-01-01"}
