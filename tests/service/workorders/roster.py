"""Whoever plans: teams, people, shifts and rules, over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from tests.conftest import Running

EVERYTHING = {"name": "everything", "when": "true", "to": {"nearest": []}}


class Roster:
    """A supervisor of the whole center."""

    def __init__(self, running: Running, token: Any) -> None:
        self.running, self._token, self._keys = running, token, 0

    async def ask(
        self, method: str, url: str, body: Any = None, role: str = "supervisor", **more: Any
    ) -> httpx.Response:
        """`subject`, `region`: of the caller; `content`: of a file."""
        who = self._token(role, more.pop("region", ""), more.pop("subject", ""))
        self._keys += 1
        headers = who | {"idempotency-key": f"key-{self._keys}"} | more.pop("headers", {})
        if "content" in more:
            headers["content-type"] = "text/csv"
        else:
            more["json"] = body
        return await self.running.client.request(method, url, headers=headers, **more)

    async def sure(self, method: str, url: str, body: Any = None, **more: Any) -> Any:
        answer = await self.ask(method, url, body, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def found(self, code: str, region: str, **more: Any) -> Any:
        team = {"code": code, "name": f"{code}队", "region": region} | more
        return await self.sure("POST", "/v1/teams", team)

    async def change(self, code: str, **changes: Any) -> Any:
        team = await self.sure("GET", f"/v1/teams/{code}")
        for name in ("code", "version"):
            del team[name]
        return await self.sure("PUT", f"/v1/teams/{code}", team | changes)

    async def enrol(self, person: str, team: str, **more: Any) -> Any:
        return await self.sure("PUT", f"/v1/members/{person}", {"team": team} | more)

    async def represents(self, person: str, account_no: str) -> Any:
        body = {"account_no": account_no, "person": person}
        return await self.sure("POST", "/v1/representatives", body)

    async def plan(
        self, team: str, members: Sequence[str], begin: datetime, end: datetime, **more: Any
    ) -> Any:
        """The address of a new shift, led by the first of its members."""
        body = {
            "team": team,
            "starts_at": begin.isoformat(),
            "ends_at": end.isoformat(),
            "lead": members[0],
            "members": list(members),
        } | more
        shift = await self.sure("POST", "/v1/shifts", body)
        return f"/v1/shifts/{shift['id']}"

    async def rules(self, version: str, *rules: dict[str, Any], **more: Any) -> Any:
        """In force from the day on which it is."""
        return await self.sure("POST", "/v1/routing-rules", the_rules(version, *rules, **more))


def the_rules(version: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "valid_from": "2026-11-20",
        "standing": True,
        "retry_minutes": 5,
        "relax": [],
        "rules": [*rules, EVERYTHING],
        "source": "a test",
    } | more
