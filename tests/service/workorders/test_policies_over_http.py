"""Policies over HTTP: what is in force, by whose word, and new versions that never change again."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import yaml

from shared.stamp import Stamp
from tests.conftest import NINE, Running
from tests.service.conftest import hear
from tests.service.given import accepted, as_message

pytestmark = pytest.mark.anyio

CLAIM: dict[str, Any] = {
    "clock": "pager",
    "when": {"type": "fault_report"},
    "target": {"minutes": 2},
    "starts": "dispatched",
    "stops": ["claimed"],
    "source": "the duty manager, 2026-11-20",
    "certainty": "own",
}
PAGER: dict[str, Any] = {
    "id": "pager",
    "version": "1",
    "valid_from": "2026-11-20",
    "overlay_of": "any",
    "limits": [CLAIM],
}


@pytest.fixture
def send(workorders: Running, token):
    async def sent(pack: Any, role: str = "ops", kind: str = "application/json") -> Any:
        headers = token(role, "3205") | {"content-type": kind}
        if kind == "application/json":
            return await workorders.client.post("/v1/policies", json=pack, headers=headers)
        return await workorders.client.post("/v1/policies", content=pack, headers=headers)

    return sent


@pytest.fixture
def look(workorders: Running, token):
    async def looked(path: str) -> Any:
        answer = await workorders.client.get(path, headers=token("agent", "3205"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return looked


async def opened(workorders: Running, at: Any = NINE) -> set[tuple[str, str]]:
    """The clocks of a new order, with the version that each runs by."""
    event = accepted(at=at, promises=())
    await hear(workorders, as_message(event))
    rows = await workorders.rows(
        "SELECT kind, policy_version FROM clocks c JOIN work_orders o ON o.id = c.order_id"
        " WHERE o.case_id = :case",
        case=event.case_id,
    )
    return {(row.kind, row.policy_version) for row in rows}


async def test_every_pack_with_its_versions_and_which_one_is_in_force(look):
    packs = {pack["id"]: pack for pack in (await look("/v1/policies"))["items"]}
    assert list(packs) == sorted(packs)
    assert {id for id, pack in packs.items() if pack["in_use"]} == {
        "house",
        "sgcc-2022",
        "sgcc-2022-unverified",
    }
    assert packs["sgcc-2022-unverified"]["unverified"] and not packs["csg"]["unverified"]
    assert packs["sgcc-2022-unverified"]["overlay_of"] == "sgcc-2022"
    [version] = packs["csg"]["versions"]
    assert (version["version"], version["valid_from"]) == ("2026.1", "2026-01-01")
    assert not version["in_force"] and packs["house"]["versions"][0]["in_force"]


async def test_pages_of_packs(look):
    seen, cursor = [], ""
    while cursor is not None:
        page = await look(f"/v1/policies?limit=2{cursor and '&cursor=' + cursor}")
        seen += [pack["id"] for pack in page["items"]]
        cursor = page["next"]
    assert seen == [pack["id"] for pack in (await look("/v1/policies"))["items"]]


async def test_each_limit_names_its_source_and_what_is_unverified_says_so(look):
    unverified = (await look("/v1/policies?limit=200"))["items"]
    for pack in unverified:
        for version in pack["versions"]:
            shown = await look(f"/v1/policies/{pack['id']}/{version['version']}")
            for one in shown["limits"] + shown["standards"]:
                assert one["source"] and one["certainty"]
                assert one["unverified"] == (one["certainty"] == "D") == shown["unverified"]


async def test_a_share_over_all_calls_is_shown_and_no_clock(look):
    shown = await look("/v1/policies/mn-md-calls/2026.1")
    assert shown["limits"] == []
    [answered, *_] = shown["standards"]
    assert (answered["name"], answered["at_least"]) == ("mn_answered", "0.8")
    assert (answered["within_seconds"], answered["over"]) == (20, "year")


async def test_working_days_warnings_and_the_mean(look):
    shown = await look("/v1/policies/csg/2026.1")
    limits = {(one["clock"], *one["areas"]): one for one in shown["limits"]}
    assert limits["arrival", "urban"]["average"]
    assert limits["arrival", "urban"]["target"] == {
        "seconds": 2700,
        "working_days": None,
        "calendar": "always",
    }
    assert limits[("reply",)]["target"] == {
        "seconds": None,
        "working_days": 5,
        "calendar": "cn-working-days",
    }
    assert limits[("reply",)]["warnings"] == [{"share": None, "before_seconds": 2 * 86400}]


@pytest.mark.parametrize("path", ["sgcc-2022/1999.1", "lunar/1"])
async def test_what_is_unknown_is_not_found(workorders, token, path):
    answer = await workorders.client.get(f"/v1/policies/{path}", headers=token("agent"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-policy")


async def test_a_new_version_is_stored_once_and_used_by_the_next_order(workorders, send, look):
    before = await opened(workorders)
    first = await send(PAGER)
    assert first.status_code == 201, first.text
    assert first.json()["in_force"] and first.json()["limits"][0]["source"] == CLAIM["source"]
    again = await send(yaml.safe_dump(PAGER), kind="application/yaml")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await look("/v1/policies/pager/1") == first.json()
    assert await opened(workorders) == before | {("pager", "1")}
    [stored] = await workorders.rows("SELECT facts FROM audit WHERE action = 'policy.stored'")
    assert stored.facts == {"version": "1"}


async def test_something_else_under_the_same_name_is_refused(workorders, send):
    await send(PAGER)
    other = PAGER | {"limits": [CLAIM | {"target": {"minutes": 3}}]}
    answer = await send(other)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/version-taken")
    rows = await workorders.rows("SELECT data FROM policies WHERE id = 'pager'")
    assert [row.data["limits"][0]["target"] for row in rows] == [{"minutes": 2}]


async def test_versions_follow_one_another_and_a_restart_keeps_them(workorders, send, look, clock):
    """The setting chooses the pack; of its versions, from wherever they came, the day decides."""
    await send(PAGER)
    await send(PAGER | {"version": "2", "valid_from": "2026-12-01"})
    for _ in range(2):
        shown = [pack for pack in (await look("/v1/policies"))["items"] if pack["id"] == "pager"]
        [first, second] = shown[0]["versions"]
        assert (first["in_force"], first["ends_on"]) == (True, "2026-12-01")
        assert (second["in_force"], second["ends_on"]) == (False, None)
        async with workorders.database.begin() as tx:
            await workorders.service.on_start(tx, Stamp(by="start", at=NINE))
    assert ("pager", "1") in await opened(workorders)
    clock.now = NINE + timedelta(days=11)
    assert ("pager", "2") in await opened(workorders, clock.now)


async def test_a_new_version_of_the_pack_in_use_changes_what_is_promised(workorders, send, look):
    promised = (await workorders.said()).count("promises-published")
    await send(PAGER | {"id": "other", "overlay_of": "uk-gsop"})
    assert (await workorders.said()).count("promises-published") == promised, "not in use"
    await send(PAGER)
    assert (await workorders.said()).count("promises-published") == promised + 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"colour": "red"}, "pager 1: unknown key 'colour'"),
    ({"limits": [CLAIM | {"starts": "dreamt"}]}, "pager 1: limit 1 (pager): 'dreamt'"),
    ({"limits": [CLAIM | {"ladder": "up"}]}, "pager 1: limit 1 (pager): unknown ladder 'up'"),
    (
        {"limits": [CLAIM | {"target": {"hours": 1, "calendar": "lunar"}}]},
        "pager 1: limit 1 (pager): unknown calendar 'lunar'",
    ),
    ({"limits": [CLAIM | {"clock": "claim"}]}, "claim): an order that it fits fits limit"),
    ({"limits": [CLAIM | {"certainty": "D"}]}, "pager 1: limit 1 (pager): certainty D belongs"),
    ({"id": "house", "version": "9", "valid_from": "2022-01-01"}, "begins on the same day as"),
    ({"id": "csg", "version": "9", "valid_from": "2030-01-01"}, "overlay_of is not that of"),
]


@pytest.mark.parametrize(("change", "place"), BAD)
async def test_a_mistake_is_refused_with_its_place_and_nothing_is_stored(
    workorders, send, change, place
):
    before = await workorders.rows("SELECT id, version, in_use FROM policies ORDER BY id, version")
    answer = await send(deepcopy(PAGER) | change)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-policy")
    assert place in answer.json()["detail"]
    after = await workorders.rows("SELECT id, version, in_use FROM policies ORDER BY id, version")
    assert after == before


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("id: a\nid: b", "application/yaml"),
        ("[1]", "application/json"),
        ("a: &x 1\nb: *x", "application/yaml"),
        ('"', "text/plain"),
    ],
)
async def test_what_is_no_pack_at_all_is_refused(workorders, token, content, kind):
    headers = token("ops") | {"content-type": kind}
    answer = await workorders.client.post("/v1/policies", content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-policy")


async def test_a_day_without_rules_of_our_own_is_refused_before_it_comes(workorders, send):
    """What ends without a successor would leave orders without handling from that day on."""
    answer = await send(PAGER | {"id": "house", "version": "9", "valid_from": "2027-01-01"})
    assert answer.status_code == 422, answer.text
    assert (
        "no pack in force on 2027-01-01 has a section handling as house 2026.1 has"
        in answer.json()["detail"]
    )
