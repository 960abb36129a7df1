"""What is said to those who are told of clocks."""

from datetime import datetime
from uuid import UUID

from services.workorders.domain.escalation import Gathered, Recipient
from shared.contracts import workorders as said


def raised(
    digest_id: UUID, to: Recipient, gathered: Gathered, at: datetime, window_ends_at: datetime
) -> said.EscalationRaised:
    return said.EscalationRaised(
        recipient=f"{to.tell}:{to.region}",
        digest_id=digest_id,
        role=to.tell,
        by=to.by,
        region=to.region,
        team=gathered.teams[0] if len(gathered.teams) == 1 else None,
        raised_at=at,
        window_ends_at=window_ends_at,
        total=gathered.total,
        warned=gathered.warned,
        breached=gathered.total - gathered.warned,
        kinds=dict(gathered.kinds),
        items=tuple(said.EscalatedClock.model_validate(item) for item in gathered.items),
    )
