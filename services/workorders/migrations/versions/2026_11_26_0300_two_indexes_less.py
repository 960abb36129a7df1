"""Two indexes by which nothing was found that another did not find as fast."""

from alembic import op

revision, down_revision = "workorders_0014", "workorders_0013"


def upgrade() -> None:
    op.drop_index("ix_work_orders_part_id", "work_orders")
    op.drop_index("ix_escalations_unacknowledged", "escalations")
