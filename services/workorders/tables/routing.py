"""By which rules orders find their team, and every decision that was made."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.workorders.tables.metadata import metadata
from shared.tables import instant

# Versions never change. One without an end lasts until the next begins.
# teams: those that the rules name, wherever they serve.
routing_rules = sa.Table(
    "routing_rules",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Text, nullable=False, unique=True),
    sa.Column("valid_from", sa.Date, nullable=False, unique=True),
    sa.Column("valid_to", sa.Date),
    sa.Column("data", JSONB, nullable=False),
    sa.Column("teams", ARRAY(sa.Text), nullable=False),
    instant("saved_at"),
    sa.Column("saved_by", sa.Text, nullable=False),
)

# version, level: of the order then. cause: what asked for it. team: none when nobody was found.
# candidates: a few dozen at most.
routing_decisions = sa.Table(
    "routing_decisions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, nullable=False),
    instant("at"),
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
    sa.Index("ix_routing_decisions_order_id", "order_id", "id"),
    sa.Index("ix_routing_decisions_team_at", "team", "at"),
)
