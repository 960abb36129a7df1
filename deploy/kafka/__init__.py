"""A real Apache Kafka on this machine, run from its published jars."""
