"""What a bulk job is asked for: an action with its body, and orders by id or by filter."""

from typing import Annotated, Literal

from fastapi.routing import APIRoute
from pydantic import Field, Strict, model_validator

from services.workorders.api import closing, concerns, desk, field, groups
from services.workorders.domain.bulk import Action
from services.workorders.domain.moves import Status
from services.workorders.store.lists import Wanted
from shared.auth import Gate
from shared.contracts.intake import CaseType
from shared.http import Body, Id, Instant, Words

_ROUTERS = (desk, concerns, closing, field, groups)


class NamedIn(Body):
    """An order, and the version that the caller acts upon, as `If-Match` says it for one."""

    id: Id
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class FilterIn(Body):
    """What the list of orders takes, by the same names."""

    case_id: Id | None = None
    status: Annotated[Status, Strict(False)] | None = None
    team: Annotated[str, Field(max_length=40)] | None = None
    region: Annotated[str, Field(pattern=r"^[0-9]{1,6}$")] | None = None
    case_type: Annotated[CaseType | None, Field(alias="type")] = None
    priority_min: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    supervised: bool | None = None
    breached: bool | None = None
    at_risk: bool | None = None
    opened_from: Instant | None = None
    opened_to: Instant | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "FilterIn":
        if not any(value is not None for value in self.__dict__.values()):
            raise ValueError("say which orders: everything is too much")
        return self

    def wanted(self) -> Wanted:
        return Wanted(**self.__dict__)


class _Asked(Body):
    orders: Annotated[list[NamedIn], Field(min_length=1)] | None = None
    filter: FilterIn | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "_Asked":
        if (self.orders is None) == (self.filter is None):
            raise ValueError("either orders or a filter")
        return self


class NothingIn(Body):
    """The action needs nothing more."""


class UndoIn(Body):
    because: Words


# One class for each action: its body is that of the route for one order.


class TriageJobIn(_Asked):
    action: Literal[Action.TRIAGE]
    body: NothingIn = Field(default_factory=NothingIn)


class DispatchJobIn(_Asked):
    action: Literal[Action.DISPATCH]
    body: desk.DispatchIn


class ReassignmentJobIn(_Asked):
    action: Literal[Action.REASSIGNMENT]
    body: desk.ReassignmentIn


class ClaimJobIn(_Asked):
    action: Literal[Action.CLAIM]
    body: NothingIn = Field(default_factory=NothingIn)


class ReturnJobIn(_Asked):
    action: Literal[Action.RETURN]
    body: desk.HandbackIn


class MergeJobIn(_Asked):
    action: Literal[Action.MERGE]
    body: groups.MergeIn


class UnmergeJobIn(_Asked):
    action: Literal[Action.UNMERGE]
    body: groups.BecauseIn


class SupervisionJobIn(_Asked):
    action: Literal[Action.SUPERVISION]
    body: concerns.SupervisionIn


class TagsJobIn(_Asked):
    action: Literal[Action.TAGS]
    body: concerns.TagsIn


class DangerJobIn(_Asked):
    action: Literal[Action.DANGER]
    body: concerns.DangerIn


class UrgeAnswerJobIn(_Asked):
    action: Literal[Action.URGE_ANSWER]
    body: concerns.AnswerIn


class SuspensionApprovalJobIn(_Asked):
    action: Literal[Action.SUSPENSION_APPROVAL]
    body: NothingIn = Field(default_factory=NothingIn)


class SuspensionRefusalJobIn(_Asked):
    action: Literal[Action.SUSPENSION_REFUSAL]
    body: desk.ReasonIn


class ResumptionJobIn(_Asked):
    action: Literal[Action.RESUMPTION]
    body: NothingIn = Field(default_factory=NothingIn)


class ReviewJobIn(_Asked):
    action: Literal[Action.REVIEW]
    body: closing.ReviewIn


class CancellationJobIn(_Asked):
    action: Literal[Action.CANCELLATION]
    body: desk.ReasonIn


JobIn = Annotated[
    TriageJobIn
    | DispatchJobIn
    | ReassignmentJobIn
    | ClaimJobIn
    | ReturnJobIn
    | MergeJobIn
    | UnmergeJobIn
    | SupervisionJobIn
    | TagsJobIn
    | DangerJobIn
    | UrgeAnswerJobIn
    | SuspensionApprovalJobIn
    | SuspensionRefusalJobIn
    | ResumptionJobIn
    | ReviewJobIn
    | CancellationJobIn,
    Field(discriminator="action"),
]


def _roles(action: Action) -> tuple[str, ...]:
    """Of the route that does it to one order, so that the two never differ."""
    for part in _ROUTERS:
        for route in part.router.routes:
            assert isinstance(route, APIRoute)
            if route.path == f"/v1/work-orders/{{id}}/{action}":
                [gate] = [one.dependency for one in route.dependencies]
                assert isinstance(gate, Gate)
                return gate.roles
    raise LookupError(action)


ROLES = {action: _roles(action) for action in Action}
ANYBODY = tuple(sorted({role for roles in ROLES.values() for role in roles}))
