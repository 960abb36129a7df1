"""What each service holds before it is asked: the examples it has heard, and more to work on."""

import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from services.billing.seed import Demo
from services.billing.seed import seed as seed_accounts
from services.notify.main import NotifySettings
from services.notify.seed import seed as seed_contacts
from services.workorders.domain.device import Device
from services.workorders.domain.escalation import Escalation, EscalationId
from services.workorders.seed import seed as seed_teams
from services.workorders.store import escalations
from services.workorders.store.devices import add as add_devices
from shared.due import fire_due
from shared.inbox import Message, Tries, deliver
from shared.stamp import Stamp
from tests.conftest import NINE, Running

EXAMPLES = Path(__file__).parent / "examples"
Headers = Callable[..., dict[str, str]]
Step = tuple[str, str, dict[str, object] | None]  # the noun of the move, by which role, the body

_PROTECTED = "/v1/protected-customers/{"
_ORDERS, _CLOCKS, _SHIFTS = "/v1/work-orders/", "/v1/clocks/", "/v1/shifts/"
_ESCALATIONS, _EDITS, _JOBS = "/v1/escalations/", "/v1/policy-edits/", "/v1/bulk-jobs/"
_OUTAGES, _DECISIONS = "/v1/outages/", "/v1/outage-decisions/"
# What stands in an address, and where such a thing is found.
PLACES = {
    ("intake", "/v1/cases/"): "SELECT id::text AS it FROM cases ORDER BY id",
    ("workorders", "/v1/calendars/"): "SELECT DISTINCT name AS it FROM calendars ORDER BY name",
    ("workorders", "/v1/policies/"): "SELECT id || '/' || version AS it FROM policies ORDER BY id",
    ("workorders", "/v1/teams/"): "SELECT code AS it FROM teams ORDER BY code",
    ("workorders", "/v1/members/"): "SELECT person AS it FROM members ORDER BY person",
    ("workorders", "/v1/routing-rules/"): "SELECT version AS it FROM routing_rules",
    ("notify", "/v1/messages/"): "SELECT id::text AS it FROM messages ORDER BY dedupe_key",
    ("notify", "/v1/requests/"): "SELECT id::text AS it FROM requests ORDER BY key",
    ("billing", "/v1/accounts/"): "SELECT account_no AS it FROM accounts ORDER BY account_no",
}
FAULT, QUESTION, COMPLAINT = "fault_report", "info_query", "complaint"
_DONE = {
    "cause": "熔丝熔断",
    "action": "更换",
    "responsibility": "utility",
    "evidence": ["photo-1"],
}
_REST = {"reason": "no_access", "until": "2026-11-20T18:00:00+08:00", "customer_told": True}
_CLAIM: Step = ("claim", "crew", None)
_ARRIVE = (_CLAIM, ("arrival", "crew", None))
_REPLY = (*_ARRIVE, ("reply", "crew", _DONE))
_WRONG_CLAIM = (*_ARRIVE, ("reply", "crew", _DONE | {"substantiated": False}))
_RETURN: Step = ("return", "crew", {"reason": "other_duty", "target": "GX-02"})
_BACK: Step = ("return", "crew", {"reason": "other_duty", "target": "GX-01"})
_ASK: Step = ("suspension-request", "crew", _REST)
_OTHER: Step = ("relabelling", "crew", {"case_type": "opinion", "reason": "asks for nothing"})
_TO_ONE = {"team": "GX-99", "reason": "so that it is known who has it"}
_CALLED: Step = ("callback", "callback", {"outcome": "satisfied"})

WRONG = {
    "wrong": "not_counted",
    "since": "2026-11-20T01:02:00Z",
    "until": "2026-11-20T01:03:00Z",
    "reason": "the gate was locked",
}

