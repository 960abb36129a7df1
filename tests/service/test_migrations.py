"""The migrated database is the one that `tables.py` describes, to the last index."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.billing.tables import metadata as billing
from services.intake.tables import metadata as intake
from services.notify.tables import metadata as notify
from services.workorders.tables import metadata as workorders
from shared.db import Database

pytestmark = pytest.mark.anyio

DESCRIBED = {"intake": intake, "workorders": workorders, "notify": notify, "billing": billing}

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, udt_name, is_nullable, is_identity,
          replace(coalesce(column_default, ''), :schema || '.', '')
        FROM information_schema.columns WHERE table_schema = :schema
          AND table_name <> 'alembic_version'""",
    "indexes": """
        SELECT replace(indexdef, :schema || '.', '') FROM pg_indexes
        WHERE schemaname = :schema AND tablename <> 'alembic_version'""",
    "constraints": """
        SELECT c.relname, k.conname, replace(pg_get_constraintdef(k.oid), :schema || '.', '')
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.connamespace = CAST(:schema AS regnamespace) AND c.relname <> 'alembic_version'""",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = :schema",
}


@pytest.fixture(params=DESCRIBED)
async def service(request, settings):
    """A connection that forgets what is done with it, and what the tables should be."""
    database = Database(settings.database_url(request.param), pool_size=1)
    async with database.engine.connect() as connection:
        yield connection, DESCRIBED[request.param]
        await connection.rollback()
    await database.close()


async def test_alembic_finds_nothing_to_do(service):
    connection, described = service

    def differences(sync: sa.Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(sync, opts=options), described)

    assert await connection.run_sync(differences) == []


async def test_the_catalogue_is_the_same(service):
    """Also what alembic does not compare: conditions of indexes, checks, sequences, names."""
    connection, described = service
    migrated = await catalogue(connection, "public")
    await connection.execute(sa.text("CREATE SCHEMA scratch"))
    await connection.execute(sa.text("SET LOCAL search_path = scratch"))
    await connection.run_sync(described.create_all)
    assert await catalogue(connection, "scratch") == migrated


async def catalogue(connection, schema: str) -> dict[str, list[Any]]:
    found = {}
    for what, query in CATALOGUE.items():
        rows = await connection.execute(sa.text(query), {"schema": schema})
        found[what] = sorted(tuple(row) for row in rows)
    return found
