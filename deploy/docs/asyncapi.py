"""One AsyncAPI 3.0 document: topics, the events in them, and who says and hears which."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from deploy.docs.assembled import Assembled
from deploy.docs.events import WithoutTitles, spoken
from shared.contracts.envelope import Envelope, Event

_BINDING = {"bindingVersion": "0.5.0"}
_KEYS = "What the fact is about: {about}. Never a phone number, a name or an address."


def document(services: list[Assembled]) -> dict[str, Any]:
    """All services together. Needs every heard event to be spoken by one of them."""
    events = spoken(services)
    models: list[type[BaseModel]] = [Envelope, *events.values()]
    references, schemas = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=WithoutTitles,
    )
    data = {type_: references[event, "serialization"] for type_, event in events.items()}
    around = references[Envelope, "serialization"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Wattline events",
            "version": "1",
            "description": "Facts between the four services, as CloudEvents 1.0 in Kafka. They "
            "arrive at least once; who hears them drops repeats by `id`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {one.name: _channel(one) for one in services if one.spoken},
        "operations": dict(pair for one in services for pair in _operations(one, events)),
        "components": {
            "messages": {t: _message(e, around, data[t]) for t, e in events.items()},
            "schemas": dict(sorted(schemas["$defs"].items())),
        },
    }


def _channel(speaker: Assembled) -> dict[str, Any]:
    types = [event.type for event in speaker.spoken]
    return {
        "address": speaker.name,
        "description": f"What {speaker.name} says.",
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in types},
        "bindings": {"kafka": {"topic": speaker.name} | _BINDING},
    }


def _operations(
    service: Assembled, events: dict[str, type[Event]]
) -> list[tuple[str, dict[str, Any]]]:
    """What a service says, and what it hears of each other."""
    found = []
    if service.spoken:
        says = _operation(service, "send", service.name, [e.type for e in service.spoken])
        found.append((f"{service.name}-says", says))
    heard = [events[type_] for type_ in events if type_ in service.service.heard]
    for topic in dict.fromkeys(event.topic for event in heard):
        types = [event.type for event in heard if event.topic == topic]
        hears = _operation(service, "receive", topic, types)
        hears["bindings"] = {"kafka": {"groupId": {"const": service.name}} | _BINDING}
        found.append((f"{service.name}-hears-{topic}", hears))
    return found


def _operation(service: Assembled, action: str, topic: str, types: Sequence[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "tags": [{"name": service.name}],
        "messages": [{"$ref": f"#/channels/{topic}/messages/{type_}"} for type_ in types],
    }


def _message(event: type[Event], envelope: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    about = _KEYS.format(about=f"`{event.about}`")
    inside = {"properties": {"type": {"const": event.type}, "data": data}}
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/cloudevents+json",
        "payload": {"type": "object", "allOf": [envelope, inside]},
        "bindings": {"kafka": {"key": {"type": "string", "description": about}} | _BINDING},
    }
