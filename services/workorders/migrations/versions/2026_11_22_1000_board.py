"""Search, jobs and the board."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import outbox_xid_2026_11

revision, down_revision = "workorders_0008", "workorders_0007"

_OPENED = ["opened_at", "id"]
_on_board = sa.text(
    "status IN ('accepted', 'callback_due', 'callback_failed', 'claimed', 'dispatched',"
    " 'in_progress', 'pending_dispatch', 'reassigned', 'reopened', 'replied', 'returned',"
    " 'review', 'suspended')"
)


def upgrade() -> None:
    outbox_xid_2026_11(op)
    op.create_index("ix_outbox_xid_seq", "outbox", ["xid", "seq"])
    by_region = {"region": "text_pattern_ops"}
    for name, columns in (("team", ["team"]), ("region", ["region"]), ("opened_at", _OPENED)):
        op.create_index(
            f"ix_work_orders_board_{name}",
            "work_orders",
            columns,
            postgresql_where=_on_board,
            postgresql_ops=by_region if name == "region" else {},
        )
    op.create_index(
        "ix_work_orders_supervised",
        "work_orders",
        _OPENED,
        postgresql_where=sa.text("supervised"),
    )
    op.create_index(
        "ix_work_orders_region_opened_at",
        "work_orders",
        ["region", "opened_at"],
        postgresql_ops=by_region,
    )
    op.create_index("ix_work_orders_team_opened_at", "work_orders", ["team", *_OPENED])
    op.create_index(
        "ix_clocks_unstopped",
        "clocks",
        ["due_at", "order_id"],
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
