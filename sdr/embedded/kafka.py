"""The Kafka broker that librdkafka carries, in a child process of its own."""

import os
import sys
import uuid
from pathlib import Path

from sdr.embedded import processes
from sdr.embedded.errors import EngineError
from sdr.embedded.registry import Engine
from sdr.embedded.waiting import wait_until

START_SECONDS = 20.0


def start(var_dir: Path, *, durable: bool = True) -> Engine:  # noqa: ARG001  every engine starts by the same call
    """Start a broker with an empty log and a new incarnation: it remembers nothing from one start to the next."""
    incarnation = uuid.uuid4().hex
    address_file = var_dir / "run" / f"kafka-{incarnation}.address"
    log = var_dir / "log" / "kafka.log"
    marker = str(address_file)
    address_file.parent.mkdir(parents=True, exist_ok=True)
    for left_over in address_file.parent.glob("kafka-*.address"):  # of brokers that were killed
        left_over.unlink()
    command = [sys.executable, "-m", "sdr.embedded.broker", marker, str(os.getpid())]
    pid = processes.spawn(command, log, cwd=Path(__file__).resolve().parents[2])
    wait_until(lambda: address_file.exists() or not processes.is_ours(pid, marker), START_SECONDS)
    if not address_file.exists():
        raise EngineError(
            f"The Kafka broker did not start. Its log ({log}) ends:\n{processes.last_lines(log)}\n"
            "Set KAFKA_BOOTSTRAP_SERVERS to use a broker of your own."
        )
    return Engine(pid=pid, marker=marker, url=address_file.read_text(), incarnation=incarnation)


def stop(engine: Engine) -> None:
    processes.stop(engine.pid, engine.marker)
