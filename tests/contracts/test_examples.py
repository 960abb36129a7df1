"""An example of every fact ever published is still read today, with nothing lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.docs.assembled import assembled
from deploy.docs.events import spoken
from shared.contracts.envelope import Envelope, as_json, wrap
from shared.stamp import Stamp

EXAMPLES = Path(__file__).parent / "examples"
FILES = sorted(EXAMPLES.glob("*/*.json"))
EVENTS = spoken(assembled())


def lost(example: Any, read: Any, at: str = "") -> Iterator[str]:
    """Where what was read does not say what the example says; it may say more."""
    if isinstance(example, dict) and isinstance(read, dict):
        for name in example:
            yield from lost(example[name], read.get(name, "nothing"), f"{at}.{name}")
    elif isinstance(example, list) and isinstance(read, list) and len(example) == len(read):
        for place, (one, other) in enumerate(zip(example, read, strict=True)):
            yield from lost(one, other, f"{at}[{place}]")
    elif example != read:
        yield f"{at}: {example!r} is read as {read!r}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_example_survives_today_s_classes(file: Path) -> None:
    example = json.loads(file.read_text(encoding="utf-8"))
    envelope = Envelope.model_validate_json(file.read_bytes())
    event = EVENTS[envelope.type].model_validate(envelope.data)
    read = envelope.model_dump(mode="json") | {"data": event.model_dump(mode="json")}
    assert list(lost(example, read)) == []
    assert envelope.type == file.parent.name
    assert envelope.subject == event.key and envelope.source == event.topic


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_what_is_written_down_quickly_is_what_the_envelope_says(file: Path) -> None:
    told = Envelope.model_validate_json(file.read_bytes())
    event = EVENTS[told.type].model_validate(told.data)
    stamp = Stamp(by=told.actor or "", at=told.time, cause=told.causationid, trace=told.traceparent)
    slowly, quickly = wrap(event, stamp, told.sequence), as_json(event, stamp, told.sequence)
    its_id = str(Envelope.model_validate_json(quickly).id)
    assert quickly.replace(its_id, str(slowly.id)) == slowly.model_dump_json()


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_every_fact_has_an_example(type_: str) -> None:
    assert any(file.parent.name == type_ for file in FILES)


def test_no_example_is_of_an_unknown_fact() -> None:
    assert {file.parent.name for file in FILES} <= EVENTS.keys()


def test_examples_call_nobody_s_phone() -> None:
    """Numbers that begin with 154 are given to nobody."""
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    phones = [line for text in texts for line in text.splitlines() if '"phone": "' in line]
    assert phones and all('"phone": "154' in line for line in phones)