# What a step of an order asks for: a case of which kind, and what was done with it before.
BEFORE: dict[str, tuple[str, tuple[Step, ...]]] = {
    "resolution": (QUESTION, ()),
    "triage": (QUESTION, ()),
    "dispatch": (FAULT, (("reassignment", "dispatcher", _TO_ONE), _RETURN, _BACK)),
    "contact": (FAULT, (_CLAIM,)),
    "departure": (FAULT, (_CLAIM,)),
    "arrival": (FAULT, (_CLAIM,)),
    "diagnosis": (FAULT, _ARRIVE),
    "etr": (FAULT, _ARRIVE),
    "repair": (FAULT, _ARRIVE),
    "reply": (FAULT, _ARRIVE),
    "suspension-request": (FAULT, _ARRIVE),
    "suspension-approval": (FAULT, (*_ARRIVE, _ASK)),
    "suspension-refusal": (FAULT, (*_ARRIVE, _ASK)),
    "resumption": (FAULT, (*_ARRIVE, _ASK, ("suspension-approval", "supervisor", None))),
    "urge-answer": (FAULT, (("urge", "agent", None),)),
    "relabelling-decision": (COMPLAINT, (_OTHER,)),
    "exemption": (FAULT, _ARRIVE),
    "review": (COMPLAINT, _WRONG_CLAIM),
    "callback": (FAULT, _REPLY),
    "reopening": (FAULT, (*_REPLY, _CALLED)),
}


def examples(types: set[str]) -> list[Message]:
    """The golden examples of these types as Kafka would bring them, in the order of their time."""
    files = [file for type_ in types for file in sorted((EXAMPLES / type_).glob("*.json"))]
    told = sorted((json.loads(file.read_bytes()) for file in files), key=lambda e: e["time"])
    return [_message(envelope, offset) for offset, envelope in enumerate(told)]


def _message(envelope: dict[str, object], offset: int) -> Message:
    value = json.dumps(envelope).encode()
    return Message(str(envelope["source"]), 0, offset, str(envelope["subject"]), value)


async def hear(running: Running, messages: list[Message]) -> None:
    for message in messages:
        await deliver(running.database.begin, running.service.heard, [message], NINE, Tries())


async def begin(running: Running, headers: Headers) -> None:
    """Fill an empty service."""
    service = running.service
    if service.on_start is not None:
        async with running.database.begin() as tx:
            await service.on_start(tx, Stamp(by="start", at=NINE))
    if service.name in _BEFORE:
        await _BEFORE[service.name](running)
    await hear(running, examples(set(service.heard)))
    if service.name in _AFTER:
        await _AFTER[service.name](running, headers)


async def places(running: Running, path: str, headers: Headers) -> list[str]:
    """What may stand in the places of `path`: ids that lead somewhere, with / between them."""
    name = running.service.name
    if "{" not in path:
        return []
    if name == "workorders" and path.startswith((_OUTAGES, _DECISIONS)):
        return [await _outage(running, headers, path.rpartition("/")[2]) for _ in range(4)]
    if name == "workorders" and path.startswith(_ORDERS):
        return [await _order(running, headers, path.rpartition("/")[2]) for _ in range(4)]
    if name == "workorders" and path.startswith(_PROTECTED):
        return [await _protection(running, headers, days) for days in range(4)]
    if name == "workorders" and path.startswith(_CLOCKS):
        return [await _clock(running, headers, path.rpartition("/")[2]) for _ in range(4)]
    if name == "workorders" and path.startswith(_ESCALATIONS):
        orders = [await _order(running, headers, "acknowledgement") for _ in range(4)]
        rows = await running.rows("SELECT id::text AS it, order_id FROM escalations")
        return [row.it for row in rows if str(row.order_id) in orders]
    if name == "workorders" and path.startswith(_EDITS):
        return [await _edit(running, headers)]
    if name == "workorders" and path.startswith(_JOBS):
        return [await _job(running, headers, path.rpartition("/")[2]) for _ in range(4)]
    if name == "workorders" and path.startswith(_SHIFTS + "{"):
        return [await _shift(running, headers, path.rpartition("/")[2]) for _ in range(4)]
    for (service, begins), query in PLACES.items():
        if service == name and path.startswith(begins + "{"):
            return [row.it for row in await running.rows(query)]
    return []


