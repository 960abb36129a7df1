"""Commitments about the mean or the share of many calls or orders: dated, shown, not clocked."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from services.workorders.domain.limit import CERTAINTIES, UNVERIFIED
from services.workorders.domain.written import BadPolicy, duration, only, text, word, words

_PERIODS = frozenset({"month", "quarter", "year", "event"})
_KEYS = ("name", "what", "within", "at_least", "at_most", "mean", "over", "source", "certainty")


@dataclass(frozen=True, slots=True)
class Standard:
    """`at_least` or `at_most` this share (of 1), or a `mean` of at most so long; over a period.

    within: so quickly is in time, where that is what the share is of.
    """

    name: str
    what: str
    over: str
    source: str
    certainty: str
    within: timedelta | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    mean: timedelta | None = None

    @property
    def unverified(self) -> bool:
        """To be verified locally: its source could not be seen."""
        return self.certainty == UNVERIFIED


def read_standard(data: object) -> Standard:
    """Raises BadPolicy or KeyError, naming what is wrong."""
    given = only(data, _KEYS)
    if sum(key in given for key in ("at_least", "at_most", "mean")) != 1:
        raise BadPolicy("exactly one of at_least, at_most and mean")
    if given["certainty"] not in CERTAINTIES:
        raise BadPolicy(f"certainty {given['certainty']!r} is none of {sorted(CERTAINTIES)}")
    [over] = words(given["over"], _PERIODS)
    return Standard(
        name=word(given["name"]),
        what=text(given["what"]),
        over=over,
        source=text(given["source"]),
        certainty=given["certainty"],
        within=duration(given["within"]) if "within" in given else None,
        at_least=_share(given["at_least"]) if "at_least" in given else None,
        at_most=_share(given["at_most"]) if "at_most" in given else None,
        mean=duration(given["mean"]) if "mean" in given else None,
    )


def _share(value: object) -> Decimal:
    if type(value) is not float or not 0 < value <= 1:
        raise BadPolicy(f"a share lies between 0 and 1, not {value!r}")
    return Decimal(str(value))
