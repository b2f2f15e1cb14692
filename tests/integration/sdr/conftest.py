import os
import tempfile
from pathlib import Path

import psutil
import pytest

from sdr.embedded import engines
from sdr.embedded.waiting import wait_until


class Machine:
    """A VAR_DIR of the test's own, and a look at the processes that belong to it."""

    def __init__(self, var_dir):
        self.var_dir = var_dir
        self.environment = os.environ | {"VAR_DIR": str(var_dir), "PYTHONPATH": str(Path.cwd())}

    def pids(self, running=None):
        """The processes of this VAR_DIR; with ``running``, those with that word on their command line."""
        found = {process.pid: words_of(process) for process in psutil.process_iter()}
        mine = {pid: words for pid, words in found.items() if any(str(self.var_dir) in word for word in words)}
        return [pid for pid, words in mine.items() if running is None or running in words]

    def is_quiet(self, within_seconds=15.0):
        return wait_until(lambda: not self.pids(), within_seconds)


def words_of(process):
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # gone, or dead and not yet waited for
        return []


@pytest.fixture
def machine():
    with tempfile.TemporaryDirectory(dir=os.environ["VAR_DIR"]) as directory:
        Path(directory).chmod(0o711)
        machine = Machine(Path(directory))
        yield machine
        engines.release(machine.var_dir, regardless=True)
        assert machine.is_quiet()
