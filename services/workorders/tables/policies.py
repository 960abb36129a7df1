"""Policy packs, as immutable versions."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

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

# A new version brought to the clocks that already run: worked off in batches, by id.
policy_edits = sa.Table(
    "policy_edits",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    instant("created_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cursor", sa.Uuid),  # the last clock that was looked at
    sa.Column("counts", JSONB, nullable=False),
    instant("finished_at", nullable=True),
    one_of(["pin", "retarget"], "mode"),
    one_of(["creation", "change"], "base"),
    one_of(["running", "done"], "state"),
    sa.Index("ix_policy_edits_created_at", "created_at", "id"),
    sa.Index(
        "ix_policy_edits_running", "created_at", postgresql_where=sa.text("state = 'running'")
    ),
)
