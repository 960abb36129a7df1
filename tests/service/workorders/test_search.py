"""Orders are found by words and by phone: at once, by whom they concern, and leaving no trace."""

import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.workorders.main import WorkordersSettings
from shared.contracts.intake import Caller, Location
from tests.service.conftest import hear
from tests.service.given import accepted, as_message
from tests.service.workorders.field import Field

pytestmark = pytest.mark.anyio

PHONE = "15912345678"


@pytest.fixture
def desk(token):
    return token("agent", "3205")


@pytest.fixture
def ask(workorders, desk):
    """The case numbers that a search finds."""

    async def asked(q: str, headers=desk, **more) -> list[str]:
        found = await workorders.client.get(
            "/v1/work-orders/search", params={"q": q, **more}, headers=headers
        )
        assert found.status_code == 200, found.text
        return [order["case_number"] for order in found.json()["items"]]

    return asked


@pytest.fixture
def call(workorders, desk):
    """What a search by phone answers."""

    async def called(body: dict, headers=desk):
        return await workorders.client.post("/v1/work-orders/search", json=body, headers=headers)

    return called


async def opened(field: Field, number: str, address: str, region: str = "320505", **more) -> str:
    where = Location(region=region, area="urban", address=address)
    return await field.opened(number=number, location=where, region=region, **more)


async def test_an_order_is_found_by_its_words_as_soon_as_it_is_there(field, ask):
    await opened(field, "2611-2000-0001-00", "临湖区学府路12号3室", description="整栋楼停电")
    await opened(field, "2611-2000-0002-00", "临湖区人民路7号", description="变压器 Sparks 冒火花")
    assert await ask("学府路") == await ask("停电") == ["2611-2000-0001-00"]
    assert sorted(await ask("临湖")) == ["2611-2000-0001-00", "2611-2000-0002-00"]
    assert await ask("临湖 sparks") == await ask("ＳＰＡＲＫＳ") == ["2611-2000-0002-00"]
    assert await ask("学府路12号") == ["2611-2000-0001-00"]
    assert await ask("2611-2000-0002-00") == await ask("26112000000200") == ["2611-2000-0002-00"]
    assert len(await ask("2611-2000")) == 2
    assert await ask("府学") == await ask("学府 人民") == []


async def test_characters_must_stand_side_by_side(field, ask):
    await opened(field, "1", "学府街府路口")
    await opened(field, "2", "学府路口")
    assert await ask("学府路") == ["2"]


async def test_an_order_that_came_to_nothing_is_not_found(workorders, ask):
    event = accepted(number="1")
    async with workorders.database.begin() as tx:
        await tx.run("ALTER TABLE work_orders ADD CONSTRAINT none CHECK (false) NOT VALID")
    try:
        await hear(workorders, as_message(event))
        assert await ask("学府路") == []
    finally:
        async with workorders.database.begin() as tx:
            await tx.run("ALTER TABLE work_orders DROP CONSTRAINT none")
    assert await workorders.rows("SELECT 1 FROM order_search") == []


async def test_pages_newest_first_and_none_twice(workorders, field, desk, clock):
    for number in range(7):
        clock.now += timedelta(seconds=1)
        await opened(field, f"{number}", "学府路1号")
    seen, cursor = [], None
    while True:
        query = {"q": "学府路", "limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await workorders.client.get("/v1/work-orders/search", params=query, headers=desk)
        seen += [order["case_number"] for order in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            break
    assert seen == [f"{number}" for number in reversed(range(7))]


async def test_another_regions_orders_are_found_by_nothing(field, ask, call, token):
    await opened(field, "1", "学府路1号", caller=Caller(phone=PHONE))
    foreign = token("agent", "3301")
    assert await ask("学府路", foreign) == []
    assert (await call({"phone": PHONE}, foreign)).json()["items"] == []
    assert await ask("学府路", token("agent", "320505")) == ["1"]
    assert await ask("学府路", token("agent", "320506")) == []


async def test_what_is_found_is_masked(workorders, field, call):
    await opened(field, "1", "临湖区学府路12号3室", caller=Caller(phone=PHONE))
    for body in ({"q": "学府路"}, {"phone": PHONE}):
        [order] = (await call(body)).json()["items"]
        assert order["address"] == "临湖区学府路****"


async def test_by_phone_however_it_is_written(field, call):
    await opened(field, "1", "学府路1号", caller=Caller(phone=PHONE))
    await opened(field, "2", "学府路1号", caller=Caller(phone="15900000000"))
    await opened(field, "3", "学府路1号", caller=Caller(phone="withheld"))
    await opened(field, "4", "学府路1号", caller=Caller())
    for written in (PHONE, "+86 159 1234 5678", "１５９１２３４５６７８"):
        found = (await call({"phone": written})).json()["items"]
        assert [order["case_number"] for order in found] == ["1"], written


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "nobody"}, {"q": "路"}, {"q": "停电", "phone": PHONE}, {"q": "停电", "x": 1}],
)
async def test_what_can_not_be_looked_for_is_refused(call, body):
    assert (await call(body)).status_code == 422


async def test_every_search_is_on_record_and_no_number_is_anywhere(
    workorders, field, call, ask, caplog, capfd
):
    for name in ("shared", "services", "uvicorn"):
        caplog.set_level(logging.DEBUG, logger=name)
    await opened(field, "1", "学府路1号", caller=Caller(phone=PHONE))
    await call({"phone": PHONE})
    await call({"phone": PHONE + "x"})
    await ask("学府路")
    rows = await workorders.rows(
        "SELECT by, role, about, facts FROM audit WHERE action = 'orders.searched' ORDER BY id"
    )
    assert [(row.by, row.role, row.about, row.facts["found"]) for row in rows] == [
        ("agent-1", "agent", "phone", 1),
        ("agent-1", "agent", "words", 1),
    ]
    told = caplog.text + "".join(capfd.readouterr())
    for table in ("audit", "order_search", "outbox", "work_orders"):
        kept = await workorders.rows(f"SELECT CAST({table} AS text) AS line FROM {table}")
        told += "".join(row.line for row in kept)
    told += (await workorders.client.get("/metrics")).text
    assert PHONE not in told
    audited = "".join(str(row.facts) for row in rows)
    assert "学府" not in audited


def test_production_wants_a_key_of_its_own(monkeypatch):
    monkeypatch.delenv("WATTLINE_INDEX_KEY", raising=False)
    with pytest.raises(ValidationError, match="index_key"):
        WorkordersSettings(production=True)
    with pytest.raises(ValidationError):
        WorkordersSettings(index_key="short")
    own = WorkordersSettings(production=True, index_key="a key of thirty-two characters, or more")
    assert "thirty" not in repr(own)
