"""Who reports in confidence is hidden from those whom it is about: in every view that there is."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.tables import metadata as intake_metadata
from services.workorders.tables import metadata as workorders_metadata
from shared.contracts.billing import AccountChanged
from shared.privacy import mask_account, mask_address, mask_name, mask_phone
from tests.conftest import NINE, Running, hanging_up
from tests.service.conftest import hear
from tests.service.given import REPLY, a_call, as_message
from tests.service.notify.conftest import to_whom
from tests.service.serving import listening, serving
from tests.service.workorders.roster import Roster
from tests.service.world import World

pytestmark = pytest.mark.anyio

NAME, PHONE, ACCOUNT = "金丝雀", "15912345678", "5050007719"
ADDRESS, SAID, TRANSFORMER = "临湖区鸟鸣路77号9室", "抄表员收了好处费", "T-CANARY"
WHOLE = (NAME, PHONE, ACCOUNT, ADDRESS, SAID, TRANSFORMER)
MASKED = (mask_name(NAME), mask_phone(PHONE), mask_account(ACCOUNT), mask_address(ADDRESS))
TRACES = [trace for trace in (*WHOLE, *MASKED) if trace]
PLACE = {"region": "320505", "area": "urban", "address": ADDRESS, "transformer": TRANSFORMER}
SOUGHT = ("鸟鸣路", "好处费", NAME, ACCOUNT, TRANSFORMER)
KNOWN = AccountChanged(
    account_id=UUID(int=1),
    account_no=ACCOUNT,
    version=1,
    name=NAME,
    phone=PHONE,
    **PLACE,
    customer_class="residential",
    life_support=True,
    changed_at=NINE,
)
# What is read by an id that no order leads to.
OF_NO_ORDER = {
    "/v1/outages/{id}",
    "/v1/compensations/{id}",
    "/v1/policy-edits/{id}",
    "/v1/protected-customers/{id}",
    "/v1/calendars/{name}",
    "/v1/policies/{id}/{version}",
    "/v1/routing-rules/{version}",
    "/v1/receipts/kannel",
    "/v1/board/stream",
}


def traces(text: str) -> set[str]:
    """What of the reporter stands in it, whole or masked."""
    return {trace for trace in TRACES if trace in text}


class Case:
    """A report about the crew, whoever works on it, and all that they were answered."""

    def __init__(self, world: World, token: Any) -> None:
        self.world, self._token, self._keys = world, token, 0
        self.intake, self.workorders, self.notify = world.services.values()
        self.heard: list[str] = []
        self._clients = {
            running.service.name: httpx.AsyncClient(
                transport=httpx.ASGITransport(hanging_up(running.app)), base_url="http://it"
            )
            for running in world.services.values()
        }

    async def ask(
        self, running: Running, method: str, path: str, role: str, body: Any = None, who: str = ""
    ) -> httpx.Response:
        self._keys += 1
        headers = self._token(role, "3205", who) | {"idempotency-key": f"k{self._keys}"}
        client = self._clients[running.service.name]
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 500, f"{path}: {answer.text}"
        self.heard.append(answer.text)
        return answer

    async def do(self, noun: str, role: str, body: Any = None, who: str = "") -> Any:
        path = f"/v1/work-orders/{self.order}/{noun}"
        answer = await self.ask(self.workorders, "POST", path, role, body, who)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def everybody_hears(self) -> None:
        for _ in range(3):
            for name in self.world.services:
                await self.world.relay(name)
            for hearer in self.world.hearers:
                await hearer.poll(self.world.pipe, 100)

    async def begin(self, *, confidential: bool) -> None:
        await hear(self.intake, as_message(KNOWN))
        who = {"caller": {"name": NAME, "phone": PHONE}, "account_no": ACCOUNT}
        what = {"type": "report", "description": SAID, "confidential": confidential}
        call = a_call(**who, **what, location=PLACE)
        filed = await self.ask(self.intake, "POST", "/v1/cases", "agent", call)
        assert filed.status_code == 201, filed.text
        self.case = filed.json()["id"]
        await self.everybody_hears()
        [order] = await self.workorders.rows("SELECT id FROM work_orders")
        self.order = str(order.id)

    async def work(self) -> None:
        """It is routed, begun, replied, listed for the next shift and part of a bulk job."""
        roster = Roster(self.workorders, self._token)
        await roster.enrol("crew-1", "LH-1")
        shift = await roster.plan("LH-1", ["crew-1"], NINE, NINE + timedelta(hours=8))
        self.shift = shift.rpartition("/")[2]
        team = {"team": "LH-1", "reason": "theirs"}
        if (await self.look("dispatcher"))["team"] != "LH-1":
            await self.do("reassignment", "dispatcher", team)
        await self.do("claim", "crew")
        await self.do("contact", "crew")
        await self.do("danger", "crew", {"danger": True, "reason": "threats"})
        await self.do("urge", "agent")
        await self.ask(self.workorders, "POST", f"{shift}/handover", "crew")
        job = {"action": "danger", "body": {"danger": False, "reason": "none"}}
        job["orders"] = [{"id": self.order}]
        made = await self.ask(self.workorders, "POST", "/v1/bulk-jobs", "dispatcher", job)
        self.job = made.json()["id"]
        await self.world.fire()
        await self.do("arrival", "crew")
        await self.do("reply", "crew", REPLY | {"substantiated": True})
        await self.everybody_hears()

    async def look(self, role: str) -> Any:
        path = f"/v1/work-orders/{self.order}"
        return (await self.ask(self.workorders, "GET", path, role)).json()

    async def read_all(self, *roles: str) -> int:
        """These roles (or all) read whatever they may, with every id that the order leads to."""
        many = 0
        for running in self.world.services.values():
            for path, operations in running.app.openapi()["paths"].items():
                if "get" not in operations or path in OF_NO_ORDER:
                    continue
                for one in await self.addresses(path):
                    for role in operations["get"]["x-roles"]:
                        if roles and role not in roles:
                            continue
                        answer = await self.ask(running, "GET", one, role)
                        assert answer.status_code == 200, f"{role} {one}: {answer.text}"
                        many += 1
        return many

    async def addresses(self, path: str) -> list[str]:
        queries = {
            "/v1/work-orders/search": [f"?q={words}" for words in SOUGHT],
            "/v1/work-orders/export": ["?purpose=x&format=csv", "?purpose=x&format=ndjson"],
            "/v1/representatives": ["?person=crew-1"],
            "/v1/cases": ["", f"?phone={PHONE}"],
        }
        if "{" not in path:
            return [path + query for query in queries.get(path, [""])]
        places = {
            "/v1/cases/{id}": [self.case],
            "/v1/work-orders/{id}": [self.order],
            "/v1/clocks/{id}": await self.ids(self.workorders, "clocks"),
            "/v1/shifts/{id}": [self.shift],
            "/v1/bulk-jobs/{id}": [self.job],
            "/v1/teams/{code}": ["LH-1"],
            "/v1/messages/{id}": await self.ids(self.notify, "messages"),
            "/v1/requests/{id}": await self.ids(self.notify, "requests"),
        }
        [begins] = [one for one in places if path.startswith(one)]
        assert places[begins], path
        rest = path.removeprefix(begins)
        return [begins.partition("{")[0] + place + rest for place in places[begins]]

    async def ids(self, running: Running, table: str) -> list[str]:
        return [str(row.id) for row in await running.rows(f"SELECT id FROM {table}")]

    async def search_all(self) -> list[Any]:
        """What is found by the phone and by every word of the report."""
        found = []
        for role in ("crew", "dispatcher", "agent", "supervisor"):
            for body in ({"phone": PHONE}, *({"q": words} for words in SOUGHT)):
                path = "/v1/work-orders/search"
                answer = await self.ask(self.workorders, "POST", path, role, body)
                found += answer.json()["items"]
        return found

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    def told(self) -> set[str]:
        return set().union(*map(traces, self.heard))


@pytest.fixture
async def case(settings, keys, token) -> AsyncIterator[Case]:
    world = World(settings, keys)
    await world.begin_anew()
    case = Case(world, token)
    yield case
    await case.close()
    await world.close()


@asynccontextmanager
async def overheard(case: Case, role: str) -> AsyncIterator[list[str]]:
    """What the board's stream says to this role meanwhile."""
    place = (await case.ask(case.workorders, "GET", "/v1/board", role)).json()["stream_from"]
    said: list[str] = []
    yield said
    [row] = await case.workorders.rows(
        "SELECT count(*) AS many FROM outbox WHERE envelope::json->'data'->>'region' LIKE '3205%'"
    )
    who = case._token(role, "3205")
    async with (
        serving(case.workorders) as served,
        listening(served.client, who, left_at=place) as listener,
    ):
        said += [event.data for event in await listener.some(row.many)]


