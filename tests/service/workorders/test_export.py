"""Exports: all that fits, once; masked, on record, safe in a spreadsheet, never short unseen."""

import asyncio
import csv
import io
import json
from datetime import timedelta

import httpx
import pytest

from services.workorders.api import export
from services.workorders.store import lists
from tests.conftest import NINE, Running
from tests.service.serving import cut_off, serving, until
from tests.service.workorders import many

pytestmark = pytest.mark.anyio

PATH = "/v1/work-orders/export"
ASKED = f"{PATH}?purpose=monthly+report"


@pytest.fixture
def desk(token):
    return token("supervisor", "3205")


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(export, "_PAGE", 3)


async def filled(workorders: Running, orders: int = 10, **changes) -> None:
    async with workorders.database.begin() as tx:
        for number in range(orders):
            many.order(tx, number, **changes)
            many.clock(tx, number, "reply", NINE + timedelta(minutes=90))
            many.clock(tx, number, "arrival", NINE + timedelta(minutes=number - 5))


async def noted(workorders: Running) -> list[tuple[str, dict]]:
    rows = await workorders.rows(
        "SELECT action, facts FROM audit WHERE action LIKE 'orders.export%' ORDER BY id"
    )
    return [(row.action, row.facts) for row in rows]


async def lines(workorders: Running, headers, query: str = "") -> list[dict]:
    answer = await workorders.client.get(f"{ASKED}&format=ndjson{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def sheet(workorders: Running, headers, query: str = "") -> list[dict]:
    answer = await workorders.client.get(f"{ASKED}&format=csv{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def test_ndjson_is_what_the_list_shows_line_by_line(workorders, desk, small_pages):
    await filled(workorders)
    listed = await workorders.client.get("/v1/work-orders?limit=200", headers=desk)
    assert await lines(workorders, desk) == listed.json()["items"]
    overdue = await workorders.client.get("/v1/work-orders?breached=true", headers=desk)
    assert await lines(workorders, desk, "&breached=true") == overdue.json()["items"] != []


@pytest.mark.parametrize("orders", [0, 2, 3, 6, 7])
async def test_all_of_them_once_wherever_a_page_ends(workorders, desk, small_pages, orders):
    await filled(workorders, orders)
    found = await sheet(workorders, desk)
    assert [int(one["case_number"][10:14]) for one in found] == list(range(orders))[::-1]
    assert (await noted(workorders))[-1] == ("orders.exported", {"form": "csv", "rows": orders})


async def test_a_sheet_shows_the_running_clock_that_is_due_first(workorders, desk):
    await filled(workorders, 1)
    [line] = await sheet(workorders, desk)
    assert (line["clock"], line["due_at"]) == ("arrival", "2026-11-20T16:55:00+08:00")
    assert (line["clock_state"], line["opened_at"]) == ("armed", "2026-11-20T14:00:00+08:00")
    assert (line["address"], line["account_no"]) == ("临湖区学府路****", "******0001")


async def test_what_a_spreadsheet_would_run_is_text(workorders, desk):
    texts = ['=1+1,"x"', "+1", "-1", "@a", "\tb", "\rc", "＝1", 'he said "no",\r\nthen']
    async with workorders.database.begin() as tx:
        for number, text in enumerate(texts):
            many.order(tx, number, description=text)
    found = [line["description"] for line in await sheet(workorders, desk)][::-1]
    assert found == [f"'{text}" for text in texts[:-1]] + texts[-1:]


async def test_a_spreadsheet_may_have_its_mark(workorders, desk):
    marked = await workorders.client.get(f"{ASKED}&format=csv&bom=true", headers=desk)
    plain = await workorders.client.get(f"{ASKED}&format=csv", headers=desk)
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert plain.content.startswith(b"id,") and plain.content.endswith(b"\r\n")
    assert plain.headers["content-type"].startswith("text/csv")
    assert "attachment" in plain.headers["content-disposition"]


async def test_who_takes_what_out_and_why_is_on_record(workorders, desk):
    await filled(workorders, 2)
    await lines(workorders, desk, "&status=dispatched&team=LH-1")
    assert await noted(workorders) == [
        (
            "orders.export-begun",
            {
                "form": "ndjson",
                "purpose": "monthly report",
                "wanted": "status=dispatched team=LH-1",
            },
        ),
        ("orders.exported", {"form": "ndjson", "rows": 2}),
    ]


async def test_only_of_ones_region_and_only_by_who_may(workorders, token):
    await filled(workorders, 2)
    assert await lines(workorders, token("ops", "3301")) == []
    assert await lines(workorders, token("supervisor", "3301"), "&region=3205") == []
    for role in ("agent", "bot", "dispatcher", "crew", "callback", "service"):
        answer = await workorders.client.get(f"{ASKED}&format=csv", headers=token(role, "3205"))
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "query",
    ["format=csv", "purpose=x", "purpose=&format=csv", "purpose=x&format=xml",
     "purpose=x&format=csv&status=lost", "purpose=a%0Ab&format=csv"],
)  # fmt: skip
async def test_what_is_not_asked_for_properly_is_refused(workorders, desk, query):
    answer = await workorders.client.get(f"{PATH}?{query}", headers=desk)
    assert answer.status_code == 422 and await noted(workorders) == []


async def test_what_is_opened_meanwhile_is_not_in_it(workorders, desk, small_pages, monkeypatch):
    await filled(workorders, 5)
    read = lists.page

    async def and_one_more(tx, *args, **more):
        many.order(tx, 9000, opened_at=NINE + timedelta(seconds=1))
        monkeypatch.setattr(lists, "page", read)
        await tx.write_what_was_left()
        return await read(tx, *args, **more)

    monkeypatch.setattr(lists, "page", and_one_more)
    assert len(await lines(workorders, desk)) == 5


async def test_what_fails_midway_breaks_the_connection_off(
    workorders, desk, small_pages, monkeypatch
):
    await filled(workorders, 10)
    read, pages = lists.page, []

    async def falls(*args, **more):
        pages.append(1)
        if len(pages) == 3:
            raise ConnectionError
        return await read(*args, **more)

    monkeypatch.setattr(lists, "page", falls)
    async with serving(workorders) as served:
        with pytest.raises(httpx.RemoteProtocolError):
            await served.client.get(f"{ASKED}&format=csv", headers=desk)
    assert (await noted(workorders))[-1] == (
        "orders.export-broken-off",
        {"form": "csv", "rows": 6},
    )


async def test_a_slow_reader_holds_no_connection_and_one_who_leaves_is_on_record(
    workorders, desk, token
):
    """Far more than the buffers on the way hold; the reader reads nothing of it."""
    await filled(workorders, 900, description="长" * 6000)
    async with serving(workorders) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
        head = f"GET {ASKED}&format=ndjson HTTP/1.1\r\nhost: x\r\n"
        writer.write(f"{head}authorization: {desk['authorization']}\r\n\r\n".encode())
        await reader.readexactly(1)
        pool = workorders.database.engine.pool
        await until(lambda: pool.checkedout() == 0)
        again = await served.client.get(f"{ASKED}&format=csv", headers=desk)
        assert (again.status_code, again.json()["type"]) == (503, "/problems/too-many-exports")
        assert [action for action, _ in await noted(workorders)] == ["orders.export-begun"]
        writer.transport.abort()
        for _ in range(200):
            if (told := await noted(workorders))[-1][0] != "orders.export-begun":
                break
            await asyncio.sleep(0.01)
        assert told[-1][0] == "orders.export-broken-off" and told[-1][1]["rows"] < 900
        after = await served.client.get(f"{ASKED}&format=csv&team=none", headers=desk)
        assert after.status_code == 200


@pytest.mark.parametrize("how", ["lost", "cancelled"])
async def test_who_is_gone_before_the_first_word_may_ask_again_at_once(workorders, desk, how):
    await filled(workorders)
    came_to = await cut_off(workorders, f"{ASKED}&format=csv", desk, how)
    actions = [action for action, _ in await noted(workorders)]
    assert actions == ["orders.export-begun", "orders.export-broken-off"], came_to
    assert len(await sheet(workorders, desk)) == 10
