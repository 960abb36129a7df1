"""What workorders listens to."""

from services.workorders import use_cases
from services.workorders.domain.order import Site, WorkOrder, WorkOrderId
from shared.contracts.intake import CaseAccepted
from shared.db import Tx
from shared.ids import new_id
from shared.inbox import listeners
from shared.stamp import Stamp


async def on_case_accepted(tx: Tx, event: CaseAccepted, stamp: Stamp) -> None:
    where = event.location
    order = WorkOrder(
        id=WorkOrderId(new_id(stamp.at)),
        case_id=event.case_id,
        case_number=event.number,
        case_type=event.case_type,
        site=Site(where.region, where.area, where.address, where.transformer),
        received_at=event.accepted_at,
        opened_at=stamp.at,
    )
    await use_cases.open_order(tx, stamp, order, event.promises)


heard = listeners((CaseAccepted, on_case_accepted))