async def lines(running: Running, metadata: Any, *without: str) -> str:
    """All that is in a database, but for these tables."""
    told = ""
    for table in metadata.sorted_tables:
        if table.name not in without:
            query = f"SELECT CAST({table.name} AS text) AS line FROM {table.name}"
            told += "".join(row.line for row in await running.rows(query))
    return told


async def test_no_view_shows_who_reported_in_confidence(case):
    async with overheard(case, "crew") as stream:
        await case.begin(confidential=True)
        await case.work()
        assert await case.read_all() > 150
        assert await case.search_all() == []
        assert (await case.look("crew"))["confidential"] is True
    assert len(stream) > 5 and traces("".join(stream)) == set()
    assert case.told() == set()


async def test_who_did_not_ask_for_it_is_seen_as_ever(case):
    """So the story before looks where something is to be seen."""
    await case.begin(confidential=False)
    await case.work()
    await case.read_all("crew", "dispatcher", "supervisor")
    assert {order["id"] for order in await case.search_all()} == {case.order}
    assert case.told() == {*MASKED, SAID, TRANSFORMER}


async def test_workorders_reveals_nobody_to_anybody(case):
    await case.begin(confidential=True)
    for role in ("crew", "dispatcher", "supervisor"):
        path, why = f"/v1/work-orders/{case.order}/reveal", {"purpose": "who was it"}
        answer = await case.ask(case.workorders, "POST", path, role, why)
        assert answer.status_code == 403, role
        problem = answer.json()
        assert problem["type"] == "/problems/reporter-not-known-here"
        assert problem["case_id"] == case.case
    assert case.told() == set()


