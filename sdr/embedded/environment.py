"""Which servers the environment names, asked before there are settings, and read as the settings read it."""

from dataclasses import dataclass
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Named:
    """Where SDR keeps its files, and the engines that no variable names."""

    var_dir: Path
    missing: set[str]


def read_environment() -> Named:
    env = environ.Env()
    environ.Env.read_env(BASE_DIR / ".env")
    named = {
        "postgres": env("DATABASE_URL", default=""),
        "valkey": env("REDIS_URL", default="") or env("REDIS_HOST", default=""),
        "kafka": env("KAFKA_BOOTSTRAP_SERVERS", default=""),
    }
    var_dir = Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
    return Named(var_dir, {name for name, server in named.items() if not server})
