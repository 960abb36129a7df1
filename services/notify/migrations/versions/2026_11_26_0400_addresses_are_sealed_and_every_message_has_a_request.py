"""Every message belongs to a request and an addressee; no address stays in clear."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.notify.main import NotifySettings

revision, down_revision = "notify_0006", "notify_0005"

_instant = sa.DateTime(timezone=True)
_categories = "'emergency', 'transactional', 'service', 'marketing'"
_of_service = ("announced", "reminder", "changed", "cancelled", "started")
_BATCH = 5_000


def upgrade() -> None:
    _requests()
    _addressees()
    _columns()
    _Sealing().seal()
    _backfill()
    _constraints()


def _requests() -> None:
    op.create_table(
        "requests",
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
        sa.Column("not_after", _instant),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("cause", sa.Uuid),
        sa.Column("trace", sa.Text),
        sa.Column("created_at", _instant, nullable=False),
        sa.CheckConstraint(
            "source IN ('fact', 'api', 'broadcast', 'campaign', 'reply')", name="source"
        ),
        sa.CheckConstraint(f"category IN ({_categories})", name="category"),
    )


def _addressees() -> None:
    op.create_table(
        "addressees",
        sa.Column("request_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("addresses", JSONB, nullable=False),
        sa.Column("confidential", sa.Boolean, nullable=False),
        sa.CheckConstraint("audience IN ('customer', 'supervisor')", name="audience"),
    )
    op.create_index("ix_addressees_person", "addressees", ["person", "id"])


def _columns() -> None:
    for table in ("messages", "recipients", "duty_contacts"):
        op.alter_column(table, "phone", new_column_name="clear")
    op.add_column("messages", sa.Column("address", sa.LargeBinary))
    op.add_column("messages", sa.Column("person", sa.Text))
    op.add_column("messages", sa.Column("request_id", sa.Uuid))
    op.add_column("messages", sa.Column("addressee", sa.Uuid))
    op.add_column("messages", sa.Column("ambiguity", sa.Text))
    op.add_column("messages", sa.Column("lane", sa.SmallInteger))
    op.add_column("messages", sa.Column("provider", sa.Text))
    op.add_column("messages", sa.Column("fallback_of", sa.Uuid))
    for table in ("recipients", "duty_contacts"):
        op.add_column(table, sa.Column("phone", sa.LargeBinary))
        op.add_column(table, sa.Column("person", sa.Text))
        op.add_column(table, sa.Column("reachable", sa.Boolean))


class _Sealing:
    """Each number once, however many rows it stands in."""

    def __init__(self) -> None:
        self._bind = op.get_bind()
        op.execute(
            "CREATE TEMPORARY TABLE sealing (clear text PRIMARY KEY, sealed bytea, person text,"
            " former text, reachable boolean) ON COMMIT DROP"
        )

    def seal(self) -> None:
        for numbers in self._numbers():
            self._bind.execute(
                sa.text(
                    "INSERT INTO sealing VALUES (:clear, :sealed, :person, :former, :reachable)"
                ),
                list(_sealed(numbers)),
            )
        op.execute("ANALYZE sealing")
        for table in ("recipients", "duty_contacts"):
            op.execute(
                f"UPDATE {table} t SET phone = s.sealed, person = s.person, reachable = s.reachable"
                " FROM sealing s WHERE s.clear = t.clear"
            )
        op.execute(
            "UPDATE messages m SET address = s.sealed, person = s.person"
            " FROM sealing s WHERE s.clear = m.clear"
        )
        # A customer was named by a digest of the phone, which whoever tries all phones can undo.
        op.execute(
            "UPDATE messages m SET dedupe_key = replace(dedupe_key, s.former, s.person)"
            " FROM sealing s WHERE s.clear = m.clear AND strpos(dedupe_key, s.former) > 0"
        )
        op.execute(
            "UPDATE etrs_told t SET customer = s.person FROM sealing s WHERE t.customer = s.former"
        )
        for table in ("messages", "recipients", "duty_contacts"):
            op.drop_column(table, "clear")

    def _numbers(self) -> Iterator[list[str]]:
        found = self._bind.execute(
            sa.text(
                "SELECT clear FROM messages WHERE clear IS NOT NULL UNION"
                " SELECT clear FROM recipients WHERE clear IS NOT NULL UNION"
                " SELECT clear FROM duty_contacts"
            )
        )
        all_of_them = list(found.scalars())
        for first in range(0, len(all_of_them), _BATCH):
            yield all_of_them[first : first + _BATCH]


def _sealed(numbers: list[str]) -> Iterator[dict[str, Any]]:
    addresses = NotifySettings().addresses
    for clear in numbers:
        phone = addresses.phone(clear)
        yield {
            "clear": clear,
            "sealed": phone.sealed,
            "person": phone.index,
            "former": sha256(clear.encode()).hexdigest()[:32],
            "reachable": phone.reachable,
        }


def _backfill() -> None:
    """A request and an addressee for each message that was written without; both have its id."""
    op.drop_constraint("ck_messages_category", "messages")
    served = ", ".join(f"'outage-{stage}.v1'" for stage in _of_service)
    op.execute(
        "UPDATE messages SET request_id = id, addressee = id,"
        " ambiguity = CASE category WHEN 'safety' THEN 'at_least_once' ELSE 'at_most_once' END,"
        " lane = CASE WHEN category = 'safety' THEN 1"
        f" WHEN template IN ({served}) THEN 3 ELSE 2 END,"
        f" category = CASE WHEN category = 'safety' THEN 'emergency' WHEN template IN ({served})"
        " THEN 'service' ELSE 'transactional' END"
    )
    op.execute(
        "INSERT INTO requests (id, source, key, template, category, channels, values, region,"
        " case_id, not_after, by, cause, trace, created_at)"
        " SELECT id, 'fact', dedupe_key, template, category, jsonb_build_array(channel), '{}',"
        " region, case_id, not_after, 'migration', cause, trace, created_at FROM messages"
    )
    op.execute(
        "INSERT INTO addressees SELECT m.id, m.id,"
        " coalesce(m.person, m.case_id::text, 'duty:' || m.region), m.audience, m.region,"
        " coalesce(r.locale, 'zh-CN'), m.case_id,"
        " CASE WHEN m.address IS NULL THEN '{}' ELSE jsonb_build_object('sms',"
        " replace(encode(m.address, 'base64'), E'\\n', '')) END, m.confidential"
        " FROM messages m LEFT JOIN recipients r USING (case_id)"
    )
    op.drop_column("messages", "person")


def _constraints() -> None:
    for column in ("request_id", "addressee", "ambiguity", "lane"):
        op.alter_column("messages", column, nullable=False)
    for column in ("phone", "person", "reachable"):
        op.alter_column("duty_contacts", column, nullable=False)
    checks = {
        "category": f"category IN ({_categories})",
        "channel": "channel IN ('sms', 'email', 'webhook')",
        "ambiguity": "ambiguity IN ('at_least_once', 'at_most_once')",
    }
    for name, check in checks.items():
        op.create_check_constraint(name, "messages", check)
    op.create_index("ix_messages_request_id", "messages", ["request_id", "addressee"])
