"""Rosters, shifts, routing rules and decisions."""

revision, down_revision = "workorders_0006", "workorders_0005"


def upgrade() -> None:
    pass
