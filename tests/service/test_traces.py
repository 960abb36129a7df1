"""One trace from the caller's request through Kafka to what follows from it."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.intake.main import service as intake_service
from services.workorders.main import WorkordersSettings
from services.workorders.main import service as workorders_service
from shared.inbox import Message, Tries, deliver
from shared.service import build_app
from shared.stamp import Stamp
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CASE = {
    "type": "fault_report",
    "channel": "web",
    "location": {"region": "320505", "area": "urban"},
}


@pytest.fixture(scope="module")
def exported() -> Iterator[InMemorySpanExporter]:
    """Spans as a collector would get them."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


async def outbox(running) -> list[dict[str, object]]:
    async with running.database.begin() as tx:
        rows = await tx.execute(sa.text("SELECT envelope FROM outbox ORDER BY seq"))
        return [json.loads(row.envelope) for row in rows]


async def accept_and_hear(start, settings, token, traceparent: str, *, telemetry_on: bool):
    """File a case, deliver what intake says of it; the envelopes of both services."""
    async with start(intake_service(settings)) as intake:
        intake.client._transport.app = build_app(
            intake.service,
            intake.database,
            intake.app.state.keyring,
            intake.app.state.clock,
            telemetry_on=telemetry_on,
        )
        headers = token("agent") | {"idempotency-key": "t", "traceparent": traceparent}
        answer = await intake.client.post("/v1/cases", json=CASE, headers=headers)
        assert answer.status_code == 201, answer.text
        said = await outbox(intake)
    parts = workorders_service(WorkordersSettings(postgres=settings.postgres, jwks=settings.jwks))
    async with start(parts) as workorders:
        async with workorders.database.begin() as tx:
            await parts.on_start(tx, Stamp(by="start", at=NINE))
        message = Message("intake", 0, 0, said[0]["subject"], json.dumps(said[0]).encode())
        await deliver(workorders.database.begin, workorders.service.heard, [message], NINE, Tries())
        started = {"promises-published"}
        heard = await outbox(workorders)
        return said + [e for e in heard if e["type"].split(".")[1] not in started]


async def test_the_callers_trace_goes_on_through_kafka(start, settings, token) -> None:
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    said = await accept_and_hear(start, settings, token, parent, telemetry_on=False)
    assert [e["type"].split(".")[1] for e in said] == ["case-accepted", "order-opened"]
    assert {e["traceparent"].split("-")[1] for e in said} == {TRACE}
    assert len({e["traceparent"].split("-")[2] for e in said}) == 2
    assert said[1]["causationid"] == said[0]["id"]


async def test_a_malformed_traceparent_begins_a_new_trace(start, settings, token) -> None:
    said = await accept_and_hear(start, settings, token, "00-zz-!!-01", telemetry_on=False)
    [trace_id] = {e["traceparent"].split("-")[1] for e in said}
    assert trace_id != TRACE and len(trace_id) == 32


async def test_with_a_collector_the_spans_hang_together(start, settings, token, exported) -> None:
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    await accept_and_hear(start, settings, token, parent, telemetry_on=True)
    spans = {span.name: span for span in exported.get_finished_spans()}
    request, heard = spans["POST /v1/cases"], spans["hear intake.case-accepted.v1"]
    assert {format(s.context.trace_id, "032x") for s in (request, heard)} == {TRACE}
    assert heard.parent is not None and heard.parent.span_id != 0
