"""The Kafka broker's own process: ``python -m sdr.embedded.broker ADDRESS_FILE OWNER_PID``.

librdkafka carries a broker for development. It keeps its log in memory only, so nothing is lost by
ending with the command that started it, however that command ended.
"""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import psutil
from confluent_kafka import Producer

OWNER_CHECK_SECONDS = 1.0


def main(address_file: Path, owner_pid: int) -> None:
    owner, stopping = psutil.Process(owner_pid), threading.Event()

    def stop(_signum: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "replaced-by-the-broker-below"})
    address = ",".join(f"{broker.host}:{broker.port}" for broker in producer.list_topics(timeout=10).brokers.values())
    draft = address_file.with_suffix(".new")
    draft.write_text(address)
    draft.replace(address_file)
    while owner.is_running() and owner.status() != psutil.STATUS_ZOMBIE:
        if stopping.wait(OWNER_CHECK_SECONDS):
            break
    address_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
