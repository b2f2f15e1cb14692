"""A consumer as an operator runs it: a process of its own, which can be killed, stopped and looked at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from sdr.embedded.following import following
from tests.eventually import eventually

EXIT_SECONDS = 8
PROCESSED = {"consume_clicks": "sdr_events_processed_total", "learn_sequences": "sdr_sequence_events_total"}


class ConsumerProcess:
    """`manage.py consume_clicks`, or another, with a VAR_DIR, a log and metrics of its own."""

    def __init__(self, directory: Path, servers: dict[str, str], group: str, command: str) -> None:
        self.command = command
        self._metrics = directory / "metrics"
        self._metrics.mkdir(parents=True)
        self._log = directory / "log"
        own = {
            "VAR_DIR": str(directory),
            "PROMETHEUS_MULTIPROC_DIR": str(self._metrics),
            "LOG_LEVEL": "info",
            "LOG_FORMAT": "json",
            "KAFKA_CONSUMER_GROUP": group,
        }
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                following([sys.executable, "manage.py", command]),
                cwd=settings.BASE_DIR, env=os.environ | own | servers, stdout=output, stderr=output,
            )  # fmt: skip

    def log(self) -> str:
        return self._log.read_text()

    def said(self, event: str) -> list[dict]:
        """Return its log lines with this text."""
        lines = [line for line in self._log.read_bytes().splitlines() if line.startswith(b"{")]
        return [found for line in lines if (found := orjson.loads(line))["event"] == event]

    def wait_until_said(self, event: str, *, times: int = 1, seconds: float = 40) -> None:
        def has_said() -> bool:
            assert self.process.poll() is None, self.log()
            return len(self.said(event)) >= times

        try:
            eventually(has_said, seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{event!r} was said {len(self.said(event))} times only:\n{self.log()}") from error

    def n_processed(self, result: str) -> int:
        """Return how many events it says became of this, over all topics."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._metrics))
        samples = [sample for metric in registry.collect() for sample in metric.samples]
        name = PROCESSED[self.command]
        return int(sum(s.value for s in samples if s.name == name and s.labels["result"] == result))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end, which it does soon and in order."""
        self.process.terminate()
        self.wait_until_stopped()

    def wait_until_stopped(self) -> None:
        status = self.process.wait(EXIT_SECONDS)
        assert status == 0, self.log()
        assert "Traceback" not in self.log(), self.log()


def stop_all(consumers: list[ConsumerProcess]) -> None:
    """Ask those that run to end, side by side."""
    running = [consumer for consumer in consumers if consumer.process.poll() is None]
    for consumer in running:
        consumer.process.terminate()
    for consumer in running:
        consumer.wait_until_stopped()
