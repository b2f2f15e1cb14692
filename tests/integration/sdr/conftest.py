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

    def pids(self):
        return [process.pid for process in psutil.process_iter() if self._is_mine(process)]

    def is_quiet(self, within_seconds=15.0):
        return wait_until(lambda: not self.pids(), within_seconds)

    def _is_mine(self, process):
        try:
            return any(str(self.var_dir) in word for word in process.cmdline())
        except psutil.NoSuchProcess:
            return False


@pytest.fixture
def machine():
    with tempfile.TemporaryDirectory(dir=os.environ["VAR_DIR"]) as directory:
        Path(directory).chmod(0o711)
        machine = Machine(Path(directory))
        yield machine
        engines.release(machine.var_dir, regardless=True)
        machine.is_quiet()
