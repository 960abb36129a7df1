"""One action on many orders: who asked for it, and how each of them ended."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.bulk import Action, Outcome
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

_unfinished = sa.text("finished_at IS NULL")
_waiting = sa.text("outcome = 'waiting'")

bulk_jobs = sa.Table(
    "bulk_jobs",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("chosen", JSONB(none_as_null=True)),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    instant("created_at"),
    instant("worked_at"),  # when its last batch was done: jobs take turns
    sa.Column("undoes", sa.Uuid, sa.ForeignKey("bulk_jobs.id"), unique=True),
    *(
        sa.Column(name, sa.Integer, nullable=False)
        for name in ("total", "done", "refused", "unchanged", "cancelled")
    ),
    instant("cancelled_at", nullable=True),
    sa.Column("cancelled_by", sa.Text),
    instant("finished_at", nullable=True),
    one_of(list(Action), "action"),
    sa.Index("ix_bulk_jobs_created_at", "created_at", "id"),
    sa.Index("ix_bulk_jobs_unfinished", "worked_at", "id", postgresql_where=_unfinished),
)

bulk_items = sa.Table(
    "bulk_items",
    metadata,
    sa.Column("job_id", sa.Uuid, sa.ForeignKey("bulk_jobs.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.Uuid, nullable=False),
    sa.Column("expected", sa.Integer),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("problem", JSONB(none_as_null=True)),
    sa.Column("before", JSONB, nullable=False),
    instant("at", nullable=True),
    one_of(list(Outcome), "outcome"),
    sa.UniqueConstraint("job_id", "order_id"),
    sa.Index("ix_bulk_items_waiting", "job_id", "number", postgresql_where=_waiting),
)
