"""What each category of message means: dated data, read strictly. Nothing of it is in code."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """Why somebody is written to; what follows from it stands in categories.yaml."""

    EMERGENCY = "emergency"
    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    MARKETING = "marketing"


class Ambiguity(StrEnum):
    """What we do when nobody knows whether the gateway took a message."""

    AT_LEAST_ONCE = "at_least_once"  # hand it over again
    AT_MOST_ONCE = "at_most_once"  # leave it


class BadCategories(ValueError):
    """The categories can't be used; found when the service starts."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One category in one version. lane: 1 is served first. One field for each key of the data."""

    ambiguity: Ambiguity
    lane: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Meaning":
        """Raises KeyError, TypeError or ValueError."""
        given = dict(data)
        lane = given.pop("lane")
        if type(lane) is not int or lane < 1:
            raise ValueError(f"a lane is a whole number from 1: {lane!r}")
        meaning = cls(Ambiguity(given.pop("ambiguity")), lane)
        if given:
            raise ValueError(f"unknown keys: {sorted(given)}")
        return meaning


@dataclass(frozen=True, slots=True)
class Version:
    """What holds from a day on, who says so, and how sure that is."""

    valid_from: date
    source: str
    certainty: str
    meanings: Mapping[Category, Meaning]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Version":
        """Raises KeyError, TypeError or ValueError."""
        given = dict(data)
        named = {Category(name): Meaning.of(one) for name, one in given.pop("categories").items()}
        if missing := set(Category) - named.keys():
            raise ValueError(f"says nothing of {sorted(missing)}")
        valid_from, source = given.pop("valid_from"), given.pop("source")
        if not isinstance(valid_from, date) or not source:
            raise ValueError("a version has a day, valid_from, and a source")
        version = cls(valid_from, str(source), str(given.pop("certainty")), named)
        if given:
            raise ValueError(f"unknown keys: {sorted(given)}")
        return version


class Categories:
    """All versions, oldest first."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = sorted(versions, key=lambda version: version.valid_from)
        self._days = [version.valid_from for version in self._versions]
        if not self._days or len(set(self._days)) < len(self._days):
            raise BadCategories("one version or more, each from another day on")

    @classmethod
    def of(cls, data: Sequence[Mapping[str, Any]]) -> "Categories":
        """From data as YAML gives it. Raises BadCategories."""
        try:
            return cls([Version.of(one) for one in data])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadCategories(f"categories: {error}") from error

    def on(self, day: date) -> Version:
        """What holds that day; before the first version, the first."""
        return self._versions[max(bisect_right(self._days, day) - 1, 0)]

    def meaning(self, category: Category, day: date) -> Meaning:
        return self.on(day).meanings[category]
