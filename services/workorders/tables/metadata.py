"""All tables of this database, those of the mechanism included."""

from shared.tables import service_metadata

metadata = service_metadata()
