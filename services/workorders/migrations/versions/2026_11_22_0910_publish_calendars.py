"""Calendars, as immutable versions."""

revision, down_revision = "workorders_0003", "workorders_0002"


def upgrade() -> None:
    pass
