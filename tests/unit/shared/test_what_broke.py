"""A failure in the log: what and where, and never the values."""

import io
import json
import logging

import asyncpg
import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from shared import telemetry

PERSON = "王小明"


@pytest.fixture
def lines(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before = logging.getLogger().handlers[:]
    telemetry.log_as_json("tests", "info")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:] = before


def fail() -> None:
    try:
        int(f"{PERSON}")
    except ValueError as error:
        said = {"C": "23514", "M": "no", "D": f"Failing row contains ({PERSON})", "n": "ck_cases"}
        raise IntegrityError("INSERT", {}, asyncpg.PostgresError.new(said)) from error


def test_neither_ours_nor_a_librarys_lines_tell_values(lines):
    for log in (structlog.get_logger("shared.test"), logging.getLogger("uvicorn.error")):
        try:
            fail()
        except IntegrityError:
            log.exception("it.failed")
    told = lines()
    assert [line["event"] for line in told] == ["it.failed", "it.failed"]
    for line in told:
        assert PERSON not in json.dumps(line, ensure_ascii=False)
        assert line["exception"][0].startswith("IntegrityError")
        assert any("fail" in place for place in line["exception"])
        assert "ValueError" in line["exception"]


def test_all_of_a_group_are_told(lines):
    group = ExceptionGroup("two", [ValueError(PERSON), KeyError(PERSON)])
    structlog.get_logger("shared.test").error("it.failed", exc_info=group)
    [line] = lines()
    assert line["exception"] == ["ExceptionGroup", "ValueError", "KeyError"]


def test_an_endless_chain_ends(lines):
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    structlog.get_logger("shared.test").error("it.failed", exc_info=first)
    [line] = lines()
    assert line["exception"] == ["ValueError", "KeyError"]
