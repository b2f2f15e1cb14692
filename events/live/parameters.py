"""The numbers of the live state. Both backends and the mirror go by these."""

import math

HOUR_SECONDS = 3600.0
WEEK_SECONDS = 7 * 24 * 3600.0
LAMBDA_HOUR = math.log(2.0) / HOUR_SECONDS
LAMBDA_WEEK = math.log(2.0) / WEEK_SECONDS

# A product whose decayed week is worth less is forgotten. By weight, never by rank: a rank would make the result
# depend on how events were batched.
FADED_WEIGHT = 1e-3

# Event ids are remembered for this long of the log's own time, and for the bucket before.
DEDUP_BUCKET_SECONDS = 600

# Shopper state is the only state that expires.
SHOPPER_TTL_SECONDS = 30 * 24 * 3600
MAX_RECENT = 50
MAX_MARKS = 500

FEED_MS = 30_000
FEED_ENTRIES = 10_000

# The year 5138 in seconds, and 1973 in milliseconds: which of the two a shopper's time is.
_LAST_SECONDS = 1e11

# Later than this against its arrival, an event is for the archive only.
MAX_LATE_SECONDS = 24 * 3600.0
MAX_SKEW_SECONDS = 300.0


def faded_below(now_seconds: float) -> float:
    """Return the score in the week's trend that stands for ``FADED_WEIGHT`` at ``now_seconds``."""
    return math.log(FADED_WEIGHT) + LAMBDA_WEEK * now_seconds


def seconds_kept(score: str) -> float:
    """Return a shopper's time in seconds: it is kept in whole milliseconds, and was in seconds at first."""
    at = float(score)
    return at / 1000 if at > _LAST_SECONDS else at


def milliseconds_kept(at_seconds: float) -> int:
    """Return the instant as a shopper's times are kept."""
    return math.floor(at_seconds * 1000 + 0.5)


def latest(timestamp_ms: int) -> float:
    """Return up to when something may have happened, in seconds, that the log took then: clocks differ a little."""
    return timestamp_ms / 1000 + MAX_SKEW_SECONDS
