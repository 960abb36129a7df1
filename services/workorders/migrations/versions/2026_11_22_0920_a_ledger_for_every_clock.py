"""A ledger for every clock."""

revision, down_revision = "workorders_0004", "workorders_0003"


def upgrade() -> None:
    pass
