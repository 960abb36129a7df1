"""What customers say, what intake then tells the others, and how it travels."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.envelope import Event, wrap
from shared.contracts.intake import Caller, CaseAccepted, Location, Promise
from shared.inbox import Message
from shared.stamp import Stamp
from tests.conftest import NINE

TEAMS = [
    {"code": "LH-1", "name": "临湖一队", "region": "320505"},
    {"code": "LH-2", "name": "临湖二队", "region": "320505"},
    {"code": "SZ", "name": "市队", "region": "3205"},
]
REPLY = {
    "cause": "熔丝熔断",
    "action": "更换熔丝",
    "responsibility": "utility",
    "evidence": ["photo-1"],
}


def a_call(**changes: Any) -> dict[str, Any]:
    """The body of `POST /v1/cases`."""
    return {
        "type": "fault_report",
        "channel": "phone",
        "description": "整栋楼停电",
        "caller": {"name": "王小明", "phone": "13800138000"},
        "location": {
            "region": "320505",
            "area": "urban",
            "address": "临湖区学府路12号3室",
            "transformer": "T-1",
        },
    } | changes


def accepted(
    case_id: UUID | None = None, region: str = "320505", at: datetime = NINE, **changes: Any
) -> CaseAccepted:
    """A fault in the dark, accepted a minute before `at`, with somebody on site promised.

    Each on a transformer of its own, so that none is taken for another.
    """
    case_id = case_id or uuid4()
    accepted_at = at - timedelta(minutes=1)
    arrival = Promise(
        kind="arrival",
        minutes=45,
        due_at=accepted_at + timedelta(minutes=45),
        policy="sgcc-2022",
        policy_version="2022.1",
    )
    about = {
        "case_id": case_id,
        "number": "2611-2000-0001-00",
        "case_type": "fault_report",
        "channel": "phone",
        "accepted_at": accepted_at,
        "caller": Caller(phone="13800138000"),
        "location": Location(
            region=region, area="urban", address="学府路12号", transformer=f"T-{case_id.hex[-12:]}"
        ),
        "promises": (arrival,),
    }
    return CaseAccepted.model_validate(about | changes)


def as_message(event: Event, offset: int = 0, sequence: int = 1) -> Message:
    """`event` in an envelope of its own, as Kafka brings it."""
    envelope = wrap(event, Stamp(by="agent-1", at=NINE), sequence)
    return Message(event.topic, 0, offset, event.key, envelope.model_dump_json().encode())