async def _protection(running: Running, headers: Headers, days: int) -> str:
    """The id of a protected customer, of an account of its own."""
    body = {
        "account_no": str(uuid4().int)[:20],
        "region": "320505",
        "code": "important_l2",
        "source": "the city's list",
        "valid_from": (NINE + timedelta(days=days)).isoformat(),
    }
    who = headers("supervisor") | {"idempotency-key": body["account_no"]}
    answer = await running.client.post("/v1/protected-customers", json=body, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _outage(running: Running, headers: Headers, noun: str) -> str:
    """The id of a new outage, or of a decision about one, that is where this move begins."""
    [known] = await running.rows("SELECT count(*) AS many FROM outages")
    transformer = f"Z-{known.many}"
    if noun == "start":
        async with running.database.begin() as tx:
            device = Device(transformer, "Z-F", "320505", 1)
            await add_devices(tx, Stamp(by="test", at=NINE), [device])
        ahead = {"begins_at": "2027-01-01T09:00:00+08:00", "ends_at": "2027-01-01T12:00:00+08:00"}
        return await _opened(running, headers, transformer, kind="planned", reason="work", **ahead)
    if noun == "confirmation-of-supply":
        id = await _opened(running, headers, transformer, kind="fault")
        await _done(running, headers, f"{_OUTAGES}{id}/restoration", "crew", _DONE)
        return id
    _, follower = [await _order(running, headers, "", transformer) for _ in range(2)]
    for timer in running.service.timers:
        await fire_due(running.database, timer, NINE)
    table = "outage_decisions" if noun == "undo" else "outages"
    mine = (
        "kind = 'followed' AND order_id = :id"
        if noun == "undo"
        else "id = (SELECT outage_id FROM work_orders WHERE id = :id)"
    )
    [row] = await running.rows(f"SELECT id FROM {table} WHERE {mine}", id=UUID(follower))
    return str(row.id)


async def _opened(running: Running, headers: Headers, transformer: str, **about: object) -> str:
    body = {"region": "320505", "transformers": [transformer], **about}
    keyed = {"idempotency-key": transformer}
    return str(
        (await _done(running, headers, _OUTAGES.rstrip("/"), "dispatcher", body, keyed))["id"]
    )


async def _done(
    running: Running,
    headers: Headers,
    path: str,
    role: str,
    body: dict[str, object] | None,
    more: dict[str, str] | None = None,
) -> dict[str, object]:
    who = headers(role, subject=f"{role}-9") | (more or {})
    answer = await running.client.post(path, json=body, headers=who)
    assert answer.status_code < 300, answer.text
    return dict(answer.json())


async def _order(
    running: Running, headers: Headers, noun: str, transformer: str | None = None
) -> str:
    """The id of a new order that is where this move begins."""
    if noun == "unmerge" and transformer is None:
        [known] = await running.rows("SELECT count(*) AS many FROM work_orders")
        transformer = f"Y-{known.many}"
        await _order(running, headers, noun, transformer)
    case_type, steps = BEFORE.get(noun, (FAULT, ()))
    [model, *_] = examples({"intake.case-accepted.v1"})
    envelope = deepcopy(json.loads(model.value))
    [known] = await running.rows("SELECT count(*) AS many FROM work_orders")
    case = UUID(int=known.many + 1)
    envelope["id"] = envelope["subject"] = envelope["data"]["case_id"] = str(case)
    envelope["data"]["case_type"] = case_type
    envelope["data"]["location"]["transformer"] = transformer or f"X-{known.many + 1}"
    await hear(running, [_message(envelope, 100 + known.many)])
    [order] = await running.rows("SELECT id FROM work_orders WHERE case_id = :case", case=case)
    for step, role, body in steps:
        await _done(running, headers, f"{_ORDERS}{order.id}/{step}", role, body)
    if noun == "acknowledgement":
        await _raise(running, order.id)
    return str(order.id)


async def _clock(running: Running, headers: Headers, noun: str) -> str:
    """The id of a clock of a new order; of one whose correction waits, where that is asked for."""
    order = await _order(running, headers, "claim")
    query = "SELECT id FROM clocks WHERE order_id = :id ORDER BY started_at"
    [clock, *_] = await running.rows(query, id=order)
    if noun in ("confirmation", "rejection"):
        who = headers("supervisor", subject="supervisor-9") | {"idempotency-key": str(clock.id)}
        address = f"{_CLOCKS}{clock.id}/correction"
        answer = await running.client.post(address, json=WRONG, headers=who)
        assert answer.status_code == 201, answer.text
    return str(clock.id)


async def _raise(running: Running, order_id: UUID) -> None:
    """Somebody is to be told of a clock of this order."""
    [clock] = await running.rows(
        "SELECT id, kind, due_at FROM clocks WHERE order_id = :id ORDER BY id LIMIT 1", id=order_id
    )
    raised = Escalation(
        id=EscalationId(uuid4()),
        clock_id=clock.id,
        order_id=order_id,
        kind=clock.kind,
        because="breached",
        step=1,
        repetition=1,
        tell="supervisor",
        by="sms",
        region="320505",
        team=None,
        raised_at=NINE,
        due_at=clock.due_at,
    )
    async with running.database.begin() as tx:
        escalations.add(tx, [raised])


async def _edit(running: Running, headers: Headers) -> str:
    """The id of a policy edit that is over."""
    body = {"policy": "house", "version": "2026.1", "mode": "pin", "reason": "for a look"}
    who = headers("supervisor") | {"idempotency-key": "edit"}
    answer = await running.client.post("/v1/policy-edits", json=body, headers=who)
    assert answer.status_code == 201, answer.text
    timer = next(one for one in running.service.timers if one.name == "policy_edits")
    await fire_due(running.database, timer, NINE)
    return str(answer.json()["id"])


async def _job(running: Running, headers: Headers, noun: str) -> str:
    """The id of a bulk job: one that is over, or (to be cancelled) one that is not."""
    order = (await _order(running, headers, "danger")).split("/")[0]
    body = {"danger": True, "reason": "for a look"}
    wanted = {"action": "danger", "body": body, "orders": [{"id": order}]}
    who = headers("supervisor") | {"idempotency-key": str(uuid4())}
    answer = await running.client.post("/v1/bulk-jobs", json=wanted, headers=who)
    assert answer.status_code == 201, answer.text
    if noun != "cancellation":
        timer = next(one for one in running.service.timers if one.name == "bulk_jobs")
        await fire_due(running.database, timer, NINE)
    return str(answer.json()["id"])


async def _shift(running: Running, headers: Headers, noun: str) -> str:
    """The id of a new shift that is where this begins, and of an order on its list if one is."""
    [known] = await running.rows("SELECT count(*) AS many FROM teams")
    code, who = f"SH-{known.many}", headers("supervisor", subject="supervisor-9")

    async def ask(method: str, path: str, body: object = None) -> dict[str, object]:
        keyed = who | {"idempotency-key": f"{code} {path} {body}"[:250].encode().hex()[:250]}
        answer = await running.client.request(method, f"/v1/{path}", json=body, headers=keyed)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    await ask("POST", "teams", {"code": code, "name": code, "region": "320505", "capacity": 0})
    await ask("PUT", f"members/{code}-lead", {"team": code})
    begin = NINE + timedelta(hours=1 if noun == "cancellation" else -1)
    plan = {"team": code, "lead": f"{code}-lead", "members": [f"{code}-lead"]}
    plan |= {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=8)).isoformat()}
    shift = str((await ask("POST", "shifts", plan))["id"])
    if noun not in ("handover", "signature", "acknowledgement", "closing"):
        return shift
    if noun == "acknowledgement":
        order = await _order(running, headers, "claim")
        await ask("POST", f"work-orders/{order}/reassignment", {"team": code, "reason": "mine"})
    await ask("POST", f"shifts/{shift}/handover")
    if noun == "acknowledgement":
        return f"{shift}/{order}"
    if noun == "closing":
        await ask("POST", f"shifts/{shift}/handover/signature", {"side": "outgoing"})
        who = headers("supervisor", subject="supervisor-8")
        await ask("POST", f"shifts/{shift}/handover/signature", {"side": "incoming"})
    return shift


async def _teams(running: Running) -> None:
    await seed_teams(running.database)


async def _contacts(running: Running) -> None:
    await seed_contacts(running.database, NotifySettings().addresses)


async def _accounts(running: Running) -> None:
    demo = Demo.read()
    few = Demo(demo.accounts[:20], demo.readings, demo.payments)
    await seed_accounts(running.database, few)


async def _cases(running: Running, headers: Headers) -> None:
    for number in range(5):
        case = {
            "type": "fault_report",
            "channel": "phone",
            "description": "整栋楼停电",
            "caller": {"name": "王小明", "phone": "15400001234"},
            "location": {"region": "320505", "area": "urban", "address": "学府路12号"},
        }
        keyed = headers("agent") | {"idempotency-key": f"case-{number}"}
        answer = await running.client.post("/v1/cases", json=case, headers=keyed)
        assert answer.status_code == 201, answer.text


_BEFORE: dict[str, Callable[[Running], Awaitable[None]]] = {
    "workorders": _teams,
    "notify": _contacts,
    "billing": _accounts,
}
_AFTER: dict[str, Callable[[Running, Headers], Awaitable[None]]] = {
    "intake": _cases,
}
