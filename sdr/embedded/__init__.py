"""PostgreSQL, Valkey and a Kafka broker from wheels, for a machine that has none of them."""
