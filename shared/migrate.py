"""Alembic, driven from code: each service has its folder of migrations and its own database."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db import asyncpg_url
from shared.tables import TransactionId

_ONE_AT_A_TIME = 0x5741_4D49


async def create_database(url: str) -> None:
    """Make the database that `url` names, if it is not there."""
    server, _, query = url.partition("?")
    base, _, name = server.rpartition("/")
    admin = f"{base}/postgres" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(admin)
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
        if not known:
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


def config(service: str, url: str) -> Config:
    alembic = Config()
    folder = Path(__file__).parent.parent / "services" / service / "migrations"
    alembic.set_main_option("script_location", str(folder))
    alembic.attributes["url"] = url
    return alembic


def upgrade(service: str, url: str) -> None:
    """Bring the database of `service` at `url` to the newest schema; makes it if it is missing."""
    asyncio.run(create_database(url))
    command.upgrade(config(service, url), "head")


def run_environment(metadata: sa.MetaData) -> None:
    """What each service's `migrations/env.py` does."""
    asyncio.run(_migrate(context.config.attributes["url"], metadata))


async def _migrate(url: str, metadata: sa.MetaData) -> None:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_lock(_ONE_AT_A_TIME)))
            await connection.execute(sa.text("SET lock_timeout = '3s'"))
            await connection.commit()
            await connection.run_sync(_run, metadata)
            await connection.commit()
    finally:
        await engine.dispose()


def _run(connection: sa.Connection, metadata: sa.MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def mechanism_2026_11(op: Operations | Any) -> None:
    """The mechanism's tables as of November 2026: history, never edited, only followed."""
    now = sa.func.now()
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("created_at", instant, nullable=False, server_default=now),
        sa.Column("sent_at", instant),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_outbox_unsent", "outbox", ["seq"], postgresql_where=unsent)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("received_at", instant, nullable=False, server_default=now),
    )
    op.create_table(
        "parked",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("parked_at", instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("retry_at", instant),
        sa.Column("released_at", instant),
        sa.UniqueConstraint("topic", "digest"),
    )
    waiting = sa.text("released_at IS NULL")
    op.create_index("ix_parked_waiting", "parked", ["topic", "key"], postgresql_where=waiting)
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("at", instant, nullable=False, server_default=now),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
    )
    op.create_index("ix_audit_about", "audit", ["about", "at"])


def outbox_xid_2026_11(op: Operations | Any) -> None:
    """Each outbox row knows its transaction. Without a rewrite: what is there gets today's."""
    now = sa.text("pg_current_xact_id()")
    op.add_column("outbox", sa.Column("xid", TransactionId, nullable=False, server_default=now))