async def test_it_lies_in_the_vault_and_the_phone_where_it_is_needed(case):
    await case.begin(confidential=True)
    assert traces(await lines(case.workorders, workorders_metadata)) == set()
    kept = await lines(case.intake, intake_metadata, "vault", "outbox", "accounts")
    assert traces(kept) == set()
    [row] = await case.intake.rows("SELECT * FROM vault")
    assert (row.caller_name, row.caller_phone, row.address) == (NAME, PHONE, ADDRESS)
    [fact] = [json.loads(value) for _, value in case.world.pipe.log["intake"]]
    assert traces(json.dumps(fact, ensure_ascii=False)) == {PHONE}
    assert fact["data"]["caller"] == {"name": None, "phone": PHONE}


async def test_the_reporter_hears_a_number_and_how_it_stands(case):
    await case.begin(confidential=True)
    await case.work()
    rows = await case.notify.rows("SELECT address, text FROM messages ORDER BY created_at, id")
    assert len(rows) > 2 and {to_whom(row) for row in rows} == {PHONE}
    for row in rows:
        assert traces(row.text) == set()
        assert not [word for word in ("举报", "投诉", "保密", "好处") if word in row.text]


async def test_what_an_older_or_careless_intake_says_is_not_kept(case):
    """Workorders drops all of it by itself."""
    await case.begin(confidential=False)
    [(key, value)] = case.world.pipe.log["intake"]
    assert traces(value.decode()) == set(WHOLE)
    said = json.loads(value)
    said["id"] = said["id"][:-1] + ("0" if said["id"][-1] != "0" else "1")
    said["data"] |= {"case_id": said["id"], "confidential": True}
    said["subject"] = said["id"]
    case.world.pipe.log["intake"].append((key, json.dumps(said).encode()))
    await case.everybody_hears()
    [row] = await case.workorders.rows(
        "SELECT CAST(w AS text) || CAST(s AS text) AS line, w.tags, s.phone FROM work_orders w"
        " JOIN order_search s ON s.order_id = w.id WHERE w.confidential"
    )
    assert (traces(row.line), row.tags, row.phone) == (set(), [], None)
