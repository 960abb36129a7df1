"""A storm from a file, filed as calls and followed until every caller has been told."""
