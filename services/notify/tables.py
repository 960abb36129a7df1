"""The notify database at a glance. Alembic reads this file."""

import sqlalchemy as sa

from services.notify.domain.lattice import Status
from services.notify.domain.message import Audience, Category, Verdict
from shared.tables import instant, one_of, service_metadata

metadata = service_metadata()

# Literal, so that queries with the same words may use the partial indexes whatever their plan.
QUEUED = sa.text("status = 'queued'")
WATCHED = sa.text("due_at IS NOT NULL AND status <> 'queued'")
EARLY = sa.text("retry_at IS NOT NULL")
PASSING = sa.text("status = 'queued' AND not_after IS NOT NULL")
HAS_TRANSFORMER = sa.text("transformer IS NOT NULL")
LINKED = sa.text("outage_id IS NOT NULL")

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("case_id", sa.Uuid),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("resends", sa.Integer, nullable=False),
    instant("created_at"),
    instant("due_at", nullable=True),
    instant("claimed_at", nullable=True),
    instant("handed_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("failed_at", nullable=True),
    sa.Column("said", sa.Integer, nullable=False),
    sa.Column("cause", sa.Uuid),
    sa.Column("trace", sa.Text),
    sa.Column("let_go", sa.Integer, nullable=False, server_default="0"),
    instant("not_after", nullable=True),
    sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
    one_of(list(Status), "status"),
    one_of(list(Audience), "audience"),
    one_of(list(Category), "category"),
    sa.UniqueConstraint("dedupe_key", "audience"),
    sa.Index("ix_messages_created_at", "created_at", "id"),
    sa.Index("ix_messages_case_id", "case_id", "created_at"),
    sa.Index("ix_messages_queued", "due_at", postgresql_where=QUEUED),
    sa.Index("ix_messages_watched", "due_at", postgresql_where=WATCHED),
    sa.Index("ix_messages_passing", "not_after", postgresql_where=PASSING),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("message_id", sa.Uuid, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    instant("began_at"),
    instant("ended_at"),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    one_of(list(Verdict), "verdict"),
    sa.Index("ix_attempts_message_id", "message_id", "id"),
)

# As they came, also those about messages that we do not know: for them it is looked again.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("message_id", sa.Uuid, nullable=False),
    sa.Column("number", sa.Integer, nullable=False, server_default="0"),
    sa.Column("code", sa.SmallInteger, nullable=False),
    sa.Column("reply", sa.LargeBinary, nullable=False),
    sa.Column("reply_hash", sa.LargeBinary, nullable=False),
    instant("received_at"),
    instant("retry_at", nullable=True),
    sa.UniqueConstraint("message_id", "number", "code", "reply_hash"),
    sa.Index("ix_receipts_early", "retry_at", postgresql_where=EARLY),
)

duty_contacts = sa.Table(
    "duty_contacts",
    metadata,
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
)

# What notify keeps of other services' facts.

recipients = sa.Table(
    "recipients",
    metadata,
    sa.Column("case_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("order_version", sa.Integer, nullable=False),
    sa.Column("transformer", sa.Text),
    sa.Column("outage_id", sa.Uuid),  # the announced outage that its order is linked to
    sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("ix_recipients_transformer", "transformer", postgresql_where=HAS_TRANSFORMER),
    sa.Index("ix_recipients_outage_id", "outage_id", postgresql_where=LINKED),
)

# The newest ETR of an outage that a customer (`Recipient.customer`) was told, and the how-manieth.
etrs_told = sa.Table(
    "etrs_told",
    metadata,
    sa.Column("outage_id", sa.Uuid, primary_key=True),
    sa.Column("customer", sa.Text, primary_key=True),
    instant("etr_at"),
    instant("as_of"),
    sa.Column("times", sa.Integer, nullable=False),
)
