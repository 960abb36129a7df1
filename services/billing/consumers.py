"""What billing listens to: sums that customers are owed, or are not after all."""

from services.billing import store, use_cases
from services.billing.domain.compensation import Compensation, CompensationId
from shared.contracts.outages import CompensationDue, CompensationWaived
from shared.db import Tx
from shared.inbox import Heard, listeners
from shared.stamp import Stamp


async def on_compensation_due(tx: Tx, event: CompensationDue, stamp: Stamp) -> None:
    await use_cases.book_compensation(tx, stamp, await _owed(tx, event, stamp))


async def on_compensation_waived(tx: Tx, event: CompensationWaived, stamp: Stamp) -> None:
    owed = await _owed(tx, event, stamp)
    await use_cases.waive_compensation(tx, stamp, owed, event.waived_at, event.reason)


async def _owed(tx: Tx, event: CompensationDue | CompensationWaived, stamp: Stamp) -> Compensation:
    return Compensation(
        id=CompensationId(event.compensation_id),
        account_id=await store.id_of(tx, event.account_no),
        region=event.region,
        work_order_id=event.work_order_id,
        case_number=event.case_number,
        amount_minor=event.amount_minor,
        currency=event.currency,
        pack=event.pack,
        pack_version=event.pack_version,
        rule=event.rule,
        step=event.step,
        promised_at=event.promised_at,
        booked_at=stamp.at,
    )


heard: Heard = listeners(
    (CompensationDue, on_compensation_due), (CompensationWaived, on_compensation_waived)
)
