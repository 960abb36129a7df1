"""How long before a planned outage who must be told: dated data, section `notices` of a pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.workorders.domain.outage import Kind, Window
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
class Notices:
    """kinds: by kind of outage. reminder: said again so long before. exemptions: reason codes."""

    kinds: Mapping[Kind, Notice]
    reminder: timedelta | None
    exemptions: frozenset[str]

    def over(self, other: "Notices") -> "Notices":
        """These rules, and those of `other` for what these leave open."""
        return Notices(
            {**other.kinds, **self.kinds},
            self.reminder or other.reminder,
            self.exemptions or other.exemptions,
        )

    def check(self, kind: Kind, window: Window, at: datetime, exemption: str | None) -> None:
        """Raises NoticeTooShort unless there is a reason that counts, and NoSuchExemption."""
        if exemption is not None and exemption not in self.exemptions:
            raise NoSuchExemption(reason=exemption, known=sorted(self.exemptions))
        notice = self.kinds.get(kind)
        if notice is None or exemption is not None or at + notice.before <= window.begins_at:
            return
        raise NoticeTooShort(
            f"{notice.to} must know {notice.before} before",
            earliest_at=(at + notice.before).isoformat(),
            to=notice.to,
            source=notice.source,
            certainty=notice.certainty,
            exemptions=sorted(self.exemptions),
        )

    def next_wake(self, window: Window, at: datetime) -> datetime:
        """When the announced outage has something to say by itself: reminder, else its start."""
        remind_at = window.begins_at - self.reminder if self.reminder else window.begins_at
        return remind_at if remind_at > at else window.begins_at


NONE = Notices({}, None, frozenset())


def read_notices(data: Mapping[str, Any]) -> Notices:
    """Raises BadPolicy with the place."""
    given = only(data, ("kinds", "reminder", "exemptions"))
    kinds = {}
    for name, one in given.get("kinds", {}).items():
        with place(f"notice of {name} outages"):
            kinds[Kind(name)] = _notice(one)
    return Notices(
        kinds,
        duration(given["reminder"]) if "reminder" in given else None,
        words(given["exemptions"]) if "exemptions" in given else frozenset(),
    )


def _notice(data: object) -> Notice:
    given = only(data, ("before", "to", "source", "certainty"))
    [to] = words(given["to"], AUDIENCES)
    return Notice(duration(given["before"]), to, text(given["source"]), text(given["certainty"]))
