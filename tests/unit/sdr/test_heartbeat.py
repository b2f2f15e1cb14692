import pytest
from django.core.management import CommandError, call_command

from sdr import clock
from sdr.heartbeat import Heartbeat, is_alive, last_sign


@pytest.fixture(autouse=True)
def _var_dir(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def at(monkeypatch):
    """Set the clock."""
    return lambda seconds: monkeypatch.setattr(clock, "now_seconds", lambda: float(seconds))


def test_nobody_who_never_beat_is_alive():
    assert not is_alive("consumer")


def test_a_beat_counts_until_it_is_old(at):
    at(100)
    Heartbeat("consumer").beat()
    at(110)
    assert is_alive("consumer", max_age_seconds=10)
    at(111)
    assert not is_alive("consumer", max_age_seconds=10)


def test_a_beat_of_an_earlier_run_does_not_count(at):
    at(100)
    Heartbeat("consumer").beat()
    at(102)
    assert not is_alive("consumer", since=101)


def test_a_beat_tells_how_it_is():
    Heartbeat("consumer").beat("4 partitions")
    assert last_sign("consumer").detail == "4 partitions"


def test_a_heart_that_stopped_is_not_alive():
    heartbeat = Heartbeat("consumer")
    heartbeat.beat()
    heartbeat.stop()
    assert not is_alive("consumer")


def test_healthcheck_exits_by_the_sign_of_life():
    with pytest.raises(CommandError, match="consumer has given no sign of life for 15 seconds"):
        call_command("healthcheck", "consumer")
    Heartbeat("consumer").beat()
    call_command("healthcheck", "consumer")


def test_a_busy_loop_writes_once_a_second_or_when_there_is_news(at):
    heartbeat = Heartbeat("consumer")
    at(100)
    heartbeat.beat("1 partition")
    at(100.5)
    heartbeat.beat("1 partition")
    assert last_sign("consumer").at == 100
    heartbeat.beat("2 partitions")
    assert last_sign("consumer").at == 100.5
    at(102)
    heartbeat.beat("2 partitions")
    assert last_sign("consumer").at == 102
