"""Apache Kafka from its Maven artifacts, on Java 17, without a container engine: for development and tests.

The broker that `make up` starts (:mod:`sdr.embedded.kafka`) needs neither, and forgets its log when it ends.
"""
