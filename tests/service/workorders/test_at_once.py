"""What comes at once is opened with one look at the world, and ends as what came one by one."""

from collections import Counter
from uuid import uuid4

import pytest

from services.workorders import consumers
from shared.contracts.intake import Location
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import accepted, as_message
from tests.service.workorders.roster import Roster

pytestmark = pytest.mark.anyio

PROTECTED, REPRESENTED = "320500000001", "320500000002"


@pytest.fixture
async def known(workorders, token) -> None:
    """A customer on life support, and one whose representative is of team LH-2."""
    roster = Roster(workorders, token)
    await roster.enrol("li", "LH-2")
    await roster.represents("li", REPRESENTED)
    body = {
        "account_no": PROTECTED,
        "code": "life_support",
        "valid_from": NINE.isoformat(),
        "region": "320505",
        "source": "list of 2026",
    }
    await roster.sure("POST", "/v1/protected-customers", body)


def _at(transformer: str, region: str = "320505") -> Location:
    return Location(region=region, area="urban", address="学府路12号", transformer=transformer)


def _calls():
    yield accepted(location=_at("T-1"))
    yield accepted(location=_at("T-1"))
    yield accepted(account_no=PROTECTED)
    yield accepted(account_no=REPRESENTED, case_type="complaint")
    yield accepted(location=_at("T-2", "320599"))
    for _ in range(25):
        yield accepted()
    yield accepted(location=_at("T-1"))


@pytest.mark.parametrize("at_once", [1, 7, 31])
async def test_orders_that_come_together_know_of_each_other(workorders, known, at_once):
    events = list(_calls())
    for begin in range(0, len(events), at_once):
        some = enumerate(events[begin : begin + at_once], start=begin)
        await hear(workorders, *(as_message(event, offset) for offset, event in some))

    rows = await workorders.rows("SELECT * FROM work_orders")
    by_case = {row.case_id: row for row in rows}
    orders = [by_case[event.case_id] for event in events]
    leads, follows, protected, represented, elsewhere, *_others, last = orders
    assert leads.status == "dispatched" and follows.status == last.status == "merged"
    assert follows.master_id == last.master_id == leads.id
    assert [one["code"] for one in protected.protected] == ["life_support"]
    assert protected.priority > leads.priority
    assert represented.team == "LH-2"
    assert elsewhere.team == "SZ"
    teams = Counter(order.team for order in orders if order.status == "dispatched")
    assert abs(teams["LH-1"] - teams["LH-2"]) <= 1 and teams["SZ"] == 1
    assert await workorders.rows("SELECT 1 FROM parked") == []


async def test_a_case_that_came_before_makes_no_second_order(workorders):
    first = accepted()
    await hear(workorders, as_message(first, 0))
    again = first.model_copy(update={"number": "2611-2000-0002-00"})
    others = [accepted(case_id=uuid4()) for _ in range(3)]
    await hear(workorders, *(as_message(event, n + 1) for n, event in enumerate([*others, again])))
    assert len(await workorders.rows("SELECT 1 FROM work_orders")) == 4


async def test_what_was_asked_ahead_is_forgotten_when_something_is_written(workorders):
    """It would not know of it."""
    first, second = accepted(location=_at("T-1")), accepted(location=_at("T-1"))
    heard = workorders.service.heard[first.type]
    async with workorders.database.begin() as tx:
        await consumers.ask_ahead(tx, [first, second], NINE)
        assert tx.ahead
        for event in (first, second):
            await heard.handle(tx, event, Stamp(by="test", at=NINE))
            await tx.write_what_was_left()
            assert not tx.ahead
    rows = {row.case_id: row for row in await workorders.rows("SELECT * FROM work_orders")}
    one, two = rows[first.case_id], rows[second.case_id]
    assert (one.status, two.status, two.master_id) == ("dispatched", "merged", one.id)
