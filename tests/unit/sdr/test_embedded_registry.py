import json
import os

import psutil
import pytest

from sdr.embedded import registry
from sdr.embedded.registry import Engine, Holder, State

ME = Engine(pid=os.getpid(), marker=psutil.Process().cmdline()[0], url="redis://127.0.0.1:6000/0")
GONE = Engine(pid=2**22 + 1, marker="/nowhere", url="redis://127.0.0.1:6001/0")
STRANGER = Engine(pid=os.getpid(), marker="/data/of/another", url="redis://127.0.0.1:6002/0")
NOTHING = {"database_url": "", "redis_url": "", "kafka_bootstrap_servers": ""}


@pytest.fixture
def var_dir(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path


def test_what_the_environment_names_wins(var_dir):
    registry.write_state(var_dir, State(engines={"valkey": ME}))
    assert registry.locate(var_dir, **NOTHING | {"redis_url": "redis://named"}).redis_url == "redis://named"


def test_the_rest_are_the_embedded_engines_that_live(var_dir):
    registry.write_state(var_dir, State(engines={"valkey": ME, "postgres": GONE}))
    found = registry.locate(var_dir, **NOTHING)
    assert (found.redis_url, found.database_url, found.kafka_bootstrap_servers) == (ME.url, "", "")


def test_nothing_named_and_nothing_running_is_empty(tmp_path):
    assert registry.locate(tmp_path, **NOTHING) == registry.Engines("", "", "")


def test_a_stranger_that_has_the_pid_is_not_the_engine(var_dir):
    registry.write_state(var_dir, State(engines={"valkey": STRANGER}))
    assert registry.locate(var_dir, **NOTHING).redis_url == ""


@pytest.mark.parametrize(("named", "incarnation"), [("", "abc"), ("kafka:9092", None)])
def test_only_the_embedded_broker_has_an_incarnation(var_dir, named, incarnation):
    broker = Engine(pid=ME.pid, marker=ME.marker, url="127.0.0.1:9999", incarnation="abc")
    registry.write_state(var_dir, State(engines={"kafka": broker}))
    found = registry.locate(var_dir, **NOTHING | {"kafka_bootstrap_servers": named})
    assert found.kafka_incarnation == incarnation


def test_the_record_reads_back_as_it_was_written(var_dir):
    state = State(engines={"valkey": ME}, holders=[Holder(pid=1, started_at=2.5, command="manage.py shell")])
    registry.write_state(var_dir, state)
    assert registry.read_state(var_dir) == state
    assert set(json.loads(registry.state_path(var_dir).read_text())) == {"engines", "holders"}
