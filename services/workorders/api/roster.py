"""Teams, their members, and customers' representatives, over HTTP."""

from datetime import date
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter, Path, Query, Response
from pydantic import BeforeValidator, Field, Strict

from services.workorders.api.shown import READERS
from services.workorders.domain.columns import MEMBER, TEAM
from services.workorders.domain.roster import AREAS, Member, Team, level_of
from services.workorders.store import teams
from services.workorders.use_cases import roster
from shared.auth import Called, may
from shared.http import Body, Expected, Line, Shown, Stamped, Transaction, etag_of
from shared.idempotency import AnsweredOnce
from shared.privacy import mask_account

router = APIRouter(prefix="/v1", tags=["teams"])

PLANNERS = ("supervisor", "ops")
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _as_day(value: object) -> object:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("write it like 2026-11-20")
    return value


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", examples=["GX-01"])]
Person = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$", examples=["crew-1"])]
CodeInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
PersonInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$")]
PersonInQuery = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}$")]
Prefix = Annotated[str, Field(pattern=r"^[0-9]{0,6}$", examples=["3205"])]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["live_line"])]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$", examples=["zh"])]
Day = Annotated[date, Strict(False), BeforeValidator(_as_day)]
Skills = Annotated[dict[Word, Day | None], Field(default_factory=dict, max_length=50)]
Area = Literal["urban", "rural", "remote"]
Account = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,30}$", examples=["5050000001"])]


def csv_like(columns: object, example: str) -> object:
    header = ",".join(columns)  # type: ignore[arg-type]
    return fastapi.Body(media_type="text/csv", examples=[f"{header}\n{example}\n"])


TeamFile = Annotated[
    bytes,
    csv_like(TEAM, "LH-9,临湖九队,320505,,1,repair,urban;rural,live_line:2027-06-30,12,1,yes,yes"),
]
MemberFile = Annotated[
    bytes, csv_like(MEMBER, "crew-91,GX-01,live_line:2027-06-30;height,zh;en,yes")
]


class TeamBody(Body):
    """region: its home. serves: prefixes of all regions it works in (none: its home). areas: none
    means all. skills: each with the last day of its licence, or null. capacity: orders at a time;
    null: as many as come. standing: it works without shifts, too.
    """

    name: Line
    region: Prefix
    serves: Annotated[list[Prefix], Field(default_factory=list, max_length=50)]
    level: Annotated[int, Field(ge=1, le=9)] | None = None
    role: Word = "repair"
    areas: Annotated[list[Area], Field(default_factory=list, max_length=len(AREAS))]
    skills: Skills
    capacity: Annotated[int, Field(ge=0, le=10_000)] | None = None
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    standing: bool = True
    active: bool = True

    def team(self, code: str) -> Team:
        lists = {"serves": tuple(self.serves or [self.region]), "areas": tuple(self.areas)}
        level = {"level": self.level or level_of(self.region)}
        said = self.model_dump(exclude={"code"})
        return Team(code=code, **said | lists | level)


class TeamIn(TeamBody):
    code: Code


class TeamOut(Shown):
    code: str
    name: str
    region: str
    serves: list[str]
    level: int
    role: str
    areas: list[str]
    skills: dict[str, date | None]
    capacity: int | None
    weight: int
    standing: bool
    active: bool
    version: int


class MemberIn(Body):
    """skills: each with the last day of its licence, or null."""

    team: Code
    skills: Skills
    languages: Annotated[list[Language], Field(default_factory=list, max_length=20)]
    active: bool = True


class MemberOut(Shown):
    """`person` is the subject of a token, never a name."""

    person: str
    team: str
    skills: dict[str, date | None]
    languages: list[str]
    active: bool
    version: int


class RepresentativeIn(Body):
    """Who owns this customer's journey, until when at the latest."""

    account_no: Account
    person: Person
    until: Day | None = None


class RepresentedOut(Shown):
    """The account number leaves masked."""

    account_no: str
    person: str
    until: date | None


class ImportedOut(Shown):
    """How many lines were new, and how many changed what was there."""

    new: int
    changed: int


