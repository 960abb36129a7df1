"""All tables of this database, those of the mechanism included."""

import sqlalchemy as sa

from shared.tables import service_metadata

metadata = service_metadata()

# The board's stream reads the facts in the order of their transactions.
_outbox = metadata.tables["outbox"].c
sa.Index("ix_outbox_xid_seq", _outbox.xid, _outbox.seq)
