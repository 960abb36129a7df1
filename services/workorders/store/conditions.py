"""Conditions in the Common Expression Language: no loops, no functions but a few, always an end.

What a condition may use is written down here. Macros (`all`, `exists`, `map`), arithmetic and
regular expressions are refused by the operators they compile to, so the time that a condition
takes grows with its length and with nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import cel

from services.workorders.domain.conditions import OF_A_STEP, WORDS, ConditionFailed, samples

LONGEST, DEEPEST = 500, 20  # characters, brackets within brackets

_OPERATORS = ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_&&_", "_||_", "!_", "_?_:_", "@in")
_ALLOWED = {*_OPERATORS, "size", "startsWith", "endsWith", "contains", "timestamp"}
_FAILURES = (RuntimeError, TypeError, ValueError, KeyError, IndexError, ArithmeticError)


class BadCondition(ValueError):
    """A condition is none; the message says why."""


class Condition:
    """A compiled condition. `words`: what it asks about."""

    __slots__ = ("_program", "words")

    def __init__(self, program: cel.Program) -> None:
        self._program = program
        self.words = frozenset(program.variables())

    def holds(self, facts: cel.Context) -> bool:
        """Raises ConditionFailed."""
        try:
            answer = self._program.execute(facts)
        except _FAILURES as error:
            raise ConditionFailed(type(error).__name__) from error
        if not isinstance(answer, bool):
            raise ConditionFailed("neither true nor false")
        return answer


class Conditions:
    """The compiled conditions of one version of the rules."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._compiled = {text: compiled(text) for text in texts}
        self.words = frozenset().union(*(c.words for c in self._compiled.values()))

    def about(self, words: Mapping[str, Any]) -> "Facts":
        return Facts(self._compiled, {w: v for w, v in words.items() if w in self.words})


class Facts:
    """One order, as all conditions of the rules see it."""

    __slots__ = ("_compiled", "_context")

    def __init__(self, compiled: Mapping[str, Condition], words: dict[str, Any]) -> None:
        self._compiled, self._context = compiled, cel.Context(words)

    def hold(self, text: str, **more: Any) -> bool:
        """Does the condition hold? `more`: words of a step. Raises ConditionFailed."""
        if more:
            self._context.update(more)
        return self._compiled[text].holds(self._context)


def compiled(text: str) -> Condition:
    """Raises BadCondition."""
    if len(text) > LONGEST:
        raise BadCondition(f"longer than {LONGEST} characters")
    if _depth(text) > DEEPEST:
        raise BadCondition(f"nested deeper than {DEEPEST}")
    try:
        program = cel.compile(text)
    except _FAILURES as error:
        raise BadCondition(str(error).splitlines()[0][:300]) from error
    condition = Condition(program)
    if unknown := sorted(condition.words - WORDS.keys()):
        raise BadCondition(f"unknown word {unknown[0]}; there are {', '.join(WORDS)}")
    if foreign := sorted(set(program.functions()) - _ALLOWED):
        raise BadCondition(f"{foreign[0]} is not allowed here")
    return condition


def check(text: str, *, of_a_step: bool = False) -> None:
    """Raises BadCondition, also for one that fails on a sample order."""
    condition = compiled(text)
    if not of_a_step and (later := sorted(condition.words & OF_A_STEP)):
        raise BadCondition(f"{later[0]} is only known to skip_if")
    for sample in samples():
        words = {word: sample[word] for word in condition.words}
        try:
            condition.holds(cel.Context(words))
        except ConditionFailed as error:
            raise BadCondition(f"fails for an order with {_told(words)}: {error}") from error


def _told(words: Mapping[str, Any]) -> str:
    return ", ".join(f"{word} = {value!r}" for word, value in sorted(words.items()))


def _depth(text: str) -> int:
    """How deep brackets are nested; those in texts are counted too, which only errs to be safe."""
    deepest = now = 0
    for character in text:
        if character in "([{":
            now += 1
            deepest = max(deepest, now)
        elif character in ")]}":
            now -= 1
    return deepest
