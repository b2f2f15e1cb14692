"""The log that events travel on: Kafka, and a memory broker held to the same tests."""
