"""Facts about an order or an outage are numbered 1, 2, 3, whatever its versions."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "workorders_0010", "workorders_0009"


def upgrade() -> None:
    """What was said before went by versions: the next number is above all of them."""
    for table in ("work_orders", "outages"):
        number = sa.Column("said", sa.Integer, nullable=False, server_default="0")
        op.add_column(table, number)
        op.execute(f"UPDATE {table} SET said = version")
