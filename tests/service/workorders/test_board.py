"""The board: what is most urgent stands first, and nothing is missed on the way down."""

from datetime import timedelta
from random import Random

import pytest

from tests.conftest import NINE, Running
from tests.service.serving import listening, serving
from tests.service.workorders import many

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(token):
    return token("dispatcher", "3205")


async def look(workorders: Running, headers, query: str = "") -> dict:
    answer = await workorders.client.get(f"/v1/board?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def counted(workorders: Running, headers, query: str = "") -> dict:
    answer = await workorders.client.get(f"/v1/board/counts?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_pages(workorders: Running, headers, query: str = "", limit: int = 7) -> list[dict]:
    lines, cursor = [], ""
    while cursor is not None:
        page = await look(
            workorders, headers, f"{query}&limit={limit}{cursor and '&cursor='}{cursor}"
        )
        assert len(page["items"]) == limit or page["next"] is None
        lines += page["items"]
        cursor = page["next"]
    return lines


async def test_an_order_stands_on_the_board_with_the_clock_that_is_due_first(
    workorders, field, desk, clock
):
    order = await field.opened()
    await field.done(order, "claim", "departure")
    clock.now = NINE + 20 * MINUTE
    [line] = (await look(workorders, desk))["items"]
    assert (line["clock"], line["due_at"], line["promised"]) == (
        "arrival",
        "2026-11-20T09:44:00Z",
        True,
    )
    assert (line["minutes_left"], line["state"]) == (24, "at_risk")
    assert (line["handler"], line["team"], line["status"]) == ("crew-1", "LH-1", "in_progress")
    assert f"/v1/work-orders/{line['id']}" == order
    for minutes, left, state in ((0, 44, "in_time"), (44, 0, "at_risk"), (45, -1, "breached")):
        clock.now = NINE + minutes * MINUTE
        [line] = (await look(workorders, desk))["items"]
        assert (line["minutes_left"], line["state"]) == (left, state)


async def test_who_rests_stands_behind_who_runs_and_who_is_done_nowhere(workorders, field, desk):
    done, resting, urgent = [await field.opened() for _ in range(3)]
    await field.done(resting, "claim", "departure", "arrival")
    await field.done(done, "claim", "departure", "arrival", "etr", "reply")
    await field.called_back(done, "satisfied")
    rest = {"reason": "no_access", "until": "2026-11-20T20:00:00+08:00"}
    await field.did(resting, "suspension-request", rest | {"customer_told": True})
    await field.did(resting, "suspension-approval", role="supervisor")
    lines = (await look(workorders, desk))["items"]
    assert lines[0]["id"] == urgent.rpartition("/")[2]
    assert {line["id"] for line in lines} == {o.rpartition("/")[2] for o in (urgent, resting)}


async def filled(workorders: Running, orders: int = 200) -> list[tuple]:
    """Orders of all kinds, at random. Returns number, due instant, priority and more of each."""
    dice, told = Random(7), []
    async with workorders.database.begin() as tx:
        for number in range(orders):
            facts = {
                "region": dice.choice(["320505", "320506", "320581", "330106"]),
                "case_type": dice.choice(["fault_report", "complaint"]),
                "status": dice.choice(["dispatched", "claimed", "callback_due", "archived"]),
                "team": dice.choice(["LH-1", "LH-2", None]),
                "priority": dice.randrange(3),
                "supervised": dice.random() < 0.2,
            }
            facts["team_name"] = facts["team"] and f"name of {facts['team']}"
            many.order(tx, number, **facts)
            dues = []
            for kind in dice.sample(["arrival", "claim", "reply"], dice.randrange(4)):
                state = dice.choice(["armed", "armed", "paused", "met"])
                due_at = NINE + dice.randrange(-60, 90, 10) * MINUTE if state != "paused" else None
                late = due_at is not None and due_at < NINE and state == "armed"
                many.clock(tx, number, kind, due_at, "breached" if late else state)
                dues += [due_at] if state != "met" else []
            due_at = min((due for due in dues if due), default=None)
            told.append((number, due_at, bool(dues), facts))
    return told


def state_of(due_at, paused: bool) -> str:
    if due_at is None:
        return "paused" if paused else "no_clock"
    return "breached" if due_at < NINE else "at_risk" if due_at < NINE + 30 * MINUTE else "in_time"


def expected(told: list[tuple], **only) -> list[int]:
    """The numbers of what should be shown, in the order in which it should be."""
    scope, states = only.pop("region", "3205"), only.pop("states", None)
    shown = [
        (due_at is None, due_at or NINE, -facts["priority"] * (due_at is not None), number)
        for number, due_at, paused, facts in told
        if facts["region"].startswith(scope)
        and (only.get("status") or facts["status"] != "archived")
        and all(facts[name] == value for name, value in only.items())
        and (states is None or state_of(due_at, paused) in states)
    ]
    return [number for *_, number in sorted(shown)]


def numbers(lines: list[dict]) -> list[int]:
    return [int(line["case_number"][10:14]) for line in lines]


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("", {}),
        ("region=320505", {"region": "320505"}),
        ("region=33", {"region": "-"}),
        ("team=LH-2", {"team": "LH-2"}),
        ("type=complaint&supervised=true", {"case_type": "complaint", "supervised": True}),
        ("status=claimed", {"status": "claimed"}),
        ("breached=true", {"states": {"breached"}}),
        ("at_risk=true", {"states": {"at_risk"}}),
        ("breached=true&at_risk=true", {"states": {"breached", "at_risk"}}),
        ("breached=false", {"states": {"at_risk", "in_time", "paused", "no_clock"}}),
        ("at_risk=false", {"states": {"breached", "in_time", "paused", "no_clock"}}),
        ("paused=true", {"states": {"paused"}}),
        ("paused=false", {"states": {"breached", "at_risk", "in_time", "no_clock"}}),
        ("paused=true&breached=true&team=LH-1", {"states": {"paused", "breached"}, "team": "LH-1"}),
    ],
)
async def test_every_line_once_in_its_place(workorders, desk, query, only):
    told = await filled(workorders)
    lines = await all_pages(workorders, desk, query)
    assert numbers(lines) == expected(told, **only)
    states = {number: state_of(due_at, paused) for number, due_at, paused, _ in told}
    assert [line["state"] for line in lines] == [states[number] for number in numbers(lines)]
    counts = (await counted(workorders, desk, query))["all"]
    assert counts["total"] == len(lines)
    for state in ("breached", "at_risk", "in_time", "paused", "no_clock"):
        assert counts[state] == sum(line["state"] == state for line in lines), state


