"""Lists of one region, status or type are read by an index, and so is what an outage reaches."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "workorders_0013", "workorders_0012"

# By region, for a list of one county, and of a city, to be found without reading the others.
_BY_REGION = {
    "compensations": ["due_at", "id"],
    "devices": ["transformer"],
    "escalations": ["raised_at", "id"],
    "outage_decisions": ["at", "id"],
    "outages": ["opened_at", "id"],
    "promises": ["promised_at", "id"],
    "protected_customers": ["created_at", "id"],
}
_OF_SOME = (
    ("compensations", "outage_id"),
    ("outages", "master_id"),
    ("outages", "merged_into"),
    ("outages", "restored_at"),
    ("work_orders", "part_id"),
)


def upgrade() -> None:
    for table, then in _BY_REGION.items():
        op.create_index(
            f"ix_{table}_region_{then[0]}",
            table,
            ["region", *then],
            postgresql_ops={"region": "text_pattern_ops"},
        )
    for table, column in _OF_SOME:
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=given)
    op.create_index(
        "ix_escalations_unacknowledged",
        "escalations",
        ["raised_at", "id"],
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.create_index("ix_promises_order_id", "promises", ["order_id"])
    op.create_index("ix_outage_devices_code", "outage_devices", ["code", "scope"])
    for column in ("status", "case_type"):
        op.create_index(
            f"ix_work_orders_{column}_opened_at", "work_orders", [column, "opened_at", "id"]
        )
    op.drop_index("ix_work_orders_open_by_team", "work_orders")  # ix_work_orders_board_team has it
    op.drop_index("ix_outages_live_by_master_id", "outages")  # nothing asked so
