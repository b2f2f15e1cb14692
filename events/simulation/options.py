"""What a run is asked to do."""

from dataclasses import dataclass, field

from events.simulation.habits import Habits


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``speed_up`` and ``keep_unknown`` are for a ``replay``, the name of a file; ``habits`` and ``seed`` for the rest.

    ``rate``: events a second. ``count`` and ``duration_seconds``: None goes on until the run is stopped.
    """

    tenant: str
    via: str
    url: str
    api_key: str | None = None
    allow_remote: bool = False
    connections: int = 4
    rate: float = 100.0
    surge: float = 1.0
    count: int | None = None
    duration_seconds: float | None = None
    seed: int = 0
    n_products: int = 20_000
    habits: Habits = field(default_factory=Habits)
    replay: str | None = None
    speed_up: float | None = None
    keep_unknown: bool = False
