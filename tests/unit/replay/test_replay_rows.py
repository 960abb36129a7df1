"""A file of faults is read as a whole and right, or refused with the line that is wrong."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.replay.rows import COLUMNS, Fault, Malformed, Point, parse

GOOD = {
    "outage_id": "5812383",
    "started_at": "2025-01-24T02:10:00Z",
    "etr_at": "2025-02-01T22:00:00Z",
    "updated_at": "2025-02-01T14:39:00Z",
    "postcode": "BT60 1",
    "easting_m": "296854",
    "northing_m": "339761",
    "customers": "13",
    "status": "We've located the fault, and repairs will begin.",
    "cause": "The fault is due to severe weather conditions.",
}


def written(*rows: dict[str, str], header: str = ",".join(COLUMNS)) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row.values() for row in rows)
    return f"{header}\n{text.getvalue()}".encode()


def numbered(count: int) -> list[dict[str, str]]:
    return [GOOD | {"outage_id": str(5_800_000 + number)} for number in range(count)]


def refused(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(data, "storm.csv")
    assert str(caught.value).startswith(f"storm.csv, line {caught.value.line}: ")
    return caught.value


def test_a_line_becomes_a_fault():
    assert parse(written(GOOD), "storm.csv") == [
        Fault(
            outage_id="5812383",
            started_at=datetime(2025, 1, 24, 2, 10, tzinfo=UTC),
            etr_at=datetime(2025, 2, 1, 22, 0, tzinfo=UTC),
            updated_at=datetime(2025, 2, 1, 14, 39, tzinfo=UTC),
            postcode="BT60 1",
            point=Point(296_854, 339_761),
            customers=13,
            status="We've located the fault, and repairs will begin.",
            cause="The fault is due to severe weather conditions.",
        )
    ]


@pytest.mark.parametrize("column", ["etr_at", "postcode", "status", "cause"])
def test_what_is_not_known_yet_may_be_empty(column):
    [fault] = parse(written(GOOD | {column: ""}), "storm.csv")
    assert getattr(fault, column) is None


def test_a_fault_may_be_nowhere():
    [fault] = parse(written(GOOD | {"easting_m": "", "northing_m": ""}), "storm.csv")
    assert fault.point is None


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(ending):
    data = written(*numbered(3))
    assert parse(b"\xef\xbb\xbf" + data.replace(b"\n", ending.encode()), "x") == parse(data, "x")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "outage_id",
        ",".join(reversed(COLUMNS)),
        ",".join(COLUMNS) + ",more",
        ",".join(COLUMNS).upper(),
        ",".join(COLUMNS[:-1]),
        ";".join(COLUMNS),
    ],
)
def test_another_header_is_refused(header):
    assert refused(written(GOOD, header=header)).line == 1


def test_a_file_without_faults_is_refused():
    assert refused(b"").line == 1
    assert refused(written()).line == 2


WRONG = {
    "no id": ({"outage_id": ""}, "outage_id"),
    "an id that is no identifier": ({"outage_id": "58 12"}, "outage_id"),
    "a long id": ({"outage_id": "5" * 37}, "outage_id"),
    "no beginning": ({"started_at": ""}, "started_at"),
    "no time at all": ({"started_at": "yesterday"}, "started_at"),
    "no such day": ({"etr_at": "2025-02-30T22:00:00Z"}, "etr_at"),
    "a time without a zone": ({"updated_at": "2025-02-01T14:39:00"}, "updated_at"),
    "a time before all zones": ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at"),
    "no postcode": ({"postcode": "Armagh"}, "postcode"),
    "half a point": ({"easting_m": ""}, "easting_m"),
    "the other half": ({"northing_m": ""}, "northing_m"),
    "a coordinate in words": ({"easting_m": "east"}, "easting_m"),
    "a negative coordinate": ({"northing_m": "-1"}, "northing_m"),
    "a coordinate far out": ({"easting_m": "12345678"}, "easting_m"),
    "nobody": ({"customers": "0"}, "customers"),
    "less than nobody": ({"customers": "-2"}, "customers"),
    "half a customer": ({"customers": "1.5"}, "customers"),
    "digits of another script": ({"customers": "٣"}, "customers"),
    "unknown customers": ({"customers": ""}, "customers"),
    "two lines in one": ({"status": "one\ntwo"}, "status"),
    "a NUL": ({"cause": "\x00"}, "cause"),
    "a novel": ({"cause": "x" * 1_001}, "cause"),
}


@pytest.mark.parametrize(("change", "word"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("at", [0, 4])
def test_a_wrong_line_is_refused_by_its_number(change, word, at):
    rows = numbered(5)
    rows[at] |= change
    refusal = refused(written(*rows))
    assert refusal.line == at + 2 and word in refusal.reason


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"", "0 fields"),
        (b"5812383,2025-01-24T02:10:00Z", "2 fields"),
        (b",".join([b"1"] * 11), "11 fields"),
        (b'"5812383"x,2025-01-24T02:10:00Z', "not CSV"),
        (b'"never closed', "not CSV"),
        (b"5812383,\xff", "not UTF-8"),
    ],
)
def test_a_line_that_is_no_record_is_refused_by_its_number(line, word):
    lines = written(*numbered(4)).splitlines()
    lines[3] = line
    refusal = refused(b"\n".join(lines) + b"\n")
    assert refusal.line == 4 and word in refusal.reason


def test_the_same_outage_twice_is_refused_and_both_lines_are_named():
    rows = numbered(4)
    rows[3]["outage_id"] = rows[1]["outage_id"]
    refusal = refused(written(*rows))
    assert refusal.line == 5 and "line 3" in refusal.reason


instants = st.datetimes(timezones=st.just(UTC))
words = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=200).map(str.strip)
faults = st.builds(
    Fault,
    outage_id=st.from_regex(r"[A-Za-z0-9_-]{1,36}", fullmatch=True),
    started_at=instants,
    etr_at=st.none() | instants,
    updated_at=instants,
    postcode=st.none() | st.from_regex(r"BT[1-9][0-9]?( [0-9])?", fullmatch=True),
    point=st.none() | st.builds(Point, st.integers(0, 9_999_999), st.integers(0, 9_999_999)),
    customers=st.integers(1, 2_000),
    status=st.none() | words.filter(bool),
    cause=st.none() | words.filter(bool),
)


def cells(fault: Fault) -> dict[str, str]:
    def cell(column: str) -> str:
        value = getattr(fault.point if column.endswith("_m") else fault, column, None)
        if isinstance(value, datetime):
            return value.isoformat()
        return "" if value is None else str(value)

    return {column: cell(column) for column in COLUMNS}


@given(st.lists(faults, min_size=1, max_size=8, unique_by=lambda fault: fault.outage_id))
def test_what_is_written_is_read(written_down):
    assert parse(written(*map(cells, written_down)), "storm.csv") == written_down


@given(st.binary(max_size=300), st.integers(0, 900))
def test_whatever_happens_to_a_file_it_is_read_or_refused(noise, at):
    data = written(*numbered(3))
    for broken in (noise, data[:at] + noise + data[at:], data[:at]):
        with suppress(Malformed):
            assert parse(broken, "storm.csv")
