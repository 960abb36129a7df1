"""Why orders went where they went, and the rules by which they do, over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import Field

from services.workorders.api.roster import PLANNERS, Code, Day, Word
from services.workorders.api.shown import READERS, Seen
from services.workorders.domain.conditions import WORDS
from services.workorders.domain.rehearsal import Moved
from services.workorders.domain.routing import Cause
from services.workorders.store import decisions, orders, rules
from services.workorders.use_cases.dry_run import dry_run
from services.workorders.use_cases.rules import save_rules
from shared.auth import Called, may
from shared.http import Body, Instant, Line, Shown, Stamped, Transaction
from shared.idempotency import AnsweredOnce

router = APIRouter(prefix="/v1", tags=["routing"])

Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
VersionInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
Condition = Annotated[str, Field(min_length=1, max_length=500, examples=["type == 'complaint'"])]
Minutes = Annotated[int, Field(ge=1, le=43_200)]
Constraint = Literal["area", "level", "skills", "roster", "capacity", "region"]
Relax = Annotated[list[Constraint], Field(max_length=6)]


class ToIn(Body):
    """One of them. nearest and roles: of teams with these roles; nearest of none: of any."""

    team: Code | None = None
    nearest: Annotated[list[Word], Field(max_length=50)] | None = None
    roles: Annotated[list[Word], Field(max_length=50)] | None = None
    person: Literal["representative"] | None = None


class StepIn(Body):
    """To whom; after `wait_minutes` without a claim the next step is taken."""

    to: ToIn
    choose: Literal["least_loaded", "longest_idle", "weighted"] = "least_loaded"
    skills: Annotated[list[Word], Field(default_factory=list, max_length=10)]
    up: Annotated[int, Field(ge=0, le=9)] = 0
    wait_minutes: Minutes | None = None
    skip_if: Condition | None = None


class RuleIn(StepIn):
    """For orders of which the condition `when` holds. The last one is for all: `true`."""

    name: Line
    when: Condition
    relax: Relax | None = None
    otherwise: Annotated[list[StepIn], Field(alias="else", default_factory=list, max_length=8)]


class RulesIn(Body):
    """A version. Without `valid_to` it lasts until the next begins.

    standing: teams that work without shifts count as on shift. relax: what is given up, one after
    the other, when no team meets everything.
    """

    version: Version
    valid_from: Day
    valid_to: Day | None = None
    standing: bool = True
    retry_minutes: Minutes
    relax: Relax
    rules: Annotated[list[RuleIn], Field(min_length=1, max_length=100)]
    source: Line

    def as_data(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class DryRunIn(Body):
    """Rules, and the period whose orders they are tried on: by default yesterday."""

    rules: RulesIn
    begin: Instant | None = None
    end: Instant | None = None


class CandidateOut(Shown):
    """A team that was looked at: its rank, or why it was dropped."""

    team: str
    load: int
    capacity: int | None
    rank: int | None
    dropped: list[str]


class DecisionOut(Shown):
    """rules, rule, step: null when a person decided. team: null when nobody was found."""

    at: datetime
    level: int
    cause: Cause
    by: str
    rules: str | None
    rule: str | None
    step: int | None
    team: str | None
    person: str | None
    relaxed: list[str]
    because: list[str]
    candidates: list[CandidateOut]


class RulesLine(Shown):
    """until: the first day on which they are no longer in force."""

    version: str
    valid_from: date
    until: date | None
    saved_at: datetime
    saved_by: str


class RulesOut(RulesLine):
    """A version as a whole; `words`: what its conditions may ask."""

    data: dict[str, Any]
    words: dict[str, str]


class RouteOut(Shown):
    """How many orders would go from one team to another; null: to nobody."""

    before: str | None
    after: str | None
    orders: int


class MovedOut(Shown):
    work_order_id: UUID
    case_number: str
    before: str | None
    before_because: list[str]
    after: str | None
    after_because: list[str]


class DryRunOut(Shown):
    """Both sets of rules, tried on the same orders; `more`: only the first of them were."""

    begin: datetime
    end: datetime
    orders: int
    more: bool
    moved: int
    unrouted_before: int
    unrouted_after: int
    routes: list[RouteOut]
    samples: list[MovedOut]


@router.get("/work-orders/{id}/routing", dependencies=[may(*READERS)])
async def explain(tx: Transaction, aim: Seen) -> list[DecisionOut]:
    """Every decision about where this order goes, with its reasons, the oldest first."""
    order = await orders.get(tx, aim)
    found = await decisions.of_order(tx, order.id)
    return [DecisionOut.model_validate(decided) for decided in found]


@router.get("/routing-rules", dependencies=[may(*READERS)])
async def list_rules(tx: Transaction) -> list[RulesLine]:
    """Every version, the newest first."""
    return [RulesLine.model_validate(saved) for saved in await rules.all_versions(tx)]


@router.get("/routing-rules/{version}", dependencies=[may(*READERS)])
async def read_rules(tx: Transaction, version: VersionInPath) -> RulesOut:
    saved = await rules.get(tx, version)
    line = RulesLine.model_validate(saved).model_dump()
    return RulesOut(**line, data=dict(saved.data), words=WORDS)


@router.post(
    "/routing-rules", status_code=201, response_model=RulesLine, dependencies=[may(*PLANNERS)]
)
async def save(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: RulesIn
) -> Response:
    """A new version, for the whole center; dates may not overlap, nor leave a hole."""
    new = await save_rules(tx, stamp, body.as_data(), caller.region)
    return once.answer(RulesLine.model_validate(await rules.get(tx, new.version)))


@router.post("/routing-rules/dry-run", dependencies=[may(*PLANNERS)])
async def try_out(tx: Transaction, stamp: Stamped, caller: Called, body: DryRunIn) -> DryRunOut:
    """What these rules would have done with orders of the past, beside those in force.

    Teams are as they are now, shifts as they were; each set of rules makes its own load.
    """
    period = (body.begin, body.end) if body.begin and body.end else None
    tried = await dry_run(tx, stamp, body.rules.as_data(), period, caller.region)
    difference = tried.difference
    return DryRunOut(
        begin=tried.begin,
        end=tried.end,
        orders=difference.orders,
        more=tried.more,
        moved=difference.moved,
        unrouted_before=difference.unrouted_before,
        unrouted_after=difference.unrouted_after,
        routes=[
            RouteOut(before=before, after=after, orders=many)
            for (before, after), many in sorted(difference.routes.items(), key=lambda x: -x[1])
        ],
        samples=[_moved(one) for one in difference.samples],
    )


def _moved(one: Moved) -> MovedOut:
    return MovedOut(
        work_order_id=one.order.id,
        case_number=one.order.case_number,
        before=one.before.team,
        before_because=list(one.before.because),
        after=one.after.team,
        after_because=list(one.after.because),
    )
