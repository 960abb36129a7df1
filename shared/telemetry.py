"""What operators see: JSON logs by event name and id, Prometheus metrics, W3C trace context."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

from shared.ids import new_token

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS = Histogram(
    "wattline_http_request_seconds",
    "HTTP requests",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
EVENTS_SENT = Counter("wattline_outbox_sent", "Events the relay handed to Kafka")
EVENTS_APPLIED = Counter("wattline_inbox_applied", "Events consumed, repeats included")
EVENTS_PARKED = Counter("wattline_inbox_parked", "Events set aside because they can't be applied")
LATENESS = Histogram(
    "wattline_timer_lateness_seconds", "Fired minus due", ["timer"], buckets=_SECONDS
)
LAG = Gauge("wattline_consumer_lag", "Messages not yet applied", ["topic", "partition"])
LAST_POLL = Gauge("wattline_consumer_last_poll_seconds", "When Kafka was last asked (Unix time)")
LAST_RELAY = Gauge("wattline_outbox_last_round_seconds", "When the relay last looked (Unix time)")
CAUGHT_UP = Gauge("wattline_consumer_caught_up", "1 when all that Kafka holds has been applied")
UNSENT = Gauge("wattline_outbox_unsent", "Events waiting for the relay")
OLDEST_UNSENT = Gauge("wattline_outbox_oldest_unsent_seconds", "Age of the oldest waiting event")
PARKED = Gauge("wattline_inbox_parked_now", "Messages parked and not yet released")

_FRAMES = 12
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_propagator = TraceContextTextMapPropagator()


def new_trace() -> str:
    """A `traceparent` that begins a trace (unsampled: ids only)."""
    return f"00-{new_token(16)}-{new_token(8)}-00"


def child_of(traceparent: str | None) -> str:
    """The same trace, a new span. A missing or malformed parent begins a new trace."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return new_trace()
    return f"00-{match[1]}-{new_token(8)}-{match[2]}"


def trace_id(traceparent: str | None) -> str:
    return (traceparent or "--").split("-")[1]


def here() -> str | None:
    """The `traceparent` of the span that is recording now, if tracing is on."""
    if not trace.get_current_span().is_recording():
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def span(name: str, traceparent: str | None) -> Any:
    """A context manager: the consumer's side of a trace (does nothing unless tracing is on)."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        return nullcontext()
    parent = _propagator.extract({"traceparent": traceparent} if traceparent else {})
    return trace.get_tracer("wattline").start_as_current_span(name, context=parent)


def trace_to(endpoint: str | None, service: str) -> None:
    """Export spans to an OTLP/HTTP collector; without an endpoint only ids travel."""
    if endpoint:
        provider = TracerProvider(resource=Resource({"service.name": service}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        trace.set_tracer_provider(provider)


def _what_broke(exc_info: Any) -> list[str]:
    """An exception as types and places, what was raised last first.

    Messages are left out: PostgreSQL and Python put rows and values into them, and those may be
    personal. Its code and constraint say what the database minded.
    """
    return list(_told(exc_info[1], set()))


def _told(error: BaseException | None, known: set[int]) -> Iterator[str]:
    if error is None or id(error) in known:
        return
    known.add(id(error))
    names = (getattr(error, name, None) for name in ("sqlstate", "constraint_name"))
    yield " ".join([type(error).__name__, *(name for name in names if isinstance(name, str))])
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]:
        code = frame.f_code
        yield f"  {'/'.join(Path(code.co_filename).parts[-2:])}:{line} {code.co_name}"
    for inner in getattr(error, "exceptions", ()):
        yield from _told(inner, known)
    yield from _told(error.__cause__ or error.__context__, known)


def log_as_json(service: str, level: str) -> None:
    """Every line one JSON object; what libraries say goes the same way."""

    def name_it(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True, key="at"),
        name_it,
        structlog.processors.ExceptionRenderer(_what_broke),
    ]
    structlog.configure(
        processors=[
            *steps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            structlog.processors.JSONRenderer(ensure_ascii=False), foreign_pre_chain=steps
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # a hundred lines a second in an outage
    logging.getLogger("shared").setLevel(level.upper())
    logging.getLogger("services").setLevel(level.upper())
