"""What we say to whom: rules and templates are data, this is how they are read.

A template never changes: a new wording is a new version under a new id (`case-accepted.v2`), and
the rule names it. So a message's `template` says for ever which words were used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from string import Formatter
from typing import Any

from services.notify.domain.message import Audience, Category

_LONGEST = 5 * 67  # UTF-16 units in five parts; gateways cut what is beyond without a word


class BadWords(ValueError):
    """The templates or rules can't be used; found when the service starts."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of ours that each language has its own for: `Term("arrival")` is `到达现场`."""

    word: str


Value = str | datetime | Term
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Template:
    id: str
    category: Category
    text: str
    variables: frozenset[str]

    @classmethod
    def of(cls, id: str, data: Mapping[str, Any], signature: str) -> "Template":
        text = signature + data["text"]
        used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if used != set(data["variables"]):
            raise BadWords(f"{id} uses {sorted(used)}, declares {sorted(data['variables'])}")
        return cls(id, Category(data["category"]), text, frozenset(used))


@dataclass(frozen=True, slots=True)
class Language:
    """A locale's templates, its words for our terms, and how it writes a moment."""

    locale: str
    moment: str
    terms: Mapping[str, str]
    templates: Mapping[str, Template]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Language":
        signature = data["signature"]
        templates = {id: Template.of(id, t, signature) for id, t in data["templates"].items()}
        return cls(data["locale"], data["moment"], data["terms"], templates)

    def say(self, value: Value, zone: tzinfo) -> str:
        if isinstance(value, datetime):
            at = value.astimezone(zone)
            return self.moment.format(month=at.month, day=at.day, hour=at.hour, minute=at.minute)
        if isinstance(value, Term):
            return self.terms.get(value.word, value.word)
        return value


@dataclass(frozen=True, slots=True)
class Rule:
    """Who hears what when a fact of type `fact` happens."""

    fact: str
    audience: Audience
    template: str


@dataclass(frozen=True, slots=True)
class Wording:
    template: str
    category: Category
    text: str


class Book:
    """All rules and templates, checked against each other. In `locale` when nothing else fits."""

    def __init__(
        self, languages: Sequence[Language], rules: Sequence[Rule], zone: tzinfo, locale: str
    ) -> None:
        self._languages = {language.locale: language for language in languages}
        self._default, self._zone, self.locale = self._languages[locale], zone, locale
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.fact, []).append(rule)
            if rule.template not in self._default.templates:
                raise BadWords(f"the rule for {rule.fact} names {rule.template}: no such template")

    @classmethod
    def of(
        cls,
        languages: Sequence[Mapping[str, Any]],
        rules: Sequence[Mapping[str, Any]],
        zone: tzinfo,
        locale: str,
    ) -> "Book":
        """From data as YAML gives it. Raises BadWords."""
        try:
            read = [Rule(r["fact"], Audience(r["audience"]), r["template"]) for r in rules]
            return cls([Language.of(data) for data in languages], read, zone, locale)
        except (KeyError, TypeError) as error:
            raise BadWords(f"missing or of the wrong kind: {error}") from error

    def facts(self) -> set[str]:
        """The types of facts that somebody is told of."""
        return set(self._rules)

    def rules(self, fact: str) -> Sequence[Rule]:
        return self._rules.get(fact, ())

    def word(self, template: str, locale: str, values: Values) -> Wording:
        """The text in `locale`, or in the default language. Raises BadWords."""
        language = self._languages.get(locale, self._default)
        chosen = language.templates.get(template)
        if chosen is None:
            language, chosen = self._default, self._default.templates[template]
        if missing := chosen.variables - values.keys():
            raise BadWords(f"{template} needs {sorted(missing)}")
        said = {name: language.say(values[name], self._zone) for name in chosen.variables}
        text = chosen.text.format_map(said)
        if len(text.encode("utf-16-be")) > 2 * _LONGEST:
            raise BadWords(f"{template} came out too long")
        return Wording(template, chosen.category, text)
