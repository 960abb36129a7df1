"""Customers in the dark call; what that makes of their orders and of outages."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from services.workorders.domain.device import Device
from services.workorders.store.devices import add as add_devices
from shared.contracts.intake import Location
from shared.due import Timer, fire_due
from shared.stamp import Stamp
from tests.conftest import NINE, Clock, Running
from tests.service.conftest import hear
from tests.service.given import REPLY, accepted, as_message

NETWORK = [
    Device("T-1", "F-1", "320505", 80),
    Device("T-2", "F-1", "320505", 40),
    Device("T-3", "F-1", "320505", 9),
    Device("T-9", "F-9", "320506", 7),
]


class Calls:
    """`token` makes headers; everybody works in the city 3205 unless said otherwise."""

    def __init__(self, running: Running, clock: Clock, token: Any) -> None:
        self.running, self.clock, self._token = running, clock, token

    async def network(self) -> None:
        async with self.running.database.begin() as tx:
            await add_devices(tx, Stamp(by="test", at=NINE), NETWORK)

    def event(self, transformer: str | None, *, minutes: float = 0, **changes: Any) -> Any:
        """A fault that was reported so many minutes after NINE."""
        region = changes.pop("region", "320505")
        where = Location(region=region, area="urban", address="学府路12号", transformer=transformer)
        at = NINE + timedelta(minutes=minutes)
        about = {"location": where, "accepted_at": at, "promises": ()}
        return accepted(uuid4(), at=at, **about | changes)

    async def call(self, transformer: str | None, **more: Any) -> str:
        """The id of the order of a new call. The groups are looked at."""
        [order] = await self.calls(self.event(transformer, **more))
        return order

    async def calls(self, *events: Any, look: bool = True) -> list[str]:
        """The ids of the orders of these calls, heard at once."""
        messages = [as_message(event, offset) for offset, event in enumerate(events)]
        await hear(self.running, *messages)
        if look:
            await self.look()
        found = await self.running.rows("SELECT id, case_id FROM work_orders")
        by_case = {row.case_id: str(row.id) for row in found}
        return [by_case[event.case_id] for event in events]

    async def fire(self, name: str) -> int:
        """The timer of that name, until nothing is due."""
        fired = 0
        while now := await fire_due(self.running.database, self.timer(name), self.clock.now):
            fired += now
        return fired

    def timer(self, name: str) -> Timer:
        return next(t for t in self.running.service.timers if t.name == name)

    async def look(self) -> None:
        """Everything that follows from what happened so far."""
        while await self.fire("outages") + await self.fire("groups"):
            pass
        left = await self.running.rows("SELECT 1 FROM group_looks")
        assert left == [], "somebody still waits to be looked at"

    async def groups(self) -> set[tuple[str | None, frozenset[str]]]:
        """The groups as sets of orders, each with the status of its outage (None: it is none)."""
        rows = await self.running.rows(
            "SELECT w.id, w.master_id, w.outage_id, o.status FROM work_orders w"
            " LEFT JOIN outages o ON o.id = w.outage_id"
        )
        found: dict[Any, tuple[str | None, set[str]]] = {}
        for row in rows:
            key = row.outage_id or row.master_id or row.id
            found.setdefault(key, (row.status, set()))[1].add(str(row.id))
        return {(status, frozenset(members)) for status, members in found.values()}

    async def order(self, id: str) -> Any:
        answer = await self.get(f"/v1/work-orders/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def outage(self, id: str | None = None) -> Any:
        """That outage, or the only one."""
        if id is None:
            listed = (await self.get("/v1/outages")).json()["items"]
            [id] = [one["id"] for one in listed]
        answer = await self.get(f"/v1/outages/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(
        self, path: str, role: str = "dispatcher", region: str = "3205"
    ) -> httpx.Response:
        return await self.running.client.get(path, headers=self._token(role, region))

    async def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        role: str = "dispatcher",
        region: str = "3205",
        subject: str = "",
        **headers: str,
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        who = self._token(role, region, subject)
        return await self.running.client.post(path, json=body or {}, headers=who | named)

    async def done(self, path: str, body: dict[str, Any] | None = None, **more: Any) -> Any:
        """`post` that succeeds, and what follows from it."""
        answer = await self.post(path, body, **more)
        assert answer.status_code < 300, answer.text
        await self.look()
        return answer.json()

    async def worked(self, order: str, *nouns: str, etr_at: datetime | None = None) -> None:
        """The crew takes these steps on an order."""
        etr_at = etr_at or self.clock.now + timedelta(hours=2)
        bodies = {"etr": {"etr_at": etr_at.isoformat()}, "reply": REPLY}
        for noun in nouns:
            path = f"/v1/work-orders/{order}/{noun}"
            await self.done(path, bodies.get(noun), role="crew")

    async def undo(self, kind: str) -> Any:
        """The newest decision of this kind that stands, undone."""
        listed = (await self.get(f"/v1/outage-decisions?kind={kind}")).json()["items"]
        decision = next(one for one in listed if one["undone_at"] is None)
        return await self.done(f"/v1/outage-decisions/{decision['id']}/undo", {"because": "no"})

    async def said(self, *types: str) -> list[tuple[str, str | None]]:
        """(type, case) of the facts about orders of these types, in order."""
        rows = await self.running.rows(
            "SELECT split_part((envelope::json)->>'type', '.', 2) AS type,"
            " (envelope::json)->'data' AS data FROM outbox ORDER BY seq"
        )
        return [
            (row.type, row.data.get("work_order_id") or row.data.get("outage_id"))
            for row in rows
            if row.type in types
        ]
