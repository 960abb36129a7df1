"""Protected customers and priority."""

revision, down_revision = "workorders_0009", "workorders_0008"


def upgrade() -> None:
    pass
