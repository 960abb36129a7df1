"""Who says what, who hears it, and what it is ordered by."""

import re
from uuid import UUID

import pytest

from deploy.docs.assembled import Assembled, assembled
from deploy.docs.events import spoken
from shared.contracts.envelope import Event

SERVICES = assembled()
EVENTS = spoken(SERVICES)
TYPE = re.compile(r"([a-z]+)\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*")
PERSONAL = re.compile(r"name|phone|address|mail|caller|contact")
IDS_THAT_ARE_NO_UUID = {"policy", "calendar", "recipient"}  # sgcc-2022, cn-office


def named(one: object) -> str:
    return one.name if isinstance(one, Assembled) else getattr(one, "type", "")


@pytest.mark.parametrize("service", SERVICES, ids=named)
def test_what_is_heard_is_said_by_somebody_else(service: Assembled) -> None:
    for type_, listener in service.service.heard.items():
        assert EVENTS[type_] is listener.event
        assert listener.event.topic != service.name


@pytest.mark.parametrize("service", SERVICES, ids=named)
def test_a_service_speaks_in_its_own_topic(service: Assembled) -> None:
    for event in service.spoken:
        match = TYPE.fullmatch(event.type)
        assert match is not None and match[1] == event.topic == service.name


def test_no_type_is_said_twice() -> None:
    assert len(EVENTS) == sum(len(service.spoken) for service in SERVICES)


@pytest.mark.parametrize("event", EVENTS.values(), ids=named)
def test_a_key_is_an_id_and_never_personal(event: type[Event]) -> None:
    key = event.model_fields[event.about]
    assert key.annotation is UUID or event.about in IDS_THAT_ARE_NO_UUID
    assert key.is_required() and not PERSONAL.search(event.about)
