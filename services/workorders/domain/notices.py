"""How long before a planned outage who must be told: dated data, section `notices` of a pack.

How we plan (section `planning` of our own rules): the reminder, and reasons to leave a rule aside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.workorders.domain.outage import Kind
from services.workorders.domain.window import Window
from services.workorders.domain.written import duration, only, place, text, words
from shared.errors import Invalid

AUDIENCES = frozenset({"public", "important"})


class NoticeTooShort(Invalid):
    """The outage begins too soon to be announced; it needs a recorded exemption."""


class NoSuchExemption(Invalid):
    """That is no reason for which this rule may be left."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Who must know so long before it begins, by whose word."""

    before: timedelta
    to: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Planning:
    """A section `planning`. reminder: said again so long before. exemptions: reason codes."""

    reminder: timedelta
    exemptions: frozenset[str]


Kinds = Mapping[Kind, Notice]


@dataclass(frozen=True, slots=True)
class Notices:
    """kinds: what must be kept, by kind of outage. planning: how we do it."""

    kinds: Kinds
    planning: Planning

    def check(self, kind: Kind, window: Window, at: datetime, exemption: str | None) -> None:
        """Raises NoticeTooShort unless there is a reason that counts, and NoSuchExemption."""
        if exemption is not None and exemption not in self.planning.exemptions:
            raise NoSuchExemption(reason=exemption, known=sorted(self.planning.exemptions))
        notice = self.kinds.get(kind)
        if notice is None or exemption is not None or at + notice.before <= window.begins_at:
            return
        raise NoticeTooShort(
            f"{notice.to} must know {notice.before} before",
            earliest_at=(at + notice.before).isoformat(),
            to=notice.to,
            source=notice.source,
            certainty=notice.certainty,
            exemptions=sorted(self.planning.exemptions),
        )

    def next_wake(self, window: Window, at: datetime) -> datetime:
        """When the announced outage has something to say by itself: reminder, else its start."""
        remind_at = window.begins_at - self.planning.reminder
        return remind_at if remind_at > at else window.begins_at


def read_planning(data: Mapping[str, Any]) -> Planning:
    """Raises BadPolicy with the place."""
    given = only(data, ("reminder", "exemptions"))
    return Planning(duration(given["reminder"]), words(given["exemptions"]))


def read_notices(data: Mapping[str, Any]) -> Kinds:
    """Raises BadPolicy with the place."""
    kinds = {}
    for name, one in only(data, list(Kind)).items():
        with place(f"notice of {name} outages"):
            kinds[Kind(name)] = _notice(one)
    return kinds


def _notice(data: object) -> Notice:
    given = only(data, ("before", "to", "source", "certainty"))
    [to] = words(given["to"], AUDIENCES)
    return Notice(duration(given["before"]), to, text(given["source"]), text(given["certainty"]))
