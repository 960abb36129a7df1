"""The tables that every service's database has beside its own."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_mechanism = sa.MetaData(naming_convention=_NAMES)


class TransactionId(sa.types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: rises in the order in which transactions began to write.

    Everything below `pg_snapshot_xmin(pg_current_snapshot())` is decided: committed and visible,
    or rolled back.
    """

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


ischema_names["xid8"] = TransactionId  # so that alembic knows it when it looks at a database


def instant(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    """A moment, stored in UTC."""
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


outbox = sa.Table(
    "outbox",
    _mechanism,
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("envelope", sa.Text, nullable=False),
    instant("created_at", now=True),
    instant("sent_at", nullable=True),
    sa.Column("xid", TransactionId, nullable=False, server_default=sa.text("pg_current_xact_id()")),
    sa.Index("ix_outbox_unsent", "seq", postgresql_where=sa.text("sent_at IS NULL")),
)

inbox = sa.Table(
    "inbox",
    _mechanism,
    sa.Column("event_id", sa.Uuid, primary_key=True),
    instant("received_at", now=True),
)

parked = sa.Table(
    "parked",
    _mechanism,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),  # of the message: offsets may begin anew
    sa.Column("cause", sa.Text, nullable=False),
    instant("parked_at"),
    sa.Column("tries", sa.Integer, nullable=False),
    instant("retry_at", nullable=True),
    instant("released_at", nullable=True),
    sa.Index("ix_parked_waiting", "topic", "key", postgresql_where=sa.text("released_at IS NULL")),
    sa.UniqueConstraint("topic", "digest"),
)

idempotency = sa.Table(
    "idempotency",
    _mechanism,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_hash", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("etag", sa.Text),
    instant("at", now=True),
    sa.Index("ix_idempotency_at", "at"),
)

audit = sa.Table(
    "audit",
    _mechanism,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    instant("at"),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.Index("ix_audit_about", "about", "at"),
)


def service_metadata() -> sa.MetaData:
    """The metadata of a service's database, with the mechanism's tables already in it."""
    metadata = sa.MetaData(naming_convention=_NAMES)
    for table in _mechanism.sorted_tables:
        table.to_metadata(metadata)
    return metadata


def one_of(words: list[str], column: str) -> sa.CheckConstraint:
    """Only these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
