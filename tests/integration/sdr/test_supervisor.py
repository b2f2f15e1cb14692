import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sdr.embedded.waiting import wait_until

STAND_IN = Path(__file__).with_name("stack_stand_in.py")
SLEEPER = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
)
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])"


# Servers that nobody asks: most of these tests are about processes, and start no engines.
NAMED = {"DATABASE_URL": "x", "REDIS_URL": "x", "KAFKA_BOOTSTRAP_SERVERS": "x"}
EMBEDDED = dict.fromkeys(NAMED, "")


@pytest.fixture
def stack(machine):
    """Start stand-ins, named to the machine by their last argument; all of them are gone when the test ends."""
    started = []

    def start(*, servers=NAMED, **scripts):
        words = {name: [sys.executable, "-c", script, str(machine.var_dir)] for name, script in scripts.items()}
        log = machine.var_dir / "stack.out"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, STAND_IN, json.dumps(words)],
                env=machine.environment | servers, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        process.output = log.read_text
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def is_up(process):
    return wait_until(lambda: "stand-ins are up" in process.output() and "here" in process.output(), 20)


def test_one_dies_the_rest_stop_and_the_reason_is_named(stack, machine):
    process = stack(web=SLEEPER, worker="print('no more memory'); raise SystemExit(3)")
    assert process.wait(30) == 1
    assert "worker ended with exit status 3, so the rest was stopped. Its last line: no more memory" in process.output()
    assert machine.is_quiet()


def test_one_is_killed_and_its_workers_go_with_it(stack, machine):
    process = stack(web=SLEEPER, worker=PARENT)
    assert is_up(process)
    leader = machine.pids(running=PARENT)[0]
    os.kill(leader, signal.SIGKILL)
    assert process.wait(30) == 1
    assert "worker was ended by SIGKILL" in process.output()
    assert machine.is_quiet()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_everything_cleanly(stack, machine, signum):
    process = stack(servers=EMBEDDED, web=SLEEPER, worker=PARENT)
    assert is_up(process)
    os.killpg(process.pid, signum)
    assert process.wait(30) == 0, process.output()
    assert machine.is_quiet()


def test_a_second_signal_kills_what_does_not_end(stack, machine):
    process = stack(web=STUBBORN)
    assert is_up(process)
    os.killpg(process.pid, signal.SIGINT)
    assert wait_until(lambda: "Ctrl-C again" in process.output(), 5)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(5) == 0
    assert machine.is_quiet()


def test_processes_end_with_a_stack_that_is_killed(stack, machine):
    process = stack(web=SLEEPER, worker=SLEEPER)
    assert is_up(process)
    process.kill()
    process.wait()
    assert wait_until(lambda: not machine.pids(running=SLEEPER), 10)


def test_a_second_stack_is_refused_by_name(stack):
    first = stack(web=SLEEPER)
    assert is_up(first)
    second = stack(web=SLEEPER)
    assert second.wait(20) == 1
    assert "a stack already runs on" in second.output()
    assert f"kill {first.pid}" in second.output()
