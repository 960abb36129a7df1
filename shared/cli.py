"""The command line of every service: `python -m services.<name> all|api|worker|migrate|...`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import typer
from pydantic import ValidationError

from shared import inbox, migrate, outbox
from shared.db import Database
from shared.service import PortTaken, Service, opened, run, utc_now
from shared.settings import Settings

Seed = Callable[[Database], Awaitable[int]]
Prepared = tuple[Service, Settings]


def command_line(
    make: Callable[[Settings], Service],
    settings_of: Callable[[], Settings],
    seed: Seed | None = None,
) -> typer.Typer:
    """`make` puts the service together from its settings; `seed` fills in the demo data."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

    def prepared() -> Prepared:
        try:
            settings = settings_of()
        except ValidationError as error:
            wrong = "; ".join(": ".join([*map(str, e["loc"]), e["msg"]]) for e in error.errors())
            sys.exit(f"settings (WATTLINE_...): {wrong}")
        return make(settings), settings

    _add_servers(app, prepared)
    _add_upkeep(app, prepared, seed)
    return app


def _add_servers(app: typer.Typer, prepared: Callable[[], Prepared]) -> None:
    def serve(*, api: bool, worker: bool) -> None:
        service, settings = prepared()
        try:
            run(service, settings, api=api, worker=worker)
        except PortTaken as error:
            sys.exit(f"{service.name}: {error}")

    @app.command("all")
    def both() -> None:
        """Serve HTTP and do the work, in one process."""
        serve(api=True, worker=True)

    @app.command()
    def api() -> None:
        """Serve HTTP only."""
        serve(api=True, worker=False)

    @app.command()
    def worker() -> None:
        """Relay, consume and fire timers; HTTP only for health and metrics, 100 ports up."""
        serve(api=False, worker=True)


def _add_upkeep(app: typer.Typer, prepared: Callable[[], Prepared], seed: Seed | None) -> None:
    def within(job: Callable[[Service, Database], Awaitable[Any]]) -> tuple[str, Any]:
        service, settings = prepared()

        async def done() -> Any:
            async with opened(service, settings) as database:
                return await job(service, database)

        return service.name, asyncio.run(done())

    @app.command("migrate")
    def migrate_() -> None:
        """Make the database if it is missing and bring it to the newest schema."""
        service, settings = prepared()
        migrate.upgrade(service.name, settings.database_url(service.name))

    @app.command("seed")
    def seed_() -> None:
        """Fill in the demo data; what is there already stays."""

        if prepared()[1].production:
            sys.exit("seed: there is no demo data in production")

        async def fill(service: Service, database: Database) -> int:
            return await seed(database) if seed else 0

        name, rows = within(fill)
        typer.echo(f"{name}: {rows} rows of demo data added")

    @app.command()
    def replay() -> None:
        """Try every parked message again."""

        async def again(service: Service, database: Database) -> tuple[int, int]:
            return await inbox.release(database.begin, service.heard, utc_now(), all_of_them=True)

        name, (applied, kept) = within(again)
        typer.echo(f"{name}: {applied} applied, {kept} still parked")

    @app.command()
    def resend(seconds: float = 3600) -> None:
        """Send again what left in the last SECONDS: for a broker that lost its memory."""

        async def again(service: Service, database: Database) -> int:
            async with database.begin() as tx:
                return await outbox.resend_since(tx, seconds)

        name, events = within(again)
        typer.echo(f"{name}: {events} events will leave again")
