"""What must be true when the dust has settled: a history goes in, what is wrong with it comes out.

Pure: it knows neither services nor faults. `test_checker.py` shows that it finds what it is for.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# How the phone network ends a message, by the last digit of the handset.
FATES = {
    "0": "delivered", "1": "delivered", "5": "delivered",
    "2": "undelivered", "4": "expired", "6": "rejected", "9": "rejected",
}  # fmt: skip
IN_DOUBT = "unknown"
IN_FLIGHT, UNAVAILABLE = 409, 503


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the recorder's log. Without a status: asked; or, with `why`, left unanswered."""

    key: str
    phone: str
    at: float
    status: int | None = None
    case_id: str | None = None
    replayed: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One event as the outbox keeps it or the topic carries it."""

    id: str
    key: str
    type: str
    version: int


@dataclass(frozen=True, kw_only=True)
class History:
    """The recorder's log and everything found afterwards, inside and outside.

    cases: (id, key of the request). orders: the case of each. messages: (case, status) of each
    case-accepted message. sms: handsets, one for every SMS that the network took. said, carried:
    the outboxes and the topics, by service, in order. unsent, parked: what still waits.
    """

    log: Sequence[Line] = ()
    cases: Sequence[tuple[str, str]] = ()
    orders: Sequence[str] = ()
    messages: Sequence[tuple[str, str]] = ()
    sms: Sequence[str] = ()
    said: Mapping[str, Sequence[Said]] = field(default_factory=dict)
    carried: Mapping[str, Sequence[Said]] | None = None
    unsent: Mapping[str, int] = field(default_factory=dict)
    parked: Mapping[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> dict[str, str]:
        """The case that each key was first answered with."""
        found: dict[str, str] = {}
        for line in self.log:
            if line.case_id is not None:
                found.setdefault(line.key, line.case_id)
        return found


def violations(history: History, *, doubt: bool = False) -> list[str]:
    """What is wrong, a line each. `doubt`: a process died with messages in its hands; such a
    message may be honestly unknown if the network did not get it, and never sent twice."""
    return [
        *_cases(history),
        *_answers(history),
        *_orders(history),
        *_messages(history, doubt),
        *_events(history),
        *_topics(history),
        *(f"{s}: {n} events unsent" for s, n in history.unsent.items() if n),
        *(f"{s}: {n} messages parked" for s, n in history.parked.items() if n),
    ]


def _cases(history: History) -> Iterator[str]:
    """Accepted means kept, and once, however often it was asked for."""
    kept = defaultdict(list)
    for id, key in history.cases:
        kept[key].append(id)
    for key, id in history.accepted.items():
        if id not in kept[key]:
            yield f"case {id} was accepted and is lost"
    for key in {line.key for line in history.log}:
        if len(kept[key]) > 1:
            yield f"one request made {len(kept[key])} cases: {kept[key]}"


def _answers(history: History) -> Iterator[str]:
    """A good request is accepted, or told to come again; and always under the same id."""
    told = defaultdict(set)
    for line in history.log:
        if line.case_id is not None:
            told[line.key].add(line.case_id)
        elif line.status not in (None, IN_FLIGHT, UNAVAILABLE):
            yield f"a good request was answered {line.status}"
    for ids in told.values():
        if len(ids) > 1:
            yield f"one request was answered with several cases: {sorted(ids)}"


def _orders(history: History) -> Iterator[str]:
    cases, orders = {id for id, _ in history.cases}, Counter(history.orders)
    for id in cases - orders.keys():
        yield f"case {id} has no order"
    for id in orders.keys() - cases:
        yield f"an order serves case {id}, which is not there"
    for id, count in orders.items():
        if count > 1:
            yield f"case {id} has {count} orders"


def _messages(history: History, doubt: bool) -> Iterator[str]:
    """One SMS a case, and of each we know what became of it."""
    known, taken = defaultdict(list), Counter(history.sms)
    for id, status in history.messages:
        known[id].append(status)
    phones = {line.key: line.phone for line in history.log}
    for key, id in history.accepted.items():
        sent, statuses = taken[phones[key]], known[id]
        if len(statuses) != 1:
            yield f"case {id} has {len(statuses)} messages in notify"
        elif sent > 1:
            yield f"case {id} was told {sent} times"
        elif sent == 1 and statuses != [FATES[phones[key][-1]]]:
            yield f"the SMS of case {id} is {FATES[phones[key][-1]]}, notify says {statuses[0]}"
        elif sent == 0 and not (doubt and statuses == [IN_DOUBT]):
            yield f"case {id} was not told; notify says {statuses[0]}"


def _events(history: History) -> Iterator[str]:
    """The versions of each aggregate leave as 1, 2, 3: none missing, none before its time."""
    for service, said in history.said.items():
        versions = defaultdict(list)
        for event in said:
            if event.version:
                versions[event.key].append(event.version)
        for key, found in versions.items():
            if found != sorted(found) or set(found) != set(range(1, max(found) + 1)):
                yield f"{service} said versions {found} of {key}"


def _topics(history: History) -> Iterator[str]:
    """Said is carried, and nothing else; what comes again comes after the first in order."""
    for service, carried in (history.carried or {}).items():
        places = {event.id: place for place, event in enumerate(history.said[service])}
        first = dict.fromkeys(event.id for event in carried)
        for id in places.keys() - first.keys():
            yield f"{service} said event {id}, Kafka never got it"
        for id in first.keys() - places.keys():
            yield f"Kafka carries event {id}, which {service} never said"
        keys = {event.id: event.key for event in carried}
        last: dict[str, int] = {}
        for id in (id for id in first if id in places):
            if places[id] < last.get(keys[id], -1):
                yield f"{service}: event {id} overtook one of its key"
            last[keys[id]] = places[id]
