"""How something of ours is replaced before the services are put together."""

from collections.abc import Callable
from typing import Any

Mutations = dict[Callable[[], None], str]


def put(place: Any, name: str, new: Any) -> Any:
    """Replace what is there. Returns what it was."""
    old = getattr(place, name)
    setattr(place, name, new)
    return old
