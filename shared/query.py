"""What stands behind the question mark of an address: words that the route takes, each once.

A word that nobody reads would be a filter that its caller believes in; of a word said twice the
last would count, whoever looked at the first. Both are refused, after the gate of the route.
"""

from collections.abc import Collection, Iterator, Mapping

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts

# By method and path; None where the route reads its query itself.
Words = Mapping[tuple[str, str], frozenset[str] | None]


def words_of(app: FastAPI, foreign: Collection[str]) -> Words:
    """What each route of ours takes. `foreign`: paths whose query is not ours to judge."""
    found: dict[tuple[str, str], frozenset[str] | None] = {}
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            path = str(route.path)
            words = None if path in foreign else frozenset(_words(dependant))
            found |= {(method, path): words for method in route.methods or ()}
    return found


def _words(dependant: Dependant) -> Iterator[str]:
    for word in dependant.query_params:
        yield word.alias
    for inner in dependant.dependencies:
        yield from _words(inner)


def check_words(request: Request) -> None:
    """Raises RequestValidationError (422) that names each word not taken, or said again."""
    if not request.scope["query_string"]:
        return
    words: Words = request.app.state.words
    taken = words[request.method, request.scope["route"].path]
    if taken is None:
        return
    known = f"this address takes {', '.join(sorted(taken)) or 'no words'}"
    wrong = []
    said = set()
    for name, _ in request.query_params.multi_items():
        if name not in taken:
            wrong.append({"type": "unknown_word", "loc": ("query", name), "msg": known})
        elif name in said:
            wrong.append({"type": "repeated_word", "loc": ("query", name), "msg": "say it once"})
        said.add(name)
    if wrong:
        raise RequestValidationError(wrong)
