"""Orders that somebody senior is to watch, because a ladder was climbed after a breach.

Clocks are locked before orders are when they fire, the other way round when somebody acts; so what
fires only leaves a row here.
"""

import sqlalchemy as sa

from services.workorders.tables.metadata import metadata
from shared.tables import instant

watch_requests = sa.Table(
    "watch_requests",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, nullable=False),
    instant("raised_at"),
    sa.Index("ix_watch_requests_raised_at", "raised_at"),
)
