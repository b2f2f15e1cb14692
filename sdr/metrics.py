"""Every metric's name, once. Dashboards rely on them: a rename is a breaking change."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

# From a tenth of a millisecond, because that is where most answers lie, to the patience of a browser.
SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

RECOMMENDATION_SECONDS: Final = Histogram(
    "sdr_recommendation_seconds", "Time to work out one answer; query is product, user or trending.", ["query"],
    buckets=SECONDS,
)  # fmt: skip
EVENTS_PROCESSED: Final = Counter(
    "sdr_events_processed_total", "Events that consumers took from Kafka; result says what became of them.",
    ["topic", "result"],
)  # fmt: skip
SEQUENCE_EVENTS: Final = Counter(
    "sdr_sequence_events_total", "Events that learn_sequences took from Kafka; result says what became of them.",
    ["topic", "result"],
)  # fmt: skip
CONSUMER_LAG: Final = Gauge(
    "sdr_consumer_lag", "Messages in Kafka that the consumer has not yet applied.", ["topic", "partition"],
    multiprocess_mode="livemostrecent",
)  # fmt: skip
ARCHIVE_LAG: Final = Gauge(
    "sdr_archive_lag", "Messages in Kafka that are not yet in the archive.", ["topic", "partition"],
    multiprocess_mode="livemostrecent",
)  # fmt: skip
SEQUENCE_LAG: Final = Gauge(
    "sdr_sequence_lag", "Messages in Kafka that learn_sequences has not yet learned from.", ["topic", "partition"],
    multiprocess_mode="livemostrecent",
)  # fmt: skip
FRESHNESS_SECONDS: Final = Histogram(
    "sdr_freshness_seconds", "Age of an event when it reaches a stage: kafka, live_state, sequences, mirror.",
    ["stage"], buckets=SECONDS,
)  # fmt: skip
MIRROR_REQUESTS: Final = Counter(
    "sdr_mirror_requests_total", "Requests answered from the in-process mirror of live state, by result.", ["result"]
)
HTTP_REQUEST_SECONDS: Final = Histogram(
    "sdr_http_request_seconds", "Time to answer a REST request.", ["method", "route", "status"], buckets=SECONDS
)
GRPC_REQUEST_SECONDS: Final = Histogram(
    "sdr_grpc_request_seconds", "Time to answer a gRPC request.", ["method", "status"], buckets=SECONDS
)
DEGRADED: Final = Counter(
    "sdr_degraded_total", "Answers that had to do without something, by what was missing.", ["reason"]
)
INDEX_AGE_SECONDS: Final = Gauge(
    "sdr_index_age_seconds", "Time since the serving index was built.", ["tenant"], multiprocess_mode="livemostrecent"
)
RANKS_IN_NUMPY: Final = Gauge(
    "sdr_ranks_in_numpy", "1 where the library that ranks is missing, and NumPy ranks, slower. 0 of who ranks nothing.",
    multiprocess_mode="livemax",
)  # fmt: skip
OFFHAND_MESSAGES: Final = Counter(
    "sdr_offhand_messages_total", "Messages that nobody waits for, by topic: sent, lost on the way, or dropped.",
    ["topic", "result"],
)  # fmt: skip
DEAD_LETTERS: Final = Counter("sdr_dead_letters_total", "Messages nobody could decode or accept.", ["topic", "reason"])
KEY_REFRESH_FAILURES: Final = Counter(
    "sdr_key_refresh_failures_total", "Times that a process could not read the API keys and went on with those it had."
)
RATE_LIMITED: Final = Counter(
    "sdr_rate_limited_total", "Calls turned away because their caller had made too many; by is key or address.", ["by"]
)
RATE_LIMIT_SETTLEMENTS: Final = Counter(
    "sdr_rate_limit_settlements_total", "Leases settled; with is redis, or alone while Redis is away.", ["with"]
)
