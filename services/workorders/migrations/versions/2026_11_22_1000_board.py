"""Search, jobs and the board."""

revision, down_revision = "workorders_0008", "workorders_0007"


def upgrade() -> None:
    pass
