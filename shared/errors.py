"""The ways this system says no. The docstring of an error is its title for people.

Refusal                 400  the request was refused: a decision, not a fault
  Unauthenticated       401  who are you?
  Forbidden             403  you may not do this
  NotFound              404  unknown, or not yours to see: both look the same
  Conflict              409  not in this state
  PreconditionFailed    412  someone else changed it first
  Invalid               422  well-formed, but against a rule
  Unavailable           503  not now; try again
NotYet                       an event came before what it builds on; it is tried again
"""

import re
from typing import ClassVar


class Refusal(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str = "", **facts: object) -> None:
        super().__init__(detail or self.title)
        self.detail, self.facts = detail, facts

    @property
    def title(self) -> str:
        return (type(self).__doc__ or "").strip().splitlines()[0]

    @classmethod
    def slug(cls) -> str:
        """`WrongMove` is `/problems/wrong-move` on the wire."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class Unauthenticated(Refusal):
    """Show a valid token first."""

    status = 401


class Forbidden(Refusal):
    """You may not do this."""

    status = 403


class NotFound(Refusal):
    """There is no such thing, or you may not see it."""

    status = 404


class Conflict(Refusal):
    """The thing is not in a state that allows this."""

    status = 409


class PreconditionFailed(Refusal):
    """Someone else changed it first."""

    status = 412


class Invalid(Refusal):
    """The request breaks a rule."""

    status = 422


class Unavailable(Refusal):
    """This can't be done right now; try again soon."""

    status = 503


class NotYet(Exception):
    """An event came before the one it builds on: not wrong, only early."""
