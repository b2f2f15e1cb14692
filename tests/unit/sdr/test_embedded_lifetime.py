import os
from pathlib import Path

import pytest
from django.core.management import CommandError

from sdr.embedded import engines, environment, lifetime, locks, wheels

NAMED = {"DATABASE_URL": "postgres://db/sdr", "REDIS_URL": "redis://cache", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


@pytest.fixture
def named(monkeypatch, tmp_path):
    """Name servers in the environment; the rest is not named."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))

    def name(*variables):
        for variable, server in NAMED.items():
            monkeypatch.setenv(variable, server if variable in variables else "")

    name()
    return name


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["help"],
        ["evaluate", "--last"],
        ["check"],
        ["makemigrations"],
        ["runstack", "--help"],
        ["migrate", "-h"],
        ["--version"],
    ],
)
def test_commands_without_servers(argv):
    assert lifetime.needs_none(argv)


@pytest.mark.parametrize("argv", [["migrate"], ["runstack"], ["shell", "-c", "print(1)"], ["consume_clicks"]])
def test_commands_with_servers(argv):
    assert not lifetime.needs_none(argv)


def test_nothing_is_started_where_everything_is_named(named, tmp_path):
    named(*NAMED)
    with lifetime.engines_for(["migrate"]):
        assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("named")
def test_redis_may_be_named_by_its_host(monkeypatch):
    monkeypatch.setenv("REDIS_HOST", "cache")
    assert environment.read_environment().missing == {"postgres", "kafka"}


def test_a_production_installation_names_the_variables_to_set(named, monkeypatch):
    monkeypatch.setattr(wheels, "are_installed", lambda *_packages: False)
    named("KAFKA_BOOTSTRAP_SERVERS")
    with (
        pytest.raises(SystemExit, match=r"manage.py migrate: Set DATABASE_URL and REDIS_URL: "),
        lifetime.engines_for(["migrate"]),
    ):
        pass


def test_a_second_stack_is_refused_with_the_way_out(named):
    named(*NAMED)
    with (
        lifetime.engines_for(["runstack"]),
        pytest.raises(SystemExit, match=r"a stack already runs on .* \(pid \d+\)\. Stop it with Ctrl-C"),
        lifetime.engines_for(["runstack"]),
    ):
        pass


def test_kafka_is_asked_for_clearly(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    with pytest.raises(CommandError, match="set KAFKA_BOOTSTRAP_SERVERS or run `make up` first"):
        lifetime.require_kafka()


def test_a_lock_can_be_had_again_after_it_was_released(tmp_path):
    for _ in range(2):
        with locks.exclusive(tmp_path / "lock", wait=False):
            pass
    with (
        locks.exclusive(tmp_path / "lock"),
        pytest.raises(BlockingIOError),
        locks.exclusive(tmp_path / "lock", wait=False),
    ):
        pass


def test_packages_that_are_there_are_not_refused():
    wheels.refuse_without(["postgres", "valkey", "kafka"])


def test_a_package_that_is_not_there_has_no_directory():
    with pytest.raises(ModuleNotFoundError, match="sdr_no_such_package is not installed"):
        wheels.directory("sdr_no_such_package")


def test_a_replay_has_servers_of_its_own_whatever_is_named_and_leaves_nothing(named, monkeypatch):
    named(*NAMED)
    told = []
    monkeypatch.setattr(engines, "acquire", lambda var_dir, names, **_kw: told.append((var_dir, set(names))))
    monkeypatch.setattr(engines, "release", lambda var_dir, **_kw: told.append(var_dir))
    keys = ("SECRET_KEY", "INDEX_STORAGE", "INDEX_STORAGE_OPTIONS", "CELERY_BROKER_URL", "PROMETHEUS_MULTIPROC_DIR")
    for variable in (*keys, "REDIS_HOST"):
        monkeypatch.setenv(variable, "the shop's")
    monkeypatch.setenv("LOG_LEVEL", "info")
    with lifetime.engines_for(["evaluate", "--live"]):
        own = Path(os.environ["VAR_DIR"])
        assert own.is_dir()
        assert lifetime.has_own_servers()
        assert not {os.environ[variable] for variable in NAMED} - {""}
        assert "the shop's" not in os.environ.values()
    assert told == [(own, {"postgres", "valkey", "kafka"}), own]
    assert not own.exists()
