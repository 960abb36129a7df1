"""Outages: what went out, what was expected when, how calls were grouped and by whom."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.outage import OUT, Kind, Scope, Status, Weather
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

_merged_or_out = sorted({*OUT, Status.MERGED})
_live = sa.text("status IN (" + ", ".join(f"'{status}'" for status in _merged_or_out) + ")")

outages = sa.Table(
    "outages",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("feeder", sa.Text),
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    instant("opened_at"),
    instant("began_at", nullable=True),
    instant("begins_at", nullable=True),
    instant("ends_at", nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("exemption", JSONB(none_as_null=True)),
    instant("etr_at", nullable=True),
    sa.Column("etrs", sa.Integer, nullable=False),
    sa.Column("master_id", sa.Uuid, sa.ForeignKey("work_orders.id")),
    sa.Column("root_id", sa.Uuid, sa.ForeignKey("outages.id"), nullable=False),
    sa.Column("merged_into", sa.Uuid, sa.ForeignKey("outages.id")),
    sa.Column("before", sa.Text),
    sa.Column("nested_in", sa.Uuid, sa.ForeignKey("outages.id")),
    sa.Column("weather", sa.Text, nullable=False),
    sa.Column("cause", sa.Text),
    instant("restored_at", nullable=True),
    sa.Column("reply", JSONB(none_as_null=True)),
    instant("closed_at", nullable=True),
    sa.Column("ended_because", sa.Text),
    instant("wake_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("said", sa.Integer, nullable=False, server_default="0"),
    one_of(list(Kind), "kind"),
    one_of(list(Status), "status"),
    one_of(list(Scope), "scope"),
    one_of(list(Weather), "weather"),
    sa.Index("ix_outages_opened_at", "opened_at", "id"),
    sa.Index(
        "ix_outages_region_opened_at",
        "region",
        "opened_at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index("ix_outages_root_id", "root_id"),
    sa.Index("ix_outages_live_by_feeder", "feeder", postgresql_where=_live),
    sa.Index(
        "ix_outages_master_id", "master_id", postgresql_where=sa.text("master_id IS NOT NULL")
    ),
    sa.Index(
        "ix_outages_merged_into", "merged_into", postgresql_where=sa.text("merged_into IS NOT NULL")
    ),
    sa.Index(
        "ix_outages_restored_at", "restored_at", postgresql_where=sa.text("restored_at IS NOT NULL")
    ),
    sa.Index("ix_outages_wake_at", "wake_at", postgresql_where=sa.text("wake_at IS NOT NULL")),
)

# What an outage has taken out. live: power is off there because of it. A device has at most one
# live fault outage: whoever finds one at the same instant as another finds that one instead.
outage_devices = sa.Table(
    "outage_devices",
    metadata,
    sa.Column("outage_id", sa.Uuid, sa.ForeignKey("outages.id"), primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("fault", sa.Boolean, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    one_of(list(Scope), "scope"),
    sa.Index(
        "uq_outage_devices_live_fault",
        "code",
        "scope",
        unique=True,
        postgresql_where=sa.text("live AND fault"),
    ),
    sa.Index("ix_outage_devices_code", "code", "scope"),
    sa.Index("ix_outage_devices_live", "code", "scope", postgresql_where=sa.text("live")),
)

# Every time that power was expected back, in the order in which it was said.
outage_etrs = sa.Table(
    "outage_etrs",
    metadata,
    sa.Column("outage_id", sa.Uuid, sa.ForeignKey("outages.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    instant("etr_at"),
    instant("set_at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
)

# How calls were grouped: by the engine or by somebody, why, and whether it was undone.
outage_decisions = sa.Table(
    "outage_decisions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    instant("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("outage_id", sa.Uuid),
    sa.Column("order_id", sa.Uuid),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("data", JSONB, nullable=False),
    instant("undone_at", nullable=True),
    sa.Column("undone_by", sa.Text),
    sa.Column("undone_because", sa.Text),
    sa.Index("ix_outage_decisions_at", "at", "id"),
    sa.Index(
        "ix_outage_decisions_region_at",
        "region",
        "at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index("ix_outage_decisions_outage_id", "outage_id", "at"),
    sa.Index("ix_outage_decisions_order_id", "order_id", "at"),
)

# Groups to look at again: somebody joined, or the order that leads it moved.
group_looks = sa.Table(
    "group_looks",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("order_id", sa.Uuid),
    sa.Column("outage_id", sa.Uuid),
    sa.Column("joined_id", sa.Uuid),
    sa.Column("nested_in", sa.Uuid),
    instant("at"),
    sa.Column("by", sa.Text, nullable=False),
)
