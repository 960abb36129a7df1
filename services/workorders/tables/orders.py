"""Work orders."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.moves import OPEN, Status
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

_routed = (
    "status IN ('dispatched', 'pending_dispatch', 'reassigned', 'reopened')"
    " AND route_at IS NOT NULL"
)
_open = sa.text("status IN (" + ", ".join(f"'{status}'" for status in sorted(OPEN)) + ")")
_leads = sa.text("leads_until IS NOT NULL")
_in_no_outage = sa.text("outage_id IS NULL")
_in_an_outage = sa.text("outage_id IS NOT NULL")

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
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("account_no", sa.Text),
    sa.Column("danger", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("subtype", sa.Text),
    sa.Column("customer_class", sa.Text),
    sa.Column("tags", JSONB, nullable=False, server_default="[]"),
    sa.Column("protected", JSONB, nullable=False, server_default="[]"),
    sa.Column("different", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
    instant("received_at"),
    instant("opened_at"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("team", sa.Text),
    sa.Column("team_name", sa.Text),
    sa.Column("routed_because", JSONB, nullable=False),
    sa.Column("person", sa.Text),
    instant("route_at", nullable=True),  # when routing looks at it again
    sa.Column("hops", sa.Integer, nullable=False, server_default="0"),
    sa.Column("handback", JSONB(none_as_null=True)),
    sa.Column("handler", sa.Text),
    sa.Column("handlers", JSONB, nullable=False, server_default="[]"),
    instant("claimed_at", nullable=True),
    instant("contacted_at", nullable=True),
    instant("departed_at", nullable=True),
    instant("arrived_at", nullable=True),
    instant("diagnosed_at", nullable=True),
    instant("repaired_at", nullable=True),
    instant("etr_at", nullable=True),
    sa.Column("reply", JSONB(none_as_null=True)),
    instant("replied_at", nullable=True),
    sa.Column("suspension_request", JSONB(none_as_null=True)),
    sa.Column("suspension", JSONB(none_as_null=True)),
    sa.Column("rested", JSONB, nullable=False, server_default="[]"),
    instant("suspended_until", nullable=True),
    sa.Column("master_id", sa.Uuid, sa.ForeignKey("work_orders.id")),
    sa.Column("outage_id", sa.Uuid),
    sa.Column("part_id", sa.Uuid),
    instant("leads_until", nullable=True),
    sa.Column("callback_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("called_back", JSONB(none_as_null=True)),
    sa.Column("unreached", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("relabelling", JSONB(none_as_null=True)),
    sa.Column("exemption", JSONB(none_as_null=True)),
    sa.Column("supervised", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("supervision", JSONB(none_as_null=True)),
    sa.Column("urges", sa.Integer, nullable=False, server_default="0"),
    sa.Column("urges_answered", sa.Integer, nullable=False, server_default="0"),
    sa.Column("repeats", sa.Integer, nullable=False, server_default="0"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("priority_because", JSONB, nullable=False, server_default="[]"),
    instant("rank_at", nullable=True),  # the earlier, the more urgent: see domain/priority.py
    sa.Column("article", sa.Text),
    sa.Column("ended_because", sa.Text),
    instant("archived_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("said", sa.Integer, nullable=False, server_default="0"),
    one_of(list(Status), "status"),
    sa.Index("ix_work_orders_opened_at", "opened_at", "id"),
    sa.Index(
        "ix_work_orders_account_no",
        "account_no",
        "case_type",
        postgresql_where=sa.text("account_no IS NOT NULL"),
    ),
    sa.Index(
        "ix_work_orders_suspended_until",
        "suspended_until",
        postgresql_where=sa.text("suspended_until IS NOT NULL"),
    ),
    sa.Index("ix_work_orders_route_at", "route_at", postgresql_where=sa.text(_routed)),
    sa.Index(
        "ix_work_orders_master_id", "master_id", postgresql_where=sa.text("master_id IS NOT NULL")
    ),
    sa.Index(
        "uq_work_orders_leading",
        "transformer",
        unique=True,
        postgresql_where=sa.and_(_leads, _open),
    ),
    sa.Index(
        "ix_work_orders_leads_until",
        "leads_until",
        postgresql_where=sa.and_(_leads, _in_no_outage, _open),
    ),
    sa.Index("ix_work_orders_of_outage", "outage_id", "id", postgresql_where=_in_an_outage),
    # Rows are written in the order of the key that transactions may compete for, so that no two
    # of them wait for each other.
    info={"written_by": "transformer"},
)
