"""Whatever a caller sends, the answer is a documented one, and never a fault of ours."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
import requests
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks as openapi

from deploy.docs.assembled import assembled
from services.workorders.domain.policy import SECTIONS
from shared.openapi import described
from tests.contracts.conftest import Serve, Served
from tests.contracts.worlds import WRONG

EXAMPLES = 50
POLICY_LIMIT = {
    "clock": "departure",
    "target": {"minutes": 10},
    "starts": "claimed",
    "stops": ["departed", "arrived"],
    "source": "ours",
    "certainty": "own",
}
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
]
CHECKED = {
    "cause": True, "action": True, "evidence": True, "substantiated": True,
    "customer_contacted": True,
}  # fmt: skip
ALL = {"name": "all", "when": "true", "to": {"nearest": []}}
# What the generator would hardly hit: some of what it made is replaced by one of these. A name
# may stand for the last word of one path only.
SENSIBLE: dict[str, tuple[Any, ...]] = {
    "phone": ("15400001234", "+86 154 0000 1234"),
    "messages/template": ("order-arrived.v1", "outage-restored.v1"),
    "messages/values": ({"number": "2611-2000-0001-00"}, {}),
    "messages/to": ([{"phone": "15400001234"}], [{"phone": "+86 154 0000 1234", "locale": "en"}]),
    "messages/channels": (["sms"],),
    "messages/not_after": (None, "2026-11-20T18:00:00+08:00"),
    "region": ("320505", "320581"),
    "area": ("urban", "rural"),
    "account_no": ("5050000001", None),
    "location": ({"region": "320505", "area": "urban"},),
    "etr_at": ("2026-11-20T18:00:00+08:00",),
    "zone": ("Asia/Shanghai",),
    "years": ([2025, 2026],),
    "week": ({"mon": ["08:00-12:00", "14:00-18:00"]},),
    "seasons": ([],),
    "holidays": (None, {"source": "cn", "hours": ["08:00-12:00"]}),
    "layers": ([], [{"name": "ours", "closed": [{"date": "2026-03-02"}]}]),
    "start": ("2026-03-02T09:00:00+08:00",),
    "working_minutes": (None, 45),
    "working_days": (None, 5),
    "until": ("2026-11-20T18:00:00+08:00",),
    "valid_from": ("2030-01-01", "2031-01-01"),
    "limits": ([], [POLICY_LIMIT]),
    "bulk-jobs/action": ("resumption",),
    "bulk-jobs/body": ({},),
    "bulk-jobs/orders": ([{"id": "01890000-0000-7000-8000-000000000001"}],),
    "bulk-jobs/filter": (None,),
    "policy-edits/policy": ("sgcc-2022",),
    "policy-edits/version": ("2022.3",),
    "team": ("GX-01", "GX-02", "GX-99"),
    "target": ("GX-01", "GX-02"),
    "return/reason": ("other_duty",),
    "suspension-request/reason": ("no_access", "customer_wish"),
    "customer_told": (True,),
    "review/checklist": (CHECKED, CHECKED | {"cause": False}),
    "result": ("no_answer",),
    "tags/add": (["vip"], ["important_l1"]),
    "danger/danger": (True,),
    "protected-customers/code": ("important_l1", "watched"),
    "protected-customers/valid_from": ("2026-11-20T08:00:00+08:00",),
    "protected-customers/valid_to": (None, "2026-12-20T08:00:00+08:00"),
    "correction/wrong": (WRONG["wrong"],),
    "correction/since": (WRONG["since"],),
    "correction/until": (WRONG["until"],),
    "person": ("crew-1",),
    "shifts/team": ("GX-01",),
    "starts_at": ("2026-11-20T18:00:00+08:00",),
    "ends_at": ("2026-11-20T23:00:00+08:00",),
    "lead": ("crew-1",),
    "members": (["crew-1"],),
    "serves": ([], ["320505", "320506"]),
    "skills": ({}, {"live_line": "2027-06-30", "height": None}),
    "representatives/account_no": ("5050000001",),
    "representatives/until": (None, "2027-06-30"),
    "routing-rules/rules": ([ALL],),
    "begin": (None, "2026-11-20T00:00:00+08:00"),
    "end": (None, "2026-11-21T00:00:00+08:00"),
    "dry-run/rules": (
        {
            "version": "x",
            "valid_from": "2030-01-01",
            "retry_minutes": 5,
            "relax": [],
            "rules": [ALL],
            "source": "nobody",
        },
    ),
    "outages/kind": ("fault",),
    "transformers": (["X-A"], ["X-B"], ["X-C"]),
    "feeders": ([],),
    "begins_at": (None,),
    "outages/ends_at": (None,),
    "change/ends_at": (None,),
    "began_at": (None,),
    "restored_at": (None,),
    "exemption": (None,),
    "weather": (None,),
    "checked": ([],),
}
# What is better left out than made up: optional parts of a policy pack.
LEFT_OUT = {"valid_to", "overlay_of", "standards", *SECTIONS}
# Succeeds only with a token that the service sealed itself, with the ids of two things that fit
# each other, or when a promise with money behind it was broken: their own tests do that.
NEVER_SUCCEEDS_HERE = {
    "GET /v1/receipts/kannel",
    "GET /v1/compensations/{id}",
    "POST /v1/compensations/{id}/account",
    "POST /v1/compensations/{id}/exemption",
    "POST /v1/work-orders/{id}/appliance-claim",
    "POST /v1/outages/{id}/merge",
    "POST /v1/outages/{id}/split",
    "POST /v1/work-orders/{id}/merge",
}
# Where the first of the roles that may is not the one that can.
ASKED_BY = {
    "POST /v1/bulk-jobs": "supervisor",
    "POST /v1/bulk-jobs/{id}/cancellation": "supervisor",
    "POST /v1/bulk-jobs/{id}/undo": "supervisor",
    "POST /v1/work-orders/{id}/dispatch": "supervisor",
    "POST /v1/shifts/{id}/handover/signature": "supervisor",
    "POST /v1/shifts/{id}/handover/items/{order_id}/acknowledgement": "supervisor",
}


def operations() -> dict[str, list[Any]]:
    """Every operation of every service; who may call it is another test's matter."""
    found = defaultdict(list)
    for one in assembled():
        document = described(one.app, one.service.port)
        del document["components"]["securitySchemes"]
        for operation in from_dict(document).get_all_operations():
            operation.ok().definition.raw.pop("security")
            found[one.name].append(operation.ok())
    return found


