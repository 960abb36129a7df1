"""Alembic's way in."""

from services.workorders.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
