"""`make kafka`: Apache Kafka on this machine until Ctrl-C; ``python -m sdr.embedded.apache [BROKERS]``."""

import sys
import threading

from sdr.embedded import locks, signals
from sdr.embedded.apache.cluster import Cluster, running
from sdr.embedded.environment import read_environment
from sdr.embedded.errors import EngineError
from sdr.embedded.messages import say

CHECK_SECONDS = 1.0


def main(n_brokers: int) -> None:
    # By number of brokers: the members of a cluster are part of its data.
    directory = read_environment().var_dir / "kafka" / f"of-{n_brokers}"
    lock = directory / "lock"
    signals.exit_on_sigterm()
    try:
        with locks.exclusive(lock, wait=False), running(directory, n_brokers) as cluster:
            say(
                f"Apache Kafka is up: {n_brokers} broker{'s' if n_brokers > 1 else ''}, data in {directory}.\n"
                f"  Use it:  KAFKA_BOOTSTRAP_SERVERS={cluster.bootstrap_servers} make up\n"
                "  Ctrl-C stops it; topics and their events stay."
            )
            _watch(cluster)
    except BlockingIOError as error:
        raise SystemExit(f"make kafka: it already runs on {directory} (pid {locks.holder_of(lock)}).") from error
    except EngineError as error:
        raise SystemExit(f"make kafka: {error}") from error
    except KeyboardInterrupt:
        say("stopped")


def _watch(cluster: Cluster) -> None:
    """Return never; raise EngineError when a broker ends by itself."""
    asking = threading.Event()
    while not asking.wait(CHECK_SECONDS):
        for node in cluster.nodes:
            if not node.is_running():
                raise EngineError(f"broker {node.number} ended. Its log ({node.log}) says why.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
