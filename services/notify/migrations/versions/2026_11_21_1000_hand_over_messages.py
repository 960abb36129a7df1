"""Compose messages, hand them over, hear what became of them."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import mechanism_2026_11

revision, down_revision = "notify_0001", None

_instant = sa.DateTime(timezone=True)
_statuses = (
    "'queued', 'submitting', 'unknown', 'accepted', 'sent', 'buffered', "
    "'expired', 'undelivered', 'rejected', 'delivered', 'skipped'"
)
_verdicts = "'taken', 'refused', 'not_taken', 'unclear', 'lost', 'put_back'"


def upgrade() -> None:
    mechanism_2026_11(op)
    _messages()
    _what_became_of_them()
    _people()


def _what_became_of_them() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("began_at", _instant, nullable=False),
        sa.Column("ended_at", _instant, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.CheckConstraint(f"verdict IN ({_verdicts})", name="verdict"),
    )
    op.create_index("ix_attempts_message_id", "attempts", ["message_id", "id"])
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.SmallInteger, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("reply_hash", sa.LargeBinary, nullable=False),
        sa.Column("received_at", _instant, nullable=False),
        sa.UniqueConstraint("message_id", "code", "reply_hash"),
    )


def _people() -> None:
    op.create_table(
        "duty_contacts",
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
    )
    op.create_table(
        "recipients",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("order_version", sa.Integer, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "messages",
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
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("due_at", _instant),
        sa.Column("claimed_at", _instant),
        sa.Column("handed_at", _instant),
        sa.Column("delivered_at", _instant),
        sa.Column("failed_at", _instant),
        sa.Column("said", sa.Integer, nullable=False),
        sa.Column("cause", sa.Uuid),
        sa.Column("trace", sa.Text),
        sa.CheckConstraint(f"status IN ({_statuses})", name="status"),
        sa.CheckConstraint("audience IN ('customer', 'supervisor')", name="audience"),
        sa.CheckConstraint("category IN ('safety', 'ordinary')", name="category"),
        sa.UniqueConstraint("dedupe_key", "audience"),
    )
    queued = sa.text("status = 'queued'")
    watched = sa.text("due_at IS NOT NULL AND status <> 'queued'")
    op.create_index("ix_messages_created_at", "messages", ["created_at", "id"])
    op.create_index("ix_messages_case_id", "messages", ["case_id", "created_at"])
    op.create_index("ix_messages_queued", "messages", ["due_at"], postgresql_where=queued)
    op.create_index("ix_messages_watched", "messages", ["due_at"], postgresql_where=watched)
