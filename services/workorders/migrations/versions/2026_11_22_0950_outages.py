"""Outages, promises and compensation."""

revision, down_revision = "workorders_0007", "workorders_0006"


def upgrade() -> None:
    pass
