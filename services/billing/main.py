"""Where billing is put together."""

from services.billing import api, consumers, tables
from services.billing.seed import seed
from shared.cli import command_line
from shared.service import Service
from shared.settings import Settings


def service(settings: Settings) -> Service:
    return Service(
        name="billing",
        port=8104,
        router=api.router,
        metadata=tables.metadata,
        heard=consumers.heard,
    )


app = command_line(service, Settings, seed)
