"""An order in the field: how it came, what is done with it, what became of it."""

from typing import Any

import httpx

from tests.conftest import Running
from tests.service.conftest import hear
from tests.service.given import REPLY, accepted, as_message

ETR = {"etr_at": "2026-11-20T18:00:00+08:00"}
STEPS: list[tuple[str, dict[str, Any] | None]] = [
    ("claim", None),
    ("departure", None),
    ("arrival", None),
    ("diagnosis", {"cause": "a fuse"}),
    ("etr", ETR),
    ("reply", REPLY),
]


class Field:
    """`token` makes headers; everybody here works in the city 3205 unless said otherwise."""

    def __init__(self, running: Running, token: Any) -> None:
        self.running, self._token = running, token

    async def opened(self, **changes: Any) -> str:
        """The address of a new order."""
        event = accepted(**changes)
        await hear(self.running, as_message(event))
        query = "SELECT id FROM work_orders WHERE case_id = :case"
        [row] = await self.running.rows(query, case=event.case_id)
        return f"/v1/work-orders/{row.id}"

    async def post(
        self,
        order: str,
        noun: str,
        body: dict[str, Any] | None = None,
        role: str = "crew",
        subject: str = "",
        **headers: str,
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        who = self._token(role, "3205", subject)
        return await self.running.client.post(f"{order}/{noun}", json=body, headers=who | named)

    async def done(self, order: str, *nouns: str) -> dict[str, Any]:
        """These steps, one after the other. Returns the order as it is then."""
        for noun, body in STEPS:
            if noun in nouns:
                answer = await self.post(order, noun, body)
                assert answer.status_code == 200, answer.text
        return await self.look(order)

    async def did(
        self,
        order: str,
        noun: str,
        body: dict[str, Any] | None = None,
        role: str = "crew",
        subject: str = "",
        **headers: str,
    ) -> dict[str, Any]:
        """The order as it is after that."""
        answer = await self.post(order, noun, body, role, subject, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refused(
        self,
        order: str,
        noun: str,
        body: dict[str, Any] | None = None,
        role: str = "crew",
        subject: str = "",
        **headers: str,
    ) -> tuple[int, str, dict[str, Any]]:
        """Status, slug and all of the problem; nothing has changed."""
        before = await self.look(order)
        answer = await self.post(order, noun, body, role, subject, **headers)
        assert answer.status_code >= 400, answer.text
        assert (await self.look(order))["version"] == before["version"]
        problem = answer.json()
        return answer.status_code, problem["type"].removeprefix("/problems/"), problem

    async def called_back(self, order: str, outcome: str, **more: Any) -> httpx.Response:
        body = {"outcome": outcome}
        return await self.post(order, "callback", body, role="callback", **more)

    async def look(self, order: str, role: str = "dispatcher", region: str = "3205") -> Any:
        answer = await self.running.client.get(order, headers=self._token(role, region))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def clocks(self, order: str) -> dict[tuple[str, int], str]:
        """State by kind and generation."""
        shown = (await self.look(order))["clocks"]
        return {(clock["kind"], clock["generation"]): clock["state"] for clock in shown}