async def test_counts_by_each_of_what_one_may_filter_by(workorders, desk, token):
    told = await filled(workorders)
    counts = await counted(workorders, desk)
    for kind, filter_ in (("team", "team"), ("case_type", "type"), ("status", "status")):
        for tally in counts[kind]:
            if tally["value"]:
                lines = await all_pages(workorders, desk, f"{filter_}={tally['value']}", limit=200)
                assert len(lines) == tally["total"], tally
        assert sum(tally["total"] for tally in counts[kind]) == counts["all"]["total"]
    assert {t["value"]: t["name"] for t in counts["team"]} == {
        "": None,
        "LH-1": "name of LH-1",
        "LH-2": "name of LH-2",
    }
    assert [t["value"] for t in counts["supervised"]] == ["false", "true"]
    assert [t["value"] for t in counts["region"]] == ["320505", "320506", "320581"]
    [here] = [t for t in counts["region"] if t["value"] == "320506"]
    assert here["breached"] == len(expected(told, region="320506", states={"breached"}))
    wide = await counted(workorders, token("supervisor"))
    assert [t["value"] for t in wide["region"]] == ["32", "33"]


@pytest.mark.parametrize("path", ["/v1/board", "/v1/board/counts"])
@pytest.mark.parametrize("status", ["archived", "cancelled", "merged"])
async def test_what_is_at_its_end_is_not_looked_for_here(workorders, desk, path, status):
    answer = await workorders.client.get(f"{path}?status={status}", headers=desk)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-on-the-board")


