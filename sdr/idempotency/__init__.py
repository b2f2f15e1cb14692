"""``Idempotency-Key``: a write that is sent again is done once, and answered as the first time.

The answer is stored in the write's own transaction: both are there, or neither. Only successes are stored; what failed
changed nothing and may be sent again, mended, with the same key. Without Postgres no such write can be done anyway
(503). Events, which go to Kafka, have a way of their own: see :mod:`events.repeats`.
"""
