"""The workorders database at a glance. Alembic reads this file."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.clock import State
from services.workorders.domain.order import Status
from shared.tables import instant, one_of, service_metadata

metadata = service_metadata()

_open = sa.text("status IN ('pending_dispatch', 'dispatched', 'claimed', 'in_progress')")

work_orders = sa.Table(
    "work_orders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("case_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("case_type", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("transformer", sa.Text),
    instant("received_at"),
    instant("opened_at"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("team", sa.Text),
    sa.Column("team_name", sa.Text),
    sa.Column("routed_because", JSONB, nullable=False),
    sa.Column("handler", sa.Text),
    instant("claimed_at", nullable=True),
    instant("departed_at", nullable=True),
    instant("arrived_at", nullable=True),
    instant("etr_at", nullable=True),
    sa.Column("reply", JSONB(none_as_null=True)),
    instant("replied_at", nullable=True),
    instant("archived_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    one_of(list(Status), "status"),
    sa.Index("ix_work_orders_opened_at", "opened_at", "id"),
    sa.Index("ix_work_orders_open_by_team", "team", postgresql_where=_open),
)

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("promised", sa.Boolean, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("limit_seconds", sa.BigInteger, nullable=False),
    sa.Column("stops", JSONB, nullable=False),
    instant("started_at"),
    instant("due_at"),
    sa.Column("state", sa.Text, nullable=False),
    instant("stopped_at", nullable=True),
    instant("fired_at", nullable=True),
    one_of(list(State), "state"),
    sa.UniqueConstraint("order_id", "kind", "generation"),
    sa.Index("ix_clocks_due", "due_at", postgresql_where=sa.text("state = 'armed'")),
)

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("data", JSONB, nullable=False),
    instant("loaded_at"),
    sa.Column("in_use", sa.Boolean, nullable=False),
    sa.Column("promised", sa.Boolean, nullable=False),  # its promises are the published ones
)
