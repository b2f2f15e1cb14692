"""Commands share the embedded engines, and what was killed is found again. Everything here really happens."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import environ
import psutil
import psycopg2
import pytest
import redis

from sdr.embedded import engines, postgres, registry, sockets
from sdr.embedded.errors import EngineError

STAND_IN = Path(__file__).with_name("command_stand_in.py")


class Command:
    """A running stand-in of a manage.py command."""

    def __init__(self, machine, name):
        self.process = subprocess.Popen(
            [sys.executable, STAND_IN, name], env=machine.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def wait_until_ready(self):
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.communicate()

    def finish(self):
        """Let it end by itself and return what it told the terminal."""
        _, messages = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, messages
        return messages

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def command(machine):
    started = []

    def start(name="shell"):
        started.append(Command(machine, name))
        started[-1].wait_until_ready()
        return started[-1]

    yield start
    for running in started:
        running.kill()


@pytest.fixture
def servers(machine):
    """Ask where the engines are now."""
    return lambda: registry.locate(machine.var_dir, database_url="", redis_url="", kafka_bootstrap_servers="")


def sql(database_url, statement):
    config = environ.Env().db_url_config(database_url)
    connection = psycopg2.connect(dbname=config["NAME"], user=config["USER"], **config["OPTIONS"])
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def remember(found):
    sql(found.database_url, "CREATE TABLE memory AS SELECT 42 AS answer")
    with redis.Redis.from_url(found.redis_url) as client:
        client.set("answer", 42)


def remembered(found):
    with redis.Redis.from_url(found.redis_url) as client:
        return sql(found.database_url, "SELECT answer FROM memory"), client.get("answer")


def test_a_command_has_postgres_and_valkey_for_its_own_life(command, servers, machine):
    shell = command()
    found = servers()
    assert found.database_url
    assert found.redis_url
    assert not found.kafka_bootstrap_servers
    shell.finish()
    assert not servers().database_url
    assert machine.is_quiet()


def test_data_survives_a_stop(command, servers):
    shell = command()
    remember(servers())
    shell.finish()
    command()
    assert remembered(servers()) == ([(42,)], b"42")


def test_the_last_of_two_commands_stops_the_engines(command, servers):
    first, second = command(), command()
    found = servers()
    first.finish()
    assert servers() == found
    second.finish()
    assert not servers().database_url


def test_engines_of_a_killed_command_are_used_by_the_next_and_stopped_with_it(command, servers, machine):
    killed = command()
    remember(servers())
    found = servers()
    killed.kill()
    following = command()
    assert servers() == found
    assert "of a run that was killed still run" in following.finish()
    assert machine.is_quiet()


def test_engines_of_a_killed_command_are_found_without_their_record(command, servers, machine):
    killed = command()
    remember(servers())
    killed.kill()
    registry.state_path(machine.var_dir).unlink()
    following = command()
    assert remembered(servers()) == ([(42,)], b"42")
    messages = following.finish()
    assert "PostgreSQL of a run that was killed still runs" in messages
    assert "Valkey of a run that was killed still runs" in messages
    assert machine.is_quiet()


def test_engines_that_were_killed_start_again_on_their_data(command, servers, machine):
    shell = command()
    found = servers()
    remember(found)
    with redis.Redis.from_url(found.redis_url) as client:  # everysec may lose a second, which is not what is tested
        client.execute_command("WAITAOF", 1, 0, 2000)
    for engine in registry.read_state(machine.var_dir).engines.values():
        os.kill(engine.pid, signal.SIGKILL)
    shell.kill()
    following = command()
    assert remembered(servers()) == ([(42,)], b"42")
    messages = following.finish()
    assert "PostgreSQL was killed" in messages
    assert "Valkey was killed" in messages


def test_a_stack_has_kafka_and_stops_the_engines_under_other_commands(command, servers):
    stack = command("runstack")
    assert servers().kafka_bootstrap_servers
    assert servers().kafka_incarnation
    shell = command()
    assert "stopping the engines under `manage.py shell`" in stack.finish()
    assert not servers().database_url
    shell.finish()


def test_each_broker_is_a_new_incarnation(command, servers):
    stack = command("runstack")
    before = servers().kafka_incarnation
    stack.finish()
    command("runstack")
    assert servers().kafka_incarnation not in {before, None}


def test_sigterm_ends_a_command_and_its_engines(command, machine):
    shell = command()
    os.killpg(shell.process.pid, signal.SIGTERM)
    shell.process.communicate(timeout=30)
    assert shell.process.returncode == 128 + signal.SIGTERM
    assert machine.is_quiet()


def test_a_stranger_with_the_pid_of_an_engine_is_left_alone(machine):
    pid_file = machine.var_dir / "postgres" / "postmaster.pid"
    engines.acquire(machine.var_dir, ["postgres"], command="test", durable=False)
    engines.release(machine.var_dir)
    stranger = os.getpid()
    pid_file.write_text(f"{stranger}\n")
    engines.acquire(machine.var_dir, ["postgres"], command="test", durable=False)
    engine = registry.read_state(machine.var_dir).engines["postgres"]
    assert engine.pid != stranger
    postgres.stop(registry.Engine(pid=stranger, marker=engine.marker, url=""))  # would be the end of this test run
    engines.release(machine.var_dir)


def test_data_that_postgres_refuses_gets_a_message_with_the_way_out(machine):
    (machine.var_dir / "postgres").mkdir()
    shutil.chown(machine.var_dir / "postgres", user=psutil.Process().username())
    with pytest.raises(EngineError, match=r"did not start on .*\n[^$]*Set DATABASE_URL"):
        engines.acquire(machine.var_dir, ["postgres", "valkey"], command="test", durable=False)
    assert list(registry.read_state(machine.var_dir).engines) == ["valkey"]  # so that it is found and stopped


def test_a_long_path_gets_a_short_socket(machine):
    var_dir = machine.var_dir / ("long-" * 15)
    try:
        engines.acquire(var_dir, ["postgres"], command="test", durable=False)
        url = registry.read_state(var_dir).engines["postgres"].url
        assert sql(url, "SELECT 1") == [(1,)]
        socket_dir = sockets.directory_for(var_dir / "postgres")
        assert socket_dir.is_dir()
    finally:
        engines.release(var_dir, regardless=True)
    assert not socket_dir.exists()
