"""Cases over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.intake import store, use_cases
from services.intake.domain import Asked, Case, CaseId, Status
from shared.auth import Called, may
from shared.contracts.intake import Area, CaseType, Channel
from shared.http import Body, Line, RegionCode, Shown, Stamped, Transaction, Words, etag_of
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after
from shared.phone import phone_of
from shared.privacy import mask_account, mask_address, mask_name, mask_phone

router = APIRouter(prefix="/v1/cases", tags=["cases"])

Phone = Annotated[str, Field(min_length=5, max_length=24)]


class CallerIn(Body):
    name: Line | None = None
    phone: Phone | None = None


class LocationIn(Body):
    """Where the trouble is. With an account number, what is missing comes from the account."""

    region: RegionCode | None = None
    area: Area | None = None
    address: Line | None = None
    transformer: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")] | None = None


class CaseIn(Body):
    """`danger`: to people or things, such as fire, sparks, a fallen line.

    `confidential`: of a report or a complaint, that nobody whom it is about learns who said it.
    Both may be anonymous: without name, phone and account.
    """

    type: CaseType
    channel: Channel
    description: Annotated[str, Field(max_length=4000)] = ""
    caller: CallerIn = CallerIn()
    location: LocationIn = LocationIn()
    account_no: Annotated[str, Field(pattern=r"^[0-9]{6,20}$")] | None = None
    subtype: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    danger: bool = False
    confidential: bool = False

    def asked(self) -> Asked:
        return Asked(
            self.type,
            self.channel,
            self.description,
            self.caller.name,
            self.caller.phone,
            self.account_no,
            **self.location.model_dump(),
            subtype=self.subtype,
            danger=self.danger,
            confidential=self.confidential,
        )


class CallerOut(Shown):
    name: str | None
    phone: str | None


class LocationOut(Shown):
    region: str
    area: str
    address: str | None
    transformer: str | None


class PromiseOut(Shown):
    """`kind` within `minutes`, that is until `due_at`."""

    kind: str
    minutes: int
    due_at: datetime
    policy: str
    policy_version: str


class CaseOut(Shown):
    """A case as a screen shows it: the caller masked unless revealed.

    Of a `confidential` one nothing is shown that could tell who reported it: neither caller,
    account, address, transformer nor description.
    """

    id: UUID
    number: str
    type: str
    subtype: str | None
    danger: bool
    confidential: bool
    channel: str
    status: Status
    description: str
    caller: CallerOut
    location: LocationOut
    account_no: str | None
    promises: list[PromiseOut]
    accepted_at: datetime
    team: str | None
    etr_at: datetime | None
    version: int


class WarningOut(Shown):
    """What whoever reports is to be told."""

    code: Literal["anonymous"]
    text: str


class AcceptedOut(CaseOut):
    warnings: list[WarningOut]


_ANONYMOUS = WarningOut(code="anonymous", text="Nobody can be asked back, so it may stay unsolved.")


class RevealIn(Body):
    """Why the personal data is needed; it is written into the audit."""

    purpose: Words


def shown(case: Case, *, masked: bool = True) -> CaseOut:
    case = case.as_seen() if masked else case
    caller = CallerOut(name=case.caller.name, phone=case.caller.phone)
    where = LocationOut.model_validate(case.location)
    account_no = case.account_no
    if masked:
        caller = CallerOut(name=mask_name(caller.name), phone=mask_phone(caller.phone))
        where.address = mask_address(where.address)
        account_no = mask_account(account_no)
    return CaseOut(
        id=case.id,
        number=case.number,
        type=case.type,
        subtype=case.subtype,
        danger=case.danger,
        confidential=case.confidential,
        channel=case.channel,
        status=case.status,
        description=case.description,
        caller=caller,
        location=where,
        account_no=account_no,
        promises=[PromiseOut.model_validate(p) for p in case.promises],
        accepted_at=case.accepted_at,
        team=case.progress.team,
        etr_at=case.progress.etr_at,
        version=case.version,
    )


@router.post(
    "",
    status_code=201,
    response_model=AcceptedOut,
    dependencies=[may("agent", "bot", "supervisor", "service")],
)
async def accept(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    once: AnsweredOnce,
    body: CaseIn,
) -> Response:
    """Take a case in. Needs an `Idempotency-Key`; repeating the request gives the same answer."""
    asked = body.asked()
    case = await use_cases.accept(tx, stamp, asked, caller.region, tx.zone)
    warnings = [_ANONYMOUS] if asked.anonymous else []
    answer = AcceptedOut(**dict(shown(case)), warnings=warnings)
    return once.answer(answer, version=case.version)


@router.get("/{id}", dependencies=[may("agent", "supervisor", "callback", "dispatcher", "service")])
async def read(tx: Transaction, caller: Called, id: CaseId, response: Response) -> CaseOut:
    case = await store.get(tx, id, caller.region)
    response.headers["etag"] = etag_of(case.version)
    return shown(case)


@router.get("", dependencies=[may("agent", "supervisor", "callback", "dispatcher", "service")])
async def page(
    tx: Transaction,
    caller: Called,
    number: Annotated[str | None, Query(max_length=20)] = None,
    phone: Annotated[str | None, Query(max_length=24)] = None,
    status: Status | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CaseOut]:
    """Cases of the caller's region, newest first."""
    found = await store.page(
        tx,
        caller.region,
        number=number,
        phone=phone_of(phone) if phone else None,
        status=status,
        cursor=cursor,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_after(last.accepted_at, last.id) if last else None
    return Page(items=[shown(case) for case in found[:limit]], next=following)


@router.post("/{id}/reveal", dependencies=[may("agent", "supervisor", "callback")])
async def reveal(
    tx: Transaction, stamp: Stamped, caller: Called, id: CaseId, body: RevealIn
) -> CaseOut:
    """The case unmasked, for a stated purpose; the look is audited.

    Who reported what is confidential is told to agents, to those who call back, and to supervisors
    of more than the case's own region: others lead the unit that it is about.
    """
    case = await use_cases.reveal(tx, stamp, id, caller.region, body.purpose)
    return shown(case, masked=False)
