"""The archive of all events in Postgres: what is taken, how it is written, and how far it has come."""