@router.get("/teams", dependencies=[may(*READERS)])
async def list_teams(tx: Transaction, caller: Called) -> list[TeamOut]:
    """The teams of the caller's region."""
    return [TeamOut.model_validate(team) for team in await teams.all_teams(tx, caller.region)]


@router.get("/teams/{code}", dependencies=[may(*READERS)])
async def read_team(
    tx: Transaction, caller: Called, code: CodeInPath, response: Response
) -> TeamOut:
    team = await teams.get(tx, code, caller.region)
    response.headers["etag"] = etag_of(team.version)
    return TeamOut.model_validate(team)


@router.post("/teams", status_code=201, response_model=TeamOut, dependencies=[may(*PLANNERS)])
async def found_team(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: TeamIn
) -> Response:
    """A new team; orders that waited for one in its regions are routed again."""
    team = await roster.found_team(tx, stamp, body.team(body.code), caller.region)
    return once.answer(TeamOut.model_validate(team), version=team.version)


@router.put("/teams/{code}", dependencies=[may(*PLANNERS)])
async def change_team(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    code: CodeInPath,
    expected: Expected,
    response: Response,
    body: TeamBody,
) -> TeamOut:
    """The team as it is from now on."""
    team = await roster.change_team(tx, stamp, body.team(code), caller.region, expected)
    response.headers["etag"] = etag_of(team.version)
    return TeamOut.model_validate(team)


@router.post(
    "/teams/import", status_code=201, response_model=ImportedOut, dependencies=[may(*PLANNERS)]
)
async def import_teams(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, file: TeamFile
) -> Response:
    """A CSV file: all of it, or nothing, with every bad line and column named.

    What is known is changed to what the file says; what the file leaves out stays. Lists are
    separated by semicolons; a skill carries the last day of its licence after a colon.
    """
    imported = await roster.import_teams(tx, stamp, file, caller.region)
    return once.answer(ImportedOut.model_validate(imported))


@router.get("/members", dependencies=[may(*READERS)])
async def list_members(
    tx: Transaction, caller: Called, team: Annotated[str | None, Query(max_length=40)] = None
) -> list[MemberOut]:
    """Who works in the teams of the caller's region."""
    found = await teams.members_of(tx, caller.region, team)
    return [MemberOut.model_validate(member) for member in found]


@router.put("/members/{person}", dependencies=[may(*PLANNERS)])
async def enrol(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    person: PersonInPath,
    expected: Expected,
    response: Response,
    body: MemberIn,
) -> MemberOut:
    """A member of a team, new or changed."""
    lists = {"languages": tuple(body.languages)}
    wanted = Member(person=person, **body.model_dump() | lists)
    member = await roster.enrol(tx, stamp, wanted, caller.region, expected)
    response.headers["etag"] = etag_of(member.version)
    return MemberOut.model_validate(member)


@router.post(
    "/members/import", status_code=201, response_model=ImportedOut, dependencies=[may(*PLANNERS)]
)
async def import_members(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, file: MemberFile
) -> Response:
    """A CSV file: all of it, or nothing, with every bad line and column named."""
    imported = await roster.import_members(tx, stamp, file, caller.region)
    return once.answer(ImportedOut.model_validate(imported))


@router.post("/representatives", dependencies=[may(*PLANNERS)])
async def represent(
    tx: Transaction, stamp: Stamped, caller: Called, body: RepresentativeIn
) -> RepresentedOut:
    """A customer's own representative from now on, in the place of another."""
    about = (body.account_no, body.person, body.until)
    await roster.represent(tx, stamp, *about, caller.region)
    return _represented(*about)


@router.get("/representatives", dependencies=[may(*READERS)])
async def list_represented(
    tx: Transaction, caller: Called, person: PersonInQuery
) -> list[RepresentedOut]:
    """Whom this member, of a team of the caller's region, represents."""
    found = await teams.represented_by(tx, person, caller.region)
    return [_represented(account_no, person, until) for account_no, until in found]


def _represented(account_no: str, person: str, until: date | None) -> RepresentedOut:
    masked = mask_account(account_no) or ""
    return RepresentedOut(account_no=masked, person=person, until=until)
