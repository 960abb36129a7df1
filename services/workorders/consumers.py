"""What workorders listens to."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.workorders.domain.blind import BlindIndex
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.parts import Asked, Site
from services.workorders.store import references, search
from services.workorders.store.references import Sought
from services.workorders.use_cases.opening import open_order
from shared.contracts.intake import Caller, CaseAccepted, Location
from shared.db import Tx
from shared.ids import new_id
from shared.inbox import Heard, Listener, listeners
from shared.stamp import Stamp


async def on_case_accepted(tx: Tx, event: CaseAccepted, stamp: Stamp, *, index: BlindIndex) -> None:
    event = _known_here(event)
    where = event.location
    order = WorkOrder(
        id=WorkOrderId(new_id(stamp.at)),
        case_id=event.case_id,
        case_number=event.number,
        case_type=event.case_type,
        site=Site(where.region, where.area, where.address, where.transformer),
        received_at=event.accepted_at,
        opened_at=stamp.at,
        asked=Asked(
            description=event.description,
            account_no=event.account_no,
            danger=event.danger,
            different=event.different,
            subtype=event.subtype,
            customer_class=event.customer_class,
            tags=event.tags,
            confidential=event.confidential,
        ),
    )
    if await open_order(tx, stamp, order, event.promises) is not None:
        search.add(tx, order, index.of_any(event.caller.phone))


async def ask_ahead(tx: Tx, events: Sequence[CaseAccepted], at: datetime) -> None:
    """At once, what opening an order for each of these will need."""
    await references.ask_ahead(tx, [_sought(_known_here(event)) for event in events], at)


def _sought(event: CaseAccepted) -> Sought:
    where = event.location
    return Sought(
        case_id=event.case_id,
        region=where.region,
        account_no=event.account_no,
        case_type=event.case_type,
        subtype=event.subtype,
        transformer=where.transformer,
    )


def _known_here(event: CaseAccepted) -> CaseAccepted:
    """Without what could tell who a confidential reporter is, whatever came along."""
    if not event.confidential:
        return event
    nobody = {"caller": Caller(), "account_no": None, "customer_class": None, "tags": ()}
    place = Location(region=event.location.region, area=event.location.area)
    return event.model_copy(update={"location": place, "description": "", **nobody})


def heard(index: BlindIndex) -> Heard:
    """`index`: by which orders are found by phone."""
    open_orders = partial(on_case_accepted, index=index)
    return listeners(Listener(CaseAccepted, open_orders, ahead=ask_ahead))
