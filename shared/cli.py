"""The command line that every service has: `python -m services.<name> all|api|worker|migrate|...`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import structlog
import typer
from pydantic import ValidationError

from shared import inbox, migrate, outbox
from shared.db import Database
from shared.service import PortTaken, Service, opened, run, utc_now
from shared.settings import Settings

Seed = Callable[[Database], Awaitable[int]]


def command_line(
    make: Callable[[Settings], Service], settings_of: type[Settings], seed: Seed | None = None
) -> typer.Typer:
    """`make` puts the service together from its settings; `seed` fills in the demo data."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

    def prepared() -> tuple[Service, Settings]:
        try:
            settings = settings_of()
        except ValidationError as error:
            wrong = "; ".join(f"WATTLINE_{e['loc'][0]}: {e['msg']}".upper() for e in error.errors())
            sys.exit(f"settings: {wrong}")
        return make(settings), settings

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

    @app.command("migrate")
    def migrate_() -> None:
        """Make the database if it is missing and bring it to the newest schema."""
        service, settings = prepared()
        migrate.upgrade(service.name, settings.database_url(service.name))

    @app.command("seed")
    def seed_() -> None:
        """Fill in the demo data; what is there already stays."""
        service, settings = prepared()

        async def fill() -> int:
            async with opened(service, settings) as database:
                return await seed(database) if seed else 0

        typer.echo(f"{service.name}: {asyncio.run(fill())} rows of demo data added")

    @app.command()
    def replay() -> None:
        """Try every parked message again."""
        service, settings = prepared()

        async def again() -> tuple[int, int]:
            async with opened(service, settings) as database:
                return await inbox.release(
                    database.begin, service.heard, utc_now(), all_of_them=True
                )

        applied, kept = asyncio.run(again())
        typer.echo(f"{service.name}: {applied} applied, {kept} still parked")

    @app.command()
    def resend(seconds: float = 3600) -> None:
        """Send again what left in the last SECONDS: for a broker that lost its memory."""
        service, settings = prepared()

        async def again() -> int:
            async with opened(service, settings) as database, database.begin() as tx:
                return await outbox.resend_since(tx, seconds)

        structlog.get_logger(__name__).info("outbox.resend", events=asyncio.run(again()))

    return app
