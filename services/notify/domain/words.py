"""What we say to whom: rules and templates are data, this is how they are read.

A template never changes: a new wording is a new version under a new id (`case-accepted.v2`), and
the rule names it. So a message's `template` says for ever which words were used.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from string import Formatter
from typing import Any

from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Category
from services.notify.domain.people import Audience
from services.notify.domain.segments import Rule as Counting
from services.notify.domain.segments import split
from shared.errors import Invalid

_BREAKS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), "\n")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_DIRECTIONS = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_NO_CHARACTERS = dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF])
_KEPT = {ord("\n"): "\n", ord("\t"): " "}
_CLEAN = _CONTROLS | _DIRECTIONS | _NO_CHARACTERS | _BREAKS | _KEPT


class BadWords(ValueError):
    """The templates or rules can't be used; found when the service starts."""


class UnknownTemplate(Invalid):
    """There is no such template."""


class WrongValues(Invalid):
    """A template is given its variables: all of them, and no others."""


class TextTooLong(Invalid):
    """The text needs more SMS parts than its template allows."""


def cleaned(text: str) -> str:
    """Without what controls a screen or the direction of writing; a line break is a line feed.

    Whoever's words a text holds can't hide or turn round what stands beside them.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEAN)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of ours that each language has its own for: `Term("arrival")` is `到达现场`."""

    word: str


Value = str | datetime | Term
Listed = tuple[Mapping[str, Value], ...]  # what is said once for each
Values = Mapping[str, Value | Listed]


@dataclass(frozen=True, slots=True)
class Template:
    """`parts`: the most SMS that its text may take; gateways cut the rest without a word.

    each: how one item of a list is said, where the text has one.
    """

    id: str
    category: Category
    text: str
    variables: frozenset[str]
    parts: int
    each: str | None = None

    @classmethod
    def of(cls, id: str, data: Mapping[str, Any], signature: str, parts: int) -> "Template":
        text = signature + data["text"]
        used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if used != set(data["variables"]):
            raise BadWords(f"{id} uses {sorted(used)}, declares {sorted(data['variables'])}")
        parts = int(data.get("parts", parts))
        category = Category(data["category"])
        return cls(id, category, text, frozenset(used), parts, data.get("each"))


@dataclass(frozen=True, slots=True)
class Language:
    """A locale's templates, its words for our terms, and how it writes a moment."""

    locale: str
    moment: str
    between: str  # the items of a list
    terms: Mapping[str, str]
    templates: Mapping[str, Template]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Language":
        common = (data["signature"], data["parts"])
        templates = {id: Template.of(id, t, *common) for id, t in data["templates"].items()}
        return cls(data["locale"], data["moment"], data["between"], data["terms"], templates)

    def say(self, value: Value | Listed, zone: tzinfo, each: str | None = None) -> str:
        """Raises BadWords for a list, or an item of it, that the template has no words for."""
        if isinstance(value, tuple):
            if each is None:
                raise BadWords("a list, and no `each`")
            try:
                return self.between.join(
                    each.format_map({name: self.say(one[name], zone) for name in one})
                    for one in value
                )
            except KeyError as error:
                raise BadWords(f"an item has no {error}") from error
        if isinstance(value, datetime):
            at = value.astimezone(zone)
            return self.moment.format(month=at.month, day=at.day, hour=at.hour, minute=at.minute)
        if isinstance(value, Term):
            return self.terms.get(value.word, value.word)
        return value


@dataclass(frozen=True, slots=True)
class Rule:
    """Who hears what when a fact of type `fact` happens; the first channel that reaches them."""

    fact: str
    audience: Audience
    template: str
    channels: tuple[Channel, ...] = (Channel.SMS,)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Rule":
        channels = tuple(map(Channel, data.get("channels", [Channel.SMS])))
        return cls(data["fact"], Audience(data["audience"]), data["template"], channels)


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
            if not rule.channels:
                raise BadWords(f"the rule for {rule.fact} names no channel")
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
            read = [Language.of(data) for data in languages]
            return cls(read, [Rule.of(rule) for rule in rules], zone, locale)
        except (KeyError, TypeError) as error:
            raise BadWords(f"missing or of the wrong kind: {error}") from error

    def facts(self) -> set[str]:
        """The types of facts that somebody is told of."""
        return set(self._rules)

    def rules(self, fact: str) -> Sequence[Rule]:
        return self._rules.get(fact, ())

    def check(self, template: str, given: Collection[str]) -> None:
        """Whether somebody asks for what there is. Raises UnknownTemplate, WrongValues."""
        if (found := self._default.templates.get(template)) is None:
            raise UnknownTemplate
        if found.variables != set(given):
            missing = sorted(found.variables - set(given))
            unknown = len(set(given) - found.variables)
            raise WrongValues(variables=sorted(found.variables), missing=missing, unknown=unknown)

    def category(self, template: str) -> Category:
        """Raises UnknownTemplate."""
        if (found := self._default.templates.get(template)) is None:
            raise UnknownTemplate
        return found.category

    def word(self, template: str, locale: str, values: Values) -> Wording:
        """The text in `locale`, or in the default language. Raises BadWords, TextTooLong."""
        language = self._languages.get(locale, self._default)
        chosen = language.templates.get(template)
        if chosen is None:
            language, chosen = self._default, self._default.templates[template]
        if missing := chosen.variables - values.keys():
            raise BadWords(f"{template} needs {sorted(missing)}")
        said = {
            name: language.say(values[name], self._zone, chosen.each) for name in chosen.variables
        }
        text = cleaned(chosen.text.format_map(said))
        parts = len(split(text, Counting.UCS_2).parts)  # as it is handed over
        if parts > chosen.parts:
            raise TextTooLong(template=template, parts=parts, parts_allowed=chosen.parts)
        return Wording(template, chosen.category, text)
