"""`make kafka` where it cannot run: it says what is missing, and nothing else."""

import subprocess
import sys

import pytest
from django.conf import settings

from sdr.embedded.apache import libraries


@pytest.fixture
def without_java(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_java_the_command_says_so(without_java):
    command = [sys.executable, "-m", "sdr.embedded.apache"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr == "make kafka: Apache Kafka needs Java 17 or newer, and there is none on the PATH.\n"


def test_a_java_that_is_too_old_is_named(without_java):
    java = without_java / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(libraries.NoApacheKafka, match=r"Java 17 or newer, and the one on the PATH is version 11\.$"):
        libraries.java()


def test_without_maven_the_libraries_cannot_be_fetched(without_java, monkeypatch):
    monkeypatch.setattr(libraries, "CACHE", without_java / "libs")
    with pytest.raises(libraries.NoApacheKafka, match="no `mvn` on the PATH"):
        libraries.libraries()
