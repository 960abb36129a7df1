"""Who does the work, when, and what one crew hands to the next."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.workorders.tables.metadata import metadata
from shared.tables import instant

_none = sa.text("'{}'::text[]")

# region: its home, for who may see it. serves: every region prefix that it works for.
teams = sa.Table(
    "teams",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("serves", ARRAY(sa.Text), nullable=False),
    sa.Column("areas", ARRAY(sa.Text), nullable=False, server_default=_none),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False, server_default="repair"),
    sa.Column("skills", JSONB, nullable=False, server_default="{}"),
    sa.Column("capacity", sa.Integer),
    sa.Column("weight", sa.Integer, nullable=False, server_default="1"),
    sa.Column("standing", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Index("ix_teams_serves", "serves", postgresql_using="gin"),
)

# person: the subject of a token, never a name. skills: each with the last day of its licence.
members = sa.Table(
    "members",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("team", sa.Text, sa.ForeignKey("teams.code"), nullable=False),
    sa.Column("skills", JSONB, nullable=False),
    sa.Column("languages", ARRAY(sa.Text), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_members_team", "team"),
)

# Who owns a customer's journey. The account number is personal.
representatives = sa.Table(
    "representatives",
    metadata,
    sa.Column("account_no", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("members.person"), nullable=False),
    sa.Column("until", sa.Date),
    sa.Index("ix_representatives_person", "person"),
)

shifts = sa.Table(
    "shifts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("team", sa.Text, sa.ForeignKey("teams.code"), nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    sa.Column("lead", sa.Text, nullable=False),
    sa.Column("members", ARRAY(sa.Text), nullable=False),
    sa.Column("capacity", sa.Integer),
    instant("closed_at", nullable=True),
    sa.Column("closed_by", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("ends_at > starts_at", name="forward"),
    sa.Index("ix_shifts_team_ends_at", "team", "ends_at"),
    sa.Index("ix_shifts_starts_at", "starts_at", "id"),
    sa.Index("ix_shifts_members", "members", postgresql_using="gin"),
)

# What the crew of one shift hands to that of the next, signed by the leads of both.
handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id"), primary_key=True),
    sa.Column("next_id", sa.Uuid, sa.ForeignKey("shifts.id")),
    instant("opened_at"),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("given_by", sa.Text),
    instant("given_at", nullable=True),
    sa.Column("taken_by", sa.Text),
    instant("taken_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
)

handover_items = sa.Table(
    "handover_items",
    metadata,
    sa.Column("shift_id", sa.Uuid, sa.ForeignKey("handovers.shift_id"), primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at_risk", sa.Boolean, nullable=False),
    instant("due_at", nullable=True),
    instant("acknowledged_at", nullable=True),
    sa.Column("acknowledged_by", sa.Text),
    sa.Index("ix_handover_items_order_id", "order_id"),
)
