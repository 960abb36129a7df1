"""Whose fault it was: the database's, and the work is repeated; or the work's, and it is not."""

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db import is_outage

STATES = {
    "08006": True,  # connection failure
    "40001": True,  # serialization failure
    "40P01": True,  # deadlock
    "53100": True,  # disk full
    "53200": True,  # out of memory
    "53300": True,  # too many connections
    "55P03": True,  # somebody holds the lock
    "57P01": True,  # an administrator ended it
    "57P03": True,  # starting up
    "58030": True,  # I/O error
    "57014": False,  # the statement takes too long: it would again
    "22021": False,  # NUL in a text
    "22003": False,  # out of range
    "23505": False,  # it is there already
    "23514": False,  # against a check
    "42P01": False,  # no such table
    "P0001": False,  # a trigger refuses
}


def raised(state: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": state, "M": "because"})


@pytest.mark.parametrize(("state", "outage"), STATES.items())
def test_by_what_postgresql_says(state, outage):
    error = raised(state)
    assert is_outage(error) is outage
    assert is_outage(DBAPIError("SELECT 1", {}, error)) is outage


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        OSError(),
        PoolTimeout(),
        asyncpg.InterfaceError("the connection is closed"),
        DBAPIError("SELECT 1", {}, OSError(), connection_invalidated=True),
        sa.exc.InterfaceError("SELECT 1", {}, OSError()),
    ],
)
def test_the_way_there(error):
    assert is_outage(error)


@pytest.mark.parametrize(
    "error", [ValueError(), ZeroDivisionError(), KeyError("x"), RuntimeError()]
)
def test_the_work_itself(error):
    assert not is_outage(error)
