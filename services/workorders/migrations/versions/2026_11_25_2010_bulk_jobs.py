"""Bulk jobs: one action on many orders, with a result for each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0011", "workorders_0010"

_instant = sa.DateTime(timezone=True)
_ACTIONS = (
    "'triage', 'dispatch', 'reassignment', 'claim', 'return', 'merge', 'unmerge', 'supervision',"
    " 'tags', 'danger', 'urge-answer', 'suspension-approval', 'suspension-refusal', 'resumption',"
    " 'review', 'cancellation'"
)


def upgrade() -> None:
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("chosen", JSONB),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("worked_at", _instant, nullable=False),
        sa.Column("undoes", sa.Uuid),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("total", "done", "refused", "unchanged", "cancelled")
        ),
        sa.Column("cancelled_at", _instant),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("finished_at", _instant),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_jobs"),
        sa.ForeignKeyConstraint(["undoes"], ["bulk_jobs.id"], name="fk_bulk_jobs_undoes"),
        sa.UniqueConstraint("undoes", name="uq_bulk_jobs_undoes"),
        sa.CheckConstraint(f"action IN ({_ACTIONS})", name="action"),
    )
    op.create_index("ix_bulk_jobs_created_at", "bulk_jobs", ["created_at", "id"])
    op.create_index(
        "ix_bulk_jobs_unfinished",
        "bulk_jobs",
        ["worked_at", "id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "bulk_items",
        sa.Column("job_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("problem", JSONB),
        sa.Column("before", JSONB, nullable=False),
        sa.Column("at", _instant),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_bulk_items"),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_jobs.id"], name="fk_bulk_items_job_id"),
        sa.UniqueConstraint("job_id", "order_id", name="uq_bulk_items_job_id_order_id"),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'done', 'refused', 'unchanged', 'cancelled')", name="outcome"
        ),
    )
    op.create_index(
        "ix_bulk_items_waiting",
        "bulk_items",
        ["job_id", "number"],
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
