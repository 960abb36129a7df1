"""Diagrams of the states, drawn by the domains from the tables that they move by."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from deploy.docs.assembled import names

# Where a name says too little for a file of its own.
_TITLES = {"services.workorders.domain.moves": "work order", "services.intake.domain": "case"}


def pages() -> dict[str, str]:
    """A page for every domain module with a `diagram`, by file name."""
    found = {}
    for name in names():
        for module in _domain(name):
            if hasattr(module, "diagram"):
                title = _TITLES.get(module.__name__, module.__name__.rpartition(".")[2])
                found[title.replace(" ", "-") + ".md"] = _page(title, module)
    return found


def _domain(service: str) -> Iterator[ModuleType]:
    domain = importlib.import_module(f"services.{service}.domain")
    yield domain
    for inner in pkgutil.iter_modules(getattr(domain, "__path__", [])):
        yield importlib.import_module(f"{domain.__name__}.{inner.name}")


def _page(title: str, module: ModuleType) -> str:
    where = module.__name__.replace(".", "/")
    article = "an" if title[0] in "aeiou" else "a"
    head = f"# The states of {article} {title}\n\nDrawn from `{where}` by `make docs`.\n"
    return f"{head}\n```mermaid\n{module.diagram().strip()}\n```\n"
