"""The main job, end to end and only over HTTP: from a call in the dark to a closed loop."""

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.flows.conftest import Call
from tests.flows.waiting import eventually


def a_call(phone: str, area: str = "urban") -> dict[str, Any]:
    return {
        "type": "fault_report",
        "channel": "phone",
        "description": "整栋楼停电",
        "caller": {"name": "王小明", "phone": phone},
        "location": {
            "region": "320505",
            "area": area,
            "address": "临湖区学府路12号3室",
            "transformer": f"X-{phone}",
        },
    }


@pytest.fixture
def file_case(call: Call):
    def file(body: dict[str, Any]) -> dict[str, Any]:
        key = {"idempotency-key": str(uuid4())}
        answer = call("intake", "POST", "/v1/cases", "agent", headers=key, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return file


def order_of(call: Call, case_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        items = call(
            "workorders", "GET", "/v1/work-orders", "dispatcher", params={"case_id": case_id}
        ).json()["items"]
        assert len(items) <= 1
        return items[0] if items else None

    return eventually(look)


def told(call: Call, case_id: str) -> list[tuple[str, str]]:
    """(template, status) of every message about a case, oldest first."""
    items = call("notify", "GET", "/v1/messages", "agent", params={"case_id": case_id}).json()
    messages = sorted(items["items"], key=lambda m: (m["created_at"], m["id"]))
    return [(m["template"].split(".")[0], m["status"]) for m in messages]


def step(call: Call, order: dict[str, Any], noun: str, role: str = "crew", **rest: Any) -> Any:
    path = f"/v1/work-orders/{order['id']}/{noun}"
    answer = call("workorders", "POST", path, role, **rest)
    assert answer.status_code == 200, answer.text
    return answer.json()


def status_of(call: Call, case_id: str) -> str:
    return str(call("intake", "GET", f"/v1/cases/{case_id}", "agent").json()["status"])


def repair(call: Call, order: dict[str, Any]) -> None:
    """Claim, depart, arrive, ETR, reply."""
    etr = datetime.now(UTC) + timedelta(hours=2)
    step(call, order, "claim")
    step(call, order, "departure")
    step(call, order, "arrival")
    step(call, order, "etr", json={"etr_at": etr.isoformat()})
    done = {
        "cause": "熔丝熔断",
        "action": "更换熔丝",
        "responsibility": "utility",
        "evidence": ["photo-1"],
    }
    step(call, order, "reply", json=done)


def test_from_a_call_to_a_satisfied_customer(call: Call, file_case) -> None:
    case = file_case(a_call("15400010001"))
    assert case["status"] == "accepted" and case["number"]
    assert case["caller"] == {"name": "王**", "phone": "154****0001"}
    assert [(p["kind"], p["minutes"]) for p in case["promises"]] == [("arrival", 45)]

    order = order_of(call, case["id"])
    assert order["status"] == "dispatched" and order["team"] in ("GX-01", "GX-02")
    assert {c["kind"]: c["due_at"] for c in order["clocks"]} == {
        "arrival": case["promises"][0]["due_at"]
    }
    eventually(lambda: told(call, case["id"]) == [("case-accepted", "delivered")])

    repair(call, order)
    eventually(lambda: status_of(call, case["id"]) == "resolved")
    step(call, order, "callback", "callback", json={"outcome": "satisfied"})
    eventually(lambda: status_of(call, case["id"]) == "closed")
    stages = ["case-accepted", "order-departed", "order-arrived", "etr-set", "order-replied"]
    expected = [(stage, "delivered") for stage in (*stages, "order-archived")]
    eventually(lambda: sorted(told(call, case["id"])) == sorted(expected))


def test_a_dissatisfied_customer_gets_it_done_again_one_level_higher(call: Call, file_case) -> None:
    case = file_case(a_call("15400010005"))
    order = order_of(call, case["id"])
    repair(call, order)
    own = call(
        "workorders",
        "POST",
        f"/v1/work-orders/{order['id']}/callback",
        "callback",
        subject="crew-1",
        json={"outcome": "satisfied"},
    )
    assert own.status_code == 409 and own.json()["type"] == "/problems/own-work"
    again = step(call, order, "callback", "callback", json={"outcome": "dissatisfied"})
    assert again["level"] == 2 and again["status"] == "dispatched"
    eventually(lambda: status_of(call, case["id"]) == "reopened")
    eventually(lambda: ("order-reopened", "delivered") in told(call, case["id"]))


def test_a_clock_that_runs_out_tells_the_supervisor_once(call: Call, file_case) -> None:
    case = file_case(a_call("15400010007", area="remote"))
    order = order_of(call, case["id"])
    [claim] = [c for c in order["clocks"] if c["kind"] == "claim"]
    assert claim["state"] == "armed"
    eventually(lambda: ("escalation-raised", "delivered") in told(call, case["id"]))
    time.sleep(1)
    assert [stage for stage, _ in told(call, case["id"])].count("escalation-raised") == 1
    [claim] = [c for c in order_of(call, case["id"])["clocks"] if c["kind"] == "claim"]
    assert claim["state"] == "breached"


def test_billing_answers_and_a_case_takes_its_place_from_the_account(call: Call, file_case) -> None:
    with Path("services/billing/demo/accounts.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    number, region = first["account_no"], first["region"]
    for what in ("", "/balance", "/bills"):
        answer = call("billing", "GET", f"/v1/accounts/{number}{what}", "agent")
        assert answer.status_code == 200, answer.text
    mine = call("billing", "GET", "/v1/accounts", "agent", params={"phone": first["phone"]})
    assert number in [account["account_no"] for account in mine.json()["items"]]

    body = a_call("15400010004") | {"account_no": number, "location": {}}
    case = file_case(body)
    assert case["location"]["region"] == region
    assert case["location"]["transformer"] == first["transformer"]
