"""The notify database at a glance. Alembic reads this file."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Ambiguity, Category
from services.notify.domain.lattice import Status
from services.notify.domain.message import Verdict
from services.notify.domain.people import Audience
from services.notify.domain.request import Source
from shared.tables import instant, one_of, service_metadata

metadata = service_metadata()

# Literal, so that queries with the same words may use the partial indexes whatever their plan.
QUEUED = sa.text("status = 'queued'")
WATCHED = sa.text("due_at IS NOT NULL AND status <> 'queued'")
EARLY = sa.text("retry_at IS NOT NULL")
PASSING = sa.text("status = 'queued' AND not_after IS NOT NULL")
HAS_TRANSFORMER = sa.text("transformer IS NOT NULL")
LINKED = sa.text("outage_id IS NOT NULL")

# request -> addressee -> message -> attempt -> receipt: all but messages are only ever added to. No
# address is kept in clear: it is sealed, and `person` is its blind index (see shared/sealed.py).
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("fact", sa.Text),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("channels", JSONB, nullable=False),
    sa.Column("values", JSONB, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("case_id", sa.Uuid),
    instant("not_after", nullable=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("cause", sa.Uuid),
    sa.Column("trace", sa.Text),
    instant("created_at"),
    one_of(list(Source), "source"),
    one_of(list(Category), "category"),
)

# addresses: sealed, in base64, by channel.
addressees = sa.Table(
    "addressees",
    metadata,
    sa.Column("request_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("case_id", sa.Uuid),
    sa.Column("addresses", JSONB, nullable=False),
    sa.Column("confidential", sa.Boolean, nullable=False),
    one_of(list(Audience), "audience"),
    sa.Index("ix_addressees_person", "person", "id"),
)

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
    sa.Column("address", sa.LargeBinary),
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
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("addressee", sa.Uuid, nullable=False),
    sa.Column("ambiguity", sa.Text, nullable=False),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("provider", sa.Text),
    sa.Column("fallback_of", sa.Uuid),
    one_of(list(Status), "status"),
    one_of(list(Audience), "audience"),
    one_of(list(Category), "category"),
    one_of(list(Channel), "channel"),
    one_of(list(Ambiguity), "ambiguity"),
    sa.UniqueConstraint("dedupe_key", "audience"),
    sa.Index("ix_messages_request_id", "request_id", "addressee"),
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
    sa.Column("phone", sa.LargeBinary, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("reachable", sa.Boolean, nullable=False),
)

# What notify keeps of other services' facts.

recipients = sa.Table(
    "recipients",
    metadata,
    sa.Column("case_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("phone", sa.LargeBinary),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("order_version", sa.Integer, nullable=False),
    sa.Column("transformer", sa.Text),
    sa.Column("outage_id", sa.Uuid),  # the announced outage that its order is linked to
    sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("person", sa.Text),  # None without a phone
    sa.Column("reachable", sa.Boolean),
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
