"""Where intake is put together."""

from services.intake import api, consumers, tables
from shared.cli import command_line
from shared.service import Service
from shared.settings import Settings


def service(settings: Settings) -> Service:
    return Service(
        name="intake",
        port=8101,
        router=api.router,
        metadata=tables.metadata,
        heard=consumers.heard,
    )


app = command_line(service, Settings)
