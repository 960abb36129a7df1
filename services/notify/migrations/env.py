"""Alembic's way in."""

from services.notify.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
