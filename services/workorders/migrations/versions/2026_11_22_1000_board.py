"""Search, jobs and the board."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

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
    _search()


def _search() -> None:
    op.create_table(
        "order_search",
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lexemes", TSVECTOR, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("phone", sa.LargeBinary),
    )
    op.create_index("ix_order_search_lexemes", "order_search", ["lexemes"], postgresql_using="gin")
    op.create_index("ix_order_search_opened_at", "order_search", ["opened_at", "order_id"])
    op.create_index(
        "ix_order_search_phone",
        "order_search",
        ["phone", "opened_at"],
        postgresql_where=sa.text("phone IS NOT NULL"),
    )
