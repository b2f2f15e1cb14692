"""Where the servers are: named by the environment, else the embedded ones of a running command.

Only files are read here and nothing is started, because the settings ask this module.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sdr.embedded import wheels


@dataclass(frozen=True)
class Engines:
    """The servers to use. An empty string is a server that nobody named and nobody runs."""

    database_url: str
    redis_url: str
    kafka_bootstrap_servers: str
    kafka_incarnation: str | None = None
    """Set for the embedded broker only, whose offsets begin anew at each start."""


@dataclass(frozen=True)
class Engine:
    """One running engine: enough to reach it, and to tell its process from a stranger's."""

    pid: int
    marker: str
    """The word of its command line that no other process has: its data directory or its own file."""
    url: str
    incarnation: str | None = None


@dataclass(frozen=True)
class Holder:
    """A command that needs the engines. ``started_at`` tells it from a later process with its pid."""

    pid: int
    started_at: float
    command: str


@dataclass
class State:
    """What ``run/engines.json`` says; written only under the lock of ``run/engines.lock``."""

    engines: dict[str, Engine] = field(default_factory=dict)
    holders: list[Holder] = field(default_factory=list)


def locate(var_dir: Path, *, database_url: str, redis_url: str, kafka_bootstrap_servers: str) -> Engines:
    """Return the servers that are named, and for the rest the embedded ones that are alive."""
    if database_url and redis_url and kafka_bootstrap_servers:
        return Engines(database_url, redis_url, kafka_bootstrap_servers)
    alive = living_engines(var_dir)
    nowhere = Engine(pid=0, marker="", url="")
    kafka = alive.get("kafka", nowhere)
    return Engines(
        database_url=database_url or alive.get("postgres", nowhere).url,
        redis_url=redis_url or alive.get("valkey", nowhere).url,
        kafka_bootstrap_servers=kafka_bootstrap_servers or kafka.url,
        kafka_incarnation=None if kafka_bootstrap_servers else kafka.incarnation,
    )


def living_engines(var_dir: Path) -> dict[str, Engine]:
    """Return the recorded engines whose processes live, by name."""
    state = read_state(var_dir)
    # psutil comes with the embedded engines: without it there is none of them on this machine.
    if not state.engines or not wheels.are_installed("psutil"):
        return {}
    from sdr.embedded import processes

    return {name: engine for name, engine in state.engines.items() if processes.is_ours(engine.pid, engine.marker)}


def state_path(var_dir: Path) -> Path:
    return var_dir / "run" / "engines.json"


def read_state(var_dir: Path) -> State:
    """Return what is recorded; nothing recorded is an empty state."""
    try:
        data = json.loads(state_path(var_dir).read_bytes())
    except FileNotFoundError:
        return State()
    return State(
        engines={name: Engine(**engine) for name, engine in data["engines"].items()},
        holders=[Holder(**holder) for holder in data["holders"]],
    )


def write_state(var_dir: Path, state: State) -> None:
    """Replace the file in one step, so that a reader sees the old state or the new one."""
    path = state_path(var_dir)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(state), indent=1))
    draft.replace(path)
