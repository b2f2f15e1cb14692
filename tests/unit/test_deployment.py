"""What stands in docker-compose.yml, Dockerfile and .env.example must agree with the code."""

import re

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

ROOT = settings.BASE_DIR
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
VARIABLE = re.compile(r"env(?:\.\w+)?\(\s*[\"']([A-Z_]+)")


def words(command):
    return command if isinstance(command, list) else command.split()


def managed_commands():
    for name, service in SERVICES.items():
        for command in (service.get("command", []), service.get("healthcheck", {}).get("test", [])):
            if "manage.py" in words(command):
                yield pytest.param(words(command)[words(command).index("manage.py") + 1], id=name)


def waits():
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            yield pytest.param(SERVICES[other], how["condition"], id=f"{name}-{other}")


@pytest.mark.parametrize("command", list(managed_commands()))
def test_compose_calls_commands_that_exist(command):
    assert command in get_commands()


@pytest.mark.parametrize(("awaited", "condition"), list(waits()))
def test_compose_waits_for_what_can_come_true(awaited, condition):
    if condition == "service_healthy":
        assert "healthcheck" in awaited
    else:
        assert condition == "service_completed_successfully"
        assert awaited["restart"] == "on-failure"  # what is started again for ever never completes


def test_compose_publishes_the_four_ports():
    published = {port.rsplit(":", 1)[1] for service in SERVICES.values() for port in service.get("ports", [])}
    assert published == {"5000", "50051", "9092", "6379"}


def test_compose_publishes_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_image_holds_every_app():
    taken_along = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    ours = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}
    requirements = {"requirements/base.txt", "requirements/compiler.txt"}
    assert ours | requirements | {"protos", "manage.py"} == taken_along


def test_the_example_environment_names_every_variable_that_the_settings_read():
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    read = set(VARIABLE.findall((ROOT / "sdr" / "settings.py").read_text()))
    assert example == read
