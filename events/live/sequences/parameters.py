"""The numbers of what follows what. Redis, the oracle, offline evaluation and readers go by these."""

import math

DAY_SECONDS = 24 * 3600.0

# A list keeps its best so many. Here alone the live state is cut by rank: what a full list forgets begins anew.
MAX_LISTED = 50

# In one session, no silence lasts longer than this.
SILENCE_MS = 30 * 60 * 1000
# A product is followed by what is met up to so many steps later, the nearer the more: e^(-distance/3).
MAX_DISTANCE = 5
DISTANCE_SCALE = 3.0
# What is met later also leads back to what was met before it.
BACKWARD = 0.5

# Of one session so many steps are remembered.
MAX_STEPS = 50
# Whoever takes all of these within so long is no shopper, and teaches nothing.
ROBOT_MS = 5 * 60 * 1000
# An event may come a day late (see events.live.parameters), and finds its session as long as that.
SESSION_TTL_SECONDS = 24 * 3600 + SILENCE_MS // 1000
# What is read of the past goes by faster than it happened, and by the million: its sessions need not stay as long.
HISTORY_TTL_SECONDS = 15 * 60

# Followers who were away for longer take it that every list has changed.
FEED_MS = 10_000
FEED_ENTRIES = 2_000


def decay_rate(half_life_days: float) -> float:
    """Return lambda per second: a score is ln(weight) + lambda * t, and weighs exp(score - lambda * now) now."""
    return math.log(2.0) / (half_life_days * DAY_SECONDS)


def weight_at(distance: int) -> float:
    """Return what following at this distance weighs, 1 being the nearest."""
    return math.exp(-distance / DISTANCE_SCALE)
