"""Health and metrics: for the platform, not for customers."""

import asyncio

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from shared import problems, tables, telemetry
from shared.auth import anyone
from shared.db import Database, Tx

log = structlog.get_logger(__name__)


def operations(app: FastAPI, database: Database) -> APIRouter:
    """Health and metrics: for the platform, not for customers."""
    router = APIRouter(
        dependencies=[anyone("the platform probes without a token")], tags=["operations"]
    )

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def ready() -> Response:
        """May it take traffic: not stopping, and the database answers."""
        if not app.state.ready:
            return problems.problem(503, "stopping")
        async with asyncio.timeout(2), database.begin() as tx:
            await tx.execute(sa.select(1))
        return Response('{"status":"ready"}', media_type="application/json")

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        try:
            async with asyncio.timeout(2), database.begin() as tx:
                await _measure(tx)
        except Exception as error:  # what else is known is worth most when the database is down
            log.warning("metrics.without_database", error=type(error).__name__)
            for gauge in (telemetry.UNSENT, telemetry.OLDEST_UNSENT, telemetry.PARKED):
                gauge.set(float("nan"))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _measure(tx: Tx) -> None:
    """Set the gauges that live in the database."""
    unsent = sa.select(
        sa.func.count(),
        sa.func.extract("epoch", sa.func.now() - sa.func.min(tables.outbox.c.created_at)),
    ).where(tables.outbox.c.sent_at.is_(None))
    count, oldest = (await tx.execute(unsent)).one()
    telemetry.UNSENT.set(count)
    telemetry.OLDEST_UNSENT.set(float(oldest or 0))
    waiting = sa.select(sa.func.count()).where(tables.parked.c.released_at.is_(None))
    telemetry.PARKED.set((await tx.execute(waiting)).scalar_one())
