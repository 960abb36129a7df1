"""What the board and lists are read by: indexes, most of them over what is not at its end."""

import sqlalchemy as sa

from services.workorders.domain.board import ON_BOARD
from services.workorders.tables.clocks import clocks
from services.workorders.tables.orders import work_orders

_these = ", ".join(f"'{status}'" for status in sorted(ON_BOARD))
_where = sa.text(f"status IN ({_these})")

# In a query: spelled as in the indexes, for PostgreSQL to see that they serve.
on_board = sa.literal_column(f"work_orders.status IN ({_these})", sa.Boolean)

sa.Index("ix_work_orders_board_team", work_orders.c.team, postgresql_where=_where)
sa.Index(
    "ix_work_orders_board_region",
    work_orders.c.region,
    postgresql_ops={"region": "text_pattern_ops"},
    postgresql_where=_where,
)
sa.Index(
    "ix_work_orders_board_opened_at",
    work_orders.c.opened_at,
    work_orders.c.id,
    postgresql_where=_where,
)
sa.Index(
    "ix_work_orders_supervised",
    work_orders.c.opened_at,
    work_orders.c.id,
    postgresql_where=sa.text("supervised"),
)
# Lists, whatever state an order is in.
sa.Index(
    "ix_work_orders_region_opened_at",
    work_orders.c.region,
    work_orders.c.opened_at,
    postgresql_ops={"region": "text_pattern_ops"},
)
sa.Index(
    "ix_work_orders_status_opened_at",
    work_orders.c.status,
    work_orders.c.opened_at,
    work_orders.c.id,
)
sa.Index(
    "ix_work_orders_case_type_opened_at",
    work_orders.c.case_type,
    work_orders.c.opened_at,
    work_orders.c.id,
)
sa.Index(
    "ix_work_orders_team_opened_at", work_orders.c.team, work_orders.c.opened_at, work_orders.c.id
)
sa.Index(
    "ix_clocks_unstopped",
    clocks.c.due_at,
    clocks.c.order_id,
    postgresql_where=sa.text("stopped_at IS NULL"),
)
