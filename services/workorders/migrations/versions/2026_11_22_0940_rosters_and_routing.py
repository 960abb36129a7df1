"""Rosters, shifts, routing rules and decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision, down_revision = "workorders_0006", "workorders_0005"

_instant = sa.DateTime(timezone=True)
_texts = ARRAY(sa.Text)
_none = sa.text("'{}'::text[]")
_one = sa.text("1")


def upgrade() -> None:
    _teams()
    _people()
    _shifts()
    _handovers()
    _rules()
    op.add_column("work_orders", sa.Column("person", sa.Text))
    op.add_column("work_orders", sa.Column("route_at", _instant))
    routed = (
        "status IN ('dispatched', 'pending_dispatch', 'reassigned', 'reopened')"
        " AND route_at IS NOT NULL"
    )
    op.execute(
        "UPDATE work_orders SET route_at = opened_at"
        " WHERE status IN ('pending_dispatch', 'reopened')"
    )
    op.create_index(
        "ix_work_orders_route_at",
        "work_orders",
        ["route_at"],
        postgresql_where=sa.text(routed),
    )


def _teams() -> None:
    op.add_column("teams", sa.Column("serves", _texts))
    op.add_column("teams", sa.Column("areas", _texts, nullable=False, server_default=_none))
    op.add_column("teams", sa.Column("level", sa.Integer))
    op.add_column("teams", sa.Column("role", sa.Text, nullable=False, server_default="repair"))
    op.add_column("teams", sa.Column("skills", JSONB, nullable=False, server_default="{}"))
    op.add_column("teams", sa.Column("capacity", sa.Integer))
    for name in ("weight", "version"):
        op.add_column("teams", sa.Column(name, sa.Integer, nullable=False, server_default=_one))
    for name in ("standing", "active"):
        op.add_column(
            "teams", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true())
        )
    op.execute("UPDATE teams SET serves = ARRAY[region], level = 4 - length(region) / 2")
    op.alter_column("teams", "serves", nullable=False)
    op.alter_column("teams", "level", nullable=False)
    op.create_index("ix_teams_serves", "teams", ["serves"], postgresql_using="gin")


def _people() -> None:
    op.create_table(
        "members",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("team", sa.Text, sa.ForeignKey("teams.code"), nullable=False),
        sa.Column("skills", JSONB, nullable=False),
        sa.Column("languages", _texts, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_members_team", "members", ["team"])
    op.create_table(
        "representatives",
        sa.Column("account_no", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("members.person"), nullable=False),
        sa.Column("until", sa.Date),
    )
    op.create_index("ix_representatives_person", "representatives", ["person"])


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("team", sa.Text, sa.ForeignKey("teams.code"), nullable=False),
        sa.Column("starts_at", _instant, nullable=False),
        sa.Column("ends_at", _instant, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("members", _texts, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("closed_at", _instant),
        sa.Column("closed_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="forward"),
    )
    op.create_index("ix_shifts_team_ends_at", "shifts", ["team", "ends_at"])
    op.create_index("ix_shifts_starts_at", "shifts", ["starts_at", "id"])
    op.create_index("ix_shifts_members", "shifts", ["members"], postgresql_using="gin")


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id"), primary_key=True),
        sa.Column("next_id", sa.Uuid, sa.ForeignKey("shifts.id")),
        sa.Column("opened_at", _instant, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("given_by", sa.Text),
        sa.Column("given_at", _instant),
        sa.Column("taken_by", sa.Text),
        sa.Column("taken_at", _instant),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "handover_items",
        sa.Column("shift_id", sa.Uuid, sa.ForeignKey("handovers.shift_id"), primary_key=True),
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("at_risk", sa.Boolean, nullable=False),
        sa.Column("due_at", _instant),
        sa.Column("acknowledged_at", _instant),
        sa.Column("acknowledged_by", sa.Text),
    )
    op.create_index("ix_handover_items_order_id", "handover_items", ["order_id"])


def _rules() -> None:
    op.create_table(
        "routing_rules",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Text, nullable=False, unique=True),
        sa.Column("valid_from", sa.Date, nullable=False, unique=True),
        sa.Column("valid_to", sa.Date),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("teams", _texts, nullable=False),
        sa.Column("saved_at", _instant, nullable=False),
        sa.Column("saved_by", sa.Text, nullable=False),
    )
    op.create_table(
        "routing_decisions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("at", _instant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("rules", sa.Text),
        sa.Column("rule", sa.Text),
        sa.Column("step", sa.Integer),
        sa.Column("team", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("relaxed", JSONB, nullable=False),
        sa.Column("because", JSONB, nullable=False),
        sa.Column("candidates", JSONB, nullable=False),
    )
    op.create_index("ix_routing_decisions_order_id", "routing_decisions", ["order_id", "id"])
    op.create_index("ix_routing_decisions_team_at", "routing_decisions", ["team", "at"])
