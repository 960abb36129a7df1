"""What intake listens to: how its cases' orders move, accounts, promises in force."""

from datetime import datetime

from services.intake import use_cases
from services.intake.domain import Account, CaseId, Location, Progress, Status
from shared.contracts import workorders as said
from shared.contracts.billing import AccountChanged
from shared.db import Tx
from shared.inbox import listeners
from shared.stamp import Stamp

OrderFact = (
    said.OrderDispatched
    | said.OrderClaimed
    | said.OrderDeparted
    | said.OrderArrived
    | said.EtrSet
    | said.OrderReplied
    | said.OrderArchived
    | said.OrderArchivedUnasked
    | said.OrderCancelled
    | said.OrderReopened
)

_STATUS: dict[type[OrderFact], Status] = {
    said.OrderDispatched: Status.DISPATCHED,
    said.OrderClaimed: Status.IN_PROGRESS,
    said.OrderDeparted: Status.IN_PROGRESS,
    said.OrderArrived: Status.IN_PROGRESS,
    said.OrderReplied: Status.RESOLVED,
    said.OrderArchived: Status.CLOSED,
    said.OrderArchivedUnasked: Status.CLOSED,
    said.OrderCancelled: Status.CLOSED,
    said.OrderReopened: Status.REOPENED,
}


async def on_order_fact(tx: Tx, event: OrderFact, stamp: Stamp) -> None:
    etr_at: datetime | None = event.etr_at if isinstance(event, said.EtrSet) else None
    status = _STATUS.get(type(event))
    if status is Status.DISPATCHED and event.level > 1:
        status = Status.REOPENED  # to the customer it is that, until somebody takes it on
    heard = Progress(event.version, event.team, etr_at)
    await use_cases.follow(tx, CaseId(event.case_id), status, heard)


async def on_account_changed(tx: Tx, event: AccountChanged, stamp: Stamp) -> None:
    where = Location(event.region, event.area, event.address, event.transformer)
    account = Account(
        event.account_no,
        event.name,
        event.phone,
        where,
        event.customer_class,
        event.life_support,
    )
    await use_cases.know_account(tx, account, event.version)


async def on_promises_published(tx: Tx, event: said.PromisesPublished, stamp: Stamp) -> None:
    policy = {"policy": event.policy, "policy_version": event.policy_version}
    await use_cases.know_commitments(tx, [p.model_dump() | policy for p in event.promises])


heard = listeners(
    *((fact, on_order_fact) for fact in (*_STATUS, said.EtrSet)),
    (AccountChanged, on_account_changed),
    (said.PromisesPublished, on_promises_published),
)
