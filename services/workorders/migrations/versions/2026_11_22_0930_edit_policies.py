"""Policy edits, ladders and acknowledgements."""

revision, down_revision = "workorders_0005", "workorders_0004"


def upgrade() -> None:
    pass