async def test_an_empty_board_counts_nothing(workorders, desk):
    counts = await counted(workorders, desk)
    assert counts["all"]["total"] == 0 and counts["team"] == []


async def test_what_happens_meanwhile_moves_no_other_line(workorders, desk):
    told = await filled(workorders)
    first = await look(workorders, desk, "limit=20")
    async with workorders.database.begin() as tx:
        seen = [many.id_of(n) for n in numbers(first["items"])]
        await tx.run("UPDATE work_orders SET status = 'archived' WHERE id = ANY($1)", seen[::2])
        many.order(tx, 9000)
        many.clock(tx, 9000, "claim", NINE - 300 * MINUTE, "breached")
    rest = await look(workorders, desk, f"limit=200&cursor={first['next']}")
    assert numbers(first["items"]) + numbers(rest["items"]) == expected(told)


async def test_another_regions_lines_are_nowhere(workorders, token):
    await filled(workorders)
    foreign = token("supervisor", "4403")
    assert (await look(workorders, foreign))["items"] == []
    assert (await look(workorders, foreign, "region=3205"))["items"] == []
    assert (await counted(workorders, foreign))["all"]["total"] == 0


@pytest.mark.parametrize("place", ["x", "due x 1 y", "due 2026-11-20 1 x", "opened 1 1", "a b c"])
async def test_a_cursor_of_nobodys_is_refused(workorders, desk, cursor, place):
    answer = await workorders.client.get(f"/v1/board?cursor={cursor(place)}", headers=desk)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-cursor")


async def test_from_the_board_on_the_stream_tells_all_that_changes(workorders, field, desk):
    await field.opened()
    place = (await look(workorders, desk))["stream_from"]
    order = await field.opened()
    async with serving(workorders) as served, listening(served.client, desk, place) as listener:
        told = [await listener.next() for _ in range(2)]
    assert all(order.rpartition("/")[2] in event.data for event in told)


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("type=complaint", {"case_type": "complaint"}),
        ("priority_min=2", {"priority": 2}),
        ("supervised=true&team=LH-1", {"supervised": True, "team": "LH-1"}),
        ("breached=true", {"states": {"breached"}}),
        ("at_risk=true", {"states": {"at_risk"}}),
        ("breached=true&at_risk=true", {"states": {"breached", "at_risk"}}),
        ("breached=false", {"states": {"at_risk", "in_time", "paused", "no_clock"}}),
        ("at_risk=false", {"states": {"breached", "in_time", "paused", "no_clock"}}),
        ("breached=false&at_risk=false", {"states": {"in_time", "paused", "no_clock"}}),
    ],
)
async def test_lists_know_the_same_filters(workorders, desk, query, only):
    told = await filled(workorders)
    ended = expected(told, status="archived", **only)
    answer = await workorders.client.get(f"/v1/work-orders?limit=200&{query}", headers=desk)
    shown = numbers(answer.json()["items"])
    assert shown == sorted(expected(told, **only) + ended, reverse=True)


async def test_lists_by_when_they_were_opened(workorders, desk):
    await filled(workorders, orders=30)
    query = "opened_from=2026-11-20T06:00:10Z&opened_to=2026-11-20T06:00:20Z&region=32"
    answer = await workorders.client.get(f"/v1/work-orders?{query}", headers=desk)
    shown = numbers(answer.json()["items"])
    assert shown and set(shown) <= set(range(10, 20)) and shown == sorted(shown, reverse=True)
    unzoned = "/v1/work-orders?opened_from=2026-11-20T06:00:10"
    assert (await workorders.client.get(unzoned, headers=desk)).status_code == 422
