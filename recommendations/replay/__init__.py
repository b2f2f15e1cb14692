"""Evaluation of what is served: a log goes through Kafka, consumers, Redis and mirror, and the service is asked."""