OPERATIONS = operations()


def sensible(made: Any, draw: Callable[[st.SearchStrategy[Any]], Any], noun: str) -> Any:
    """The same with sensible values wherever there are some: for this noun, or for all."""
    if not isinstance(made, dict):
        return made
    better = {}
    for name, value in made.items():
        if name in LEFT_OUT:
            continue
        choice = SENSIBLE.get(f"{noun}/{name}") or SENSIBLE.get(name)
        better[name] = draw(st.sampled_from(choice)) if choice else sensible(value, draw, noun)
    return better


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any], operation: Any, places: Any) -> Case:
    """What the document forbids, what it allows, and (half of all) what makes sense, too."""
    kind = draw(st.sampled_from(["wrong", "allowed", "sensible", "sensible"]))
    may_be_wrong = operation.definition.raw.get("parameters") or operation.body
    if kind == "wrong" and may_be_wrong:
        return draw(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    case: Case = draw(operation.as_strategy())
    if kind == "sensible":
        noun = [part for part in operation.path.split("/") if not part.startswith("{")][-1]
        case.body = sensible(case.body, draw, noun)
        case.query = sensible(case.query, draw, noun)
        if draw(st.booleans()):
            case.headers.pop("If-Match", None)
        if places:
            place = draw(st.sampled_from(places)).split("/")
            case.path_parameters.update(zip(case.path_parameters, place, strict=True))
    return case


def ask(served: Served, case: Case, headers: dict[str, str]) -> Any:
    wire = requests.Request(**case.as_transport_kwargs(base_url="http://it")).prepare()
    wire.headers.update(headers)
    url = str(wire.url).removeprefix("http://it")
    return served.ask(case.method, url, headers=dict(wire.headers), content=wire.body or b"")


def statuses(served: Served, operation: Any, headers: dict[str, str]) -> set[int]:
    """Ask in many ways and check every answer. The statuses that came."""
    seen = set()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=cases(operation, served.places(operation.path)))
    def conforms(case: Case) -> None:
        answer = ask(served, case, headers)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    conforms()
    return seen


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_documented(name: str, serve: Serve, token, subtests) -> None:
    with serve(name) as served:
        for operation in OPERATIONS[name]:
            with subtests.test(operation.label):
                [role, *_] = operation.definition.raw["x-roles"] or [None]
                role = ASKED_BY.get(operation.label, role)
                seen = statuses(served, operation, token(role) if role else {})
                if operation.label not in NEVER_SUCCEEDS_HERE:
                    assert min(seen) < 300, f"only {sorted(seen)}"
