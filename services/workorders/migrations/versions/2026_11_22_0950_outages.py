"""Outages, promises and compensation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0007", "workorders_0006"

_instant = sa.DateTime(timezone=True)
_open = (
    "status IN ('accepted', 'claimed', 'dispatched', 'in_progress', 'pending_dispatch',"
    " 'reassigned', 'reopened', 'returned', 'suspended')"
)
_live = "status IN ('active', 'confirmed', 'merged', 'predicted')"


def upgrade() -> None:
    _orders()
    _network()
    _outages()
    _what_belongs_to_them()
    _grouping()
    _promises()
    _compensation()


def _orders() -> None:
    op.add_column(
        "work_orders", sa.Column("different", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("work_orders", sa.Column("part_id", sa.Uuid))
    op.add_column("work_orders", sa.Column("leads_until", _instant))
    leads = sa.text(f"leads_until IS NOT NULL AND {_open}")
    op.create_index(
        "uq_work_orders_leading",
        "work_orders",
        ["transformer"],
        unique=True,
        postgresql_where=leads,
    )
    alone = sa.text(f"leads_until IS NOT NULL AND outage_id IS NULL AND {_open}")
    op.create_index(
        "ix_work_orders_leads_until", "work_orders", ["leads_until"], postgresql_where=alone
    )
    op.create_index(
        "ix_work_orders_of_outage",
        "work_orders",
        ["outage_id", "id"],
        postgresql_where=sa.text("outage_id IS NOT NULL"),
    )


def _network() -> None:
    op.create_table(
        "devices",
        sa.Column("transformer", sa.Text, primary_key=True),
        sa.Column("feeder", sa.Text),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("loaded_at", _instant, nullable=False),
        sa.CheckConstraint("customers >= 0", name="customers"),
    )
    hangs = sa.text("feeder IS NOT NULL")
    op.create_index("ix_devices_feeder", "devices", ["feeder"], postgresql_where=hangs)


def _outages() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("feeder", sa.Text),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("opened_at", _instant, nullable=False),
        sa.Column("began_at", _instant),
        sa.Column("begins_at", _instant),
        sa.Column("ends_at", _instant),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("exemption", JSONB),
        sa.Column("etr_at", _instant),
        sa.Column("etrs", sa.Integer, nullable=False),
        sa.Column("master_id", sa.Uuid, sa.ForeignKey("work_orders.id")),
        sa.Column("root_id", sa.Uuid, sa.ForeignKey("outages.id"), nullable=False),
        sa.Column("merged_into", sa.Uuid, sa.ForeignKey("outages.id")),
        sa.Column("before", sa.Text),
        sa.Column("nested_in", sa.Uuid, sa.ForeignKey("outages.id")),
        sa.Column("weather", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("restored_at", _instant),
        sa.Column("reply", JSONB),
        sa.Column("closed_at", _instant),
        sa.Column("ended_because", sa.Text),
        sa.Column("wake_at", _instant),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("kind IN ('planned', 'temporary', 'fault')", name="kind"),
        sa.CheckConstraint(
            "status IN ('predicted', 'confirmed', 'announced', 'active', 'restored', 'closed',"
            " 'cancelled', 'merged')",
            name="status",
        ),
        sa.CheckConstraint("scope IN ('transformer', 'feeder')", name="scope"),
        sa.CheckConstraint("weather IN ('normal', 'severe_1', 'severe_2')", name="weather"),
    )
    live, waking = sa.text(_live), sa.text("wake_at IS NOT NULL")
    op.create_index("ix_outages_opened_at", "outages", ["opened_at", "id"])
    op.create_index("ix_outages_root_id", "outages", ["root_id"])
    op.create_index("ix_outages_live_by_feeder", "outages", ["feeder"], postgresql_where=live)
    op.create_index("ix_outages_live_by_master_id", "outages", ["master_id"], postgresql_where=live)
    op.create_index("ix_outages_wake_at", "outages", ["wake_at"], postgresql_where=waking)


def _what_belongs_to_them() -> None:
    op.create_table(
        "outage_devices",
        sa.Column("outage_id", sa.Uuid, sa.ForeignKey("outages.id"), primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("fault", sa.Boolean, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.CheckConstraint("scope IN ('transformer', 'feeder')", name="scope"),
    )
    op.create_index(
        "uq_outage_devices_live_fault",
        "outage_devices",
        ["code", "scope"],
        unique=True,
        postgresql_where=sa.text("live AND fault"),
    )
    op.create_index(
        "ix_outage_devices_live",
        "outage_devices",
        ["code", "scope"],
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "outage_etrs",
        sa.Column("outage_id", sa.Uuid, sa.ForeignKey("outages.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("etr_at", _instant, nullable=False),
        sa.Column("set_at", _instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
    )


def _grouping() -> None:
    op.create_table(
        "outage_decisions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", _instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("outage_id", sa.Uuid),
        sa.Column("order_id", sa.Uuid),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("undone_at", _instant),
        sa.Column("undone_by", sa.Text),
        sa.Column("undone_because", sa.Text),
    )
    op.create_index("ix_outage_decisions_at", "outage_decisions", ["at", "id"])
    op.create_index("ix_outage_decisions_outage_id", "outage_decisions", ["outage_id", "at"])
    op.create_index("ix_outage_decisions_order_id", "outage_decisions", ["order_id", "at"])
    op.create_table(
        "group_looks",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("order_id", sa.Uuid),
        sa.Column("outage_id", sa.Uuid),
        sa.Column("joined_id", sa.Uuid),
        sa.Column("nested_in", sa.Uuid),
        sa.Column("at", _instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def _promises() -> None:
    op.create_table(
        "promises",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
        sa.Column("outage_id", sa.Uuid),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("promised_at", _instant, nullable=False),
        sa.Column("due_at", _instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at", _instant),
        sa.CheckConstraint("state IN ('open', 'kept', 'broken', 'withdrawn')", name="state"),
    )
    still_open = sa.text("state = 'open'")
    op.create_index("ix_promises_promised_at", "promises", ["promised_at", "id"])
    op.create_index(
        "uq_promises_open",
        "promises",
        ["order_id", "kind"],
        unique=True,
        postgresql_where=still_open,
    )
    op.create_index("ix_promises_due", "promises", ["due_at"], postgresql_where=still_open)
    op.create_index("ix_promises_outage_id", "promises", ["outage_id"])


def _compensation() -> None:
    op.create_table(
        "guarantees",
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("began_at", _instant, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("due_at", _instant, nullable=False),
        sa.Column("ended_at", _instant),
    )
    running = sa.text("ended_at IS NULL")
    op.create_index("ix_guarantees_due", "guarantees", ["due_at"], postgresql_where=running)
    op.create_table(
        "compensations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("outage_id", sa.Uuid),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("account_no", sa.Text),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("pack_version", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("began_at", _instant, nullable=False),
        sa.Column("promised_at", _instant, nullable=False),
        sa.Column("due_at", _instant, nullable=False),
        sa.Column("actual_at", _instant),
        sa.Column("working", JSONB, nullable=False),
        sa.Column("exemption", JSONB),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("state IN ('owed', 'exempt')", name="state"),
        sa.UniqueConstraint("order_id", "rule", "step"),
    )
    op.create_index("ix_compensations_due_at", "compensations", ["due_at", "id"])
